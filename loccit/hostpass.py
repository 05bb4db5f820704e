"""A pass over one host, as a worker makes many of at once: the same crawl, with one fetcher for all of them.

Whether silence is ours is judged over all hosts of the worker: a single host that is silent says nothing of that. Where
no other was heard meanwhile, a page of another host, alive when it was last looked at, is asked for once.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from crawler.model import Attempt, Failed, FailureKind, FetchOrder, Refused, Visit
from crawler.outage import HostResult, is_answer, is_outage
from crawler.ports import Clock, Fetcher, Sweeper
from crawler.sweep import PoliteSweeper
from crawler.urls import host_key
from guides.model import Render
from loccit.fetching import Reading
from loccit.passes import PassPlan, PassResult, Told, run_pass
from loccit.settings import Settings
from storage.hoststore import HostStore

AT_ONCE: Final = 100
"""Resources of one job: a host with more has another job afterwards, so that none keeps a worker for days."""

IN_VAIN: Final = timedelta(seconds=30)
"""Where nobody answered who was asked for that, nobody is asked again for so long."""

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
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    in_vain: datetime | None = None
    """When others began to be asked and none answered."""

    def note(self, host: str, attempts: Sequence[Attempt], *, known_good: bool) -> datetime | None:
        """Take in what a host gave. Since when it has been silent; None where it was not.

        An answer of another that came before the first of several attempts had failed says nothing of the others.
        """
        loopback, heard = host.startswith(_LOOPBACK), self._of(host, known_good)
        answered = [each for each in attempts if is_answer(each, loopback=loopback)]
        silent = [each for each in attempts if isinstance(each, Failed) and each not in answered]
        if silent:
            heard.silent, heard.kinds = silent[-1].at, heard.kinds | {each.kind for each in silent}
        if answered:
            heard.answered, heard.kinds = answered[-1].at, frozenset()
        if answered or not silent:
            return None
        first = silent[0]
        return first.at if len(silent) > 1 else first.at - timedelta(milliseconds=first.elapsed_ms)

    def heard(self, since: datetime) -> bool:
        """Whether any host answered since then."""
        return any(each.answered is not None and each.answered >= since for each in self.hosts.values())

    def vain(self, now: datetime) -> datetime | None:
        """When others were asked in vain, a moment ago and with no answer since; None where they were not."""
        since = self.in_vain
        return since if since is not None and since <= now < since + IN_VAIN and not self.heard(since) else None

    def is_outage(self, since: datetime) -> bool:
        """Whether the silence is ours, by what all hosts gave since then."""
        return is_outage([self._result(name, each, since) for name, each in self.hosts.items()])

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


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSweeper:
    """Sweeps over one host's resources, and asks other hosts whether silence is ours.

    `others` gives what to ask of them, which was alive when it was last looked at.
    """

    inner: Sweeper
    host: str
    fetcher: Fetcher
    clock: Clock
    outages: Outages
    others: Callable[[], list[FetchOrder]]

    async def sweep(self, orders: Iterable[FetchOrder]) -> AsyncGenerator[Visit, None]:
        """As `PoliteSweeper.sweep`."""
        good: set[str] = set()

        def noted() -> Iterator[FetchOrder]:
            for order in orders:
                if order.history.last_ok is not None and order.history.failing_since is None:
                    good.add(order.url)
                yield order

        async with aclosing(self.inner.sweep(noted())) as visits:
            async for visit in visits:
                yield replace(visit, outage=await self.is_outage(visit, known_good=visit.url in good))

    async def is_outage(self, visit: Visit, *, known_good: bool) -> bool:
        """Whether the visit met an outage of our own network."""
        since = self.outages.note(self.host, visit.attempts, known_good=known_good)
        if since is None:
            return False
        if not self.outages.heard(since):
            async with self.outages.asking:
                vain = self.outages.vain(self.clock.now())
                if vain is None and not self.outages.heard(since):
                    vain = await self._ask()
                since = min(since, vain or since)
        return self.outages.is_outage(since)

    async def _ask(self) -> datetime | None:
        """Ask others until one answers: None; or since when none does."""
        began = self.clock.now()
        for order in await asyncio.to_thread(self.others):
            answer = await self.fetcher.fetch(replace(order, attempt=2, render=Render.NEVER, selected=False))
            if isinstance(answer, Refused):
                continue  # It may rest on what was heard before.
            if self.outages.note(host_key(order.url), [answer], known_good=True) is None:
                return None
        self.outages.in_vain = began
        return began


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCrawler:
    """What all jobs of a worker share."""

    settings: Settings
    clock: Clock
    fetcher: Fetcher
    reading: Reading
    told: Told
    outages: Outages = field(default_factory=Outages)

    async def crawl(self, store: HostStore, host: str) -> PassResult:
        """Look at what the store says is due of a host; cancelled, it keeps what it has looked at."""
        settings, reading = self.settings, self.reading
        sweeping = PoliteSweeper(
            self.fetcher, settings.crawl, settings.policy, self.clock, health=reading.health, likeness=reading.likeness
        )
        plan = PassPlan(kind="crawl", policy=settings.policy, schedule=settings.schedule)
        sweeper = HostSweeper(
            inner=sweeping,
            host=host,
            fetcher=self.fetcher,
            clock=self.clock,
            outages=self.outages,
            others=store.alive_elsewhere,
        )
        return await run_pass(store, sweeper, plan, self.clock, page_of=reading.shelf.take, told=self.told)
