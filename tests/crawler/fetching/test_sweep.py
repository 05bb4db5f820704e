"""Many resources: order, confirmation, outage, bounds, and an end that leaves nothing behind."""

import asyncio
import socket
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest
from crawler_farm import LeapClock, QuickClock, answer, in_turn, raw, running
from crawler_visits import NOW, failed, page, refused

from crawler.fetch import HttpFetcher
from crawler.judge import judge
from crawler.model import Attempt, Fetched, FetchOrder, Health, LinkHistory, PageHealth, Visit
from crawler.policy import CrawlSettings, NetworkSettings, Policy
from crawler.ports import Clock, Fetcher
from crawler.sweep import WINDOW, PoliteSweeper

FAST = CrawlSettings(delay=0.0, per_host=2, concurrency=8)
POLICY = Policy(confirm=3, confirm_wait=5.0)
Script = Callable[[FetchOrder], Attempt]


class Scripted:
    """A fetcher whose answers a function gives; each takes `seconds`."""

    def __init__(self, script: Script, clock: Clock, seconds: float = 0.0) -> None:
        self.script = script
        self.clock = clock
        self.seconds = seconds
        self.orders: list[FetchOrder] = []
        self.at_once = 0
        self.most_at_once = 0
        self.times: list[float] = []

    async def fetch(self, order: FetchOrder) -> Attempt:
        self.orders.append(order)
        self.times.append(self.clock.now().timestamp())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            return self.script(order)
        finally:
            self.at_once -= 1


async def collect(
    fetcher: Fetcher,
    orders: Iterable[FetchOrder],
    clock: Clock,
    *,
    crawl: CrawlSettings = FAST,
    policy: Policy = POLICY,
    health: Callable[[Fetched], PageHealth | None] | None = None,
) -> list[Visit]:
    sweeper = PoliteSweeper(fetcher, crawl, policy, clock, health=health)
    return [visit async for visit in sweeper.sweep(orders)]


def sweep(
    script: Script, urls: Sequence[str], *, crawl: CrawlSettings = FAST, policy: Policy = POLICY, alive: bool = False
) -> tuple[list[Visit], Scripted]:
    clock = LeapClock()
    fetcher = Scripted(script, clock)
    history = LinkHistory(last_ok=NOW) if alive else LinkHistory()
    orders = [FetchOrder(url=url, history=history) for url in urls]
    return asyncio.run(collect(fetcher, orders, clock, crawl=crawl, policy=policy)), fetcher


def by_host(**answers: Attempt) -> Script:
    def script(order: FetchOrder) -> Attempt:
        host = order.url.split("/")[2].split(".")[0]
        return replace(answers.get(host, page(200)), url=order.url)

    return script


