"""robots.txt by RFC 9309: what each answer means, what is remembered, what a hostile file costs."""

# ruff: noqa: SIM117 (a fetcher stands within the servers it asks)

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from crawler_farm import Behaviour, Farm, LeapClock, QuickClock, answer, drip, raw, redirect, running

from crawler.fetch import HttpFetcher
from crawler.judge import judge
from crawler.model import Attempt, Digest, Failed, FailureKind, Fetched, FetchOrder, LinkHistory, Refused
from crawler.policy import CrawlSettings, NetworkSettings, Policy
from crawler.robots import LIFETIME, SOON, Robots, product_token, rules_of
from crawler.sweep import PoliteSweeper
from crawler.urls import ResourceUrl, resource_url

QUICK = CrawlSettings(delay=0.0, timeout=1.0, retries=0, retry_wait=0.01, max_retry_after=0.05)
LOOPBACK = NetworkSettings(allow=("127.0.0.0/24",))
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def got(body: bytes, status: int = 200) -> Fetched:
    url = "http://x.example/robots.txt"
    return Fetched(
        url=url, final_url=url, status=status, headers=(), body=body, digest=Digest(""), at=NOW, elapsed_ms=1.0
    )


def allowed(text: str, url: str, agent: str = "loccit") -> bool:
    return rules_of(got(text.encode()), agent)[0].allows(url, agent)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /a", "/a/b", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", True),  # RFC 9309, 2.2.2: the longest match
        ("User-agent: *\nDisallow: /\nUser-agent: loccit\nDisallow:", "/a", True),
        ("User-agent: other\nDisallow: /\n", "/a", True),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/a.pdf?x", True),
        ("user-AGENT: LOCCIT\ndisallow: /a", "/a", False),
        ("User-agent: other\nUser-agent: loccit\nDisallow: /a", "/a", False),
        ("<html>not found</html>", "/a", True),
        ("\ufeffUser-agent: *\nDisallow: /a", "/a", False),
    ],
)
def test_rules(text: str, path: str, expected: bool) -> None:
    assert allowed(text, f"http://x.example{path}") is expected


@pytest.mark.parametrize(
    ("status", "allows", "lifetime"),
    [(404, True, LIFETIME), (401, True, LIFETIME), (403, True, LIFETIME), (500, False, SOON), (503, False, SOON),
     (429, False, SOON)],
)  # fmt: skip
def test_statuses(status: int, allows: bool, lifetime: timedelta) -> None:
    rules, until = rules_of(got(b"", status), "loccit")
    assert (rules.allows("http://x.example/", "loccit"), until) == (allows, lifetime)


def test_the_product_token() -> None:
    assert product_token("loccit/0.1 (+https://example.org)") == "loccit"
    assert product_token("") == "loccit"


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"User-agent: bot{n}" for n in range(30_000)) + "\nDisallow: /",
        "User-agent: *\n" + "\n".join(f"Disallow: /{n}*{n}" for n in range(30_000)),
        "User-agent: *\nDisallow: /" + "*a" * 200_000,
        "User-agent: *\n" + "Disallow: /a\n" * 40_000,
        "\0" * 500_000,
    ],
)
def test_a_hostile_file_costs_little(text: str) -> None:
    start = time.process_time()
    rules, _ = rules_of(got(text.encode()), "loccit")
    for n in range(20):
        rules.allows("http://x.example/" + "a" * 2_000 + str(n), "loccit")
    assert time.process_time() - start < 4


def visit(
    robots: Behaviour, *, crawl: CrawlSettings = QUICK, targets: tuple[str, ...] = ("/page",)
) -> tuple[list[Attempt], Farm]:
    async def go() -> tuple[list[Attempt], Farm]:
        async with running(default=answer(), robots=robots) as farm:
            async with HttpFetcher(crawl, LOOPBACK, QuickClock()) as fetcher:
                orders = [FetchOrder(url=farm.url(target)) for target in targets]
                return list(await asyncio.gather(*(fetcher.fetch(order) for order in orders))), farm

    return asyncio.run(go())


def test_what_is_disallowed_is_not_asked_for() -> None:
    attempts, farm = visit(answer(b"User-agent: *\nDisallow: /private"), targets=("/private/x", "/open"))
    assert isinstance(attempts[0], Refused)
    assert attempts[0].kind == "robots"
    assert isinstance(attempts[1], Fetched)
    assert "/private/x" not in farm.targets()


def test_it_is_asked_for_once_however_many_pages_wait() -> None:
    _, farm = visit(answer(b""), targets=tuple(f"/{n}" for n in range(20)))
    assert farm.counts["/robots.txt"] == 1


def test_a_broken_one_closes_the_site_for_now() -> None:
    attempts, _ = visit(answer(b"", status=503))
    assert isinstance(attempts[0], Refused)
    assert "503" in attempts[0].detail


