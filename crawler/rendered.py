"""A fetcher that gives pages as a reader sees them: where a page is an empty shell, or it is asked for, by a browser.

What cannot be rendered comes as it was fetched, with the reason in `Fetched.unrendered`: such a page is judged to need
a browser, and is never compared with anything.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Self

from crawler.chromium import Chromium
from crawler.fetch import HttpFetcher
from crawler.health import script_shell
from crawler.hosts import Hosts
from crawler.made import RENDERED_TYPE
from crawler.model import Attempt, Digest, Fetched, FetchOrder, Health, PageHealth, Validators
from crawler.page import read
from crawler.policy import CrawlSettings
from crawler.ports import Clock
from crawler.rendering import Rendered, Renderer
from crawler.urls import public, same_site
from guides.model import Render

HealthOf = Callable[[Fetched], PageHealth | None]

MOST_ONWARD: Final = 2
"""How often a page may send its reader on by script. Each time the address is fetched as any other is."""

_SELECTED: Final = "a selector speaks of the page as a browser shows it, and `render` is `never`"

_HTML: Final = ("", "text/html", "application/xhtml+xml")
_DROPPED: Final = ("content-type", "content-length", "content-encoding", "transfer-encoding", "etag", "last-modified")
"""Validators are the shell's: it stays the same while its content changes, and must be fetched whole each time."""


class RenderingFetcher:
    """`health` judges an answer's body; a wall is left a wall, whatever was asked for."""

    def __init__(
        self,
        fetcher: HttpFetcher,
        crawl: CrawlSettings,
        clock: Clock,
        health: HealthOf,
        chromium: Chromium | None = None,
    ) -> None:
        self._fetcher, self._crawl, self._health = fetcher, crawl, health
        self.renderer = Renderer(fetcher, crawl, clock, chromium)

    @property
    def hosts(self) -> Hosts:
        """The pace of hosts, shared with whoever orders the work."""
        return self._fetcher.hosts

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.renderer.aclose()

    async def fetch(self, order: FetchOrder) -> Attempt:
        """One attempt at a resource, as `HttpFetcher.fetch` gives it, its page rendered where that is called for."""
        how = self._crawl.render if order.render is Render.AUTO else order.render
        if how is Render.ALWAYS:
            # A 304 would speak of the document, and not of what its scripts make of it.
            order = replace(order, validators=Validators())
        attempt = await self._fetcher.fetch(order)
        if how is Render.NEVER and not order.selected:
            return attempt
        if not isinstance(attempt, Fetched) or not order.follow or not _is_page(attempt):
            return attempt
        health = self._health(attempt)
        if health is None:
            return attempt
        misread = order.selected and health.embedded
        if how is Render.NEVER:
            return replace(attempt, unrendered=_SELECTED) if misread else attempt
        wanted = (Health.SCRIPT_SHELL, Health.OK, Health.EMPTY) if how is Render.ALWAYS else (Health.SCRIPT_SHELL,)
        return await self._rendered(attempt, order) if misread or health.health in wanted else attempt

    async def _rendered(self, answer: Fetched, order: FetchOrder) -> Fetched:
        shown, found = answer, await self.renderer.render(answer)
        for _ in range(MOST_ONWARD):
            if not found.onward:
                break
            target = await self._onward(shown, found, order)
            if target is None:
                break
            shown, found = target, await self.renderer.render(target)
        if found.failed:
            return replace(answer, unrendered=found.failed)
        made = _as_answer(answer, shown, found)
        page = read(made.body, content_type=RENDERED_TYPE, url=made.final_url)
        if not page.text_chars or script_shell(page) is not None:
            return replace(answer, unrendered="it stays empty when its scripts have run")
        return made

    async def _onward(self, shown: Fetched, found: Rendered, order: FetchOrder) -> Fetched | None:
        """The page that a script sends its reader on to, within its site, by way of robots.txt and the guard."""
        if not same_site(shown.final_url, found.onward) or found.onward == shown.final_url:
            return None
        next_order = FetchOrder(url=found.onward, attempt=max(2, order.attempt))
        attempt = await self._fetcher.fetch(next_order)
        return attempt if isinstance(attempt, Fetched) and _is_page(attempt) else None


def _is_page(answer: Fetched) -> bool:
    kind = answer.header("content-type").partition(";")[0].strip().lower()
    return 200 <= answer.status < 300 and bool(answer.body) and kind in _HTML


def _as_answer(asked: Fetched, shown: Fetched, found: Rendered) -> Fetched:
    headers = tuple(each for each in shown.headers if each[0] not in _DROPPED)
    return replace(
        asked,
        final_url=found.url or public(shown.final_url),
        headers=(("content-type", RENDERED_TYPE), *headers),
        body=found.html,
        digest=Digest(hashlib.sha256(found.html).hexdigest()),
        elapsed_ms=asked.elapsed_ms + found.seconds * 1000,
        screenshot=found.screenshot,
    )
