"""One page in the browser: the answer that we have is given to it, its scripts run under limits, its text is read.

Nothing is asked of the page's server twice: the document is the one that was fetched (by way of robots.txt, redirects
and the guard). The browser's context is new for every page: no cookies, no storage, nobody is logged in.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crawler.chromium import Chromium, NoBrowserError
from crawler.exchange import Answer
from crawler.fetch import HttpFetcher
from crawler.model import Fetched
from crawler.pagescript import PAGE
from crawler.policy import CrawlSettings
from crawler.ports import Clock
from crawler.subrequests import MOST_REQUESTS, Asked, Network, PageRequests
from crawler.urls import ResourceUrl, one_line, resource_url, same_site

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, CDPSession, Page, Request, Route

POLL: Final = 0.15
QUIET: Final = 0.6
"""Seconds without a change of the text, and with nothing asked for under way, after which a page is complete."""

QUIET_IF_ASKING: Final = 4.0
"""… with something under way: an answer that is held back for ever (long polling) is not waited for."""

QUIET_IF_EMPTY: Final = 2.5
"""… while there is hardly any text: a script may have set itself a timer."""

RESTLESS: Final = 10.0
"""A page whose text never stands still (a clock, a counter) is taken as it is then, or when half its time is over."""

STEADY: Final = 2.0
"""… where it is about as long as it was for so many seconds: what grows and grows is not taken."""

LITTLE: Final = 200
WIDTH: Final = 1280
HEIGHT: Final = 1600
MOST_HEIGHT: Final = 6_000
"""Of a picture, in CSS pixels."""

_CLOSING: Final = 3.0
_MOST_ONWARD: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What came of a page. With `failed` (why, one line) there is nothing that may be used.

    `onward`: the address that the page's scripts wanted to go on to; they are not let go there.
    """

    html: bytes = field(default=b"", repr=False)
    url: str = ""
    failed: str = ""
    onward: str = ""
    screenshot: bytes | None = field(default=None, repr=False)
    seconds: float = 0.0
    requests: int = 0


class Renderer:
    """Renders fetched pages, a few at a time. Raises nothing that a page can cause."""

    def __init__(
        self, fetcher: HttpFetcher, crawl: CrawlSettings, clock: Clock, chromium: Chromium | None = None
    ) -> None:
        self._crawl = crawl
        self.chromium = chromium or Chromium(crawl)
        self._network = Network(fetcher.transport, fetcher.hosts, crawl, clock)
        self._room = asyncio.Semaphore(max(1, crawl.browser_pages))

    async def aclose(self) -> None:
        await self.chromium.aclose()

    async def render(self, answer: Fetched) -> Rendered:
        """The page of an answer, with its scripts run. One that fell with the browser is tried again, twice at most."""
        async with self._room:
            for last in (False, False, True):
                try:
                    browser = await self.chromium.browser()
                except NoBrowserError as error:
                    return Rendered(failed=str(error))
                found = await self._once(browser, answer)
                if found is not None or last:
                    break
        return found or Rendered(failed="the browser crashed on it")

    async def _once(self, browser: "Browser", answer: Fetched) -> Rendered | None:
        """None where the whole browser went down, which another page may have caused."""
        from playwright.async_api import Error

        loop = asyncio.get_running_loop()
        start = loop.time()
        limit = self._crawl.timeout
        tab = _Tab(browser, answer, self._network, self._crawl, until=start + limit)
        self.chromium.open += 1
        self.chromium.watchers.add(tab.gone)
        try:
            async with asyncio.timeout(limit):
                found: Rendered | None = await tab.run()
        except TimeoutError:
            found = (
                None
                if not self.chromium.runs(browser)
                else Rendered(failed=f"its scripts did not come to rest within {limit:g} seconds")
            )
        except Error as error:
            if not self.chromium.runs(browser) or not await tab.close():
                found = None
            elif tab.crashed:
                found = Rendered(failed="it broke down in the browser (most likely it took too much memory)")
            else:
                found = Rendered(failed=f"the browser failed on it: {one_line(str(error), 160)}")
        finally:
            self.chromium.open -= 1
            self.chromium.watchers.discard(tab.gone)
            if not await tab.close() or not browser.is_connected():
                await self.chromium.restart(browser)
        if found is None:
            return None
        requests = tab.requests.count
        return Rendered(
            html=found.html,
            url=found.url,
            failed=found.failed,
            onward=found.onward,
            screenshot=found.screenshot,
            seconds=loop.time() - start,
            requests=requests,
        )


