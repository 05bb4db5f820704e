"""A pass over one host, as a worker makes many of at once: the same crawl, with one fetcher for all of them.

Whether silence is ours is judged over all hosts of the worker: a single host that is silent says nothing of that.
"""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from crawler.model import Failed, FailureKind, FetchOrder, Visit
from crawler.outage import HostResult, is_answer, is_outage
from crawler.ports import Clock, Fetcher, Sweeper
from crawler.sweep import PoliteSweeper
from loccit.fetching import Reading
from loccit.passes import PassPlan, PassResult, Told, run_pass
from loccit.ports import PassStore
from loccit.settings import Settings

AT_ONCE: Final = 100
"""Resources of one job: a host with more has another job afterwards, so that none keeps a worker for days."""

_MAX_HOSTS: Final = 2_000
_LOOPBACK: Final = ("127.", "[::1]", "localhost")


@dataclass(slots=True, kw_only=True)
class _Heard:
    """One host as this worker has lately found it."""

    answered: datetime | None = None
    silent: datetime | None = None
    kinds: frozenset[FailureKind] = frozenset()
    known_good: bool = False


@dataclass(slots=True)
class Outages:
    """What the hosts of a worker gave lately, for the question whether its own network is up."""

    hosts: "OrderedDict[str, _Heard]" = field(default_factory=OrderedDict)

    def judged(self, host: str, visit: Visit, *, known_good: bool) -> Visit:
        """The visit, with `outage` by what all hosts gave since its first attempt began."""
        loopback = host.startswith(_LOOPBACK)
        heard = self._of(host, known_good)
        silent = True
        for attempt in visit.attempts:
            if is_answer(attempt, loopback=loopback):
                heard.answered, silent = attempt.at, False
            elif isinstance(attempt, Failed):
                heard.silent, heard.kinds = attempt.at, heard.kinds | {attempt.kind}
        if not silent:
            heard.kinds = frozenset()
            return replace(visit, outage=False) if visit.outage else visit
        first = visit.attempts[0]
        since = first.at - timedelta(milliseconds=getattr(first, "elapsed_ms", 0.0))
        outage = is_outage([self._result(name, each, since) for name, each in self.hosts.items()])
        return replace(visit, outage=outage)

    def _of(self, host: str, known_good: bool) -> _Heard:
        heard = self.hosts.setdefault(host, _Heard())
        heard.known_good = known_good
        self.hosts.move_to_end(host)
        while len(self.hosts) > _MAX_HOSTS:
            self.hosts.popitem(last=False)
        return heard

    def _result(self, host: str, heard: _Heard, since: datetime) -> HostResult:
        answered = heard.answered is not None and heard.answered >= since
        silent = heard.silent is not None and heard.silent >= since
        kinds = heard.kinds if silent else frozenset()
        return HostResult(host=host, answered=answered, kinds=kinds, known_good=heard.known_good)


class HostSweeper:
    """Sweeps over one host's resources, and asks all of the worker's hosts whether silence is ours."""

    def __init__(self, inner: Sweeper, host: str, outages: Outages) -> None:
        self._inner, self._host, self._outages = inner, host, outages

    async def sweep(self, orders: Iterable[FetchOrder]) -> AsyncGenerator[Visit, None]:
        """As `PoliteSweeper.sweep`."""
        good: set[str] = set()

        def noted() -> Iterator[FetchOrder]:
            for order in orders:
                if order.history.last_ok is not None and order.history.failing_since is None:
                    good.add(order.url)
                yield order

        async with aclosing(self._inner.sweep(noted())) as visits:
            async for visit in visits:
                yield self._outages.judged(self._host, visit, known_good=visit.url in good)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCrawler:
    """What all jobs of a worker share."""

    settings: Settings
    clock: Clock
    fetcher: Fetcher
    reading: Reading
    told: Told
    outages: Outages = field(default_factory=Outages)

    async def crawl(self, store: PassStore, host: str) -> PassResult:
        """Look at what the store says is due of a host; cancelled, it keeps what it has looked at."""
        settings, reading = self.settings, self.reading
        sweeping = PoliteSweeper(
            self.fetcher, settings.crawl, settings.policy, self.clock, health=reading.health, likeness=reading.likeness
        )
        plan = PassPlan(kind="crawl", policy=settings.policy, schedule=settings.schedule)
        sweeper = HostSweeper(sweeping, host, self.outages)
        return await run_pass(store, sweeper, plan, self.clock, page_of=reading.shelf.take, told=self.told)