class TestConfirmation:
    def test_the_good_are_given_out_at_once_and_asked_once(self) -> None:
        visits, fetcher = sweep(by_host(), [f"http://h{n}.example/" for n in range(20)])
        assert len(visits) == len(fetcher.orders) == 20

    @pytest.mark.parametrize("attempt", [page(404), page(410), page(500), failed("timeout"), failed("dns-nxdomain")])
    def test_the_doubtful_are_asked_again_spread_out_and_last_of_all_plainly(self, attempt: Attempt) -> None:
        visits, fetcher = sweep(by_host(bad=attempt), ["http://bad.example/a", "http://good.example/"])
        assert [visit.url for visit in visits] == ["http://good.example/", "http://bad.example/a"]
        assert len(visits[-1].attempts) == 3
        looks = [(order.attempt, order.fresh) for order in fetcher.orders if "bad" in order.url]
        assert looks == [(1, False), (2, False), (3, True)]
        times = [at for at, order in zip(fetcher.times, fetcher.orders, strict=True) if "bad" in order.url]
        assert times[1] - times[0] >= 5
        assert times[2] - times[1] >= 10

    @pytest.mark.parametrize("attempt", [page(403), page(429), refused("robots"), refused("malformed-url")])
    def test_what_nothing_would_change_is_asked_once(self, attempt: Attempt) -> None:
        visits, fetcher = sweep(by_host(x=attempt), ["http://x.example/"])
        assert len(fetcher.orders) == 1
        assert len(visits[0].attempts) == 1

    def test_one_good_answer_ends_it(self) -> None:
        answers = iter([page(404), page(200), page(404)])
        visits, _ = sweep(lambda _: next(answers), ["http://x.example/"])
        assert [getattr(one, "status", 0) for one in visits[0].attempts] == [404, 200]

    def test_answers_that_differ_are_asked_for_twice_more_at_most(self) -> None:
        one_fault: Iterator[Attempt] = iter([page(404), failed("timeout"), page(404), page(404), page(404)])
        visits, _ = sweep(lambda _: next(one_fault), ["http://x.example/"])
        assert len(visits[0].attempts) == 4
        many: Iterator[Attempt] = iter(
            [page(404), failed("timeout"), page(404), failed("timeout"), failed("timeout"), page(404)]
        )
        visits, _ = sweep(lambda _: next(many), ["http://x.example/"])
        assert len(visits[0].attempts) == 5

    def test_a_death_of_earlier_runs_is_looked_for_behind_walls_and_faults(self) -> None:
        answers: Iterator[Attempt] = iter([page(403), failed("timeout"), page(503), page(404), page(404)])
        clock = LeapClock()
        history = LinkHistory(checked=NOW, failing_since=NOW, failures=2)
        fetcher = Scripted(lambda _: next(answers), clock)
        (visit,) = asyncio.run(collect(fetcher, [FetchOrder(url="http://x.example/", history=history)], clock))
        assert len(visit.attempts) == 5
        assert judge(visit, history, POLICY, NOW).reason == "http-404"

    def test_an_outage_is_known_after_two_short_rounds(self) -> None:
        urls = [f"http://h{n}.example/" for n in range(5)]
        visits, fetcher = sweep(lambda order: failed("dns-error", url=order.url), urls)
        assert all(visit.outage and len(visit.attempts) == 2 for visit in visits)
        assert fetcher.times[-1] - fetcher.times[0] < 3

    def test_a_network_that_comes_back_in_the_second_round_is_none(self) -> None:
        asked: Counter[str] = Counter()

        def script(order: FetchOrder) -> Attempt:
            asked[order.url] += 1
            back = asked[order.url] > 1 and "h0" not in order.url
            return page(200, url=order.url) if back else failed("dns-error", url=order.url)

        visits, _ = sweep(script, [f"http://h{n}.example/" for n in range(5)])
        assert not any(visit.outage for visit in visits)
        assert len(visits[-1].attempts) == 3

    @pytest.mark.parametrize("confirm", [0, 1, 2, 5])
    def test_as_often_as_the_policy_says(self, confirm: int) -> None:
        visits, _ = sweep(by_host(x=page(404)), ["http://x.example/"], policy=Policy(confirm=confirm))
        assert len(visits[0].attempts) == max(1, confirm)

    def test_health_is_asked_of_pages_only_and_kept_for_each_attempt(self) -> None:
        bodies = iter([page(200), page(200), page(200, headers={"content-type": "application/pdf"})])
        seen = []

        def health(answer: Fetched) -> PageHealth:
            seen.append(answer)
            return PageHealth(health=Health.SOFT_404, evidence="not found")

        async def go() -> list[Visit]:
            clock = LeapClock()
            fetcher = Scripted(lambda _: next(bodies), clock)
            return await collect(fetcher, [FetchOrder(url="http://x.example/")], clock, health=health)

        (visit,) = asyncio.run(go())
        assert len(seen) == 2
        assert [one and one.health for one in visit.healths] == [Health.SOFT_404, Health.SOFT_404, None]
        assert visit.health is None
        assert judge(visit, LinkHistory(), POLICY, NOW, on_the_spot=True).kind == "ok"

    def test_bodies_of_dead_pages_are_let_go(self) -> None:
        visits, _ = sweep(by_host(x=page(404, body=b"x" * 100_000)), ["http://x.example/"])
        assert all(isinstance(one, Fetched) and one.dropped and not one.body for one in visits[0].attempts)


