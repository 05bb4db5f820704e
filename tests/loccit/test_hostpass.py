"""A worker sees one host a job: whether silence is its own network's is judged over all of its jobs, and by others."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from crawler_visits import NOW, failed, page, refused

from crawler.model import Attempt, FailureKind, FetchOrder, Visit
from loccit.hostpass import IN_VAIN, HostSweeper, Outages


@dataclass
class World:
    """What a worker meets: hosts that give what they are told to, at the seconds that it is."""

    seconds: float = 0.0
    up: bool = True
    alive: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    outages: Outages = field(default_factory=Outages)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    async def fetch(self, order: FetchOrder) -> Attempt:
        """Another host's page, asked for to see whether anybody answers."""
        self.asked.append(order.url)
        if "refused" in order.url:
            return refused("robots")
        return replace(page(), at=self.now()) if self.up else replace(failed("timeout"), at=self.now())

    def outage(self, host: str, seconds: float, *attempts: Attempt) -> bool:
        """Whether a visit is an outage that ends then, its attempts ten seconds from each other."""
        self.seconds = seconds
        last = len(attempts) - 1
        moved = [replace(each, at=self.now() - timedelta(seconds=10 * (last - n))) for n, each in enumerate(attempts)]
        visit = Visit(url=f"https://{host}/", attempts=tuple(moved))

        class Inner:
            async def sweep(self, orders: Iterable[FetchOrder]) -> AsyncGenerator[Visit, None]:
                for _ in orders:
                    yield visit

        async def judged() -> bool:
            sweeper = HostSweeper(
                inner=Inner(),
                host=host,
                fetcher=self,
                clock=self,
                outages=self.outages,
                others=lambda: [FetchOrder(url=url) for url in self.alive],
            )
            good = FetchOrder(url=visit.url, history=replace(FetchOrder(url="").history, last_ok=NOW))
            return [each.outage async for each in sweeper.sweep([good])] == [True]

        return asyncio.run(judged())


def test_a_network_that_goes_down_and_comes_back_costs_no_host_anything() -> None:
    world = World()
    for number in range(10):
        assert not world.outage(f"{number}.example", number, page())
    lost = [FailureKind.DNS_ERROR, FailureKind.TIMEOUT, FailureKind.NETWORK]
    for number in range(10):
        assert world.outage(f"{number}.example", 100 + number, failed(lost[number % 3])), number
    assert not world.outage("0.example", 200, page()), "it is back"
    assert not world.outage("1.example", 200, failed(FailureKind.TIMEOUT)), "now it is the host"


def test_one_silent_host_among_others_that_answer_is_its_own_doing() -> None:
    world = World(alive=["https://other.example/"])
    for number in range(3):
        assert not world.outage(f"{number}.example", 50, page())
    assert not world.outage("silent.example", 50, failed(FailureKind.TIMEOUT))
    connected = failed(FailureKind.TIMEOUT, connected=True)
    assert not world.outage("alone.example", 500, connected), "somebody took the connection"
    assert world.asked == [], "nobody had to be asked"


def test_a_gateway_that_refuses_for_everybody_is_an_outage_from_the_second_host_on() -> None:
    world = World()
    assert not world.outage("a.example", 1, page())
    assert not world.outage("a.example", 100, failed(FailureKind.CONNECT_REFUSED)), "of one it says nothing"
    assert world.outage("b.example", 100, failed(FailureKind.CONNECT_REFUSED))
    assert world.outage("a.example", 110, failed(FailureKind.CONNECT_REFUSED)), "though they come one after another"


def test_a_worker_that_is_cut_off_counts_nothing_against_any_host() -> None:
    """Its jobs come one at a time, and an NXDOMAIN of one says nothing: others are asked, and not over and over."""
    world = World(up=False, alive=["https://refused.example/", "https://good.example/", "https://fine.example/"])
    for number in range(6):
        lost = FailureKind.DNS_NXDOMAIN if number % 2 else FailureKind.CONNECT_REFUSED
        assert world.outage(f"{number}.example", 5 * number, failed(lost), failed(lost)), number
    assert world.asked == world.alive
    assert world.outage("9.example", IN_VAIN.total_seconds() + 1, failed("dns-nxdomain"))
    assert world.asked == 2 * world.alive


def test_a_silent_host_alone_is_judged_once_another_has_answered() -> None:
    world = World(alive=["https://refused.example/", "https://good.example/", "https://fine.example/"])
    assert not world.outage("dead.example", 100, failed("timeout"), failed("timeout"))
    assert world.asked == world.alive[:2]
    assert not world.outage("gone.example", 105, failed("dns-error"), failed("timeout"))
    assert len(world.asked) == 2, "that answer still counts"


def test_what_answered_before_the_network_went_down_speaks_for_nobody() -> None:
    world = World(up=False, alive=["https://good.example/"])
    assert not world.outage("good.example", 1, page())
    assert world.outage("slow.example", 20, failed("timeout"), failed("timeout"))
