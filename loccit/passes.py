"""One pass over the sources: sweep, observe, triage, record.

Fetching is asynchronous; everything after it runs in one worker thread at a time, so the store has one writer.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from crawler.hostqueue import interleaved
from crawler.model import (
    CitedLook,
    Fetched,
    FetchOrder,
    KnownSource,
    Observation,
    ResourceId,
    Snapshot,
    Verdict,
    Visit,
)
from crawler.observe import AnswerReader, observe, read_answer
from crawler.page import Page
from crawler.page import read as read_page
from crawler.policy import Policy, Schedule
from crawler.ports import Clock, Sweeper
from crawler.urls import host_key
from guides.model import GuideId
from loccit.ports import PassStore
from loccit.recorded import is_fresh, recorded_looks, recorded_verdict
from review.model import Finding, FindingOp
from review.triage import triage

FLUSH_SECONDS = 2.0
"""A kill costs at most the looks of this time; they are made again by the next pass."""

WAITING = 8
WAITING_BYTES = 4 * 1024 * 1024
"""Visits, and bytes of their bodies, that are looked at together; while so many wait, whoever fetches waits too."""

HOLD_SECONDS = 0.2
"""Fewer are looked at after this time: asking the store for one costs as much as asking it for all."""

PAGES_KEPT = 8
"""Stored pages kept parsed while a resource is looked at: its bases, which its citations mostly share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassPlan:
    """What a pass looks at. `kind` names the run in the store (`crawl`, `check`)."""

    kind: str
    policy: Policy
    schedule: Schedule
    everything: bool = False
    guides: frozenset[GuideId] | None = None
    on_the_spot: bool = False
    urls: frozenset[str] | None = None
    """Only these resources are fetched; what is recorded of the others stands."""
    max_age: timedelta | None = None
    """A good verdict that is younger is taken for a new look."""