class TestOutage:
    def test_nothing_answers(self) -> None:
        urls = [f"http://h{n}.example/" for n in range(5)]
        visits, _ = sweep(lambda order: failed("dns-error", url=order.url), urls)
        assert len(visits) == 5
        assert all(visit.outage for visit in visits)

    def test_one_dead_name_among_the_living_is_no_outage(self) -> None:
        urls = ["http://gone.example/", *(f"http://h{n}.example/" for n in range(5))]
        visits, _ = sweep(by_host(gone=failed("dns-nxdomain")), urls)
        assert not any(visit.outage for visit in visits)

    def test_half_of_those_known_to_be_good(self) -> None:
        down = {f"h{n}": failed("timeout") for n in range(3)}
        visits, _ = sweep(by_host(**down), [f"http://h{n}.example/" for n in range(6)], alive=True)
        assert [visit.outage for visit in visits] == [False] * 3 + [True] * 3

    def test_a_network_that_dies_midway_is_noticed_by_asking_the_living_again(self) -> None:
        asked: Counter[str] = Counter()

        def script(order: FetchOrder) -> Attempt:
            asked[order.url] += 1
            if "/late" in order.url or asked[order.url] > 1:
                return failed("dns-nxdomain", url=order.url)
            return page(200, url=order.url)

        urls = [f"http://h{n}.example/" for n in range(9)] + [f"http://l{n}.example/late" for n in range(2)]
        visits, _ = sweep(script, urls)
        assert [visit.outage for visit in visits] == [False] * 9 + [True] * 2

    def test_several_dead_names_while_the_living_still_answer(self) -> None:
        dead = {f"d{n}": failed("dns-nxdomain") for n in range(3)}
        visits, fetcher = sweep(by_host(**dead), [f"http://{h}.example/" for h in (*dead, "a", "b")])
        assert not any(visit.outage for visit in visits)
        assert len(fetcher.orders) <= 3 * 3 + 2 + 1

    def test_a_server_that_hangs_is_not_our_network(self) -> None:
        visits, _ = sweep(by_host(x=failed("timeout", connected=True)), ["http://x.example/"])
        assert not visits[0].outage

    def test_loopback_that_refuses_is_an_answer(self) -> None:
        refusing = failed("connect-refused")
        visits, _ = sweep(lambda _: refusing, ["http://127.0.0.1:9/", "http://127.0.0.1:10/"])
        assert not any(visit.outage for visit in visits)


class TestBounds:
    def test_concurrency(self) -> None:
        async def go() -> int:
            fetcher = Scripted(by_host(), QuickClock(), seconds=0.001)
            await collect(fetcher, [FetchOrder(url=f"http://h{n}.example/") for n in range(100)], QuickClock())
            return fetcher.most_at_once

        assert asyncio.run(go()) == 8

    def test_per_host(self) -> None:
        async def go() -> int:
            fetcher = Scripted(by_host(), QuickClock(), seconds=0.001)
            await collect(fetcher, [FetchOrder(url=f"http://h.example/{n}") for n in range(50)], QuickClock())
            return fetcher.most_at_once

        assert asyncio.run(go()) == 2

    def test_a_lazy_list_is_read_as_needed_and_forgotten(self) -> None:
        count = 15_000
        ahead = [0, 0]

        def orders() -> Iterator[FetchOrder]:
            for number in range(count):
                ahead[0] += 1
                yield FetchOrder(url=f"http://h{number % 500}.example/{number}")

        async def go() -> int:
            clock = LeapClock()
            fetcher = Scripted(by_host(), clock)
            fetcher.orders = Forgetful()  # type: ignore[assignment]
            fetcher.times = Forgetful()  # type: ignore[assignment]
            sweeper = PoliteSweeper(fetcher, FAST, POLICY, clock)
            done = 0
            async for _ in sweeper.sweep(orders()):
                done += 1
                ahead[1] = max(ahead[1], ahead[0] - done)
                assert len(asyncio.all_tasks()) < 20
            return done

        tracemalloc.start()
        try:
            assert asyncio.run(go()) == count
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert ahead[1] <= WINDOW + 250 + 16
        assert peak < 20_000_000

    def test_a_slow_host_holds_nobody_back(self) -> None:
        async def go() -> list[str]:
            clock = QuickClock()
            crawl = replace(FAST, delay=0.05)
            fetcher = Scripted(by_host(), clock)
            slow = [FetchOrder(url=f"http://slow.example/{n}") for n in range(10)]
            rest = [FetchOrder(url=f"http://h{n}.example/") for n in range(100)]
            return [visit.url for visit in await collect(fetcher, slow + rest, clock, crawl=crawl)]

        urls = asyncio.run(go())
        assert len(urls) == 110
        assert sum("slow" in url for url in urls[:102]) <= 3

    def test_pace_is_near_its_bound(self) -> None:
        async def go() -> float:
            clock = LeapClock()
            began = clock.moment
            orders = [FetchOrder(url=f"http://h.example/{n}") for n in range(101)]
            await collect(Scripted(by_host(), clock), orders, clock, crawl=replace(FAST, delay=0.5))
            return (clock.moment - began).total_seconds()

        assert 50.0 <= asyncio.run(go()) <= 52.5

    def test_refusals_take_no_time(self) -> None:
        async def go() -> float:
            clock = LeapClock()
            began = clock.moment
            orders = [FetchOrder(url=f"http://h.example/{n}") for n in range(200)]
            orders += [FetchOrder(url=f"no url {n}") for n in range(200)]
            fetcher = Scripted(lambda _: refused("robots"), clock)
            await collect(fetcher, orders, clock, crawl=replace(FAST, delay=0.5))
            return (clock.moment - began).total_seconds()

        assert asyncio.run(go()) < 2

    def test_a_clock_that_never_moves_ends_all_the_same(self) -> None:
        class Frozen(LeapClock):
            async def sleep(self, seconds: float) -> None:
                await asyncio.sleep(0)

        async def go() -> int:
            clock = Frozen()
            fetcher = Scripted(by_host(bad=page(404)), clock)
            orders = [FetchOrder(url=f"http://bad.example/{n}") for n in range(10)]
            return len(await collect(fetcher, orders, clock, crawl=replace(FAST, delay=0.5)))

        assert asyncio.run(asyncio.wait_for(go(), 10)) == 10

    def test_nothing_to_do(self) -> None:
        assert sweep(by_host(), [])[0] == []


