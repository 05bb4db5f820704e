"""Looks for where a dead page is now: where its address leads, what its host links to, what its site map lists.

A handful of requests to that host for each page, at the pace of a crawl; stored pages of the same host cost none. Only
a page that says what the dead one said last is suggested (see `crawler.successors`).
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from crawler.fetch import HttpFetcher
from crawler.model import Fetched, FetchOrder, Health, Snapshot
from crawler.observe import read_answer
from crawler.page import Page
from crawler.page import read as read_page
from crawler.ports import Clock
from crawler.sitemaps import read_sitemap, sitemaps_in
from crawler.successors import Candidate, links_on, rank, same_page, twins
from crawler.urls import is_home, public, same_address, same_site
from loccit.errors import SettingsError
from loccit.fetching import health_of, with_ca
from loccit.settings import Settings
from storage.archives import DeadPage
from storage.errors import StoreError
from storage.store import Store

ANEW: Final = timedelta(days=30)
"""A suggestion is looked at again after this time: it may die, too."""
SOON: Final = timedelta(days=3)
"""Where nothing was found it is looked for again, after a time that doubles."""
LONGEST: Final = timedelta(days=90)
_MAPS: Final = 3
_COMPARED: Final = 5
_HOPELESS: Final = 3
"""Requests without any answer after which a host is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """`url`: the address at which the page is now, "" for none known; `why` says how that is known."""

    url: str = ""
    why: str = ""


@dataclass(slots=True, kw_only=True)
class _Search:
    """One search, with what is left to spend."""

    fetcher: HttpFetcher
    left: int
    max_bytes: int
    silent: int = 0
    pages: dict[str, Page] = field(default_factory=dict)
    """Good pages that were fetched, by the address at which they are."""

    async def get(self, url: str) -> Fetched | None:
        """The answer, if there is one and it may still be asked for."""
        if self.left <= 0 or self.silent >= _HOPELESS:
            return None
        self.left -= 1
        answer = await self.fetcher.fetch(FetchOrder(url=url, attempt=2))
        if not isinstance(answer, Fetched):
            self.silent += 1
            return None
        self.silent = 0
        return answer

    async def page(self, url: str) -> tuple[str, Page] | None:
        """A good page with the address at which it is."""
        answer = await self.get(url)
        if answer is None or answer.status != 200:
            return None
        health = health_of(answer)
        if health is None or health.health is not Health.OK:
            return None
        self.pages[answer.final_url] = page = read_answer(answer)
        return answer.final_url, page