def test_no_answer_is_the_pages_failure() -> None:
    attempts, farm = visit(raw(b"", then="reset"), targets=("/a", "/b"))
    assert [isinstance(one, Failed) and one.kind is FailureKind.CONNECTION_RESET for one in attempts] == [True, True]
    assert farm.counts["/robots.txt"] == 1
    assert farm.counts["/a"] == 0


@pytest.mark.parametrize(
    "robots", [raw(b"rubbish"), drip(b"# filling the disk\n" * 500, 0.0001), redirect("/robots.txt")]
)
def test_an_unreadable_one_is_none(robots: Behaviour) -> None:
    attempts, _ = visit(robots)
    assert isinstance(attempts[0], Fetched)


def test_redirects_are_followed_and_guarded() -> None:
    async def go() -> tuple[Attempt, Attempt]:
        async with running({"/rules": answer(b"User-agent: *\nDisallow: /")}) as other:
            async with running(default=answer(), robots=redirect(other.url("/rules"))) as farm:
                async with HttpFetcher(QUICK, LOOPBACK, QuickClock()) as fetcher:
                    followed = await fetcher.fetch(FetchOrder(url=farm.url("/a")))
            async with running(default=answer(), robots=redirect("http://127.9.9.9/robots.txt")) as farm:
                async with HttpFetcher(QUICK, LOOPBACK, QuickClock()) as fetcher:
                    return followed, await fetcher.fetch(FetchOrder(url=farm.url("/a")))

    followed, forbidden = asyncio.run(go())
    assert isinstance(followed, Refused)
    assert isinstance(forbidden, Fetched)


def test_the_target_of_a_redirect_has_rules_of_its_own() -> None:
    async def go() -> Attempt:
        async with running(default=answer(), robots=answer(b"User-agent: *\nDisallow: /")) as closed:
            async with running({"/page": redirect(closed.url("/x"))}) as farm:
                async with HttpFetcher(QUICK, LOOPBACK, QuickClock()) as fetcher:
                    return await fetcher.fetch(FetchOrder(url=farm.url("/page")))

    attempt = asyncio.run(go())
    assert isinstance(attempt, Refused)
    assert attempt.kind == "robots"
    assert len(attempt.hops) == 1


def test_not_respected_where_the_settings_say_so() -> None:
    crawl = CrawlSettings(delay=0.0, respect_robots=False, retries=0)
    attempts, farm = visit(answer(b"User-agent: *\nDisallow: /"), crawl=crawl)
    assert isinstance(attempts[0], Fetched)
    assert farm.counts["/robots.txt"] == 0


def test_memory_of_it_ends() -> None:
    clock = LeapClock()
    asked = []

    async def ask(url: str) -> Attempt:
        asked.append(url)
        return got(b"")

    async def go() -> None:
        url = resource_url("http://x.example/a")
        assert isinstance(url, ResourceUrl)
        robots = Robots(user_agent="loccit/1", clock=clock, ask=ask)
        await robots.rules(url)
        await robots.rules(url)
        clock.moment += LIFETIME
        await robots.rules(url)

    asyncio.run(go())
    assert asked == ["http://x.example:80/robots.txt"] * 2


def test_a_silent_host_is_asked_once_for_each_turn() -> None:
    asked = []

    async def ask(url: str) -> Attempt:
        asked.append(url)
        return Failed(url=url, kind=FailureKind.TIMEOUT, detail="", at=NOW, elapsed_ms=1.0)

    async def go() -> None:
        url = resource_url("http://x.example/a")
        assert isinstance(url, ResourceUrl)
        robots = Robots(user_agent="loccit/1", clock=LeapClock(), ask=ask)
        for turn in ((1, 1), (1, 1), (1, 2), (2, 1), (2, 1), (1, 1)):
            assert (await robots.rules(url, turn=turn)).failed is not None

    asyncio.run(go())
    assert len(asked) == 3


@pytest.mark.parametrize(("days", "expected"), [(8, "ok http-200"), (1, "unreachable connection-reset")])
def test_no_page_is_gone_because_its_robots_txt_never_answers(days: int, expected: str) -> None:
    """RFC 9309, 2.3.1.4: robots.txt may count as absent when it has been unreachable for a reasonably long time."""

    async def go() -> str:
        clock, policy = QuickClock(), Policy(confirm=1, confirm_wait=0.01, unreachable_days=7)
        async with running({"/a": answer()}, robots=raw(b"", then="reset")) as farm:
            async with HttpFetcher(QUICK, LOOPBACK, clock) as fetcher:
                history = LinkHistory(unreachable_since=clock.now() - timedelta(days=days))
                order = FetchOrder(url=farm.url("/a"), history=history)
                sweeper = PoliteSweeper(fetcher, QUICK, policy, clock)
                visits = [visit async for visit in sweeper.sweep([order])]
        found = judge(visits[0], history, policy, clock.now())
        return f"{found.kind} {found.reason}"

    assert asyncio.run(go()) == expected