class Forgetful(list[object]):
    def append(self, item: object) -> None:
        pass


class TestTheEnd:
    def test_closing_cancels_what_is_under_way(self) -> None:
        async def go() -> tuple[int, set[str]]:
            clock = QuickClock()
            fetcher = Scripted(by_host(), clock, seconds=0.0)
            sweeper = PoliteSweeper(fetcher, FAST, POLICY, clock)
            async with aclosing(sweeper.sweep(FetchOrder(url=f"http://h{n}.example/") for n in range(1_000))) as visits:
                async for _ in visits:
                    fetcher.seconds = 60.0
                    break
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            return fetcher.at_once, {task.get_name() for task in rest if task}

        assert asyncio.run(go()) == (0, set())

    def test_a_fault_of_ours_is_not_swallowed(self) -> None:
        def faulty(order: FetchOrder) -> Attempt:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            sweep(faulty, ["http://x.example/", "http://y.example/"])


def test_over_real_servers() -> None:
    """Good, dead, flapping, resetting and hanging pages on several hosts: each as it should be, in bounded time."""

    async def resolver(host: str, port: int) -> Sequence[str]:
        if host.startswith("gone"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return ["127.0.0.1"]

    async def go() -> dict[str, str]:
        pages = {
            "/ok": answer(),
            "/gone": answer(b"", status=410),
            "/flaps": in_turn(answer(b"", status=404), answer(b"", status=404), answer()),
            "/reset": raw(b"", then="reset"),
            "/hang": raw(b"", then="hang"),
            "/wall": answer(b"", status=403, headers={"cf-mitigated": "challenge"}),
        }
        crawl = CrawlSettings(delay=0.0, timeout=0.3, retries=1, retry_wait=0.01)
        policy = Policy(confirm=3, confirm_wait=0.02)
        network = NetworkSettings(allow=("127.0.0.0/24",))
        clock = QuickClock()
        async with running(pages) as farm, HttpFetcher(crawl, network, clock, resolver=resolver) as fetcher:
            urls = [f"http://h{n}.example:{farm.port}{path}" for n, path in enumerate(pages)]
            orders = [FetchOrder(url=url) for url in [*urls, f"http://gone.example:{farm.port}/x"]]
            visits = await collect(fetcher, orders, clock, policy=policy, crawl=crawl)
            return {
                "/" + visit.url.rpartition("/")[2]: judge(visit, LinkHistory(), policy, NOW, on_the_spot=True).reason
                for visit in visits
            }

    start = time.monotonic()
    assert asyncio.run(go()) == {
        "/ok": "http-200",
        "/gone": "http-410",
        "/flaps": "http-200",
        "/reset": "connection-reset",
        "/hang": "timeout",
        "/wall": "challenge",
        "/x": "dns-nxdomain",
    }
    assert time.monotonic() - start < 5