class _Tab:
    """One page in a context of its own."""

    def __init__(
        self, browser: "Browser", answer: Fetched, network: Network, crawl: CrawlSettings, *, until: float
    ) -> None:
        self._browser, self._answer, self._crawl = browser, answer, crawl
        agent = f"Mozilla/5.0 (compatible; {crawl.user_agent}) Chrome/{browser.version.split('.')[0]}.0.0.0"
        self._agent = agent
        self.requests = PageRequests(
            network, page=answer.final_url, user_agent=agent, styled=crawl.screenshots, until=until
        )
        self._until = until
        self._context: BrowserContext | None = None
        self._given = False
        self._onward = ""
        self.gone = asyncio.Event()
        self._world: int | None = None
        self._closed: bool | None = None
        self.crashed = False

    async def run(self) -> Rendered | None:
        """What came of the page; None where the browser went down.

        Playwright lets some calls wait for ever when page or browser die under them, so both are watched beside.
        """
        self._browser.on("disconnected", self._went_down)
        work = asyncio.ensure_future(self._in_context())
        gone = asyncio.ensure_future(self.gone.wait())
        enough = asyncio.ensure_future(self.requests.exhausted.wait())
        try:
            if not self._browser.is_connected():
                return None
            await asyncio.wait((work, gone, enough), return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            if enough.done():
                return Rendered(failed=self.requests.lost or f"it asked for more than {MOST_REQUESTS} things")
            if not self.crashed:
                return None
            return Rendered(failed="it broke down in the browser (most likely it took too much memory)")
        finally:
            self._browser.remove_listener("disconnected", self._went_down)
            for task in (work, gone, enough):
                task.cancel()
            await asyncio.gather(work, gone, enough, return_exceptions=True)

    def _went_down(self, _browser: "Browser") -> None:
        self.gone.set()

    async def _in_context(self) -> Rendered:
        context = self._context = await self._browser.new_context(
            accept_downloads=False,
            service_workers="block",
            user_agent=self._agent,
            locale="en-US",
            timezone_id="UTC",
            reduced_motion="reduce",
            viewport={"width": WIDTH, "height": HEIGHT},
        )
        await context.route("**/*", self._routed)
        page = await context.new_page()
        context.on("page", lambda other: _background(other.close()))
        page.on("crash", self._broke_down)
        page.on("dialog", lambda dialog: _background(dialog.dismiss()))
        return await self._visit(page)

    async def close(self) -> bool:
        """Whether the page let itself be closed: one whose scripts never yield may not, nor does one whose browser is
        lost, or opened none. Playwright says that a browser is connected though what drives it has died.
        """
        if self._closed is None:
            self._closed = False
            if self._context is not None:
                with suppress(Exception):  # whatever it was, the browser is started anew
                    async with asyncio.timeout(_CLOSING):
                        await self._context.close()
                    self._closed = True
        return self._closed

    def _broke_down(self, _page: "Page") -> None:
        self.crashed = True
        self.gone.set()

    # ------------------------------------------------------------ what the page asks for

    async def _routed(self, route: "Route") -> None:
        from playwright.async_api import Error

        request = route.request
        if self.requests.exhausted.is_set():
            return  # the page is being closed
        with suppress(Error):  # the page has gone meanwhile
            try:
                answer = await self._answered(request)
            except Exception:  # a mistake of ours must not leave a request without an answer
                await route.abort("failed")
                raise
            if answer is None:
                await route.abort("aborted" if request.is_navigation_request() else "failed")
            else:
                await route.fulfill(status=answer.status, headers=_handed(answer.headers), body=answer.body)

    async def _answered(self, request: "Request") -> Answer | None:
        if request.is_navigation_request():
            return self._document(request)
        try:
            body = request.post_data_buffer or b""
        except (ValueError, UnicodeError):
            body = b""
        asked = Asked(
            method=request.method.upper(),
            url=request.url,
            kind=request.resource_type,
            headers=request.headers,
            body=body,
        )
        return await self.requests.answer(asked)

    def _document(self, request: "Request") -> Answer | None:
        """The document that we hold, once. Frames stay empty; the page itself is not let go elsewhere."""
        if request.frame.parent_frame is not None:
            return None
        if not self._given:
            self._given = True
            return Answer(status=200, headers=_document_headers(self._answer.headers), body=self._answer.body)
        if request.method == "GET":
            self._onward = request.url
        return None

    # ------------------------------------------------------------ the page

    async def _visit(self, page: "Page") -> Rendered:
        await page.goto(self._answer.final_url, wait_until="commit", timeout=0)
        assert self._context is not None  # it was made before
        session = await self._context.new_cdp_session(page)
        state = await self._rest(session)
        failed = self.requests.lost
        if not failed and _elsewhere(state.get("url"), self._answer.final_url):
            failed = "its scripts leave the page"
        if failed or self._onward:
            return Rendered(failed=failed or "its scripts go on to another page", onward=self._onward)
        told = await self._ask(session, "html")
        if told.get("over") or not isinstance(told.get("html"), str):
            return Rendered(failed="it grows without end in the browser")
        html = str(told["html"]).encode("utf-8", "replace")
        picture = await _picture(session, self._world) if self._crawl.screenshots else None
        return Rendered(html=html, url=_plain_url(told.get("url")), screenshot=picture)

    async def _rest(self, session: "CDPSession") -> Mapping[str, Any]:
        """Wait until the text stands still; gives the last state."""
        loop = asyncio.get_running_loop()
        start = changed = loop.time()
        before: tuple[Any, Any] | None = None
        lengths: list[tuple[float, int]] = []
        while True:
            state = await self._ask(session, "text")
            now = loop.time()
            text = (state.get("chars"), state.get("hash"))
            if text != before:
                before, changed = text, now
            lengths = [each for each in lengths if now - each[0] <= STEADY] + [(now, int(state.get("chars") or 0))]
            if self._onward or self.requests.lost or self._is_over(state, changed=changed, now=now):
                return state
            if now - start >= min(RESTLESS, self._crawl.timeout / 2) and _is_steady(lengths):
                return state
            await asyncio.sleep(POLL)

    def _is_over(self, state: Mapping[str, Any], *, changed: float, now: float) -> bool:
        if state.get("over"):
            return True
        quiet = now - changed
        enough = isinstance(state.get("chars"), int) and state["chars"] >= LITTLE
        if self.requests.waiting or state.get("ready") == "loading":
            return enough and quiet >= QUIET_IF_ASKING
        return quiet >= (QUIET if enough else QUIET_IF_EMPTY)

    async def _ask(self, session: "CDPSession", mode: str) -> Mapping[str, Any]:
        """Ask the page in a world of our own. A page that has just been replaced is asked again."""
        from playwright.async_api import Error

        most = self._crawl.max_bytes
        call = f"({PAGE})({json.dumps(mode)}, {most})"
        for last in (False, False, True):
            try:
                if self._world is None:
                    tree = await session.send("Page.getFrameTree")
                    frame = tree["frameTree"]["frame"]["id"]
                    made = await session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "loccit"})
                    self._world = made["executionContextId"]
                told = await session.send(
                    "Runtime.evaluate",
                    {"expression": call, "contextId": self._world, "returnByValue": True, "timeout": 10_000},
                )
                value = told.get("result", {}).get("value")
                return value if isinstance(value, dict) else {}
            except Error:
                self._world = None
                if last or self.crashed:
                    raise
                await asyncio.sleep(POLL)
        return {}


