"""A host's own "not found": what is told from it, and above all what must not be."""

import asyncio

import pytest
from crawler_farm import Behaviour, Farm, QuickClock, answer, in_turn, redirect, running

from crawler.fetch import HttpFetcher
from crawler.judge import judge
from crawler.missing import nowhere
from crawler.model import FetchOrder, LinkHistory, Verdict
from crawler.policy import CrawlSettings, NetworkSettings, Policy
from crawler.sweep import PoliteSweeper
from loccit.fetching import Reading, health_of

CRAWL = CrawlSettings(delay=0.0, timeout=2.0, retries=0)
POLICY = Policy(confirm=3, confirm_wait=0.02)
LOOPBACK = NetworkSettings(allow=("127.0.0.0/24",))


def html(text: str, *, title: str = "Example", head: str = "", status: int = 200) -> Behaviour:
    menu = "<nav><a href=/>Example</a> <a href=/prices>Prices</a></nav>"
    body = f"<!doctype html><title>{title}</title>{head}{menu}<main>{text}</main><footer>© Example</footer>"
    return answer(body.encode(), status=status)


HOME = html("<h1>Welcome</h1><p>We sell things that people need every day.</p>")
PAGE = html("<h1>Leaving</h1><p>Write to us and we will delete your account within 30 days.</p>")
NOTHING = html("<h1>Nix da</h1><p>Hier wohnt keiner, den du suchst.</p>")  # in no list of words


def sweep(pages: dict[str, Behaviour], *asked: str, default: Behaviour) -> tuple[dict[str, Verdict], Farm]:
    async def go() -> tuple[dict[str, Verdict], Farm]:
        clock = QuickClock()
        quiet = answer(b"", status=404)
        async with (
            running({"/": HOME, **pages}, default=default, robots=quiet) as farm,
            HttpFetcher(CRAWL, LOOPBACK, clock) as fetcher,
        ):
            sweeper = PoliteSweeper(fetcher, CRAWL, POLICY, clock, health=health_of, likeness=Reading().likeness)
            found = {}
            async for visit in sweeper.sweep(FetchOrder(url=farm.url(target)) for target in asked):
                verdict = judge(visit, LinkHistory(), POLICY, clock.now(), on_the_spot=True)
                found[visit.url.removeprefix(farm.url(""))] = verdict
            return found, farm

    return asyncio.run(go())


def words(pages: dict[str, Behaviour], *asked: str, default: Behaviour) -> dict[str, str]:
    found, _ = sweep(pages, *asked, default=default)
    return {target: f"{verdict.kind} {verdict.reason}" for target, verdict in found.items()}


def test_a_page_like_the_hosts_own_not_found_is_dead_and_a_short_one_is_not() -> None:
    found = words({"/leave": PAGE}, "/leave", "/gone", default=NOTHING)
    assert found == {"/leave": "ok http-200", "/gone": "dead soft-404"}


def test_the_same_where_the_host_knows_404_but_does_not_always_say_it() -> None:
    nothing_404 = html("<h1>Nix da</h1><p>Hier wohnt keiner, den du suchst.</p>", status=404)
    found = words({"/gone": NOTHING, "/leave": PAGE}, "/leave", "/gone", default=nothing_404)
    assert found == {"/leave": "ok http-200", "/gone": "dead soft-404"}


def test_a_not_found_that_repeats_the_address() -> None:
    async def echo(asked: object, peer: object) -> None:
        target = asked.target  # type: ignore[attr-defined]
        page = html(f"<h1>Nix da</h1><p>Hier wohnt kein „{target}“, den du suchst.</p>", title=f"{target} | Example")
        await page(asked, peer)  # type: ignore[arg-type]

    assert words({"/leave": PAGE}, "/leave", "/gone-page", default=echo)["/gone-page"] == "dead soft-404"


