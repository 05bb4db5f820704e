"""Pages in a real Chromium: what scripts build is read, and whatever they try, they get nowhere and stop nobody."""

import asyncio
import shutil
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from crawler_scripted import TEXT, Site, scripted_site

from crawler.chromium import Chromium, NoBrowserError, find_chromium
from crawler.exchange import Answer
from crawler.fetch import HttpFetcher
from crawler.health import page_health
from crawler.made import RENDERED_TYPE, Made
from crawler.model import Attempt, Fetched, FetchOrder, Health, PageHealth, Validators, VerdictKind
from crawler.page import Page, read
from crawler.policy import CrawlSettings, NetworkSettings
from crawler.rendered import RenderingFetcher
from crawler.signs import sign_of
from crawler.subrequests import CACHED_SECONDS, Scripts
from guides.model import Render
from loccit.clock import SystemClock

T = TypeVar("T")

try:
    find_chromium()
    MISSING = ""
except NoBrowserError as error:
    MISSING = str(error)

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(MISSING), reason=MISSING or "there is a browser")]

CRAWL = CrawlSettings(delay=0, timeout=60, retries=0, browser_pages=4, browser_memory=800, max_bytes=3_000_000)
NETWORK = NetworkSettings(allow=("127.0.0.1/32",))


def health_of(answer: Fetched) -> PageHealth:
    return page_health(
        page_of(answer), status=answer.status, url=answer.url, final_url=answer.final_url, headers=answer.headers
    )


def page_of(answer: Attempt) -> Page:
    assert isinstance(answer, Fetched)
    return read(answer.body, content_type=answer.header("content-type"), url=answer.final_url)