def _is_steady(lengths: list[tuple[float, int]]) -> bool:
    shortest, longest = min(chars for _, chars in lengths), max(chars for _, chars in lengths)
    return shortest >= LITTLE and longest <= 1.1 * shortest and len(lengths) > 2


_END = """(() => {
    const all = document.createRange();
    all.selectNodeContents(document.documentElement);
    return all.getBoundingClientRect().bottom + scrollY;
})()"""
"""Where what the page shows ends, in CSS pixels; its size as the browser tells it is never less than the window's."""


async def _picture(session: "CDPSession", world: int | None) -> bytes | None:
    """The page from its top as JPEG, cut off where it is very long; None where it cannot be had."""
    import base64

    from playwright.async_api import Error

    with suppress(Error, KeyError, TypeError, ValueError, TimeoutError):
        async with asyncio.timeout(5):
            metrics = await session.send("Page.getLayoutMetrics")
            asked = {"expression": _END, "contextId": world, "returnByValue": True, "timeout": 2_000}
            end = (await session.send("Runtime.evaluate", asked))["result"]["value"]
            height = max(min(float(end), float(metrics["cssContentSize"]["height"]), MOST_HEIGHT), 200.0)
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 0.75}
            shot = {"format": "jpeg", "quality": 60, "clip": clip, "captureBeyondViewport": True}
            told = await session.send("Page.captureScreenshot", shot)
            return base64.b64decode(told["data"])
    return None


def _document_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    kept = ("content-type", "content-security-policy", "content-language", "set-cookie", "x-robots-tag")
    found = tuple(each for each in headers if each[0] in kept)
    return found if any(name == "content-type" for name, _ in found) else (*found, ("content-type", "text/html"))


def _handed(headers: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """As one value a name: several cookies on lines of their own, as Playwright wants them."""
    joined: dict[str, str] = {}
    for name, value in headers:
        between = "\n" if name == "set-cookie" else ", "
        joined[name] = f"{joined[name]}{between}{value}" if name in joined else value
    return joined


def _elsewhere(now: object, asked: str) -> bool:
    return not isinstance(now, str) or not same_site(now, asked)


def _plain_url(value: object) -> str:
    url = resource_url(value) if isinstance(value, str) else None
    return url.href if isinstance(url, ResourceUrl) else ""


_tasks: set["asyncio.Future[Any]"] = set()


def _background(work: Any) -> None:
    """Start what nobody waits for, and whose failing is no matter."""
    task = asyncio.ensure_future(work)
    _tasks.add(task)
    task.add_done_callback(_ended)


def _ended(task: "asyncio.Future[Any]") -> None:
    _tasks.discard(task)
    if not task.cancelled():
        task.exception()
