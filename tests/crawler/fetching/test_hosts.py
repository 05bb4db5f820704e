"""The pace of a host: delay, Crawl-delay, Retry-After, back-off and recovery."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from crawler_farm import LeapClock, QuickClock, answer, in_turn, running

from crawler.fetch import HttpFetcher
from crawler.hints import retry_after
from crawler.hostqueue import interleaved
from crawler.hosts import MAX_CRAWL_DELAY, MAX_HOSTS, PAGES, PATIENCE, Hosts
from crawler.judge import advance, judge
from crawler.model import Fetched, FetchOrder, LinkHistory, Refused, Visit
from crawler.policy import CrawlSettings, NetworkSettings, Policy
from crawler.sweep import PoliteSweeper
from crawler.urls import host_key

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("Sun, 99 Zzz 2026 99:99:99 GMT", None),
        ("9" * 5_000, 999999999.0),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


def starts(hosts: Hosts, clock: LeapClock, count: int, status: int = 200, wish: float | None = None) -> list[float]:
    """When each of some requests to one host may start, in seconds from now."""
    began = clock.moment

    async def one() -> float:
        async with hosts.turn("x:80"):
            at = (clock.moment - began).total_seconds()
            hosts.answered("x:80", status, wish)
            return at

    async def go() -> list[float]:
        return [await one() for _ in range(count)]

    return asyncio.run(go())


def test_requests_keep_their_distance() -> None:
    clock = LeapClock()
    assert starts(Hosts(CrawlSettings(delay=0.5), clock), clock, 4) == [0.0, 0.5, 1.0, 1.5]


def test_without_delay_nothing_waits() -> None:
    clock = LeapClock()
    assert starts(Hosts(CrawlSettings(delay=0.0), clock), clock, 4) == [0.0] * 4
    assert clock.slept == []


def test_crawl_delay_is_honoured_up_to_a_cap() -> None:
    clock = LeapClock()
    hosts = Hosts(CrawlSettings(delay=0.5), clock)
    hosts.set_crawl_delay("x:80", 4.0)
    assert starts(hosts, clock, 3) == [0.0, 4.0, 8.0]
    hosts.set_crawl_delay("x:80", 86_400.0)
    assert hosts.gap("x:80") == MAX_CRAWL_DELAY


def test_back_off_doubles_and_recovers() -> None:
    clock = LeapClock()
    hosts = Hosts(CrawlSettings(delay=1.0), clock)
    slow = starts(hosts, clock, 6, status=429)
    gaps = [after - before for before, after in pairwise(slow)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 4 * gaps[0]
    starts(hosts, clock, 12)
    assert hosts.gap("x:80") == 1.0


def test_retry_after_is_waited_for_up_to_a_cap() -> None:
    clock = LeapClock()
    hosts = Hosts(CrawlSettings(delay=1.0, max_retry_after=60.0), clock)
    assert starts(hosts, clock, 2, status=503, wish=30.0)[1] >= 30.0
    assert starts(hosts, clock, 2, status=503, wish=86_400.0)[1] <= 130.0


def test_a_clock_that_is_set_back_holds_nobody_for_long() -> None:
    clock = LeapClock()
    hosts = Hosts(CrawlSettings(delay=1.0), clock)
    starts(hosts, clock, 2)
    clock.moment = clock.moment.replace(year=2025)
    assert hosts.ready_in("x:80") <= 120.0


def test_hosts_are_forgotten() -> None:
    async def go() -> int:
        hosts = Hosts(CrawlSettings(delay=0.0), LeapClock())
        for number in range(MAX_HOSTS + 50):
            async with hosts.turn(f"h{number}:80"):
                pass
        return len(hosts._paces)

    assert asyncio.run(go()) == MAX_HOSTS


def test_concurrency_per_host_and_in_all() -> None:
    async def slow(asked: object, peer: object) -> None:
        await asyncio.sleep(0.02)
        await answer()(asked, peer)  # type: ignore[arg-type]

    async def go(crawl: CrawlSettings) -> int:
        async with running(default=slow, robots=answer(b"", status=404)) as farm:
            async with HttpFetcher(crawl, NetworkSettings(allow=("127.0.0.0/24",)), QuickClock()) as fetcher:
                await asyncio.gather(*(fetcher.fetch(FetchOrder(url=farm.url(f"/{n}"))) for n in range(20)))
            return farm.most_at_once

    assert asyncio.run(go(CrawlSettings(delay=0.0, per_host=3))) == 3
    assert asyncio.run(go(CrawlSettings(delay=0.0, per_host=9, concurrency=2))) == 2


def test_a_429_with_retry_after_is_waited_out() -> None:
    async def go() -> tuple[object, list[float]]:
        limited = in_turn(answer(b"", status=429, headers={"Retry-After": "7"}), answer())
        clock = LeapClock()
        async with running({"/page": limited}) as farm:
            crawl = CrawlSettings(delay=0.1, retries=1)
            async with HttpFetcher(crawl, NetworkSettings(allow=("127.0.0.0/24",)), clock) as fetcher:
                return await fetcher.fetch(FetchOrder(url=farm.url("/page"))), clock.slept

    attempt, slept = asyncio.run(go())
    assert isinstance(attempt, Fetched)
    assert attempt.status == 200
    assert sum(slept) >= 7


@pytest.mark.parametrize(
    ("status", "verdict", "most"),
    [(429, ("blocked", "http-429"), PATIENCE), (503, ("unreachable", "http-5xx"), PAGES)],
)
def test_a_host_that_turns_thousands_away_is_given_up_for_this_run(
    status: int, verdict: tuple[str, str], most: int
) -> None:
    async def go() -> tuple[list[Visit], int, float]:
        clock = LeapClock()
        began = clock.moment
        crawl = CrawlSettings(delay=0.1, retries=0, respect_robots=False)
        async with (
            running({}, default=answer(b"", status=status)) as farm,
            HttpFetcher(crawl, NetworkSettings(allow=("127.0.0.0/8",)), clock) as fetcher,
        ):
            orders = [FetchOrder(url=farm.url(f"/{number}")) for number in range(3_000)]
            sweeper = PoliteSweeper(fetcher, crawl, Policy(confirm_wait=0.0), clock)
            visits = [visit async for visit in sweeper.sweep(orders)]
            return visits, len(farm.asked), (clock.moment - began).total_seconds()

    visits, asked, seconds = asyncio.run(go())
    now = datetime(2026, 1, 1, tzinfo=UTC)
    long_ago = LinkHistory(unreachable_since=now - timedelta(days=30), last_ok=now - timedelta(days=60))
    unasked = [visit for visit in visits if all(isinstance(attempt, Refused) for attempt in visit.attempts)]
    verdicts = [judge(visit, LinkHistory(), Policy(), now) for visit in visits]
    assert len(visits) == 3_000 and asked < most + 20 and seconds < 3_600
    assert {(one.kind, one.reason) for one in verdicts} == {verdict}
    assert sum(one.attempts for one in verdicts) == asked
    # Who was not asked has said nothing: neither does a link die of it, nor does its time begin to run.
    for visit in (unasked[0], unasked[-1]):
        left = judge(visit, long_ago, Policy(), now)
        assert (left.kind, left.reason) == verdict
        assert advance(LinkHistory(), visit, left, now).unreachable_since is None


def test_other_answers_between_keep_a_host_in_the_run() -> None:
    hosts = Hosts(CrawlSettings(delay=0.0), LeapClock())
    for _ in range(3):
        for _ in range(PATIENCE - 1):
            hosts.answered("a", 429, None)
        hosts.answered("a", 200, None)
        for page in range(PAGES - 1):
            for _ in range(3):  # one page may be broken by itself, and is asked several times
                hosts.answered("a", 503, None, page=str(page))
        hosts.answered("a", 404, None)
    assert not hosts.given_up("a") and not hosts.given_up("never heard of")


def test_broken_pages_of_one_part_do_not_give_up_the_others_for_good() -> None:
    hosts = Hosts(CrawlSettings(delay=0.0), LeapClock())
    for page in range(PAGES):
        hosts.answered("a", 503, None, page=str(page))
    asked = [number for number in range(1, 101) if not hosts.given_up("a")]
    assert asked == [1, 2, 4, 8, 16, 32, 64]
    hosts.answered("a", 200, None, page="another")
    assert not any(hosts.given_up("a") for _ in range(9))


def test_http_and_https_of_one_name_share_a_pace() -> None:
    assert host_key("http://a.example/x") == host_key("https://a.example/y") == "a.example"
    assert host_key("https://a.example:8443/") == "a.example:8443"
    assert host_key("http://[::1]/") == "[::1]" and host_key("nonsense") == ""


def test_a_long_stretch_of_one_host_hides_nobody() -> None:
    work = [*(f"a{number}" for number in range(50_000)), "b0", "c0", "b1"]
    order = list(interleaved(work, lambda piece: piece[0]))
    assert order[:6] == ["a0", "b0", "c0", "a1", "b1", "a2"]
    assert sorted(order) == sorted(work)
    assert list(interleaved([], str)) == []


def test_a_little_lateness_is_made_up_for_and_a_long_one_is_not() -> None:
    async def go(late: float) -> float:
        clock = LeapClock()
        hosts = Hosts(CrawlSettings(delay=1.0), clock)
        first = clock.moment
        for _ in range(10):
            async with hosts.turn("a"):
                pass
            await clock.sleep(hosts.ready_in("a") + late)
        return (clock.moment - first).total_seconds()

    assert asyncio.run(go(0.05)) == pytest.approx(10.05)
    assert asyncio.run(go(0.5)) == pytest.approx(15.0)
