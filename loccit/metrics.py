"""What is counted and measured, for Prometheus: by this process as it works, and of the store when somebody asks."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from crawler.model import Observation
from review.model import CloseFinding, FindingOp, OpenFinding
from storage.errors import StoreError
from storage.watched import StoreFigures

FRESH_SECONDS: Final = 15.0
"""Counting costs the store some time: it is not asked more often than this."""

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_FETCH_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
_PASS_SECONDS: Final = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)


class Meters:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._fetches = Counter(
            "loccit_fetches", "Looks at sources, by what they gave", ["verdict"], registry=self.registry
        )
        self._attempts = Counter("loccit_attempts", "Requests with their redirects and retries", registry=self.registry)
        self._seconds = Histogram(
            "loccit_fetch_seconds",
            "How long sources took to answer, over all attempts at each",
            buckets=_FETCH_SECONDS,
            registry=self.registry,
        )
        self._bytes = Counter("loccit_body_bytes", "Bodies that were read, decompressed", registry=self.registry)
        self._opened = Counter(
            "loccit_findings_opened", "Findings that looks opened or carried on", ["severity"], registry=self.registry
        )
        self._closed = Counter("loccit_findings_closed", "Findings that looks closed", registry=self.registry)
        self._passes = Histogram(
            "loccit_pass_seconds",
            "How long passes took: over everything that was due, or over one host",
            buckets=_PASS_SECONDS,
            registry=self.registry,
        )
        self._outages = Counter(
            "loccit_outages", "Passes that met an outage of our own network", registry=self.registry
        )

    def looked(self, look: Observation, ops: Sequence[FindingOp]) -> None:
        self._fetches.labels(verdict=str(look.verdict.kind)).inc()
        self._attempts.inc(len(look.visit.attempts))
        self._seconds.observe(sum(getattr(each, "elapsed_ms", 0.0) for each in look.visit.attempts) / 1000)
        self._bytes.inc(len(look.body or b""))
        for op in ops:
            if isinstance(op, OpenFinding):
                self._opened.labels(severity=op.severity).inc()
            elif isinstance(op, CloseFinding):
                self._closed.inc()

    def passed(self, seconds: float, *, outage: bool) -> None:
        self._passes.observe(seconds)
        if outage:
            self._outages.inc()

    def watch(self, ask: Callable[[], StoreFigures], now: Callable[[], datetime]) -> None:
        """Add what the store says of itself."""
        self.registry.register(_OfStore(ask, now))

    def page(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)


class _OfStore(Collector):
    """Gauges of the store. Where it does not answer they are missing, and `loccit_store_up` is 0."""

    def __init__(self, ask: Callable[[], StoreFigures], now: Callable[[], datetime]) -> None:
        self._ask, self._now = ask, now
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._held: tuple[StoreFigures, datetime] | None = None

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing is known in advance: the store need not be there yet."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        with self._lock:
            if time.monotonic() - self._asked > FRESH_SECONDS:
                self._asked = time.monotonic()
                try:
                    self._held = (self._ask(), self._now())
                except StoreError:
                    self._held = None
            held = self._held
        yield GaugeMetricFamily("loccit_store_up", "Whether the store answers", value=held is not None)
        if held is not None:
            yield from _gauges(*held)


def _gauges(figures: StoreFigures, now: datetime) -> Iterator[GaugeMetricFamily]:
    due = figures.due
    lag = max(0.0, (now - due.oldest).total_seconds()) if due.oldest else 0.0
    yield GaugeMetricFamily("loccit_due_sources", "Sources that are due; 100000 stands for more", value=due.due)
    yield GaugeMetricFamily("loccit_due_lag_seconds", "For how long the most overdue source has been due", value=lag)
    yield GaugeMetricFamily("loccit_hosts_held", "Hosts left alone because their jobs died or broke", value=due.held)
    yield GaugeMetricFamily(
        "loccit_sources", "Sources in the store, roughly where they are many", value=figures.sources
    )
    yield GaugeMetricFamily("loccit_store_bytes", "Size of the store's database", value=figures.size)
    findings = GaugeMetricFamily("loccit_open_findings", "Findings that wait for an editor", labels=["severity"])
    for severity, many in sorted(figures.findings.items()):
        findings.add_metric([severity], many)
    yield findings
    if figures.queue is not None:
        depth = GaugeMetricFamily("loccit_queue_jobs", "Jobs of the workers' queue, one a host", labels=["state"])
        depth.add_metric(["waiting"], figures.queue.waiting)
        depth.add_metric(["working"], figures.queue.working)
        yield depth
        yield GaugeMetricFamily("loccit_workers", "Workers that are alive", value=figures.queue.workers)