@dataclass(slots=True, kw_only=True)
class PassResult:
    """What a pass did; `looks` are by URL. `outage`: our own network was down."""

    started: datetime
    finished: datetime
    seconds: float = 0.0
    due: int = 0
    outage: bool = False
    undecided: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    looks: dict[str, "Look"] = field(default_factory=dict)
    recorded: dict[str, "Look"] = field(default_factory=dict)
    """What was known before, where the plan names `urls` or a `max_age`; what is not fetched has it in `looks`."""
    ops: list[tuple[str, FindingOp]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is kept of an observation once it is recorded: neither bodies nor bases, so that memory stays flat."""

    verdict: Verdict
    cited: tuple[CitedLook, ...]


Advance = Callable[[str], None]

Told = Callable[[Observation, Sequence[FindingOp], int], None]
"""Told of each look that was recorded, with what it did to findings and the run that it belongs to."""


def nobody(look: Observation, ops: Sequence[FindingOp], run: int) -> None:
    """Nobody wants to know."""


async def run_pass(
    store: PassStore,
    sweeper: Sweeper,
    plan: PassPlan,
    clock: Clock,
    *,
    page_of: AnswerReader = read_answer,
    on_start: Callable[[int], Advance] = lambda _total: lambda _where: None,
    told: Told = nobody,
) -> PassResult:
    """Look at what is due. `on_start` is told how many and gives what is called after each one.

    `page_of` gives the page of an answer to one thread of this pass at a time.
    """
    started, began = clock.now(), time.perf_counter()
    due = await asyncio.to_thread(store.due, started, everything=plan.everything, guides=plan.guides)
    recorded: dict[str, Look] = {}
    if plan.urls is not None or plan.max_age is not None:
        due, recorded, looks = await asyncio.to_thread(_remember, store, due, plan, started)
    else:
        looks = {}
    run = await asyncio.to_thread(store.begin_run, plan.kind, started)
    result = PassResult(started=started, finished=started, due=len(due), looks=looks, recorded=recorded)
    resources = {order.url: resource for resource, order in due}
    looking = _Looks(store, plan, page_of, result, on_start(len(due)), lambda look, ops: told(look, ops, run))
    outcome = "interrupted"
    try:
        with store.batch():
            async with looking, aclosing(sweeper.sweep(interleaved((order for _, order in due), _host))) as visits:
                async for visit in visits:
                    await looking.add(resources[visit.url], visit, clock.now())
        outcome = "outage" if result.outage else "done"
    finally:
        result.finished, result.seconds = clock.now(), time.perf_counter() - began
        store.end_run(run, result.finished, outcome, dict(result.verdicts))
    return result


def _remember(
    store: PassStore, due: list[tuple[ResourceId, FetchOrder]], plan: PassPlan, now: datetime
) -> tuple[list[tuple[ResourceId, FetchOrder]], dict[str, Look], dict[str, Look]]:
    """What is to be fetched after all, what is recorded of everything, and the recorded looks that stand."""
    rest: list[tuple[ResourceId, FetchOrder]] = []
    recorded: dict[str, Look] = {}
    standing: dict[str, Look] = {}
    for resource, order in due:
        known = store.known(resource)
        look = Look(verdict=recorded_verdict(known, plan.policy), cited=recorded_looks(known))
        recorded[order.url] = look
        untouched = plan.urls is not None and order.url not in plan.urls
        if untouched or is_fresh(known, now, plan.max_age):
            standing[order.url] = look
        else:
            rest.append((resource, order))
    return rest, recorded, standing


def _host(order: FetchOrder) -> str:
    return host_key(order.url)


_Visited = tuple[ResourceId, Visit, datetime]


class _Looks:
    """Looks at what was visited, several at a time in one worker thread, while fetching goes on."""

    def __init__(
        self,
        store: PassStore,
        plan: PassPlan,
        page_of: AnswerReader,
        result: PassResult,
        advance: Advance,
        told: Callable[[Observation, Sequence[FindingOp]], None],
    ) -> None:
        self._store, self._plan, self._page_of, self._result = store, plan, page_of, result
        self._advance, self._told = advance, told
        self._waiting: list[_Visited] = []
        self._bytes = 0
        self._working: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self._flushed = time.perf_counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An interrupted pass keeps what it has looked at; the thread is waited for all the same: it uses the store.
        self._stopped = error is not None
        while True:
            if error is None:
                self._begin()
            if self._working is None or self._working.done():
                break
            await asyncio.wait([self._working])
        if self._timer is not None:
            self._timer.cancel()
        failed = self._working.exception() if self._working is not None else None
        if error is None and failed is not None:
            raise failed

    async def add(self, resource: ResourceId, visit: Visit, now: datetime) -> None:
        """Queue a visit; waits while too many wait already. Raises what looking at an earlier one raised."""
        if visit.outage:
            self._result.outage = True
            self._result.undecided += 1
            self._advance(visit.url)
            return
        self._waiting.append((resource, visit, now))
        self._bytes += _weight(visit)
        if not self._is_full():
            self._hold()
            return
        if self._working is not None:
            await asyncio.shield(self._working)
        self._begin()

    def _is_full(self) -> bool:
        return len(self._waiting) >= WAITING or self._bytes >= WAITING_BYTES

    def _hold(self) -> None:
        """What waits is looked at before long, also where nothing more comes."""
        if self._waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(HOLD_SECONDS, self._begin)

    def _begin(self) -> None:
        """Look at what waits, unless others are being looked at, or that failed: who waits for it is told."""
        self._timer = None
        idle = self._working is None or (self._working.done() and self._working.exception() is None)
        if self._waiting and idle:
            self._working = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while True:
            visited, self._waiting, self._bytes = self._waiting, [], 0
            await asyncio.to_thread(self._look_at, visited)
            for _, visit, _ in visited:
                self._advance(visit.url)
            if self._stopped or not self._is_full():
                break
        self._hold()

    def _look_at(self, visited: list[_Visited]) -> None:
        # One look a resource and pass: what is known before the first of them is known before the last one, too.
        before = self._store.before([resource for resource, _, _ in visited])
        for (_, visit, now), (known, findings) in zip(visited, before, strict=True):
            if self._stopped:
                return
            self._look(known, findings, visit, now)
            if time.perf_counter() - self._flushed > FLUSH_SECONDS:
                self._store.flush()
                self._flushed = time.perf_counter()

    def _look(self, known: KnownSource, findings: list[Finding], visit: Visit, now: datetime) -> None:
        store, plan, result = self._store, self._plan, self._result
        observation = observe(
            known,
            visit,
            read=_reader(store),
            policy=plan.policy,
            schedule=plan.schedule,
            now=now,
            on_the_spot=plan.on_the_spot,
            page_of=self._page_of,
            past=lambda: store.past(known.id),
            kept=store.keeps,
        )
        ops = triage(observation, known, findings, plan.policy)
        store.record(observation, ops)
        self._told(observation, ops)
        result.verdicts[observation.verdict.kind] += 1
        result.ops += [(known.url, op) for op in ops]
        cited = tuple(replace(one, basis=None, standing=None) for one in observation.cited)
        result.looks[known.url] = Look(verdict=observation.verdict, cited=cited)


def _weight(visit: Visit) -> int:
    return sum(len(attempt.body) for attempt in visit.attempts if isinstance(attempt, Fetched))


def _reader(store: PassStore) -> Callable[[Snapshot], Page]:
    pages: dict[str, Page] = {}

    def read(snapshot: Snapshot) -> Page:
        if snapshot.digest not in pages:
            if len(pages) >= PAGES_KEPT:
                pages.pop(next(iter(pages)))
            body = store.body(snapshot.digest)
            pages[snapshot.digest] = read_page(body, content_type=snapshot.content_type, url=snapshot.final_url)
        return pages[snapshot.digest]

    return read