class Desk:
    """One browser for all tests."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.loop = asyncio.new_event_loop()
        self.inner = HttpFetcher(CRAWL, NETWORK, SystemClock())
        self.fetcher = self.run(self._made())

    async def _made(self) -> RenderingFetcher:
        return RenderingFetcher(self.inner, CRAWL, SystemClock(), health_of)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    async def all(self, paths: Sequence[str], render: Render = Render.AUTO) -> list[Fetched]:
        orders = [FetchOrder(url=self.site.base + path, render=render) for path in paths]
        answers = await asyncio.gather(*(self.fetcher.fetch(order) for order in orders))
        assert all(isinstance(answer, Fetched) for answer in answers)
        return [answer for answer in answers if isinstance(answer, Fetched)]

    def get(self, *paths: str, render: Render = Render.AUTO) -> list[Fetched]:
        """Several pages at once."""
        return self.run(self.all(paths, render))

    def close(self) -> None:
        self.run(self.fetcher.__aexit__())
        self.run(self.inner.__aexit__(None, None, None))
        self.loop.close()


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with scripted_site() as site:
        opened = Desk(site)
        try:
            yield opened
        finally:
            opened.close()


def test_what_scripts_build_is_read(desk: Desk) -> None:
    paths = ("/fetched", "/posted", "/module", "/moved-script", "/shadow", "/overridden", "/ticking", "/polling")
    shown = dict(zip(paths, desk.get(*paths), strict=True))
    for path, answer in shown.items():
        page = page_of(answer)
        assert not answer.unrendered, path
        assert (page.made, answer.header("content-type")) == (Made.RENDERED, RENDERED_TYPE), path
        assert " ".join(TEXT.split()) in " ".join(page.all_text().split()), path
        assert health_of(answer).health is Health.OK and "<script" not in page.source
        assert sign_of(answer, health_of(answer)).kind is VerdictKind.OK
        # The shell's validators would say "not modified" of a page whose text has changed.
        assert not answer.header("etag") and answer.final_url == desk.site.base + path
    shadow = page_of(shown["/shadow"])
    assert [block.text for block in shadow.blocks][1:3] == ["In the shadow", "slotted words"]
    assert "LIES" not in page_of(shown["/overridden"]).all_text()
    # One document, by the crawler; the rest by the browser's name, which has the crawler's in it.
    assert desk.site.asked.count("/fetched") == 1
    assert any("compatible; loccit/" in agent for agent in desk.site.agents)


def test_a_script_that_sends_its_reader_on_is_followed_within_its_site(desk: Desk) -> None:
    (answer,) = desk.get("/onward")
    assert not answer.unrendered and "30 days" in page_of(answer).all_text()
    assert answer.final_url == desk.site.base + "/fetched" and answer.url == desk.site.base + "/onward"


def test_every_page_comes_to_a_browser_that_knows_nothing(desk: Desk) -> None:
    for _ in range(2):
        (answer,) = desk.get("/cookie")
        text = page_of(answer).all_text()
        assert "session=1" in text and "seen" not in text and "again" not in text


def test_never_and_always(desk: Desk) -> None:
    (shell,) = desk.get("/fetched", render=Render.NEVER)
    assert page_of(shell).made == Made.PLAIN and not shell.unrendered
    sign = sign_of(shell, health_of(shell))
    assert (sign.kind, sign.reason) == (VerdictKind.BLOCKED, "needs-browser")
    (plain,) = desk.get("/api/article", render=Render.ALWAYS)
    assert plain.header("content-type") == "application/json", "only pages are rendered"
    order = FetchOrder(url=desk.site.base + "/ticking", render=Render.ALWAYS, validators=Validators(etag='"shell"'))
    answer = desk.run(desk.fetcher.fetch(order))
    assert isinstance(answer, Fetched) and page_of(answer).made == Made.RENDERED


def test_pages_that_give_nothing_are_cut_off_and_others_go_on(desk: Desk) -> None:
    reasons = {
        "/failing": "its data could not be had (answer 503)",
        "/empty": "stays empty",
        "/many": "more than 200 things",
        "/leaving": "leave the page",
        "/away": "go on to another page",
        "/reloading": "go on to another page",
    }
    chromium = desk.fetcher.renderer.chromium
    (hoarder,) = desk.get("/hoarder")
    assert "broke down" in hoarder.unrendered and chromium.killed == 1
    paths = [*reasons, "/fetched"]
    first, rest = paths[:4], paths[4:]

    async def all_at_once() -> tuple[list[Fetched], Attempt, Attempt]:
        hasty = replace(CRAWL, timeout=3)
        impatient = RenderingFetcher(desk.inner, hasty, SystemClock(), health_of, chromium)
        stuck = (impatient.fetch(FetchOrder(url=desk.site.base + path)) for path in ("/for-ever", "/growing"))
        return await asyncio.gather(desk.all(first), *stuck)

    found, *stuck = desk.run(all_at_once())
    found += desk.get(*rest)
    answers = dict(zip(paths, found, strict=True))
    assert not answers.pop("/fetched").unrendered
    why = [answer.unrendered for answer in stuck if isinstance(answer, Fetched)]
    assert "did not come to rest within 3 seconds" in why[0] and why[1], why
    for path, answer in answers.items():
        assert answer.unrendered and reasons[path] in answer.unrendered, (path, answer.unrendered)
        assert answer.header("content-type") != RENDERED_TYPE
        sign = sign_of(answer, health_of(answer))
        assert (sign.kind, sign.reason) == (VerdictKind.BLOCKED, "needs-browser")
        assert sign.detail.startswith("needs a browser: ")
    # Twice: another page may have brought the browser down meanwhile, and what fell with it is tried once more.
    assert sum(path.startswith("/api/article?n=") for path in desk.site.asked) <= 2 * 200
    assert chromium.peak < 2_500
    (after,) = desk.get("/module")
    assert not after.unrendered and not desk.site.heard


def test_nothing_is_reached_whatever_scripts_ask(desk: Desk) -> None:
    before = len(desk.site.asked)
    (answer,) = desk.get("/harm")
    assert not answer.unrendered and "30 days" in page_of(answer).all_text()
    assert "root:" not in page_of(answer).all_text()
    desk.run(asyncio.sleep(0.5))
    assert not desk.site.heard
    asked = [path for path in desk.site.asked[before:] if path != "/harm"]
    assert not asked, "no pop-up, download, beacon or service worker"


def test_a_browser_that_dies_is_started_again(desk: Desk) -> None:
    chromium = desk.fetcher.renderer.chromium
    desk.get("/module")
    starts, left = chromium.starts, chromium._leavings

    shot_down: list[Any] = []

    async def shot() -> Attempt:
        work = asyncio.ensure_future(desk.fetcher.fetch(FetchOrder(url=desk.site.base + "/fetched")))
        await asyncio.sleep(0.6)
        for process in chromium._processes():
            process.kill()
            shot_down.append(process)
        return await work

    answer = desk.run(shot())
    assert isinstance(answer, Fetched) and not answer.unrendered and chromium.starts == starts + 1
    assert not any(process.is_running() for process in shot_down)
    assert len(left) == 2 and not any(folder.exists() for folder in left), "its profile, the folder of its socket"


def test_a_picture_is_taken_where_one_is_asked_for(desk: Desk) -> None:
    crawl = replace(CRAWL, screenshots=True)

    async def look() -> Attempt:
        chromium = desk.fetcher.renderer.chromium
        fetcher = RenderingFetcher(desk.inner, crawl, SystemClock(), health_of, chromium)
        return await fetcher.fetch(FetchOrder(url=desk.site.base + "/module"))

    answer = desk.run(look())
    assert isinstance(answer, Fetched) and answer.screenshot is not None
    assert answer.screenshot.startswith(b"\xff\xd8\xff") and 2_000 < len(answer.screenshot) < 500_000
    frame = answer.screenshot.index(b"\xff\xc0")
    height = int.from_bytes(answer.screenshot[frame + 5 : frame + 7])
    assert 150 <= height < 1_000, "a short page's picture ends with the page"


def test_a_browser_that_did_not_start_is_tried_again_after_a_while(desk: Desk, tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    crawl = replace(CRAWL, browser=str(program))

    async def told(chromium: Chromium) -> str:
        with pytest.raises(NoBrowserError) as raised:
            await chromium.browser()
        await chromium.aclose()
        return str(raised.value)

    async def look() -> list[str]:
        soon, late = Chromium(crawl, again=0.0), Chromium(crawl, again=300.0)
        before = [await told(soon), await told(late)]
        program.symlink_to(shutil.which("true") or "true")
        return [*before, await told(soon), await told(late)]

    first, second, third, fourth = desk.run(look())
    assert first == second == fourth and "names no program" in first
    assert "does not start" in third


def test_a_browser_that_falls_while_it_starts_is_started_once_more(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, been = tmp_path / "chromium", tmp_path / "been"
    program.write_text(f'#!/bin/sh\n[ -e {been} ] || {{ touch {been}; kill -9 $$; }}\nexec {find_chromium()} "$@"\n')
    program.chmod(0o755)
    chromium = Chromium(replace(CRAWL, browser=str(program)))

    async def started() -> bool:
        browser = await chromium.browser()
        connected = browser.is_connected()
        await chromium.aclose()
        return connected

    assert desk.run(started()) and been.exists() and chromium.starts == 1
    # What drives it ends at once.
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", shutil.which("true") or "true")
    with pytest.raises(NoBrowserError, match="Playwright does not start"):
        desk.run(started())


def test_a_script_is_held_anew_when_its_time_is_over() -> None:
    scripts, answer = Scripts(), Answer(status=200, headers=(("content-type", "text/javascript"),), body=b"1")
    scripts.put("a", answer, 0.0)
    assert scripts.get("a", CACHED_SECONDS - 1) is answer and scripts.get("a", CACHED_SECONDS) is None
    scripts.put("a", answer, CACHED_SECONDS)
    assert scripts.get("a", CACHED_SECONDS + 1) is answer


@pytest.mark.parametrize("setting", ["/nowhere/chromium", shutil.which("true") or "true"])
def test_without_a_browser_a_shell_needs_one(desk: Desk, setting: str) -> None:
    async def look() -> Attempt:
        crawl = replace(CRAWL, browser=setting)
        async with RenderingFetcher(desk.inner, crawl, SystemClock(), health_of) as fetcher:
            first = await fetcher.fetch(FetchOrder(url=desk.site.base + "/fetched"))
            return await fetcher.fetch(FetchOrder(url=desk.site.base + "/module")) if first else first

    answer = desk.run(look())
    assert isinstance(answer, Fetched) and answer.unrendered
    sign = sign_of(answer, health_of(answer))
    assert (sign.kind, sign.reason) == (VerdictKind.BLOCKED, "needs-browser")
    assert "browser" in sign.detail or "start" in sign.detail