def test_sent_to_one_address_like_all_that_do_not_exist() -> None:
    overview = html("<h1>All topics</h1><p>Choose one of our topics below, please.</p>")
    pages = {"/help/topics": overview, "/help/leave": PAGE, "/robots.txt": answer(b"", status=404)}
    found = words(pages, "/help/leave", "/help/gone", default=redirect("/help/topics"))
    assert found == {"/help/leave": "ok http-200", "/help/gone": "dead soft-404"}


def test_sent_to_another_hosts_home_like_everything() -> None:
    async def go() -> str:
        clock = QuickClock()
        async with (
            running({"/": HOME}, address="127.0.0.2") as new,
            running(default=redirect(new.url("/"), 301), robots=answer(b"", status=404)) as old,
            HttpFetcher(CRAWL, LOOPBACK, clock) as fetcher,
        ):
            sweeper = PoliteSweeper(fetcher, CRAWL, POLICY, clock, health=health_of, likeness=Reading().likeness)
            (visit,) = [visit async for visit in sweeper.sweep([FetchOrder(url=old.url("/help/leave"))])]
            verdict = judge(visit, LinkHistory(), POLICY, clock.now(), on_the_spot=True)
            return f"{verdict.kind} {verdict.reason}"

    assert asyncio.run(go()) == "dead redirect-to-home"


SHELL = '<div id="root"></div><script type=module src=/app.js></script>'


@pytest.mark.parametrize(
    ("pages", "default"),
    [
        ({}, html("", head=SHELL)),  # nothing before scripts run
        ({}, html(f"<h1>Help centre</h1><p>One moment, we are fetching it for you.</p>{SHELL}")),
        ({}, html(f"<h1>Help centre</h1><p>Everything about our service.</p><help-page></help-page>{SHELL}")),
        ({}, html("<h1>Help centre</h1>", head="<noscript>Please enable JavaScript.</noscript><script src=/a.js>")),
        ({"/": PAGE}, PAGE),  # one page for everybody: its home as well
        ({"/": redirect("/choose-country"), "/choose-country": PAGE}, redirect("/choose-country")),  # a gate
        ({"/welcome": html("<form>Name <input type=password></form> Here we are, all of us.")}, redirect("/welcome")),
    ],
)
def test_hosts_that_say_the_same_to_everything_are_not_believed(
    pages: dict[str, Behaviour], default: Behaviour
) -> None:
    found = words(pages, "/help/one", "/help/two", default=default)
    assert not [word for word in found.values() if "dead" in word]


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_host_that_does_not_answer_the_question_is_believed(status: int) -> None:
    assert words({"/short": NOTHING}, "/short", default=answer(b"", status=status))["/short"] == "ok http-200"


def test_a_host_is_asked_once_and_only_where_a_page_is_in_doubt() -> None:
    long = html("<h1>Leaving</h1>" + "<p>Write to us and we will delete your account within 30 days.</p>" * 40)
    _, farm = sweep({"/long": long}, "/long", default=NOTHING)
    assert [target for target in farm.targets() if "no-such-page" in target] == []
    _, farm = sweep({f"/{n}": html(f"<p>Answer number {n} of all.</p>") for n in range(9)},
                    *(f"/{n}" for n in range(9)), default=NOTHING)  # fmt: skip
    assert len([target for target in farm.targets() if "no-such-page" in target]) == 1
    assert "/" not in farm.targets()


def test_the_address_is_beside_the_page_and_always_the_same() -> None:
    one = nowhere("https://x.example/help/leave.html?a=b")
    assert one == nowhere("https://x.example/help/other.html")
    assert one.startswith("https://x.example/help/no-such-page-")
    assert one.endswith(".html")
    assert nowhere("https://x.example/").startswith("https://x.example/no-such-page-")


def test_a_page_that_comes_back_is_not_lost_to_one_look() -> None:
    assert words({"/flaps": in_turn(NOTHING, PAGE)}, "/flaps", default=NOTHING) == {"/flaps": "ok http-200"}