async def trace_pages(
    store: Store,
    settings: Settings,
    clock: Clock,
    dead: list[DeadPage],
    *,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Look for one page after the other until there are no more or it is `enough`; gives how many were found."""
    found = 0
    crawl = replace(settings.crawl, retries=0, skip=())
    try:
        fetcher = HttpFetcher(crawl, with_ca(settings.network, settings.root), clock)
    except (ValueError, OSError) as error:
        raise SettingsError(f"[network]: {error}") from None
    async with fetcher:
        for each in dead:
            if enough():
                break
            if not each.ask_host or each.last is None:
                continue
            search = _Search(fetcher=fetcher, left=settings.archive.suggest, max_bytes=settings.crawl.max_bytes)
            trace = await _trace(search, store, each.url, each.last)
            now = clock.now()
            wait = ANEW if trace.url else min(SOON * (1 << min(each.tries, 10)), LONGEST)
            tries = 0 if trace.url else each.tries + 1
            store.archives.moved_to(each.resource, url=trace.url, why=trace.why, tries=tries, again=now + wait, at=now)
            found += bool(trace.url)
    return found


async def _trace(search: _Search, store: Store, url: str, last: Snapshot) -> Trace:
    before = _stored(store, last)
    if before is None:
        return Trace()
    neighbours = list(_neighbours(store, url))
    asked = await search.get(url)
    shown = read_answer(asked) if asked is not None else None
    here = asked is not None and asked.status == 200 and same_address(asked.final_url, url)
    if here and shown is not None and same_page(before, shown, neighbours).words:
        return Trace()  # it lives again, as the next crawl will see
    candidates = list(_own(before, last, asked))
    for page in neighbours:
        candidates += links_on(page, "a link on its site")
    if shown is not None:
        candidates += links_on(shown, "a link on its “not found” page")
    compared: set[str] = set()
    if trace := await _compare(search, url, before, neighbours, candidates, compared):
        return trace
    async for more in _further(search, url):
        if trace := await _compare(search, url, before, neighbours, more, compared):
            return trace
    return Trace()


def _own(before: Page, last: Snapshot, asked: Fetched | None) -> Iterator[Candidate]:
    """What the page and its address say themselves."""
    if asked is not None:
        for target in (asked.final_url, *(hop.target for hop in asked.hops)):
            yield Candidate(url=target, found="where it redirects to", own=True)
    yield Candidate(url=last.final_url, found="where it redirected to", own=True)
    if before.head.canonical.startswith(("http://", "https://")):
        yield Candidate(url=before.head.canonical, found="its canonical address", own=True)


async def _further(search: _Search, url: str) -> AsyncIterator[list[Candidate]]:
    """More candidates, the likelier sources first; each is asked for only when the ones before had nothing."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    for above in dict.fromkeys((url.rstrip("/").rpartition("/")[0] + "/", f"{origin}/")):
        if above.startswith(f"{origin}/") and (came := await search.page(above)):
            yield list(links_on(came[1], "a link on its site"))
    robots = await search.get(f"{origin}/robots.txt")
    maps = list(sitemaps_in(robots.body)) if robots is not None and robots.status == 200 else []
    maps = [each for each in maps if same_site(each, url)] or [f"{origin}/sitemap.xml"]
    for _ in range(_MAPS):
        if not maps:
            return
        answer = await search.get(maps.pop(0))
        if answer is None or answer.status != 200:
            continue
        told = read_sitemap(answer.body, max_bytes=search.max_bytes)
        maps += [each for each in told.maps if same_site(each, url)][:_MAPS]
        yield [Candidate(url=each, found="its site map") for each in told.pages]


async def _compare(
    search: _Search, url: str, before: Page, neighbours: list[Page], candidates: list[Candidate], compared: set[str]
) -> Trace | None:
    """Fetch the likeliest and compare. Of several that are much like the page, none is certain to be it."""
    alike: dict[str, Trace] = {}
    came: list[tuple[str, Page, Candidate]] = []
    for each in rank(candidates, url=url, page=before)[:_COMPARED]:
        if each.url in compared:
            continue
        compared.add(each.url)
        if (page := await search.page(each.url)) and _may_replace(page[0], url, each):
            came.append((*page, each))
    for address, now, each in came:
        rest = [page for page in (*neighbours, *search.pages.values()) if page.url != address and not twins(page, now)]
        likeness = same_page(before, now, rest)
        trace = Trace(url=public(address), why=f"{likeness.words}, {each.found}")
        if likeness.certain:
            return trace
        if likeness.words and same_site(address, url):
            alike[address] = trace
    return next(iter(alike.values())) if len(alike) == 1 else None


def _may_replace(address: str, url: str, candidate: Candidate) -> bool:
    if same_address(address, url) or (is_home(address) and not is_home(url)):
        return False
    return candidate.own or same_site(address, url)


def _stored(store: Store, snapshot: Snapshot) -> Page | None:
    try:
        body = store.body(snapshot.digest)
    except StoreError:
        return None
    return read_page(body, content_type=snapshot.content_type, url=snapshot.final_url)


def _neighbours(store: Store, url: str) -> Iterator[Page]:
    host = urlsplit(url).hostname or ""
    for _, snapshot in store.archives.neighbours(url, host.removeprefix("www.")):
        if page := _stored(store, snapshot):
            yield page
