"""Asks an archive to save newly cited pages, and keeps the address of the copy (`[archive] save`).

The way of the Internet Archive's Save Page Now: a GET of the page's address behind a prefix; the answer leads to the
copy, or the copy is there some time later. A page that asks not to be archived is not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crawler.exchange import REDIRECTS
from crawler.mementos import captures_of, dated, links
from crawler.model import Failed, Fetched
from crawler.page import read as read_page
from crawler.urls import ResourceUrl, resource_url, same_address
from loccit.archiving.asking import Asker, may_tell, why_not
from loccit.archiving.copies import Copy, Wanted, find_copy
from loccit.settings import Settings
from storage.archives import Unsaved
from storage.errors import StoreError
from storage.store import Store

NEW: Final = timedelta(days=30)
"""A page is newly cited for so long."""
MOST_TRIES: Final = 3
_LOOK_AGAIN: Final = timedelta(hours=1)
_TRY_AGAIN: Final = timedelta(days=1)
_HOPS: Final = 5
_REFUSALS: Final = (400, 401, 403, 404, 410, 451)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saved:
    """What came of it. Without `url` there is no copy (yet): `wait` for it, try again, or (None) leave it."""

    url: str = ""
    at: datetime | None = None
    detail: str = ""
    wait: timedelta | None = None


async def save_pages(asker: Asker, store: Store, settings: Settings) -> int:
    """Ask for one page after the other; gives how many copies are known. Raises what `Asker.ask` raises."""
    saved = 0
    now = asker.clock.now()
    for page in store.archives.unsaved(now, since=now - NEW):
        if not may_tell(settings, settings.archive.save_url, page.url):
            continue
        done = await _save(asker, store, settings, page)
        now = asker.clock.now()
        store.archives.saved(
            page.resource,
            at=now,
            url=done.url,
            copied=done.at,
            detail=done.detail,
            tries=page.tries + 1,
            again=None if done.url or done.wait is None or page.tries + 1 >= MOST_TRIES else now + done.wait,
        )
        saved += bool(done.url)
    return saved


async def _save(asker: Asker, store: Store, settings: Settings, page: Unsaved) -> _Saved:
    if page.waiting is not None and settings.archive.memento:
        wanted = Wanted(
            resource=page.resource,
            url=page.url,
            moment=asker.clock.now(),
            within=asker.clock.now() - page.waiting + _TRY_AGAIN,
        )
        if isinstance(there := await find_copy(asker, settings, wanted), Copy):
            return _Saved(url=there.url, at=there.at)
    if _asks_not_to(store, page):
        return _Saved(detail="the page asks not to be archived")
    return await _asked(asker, f"{settings.archive.save_url}{page.url}", page.url)


async def _asked(asker: Asker, address: str, page: str) -> _Saved:
    for _ in range(_HOPS):
        answer = await asker.ask(address)
        if isinstance(answer, Failed):
            # It may be saving all the same: pages take their time.
            return _Saved(detail=why_not(answer), wait=_LOOK_AGAIN)
        if not isinstance(answer, Fetched) or answer.status in _REFUSALS:
            return _Saved(detail=why_not(answer))
        if copy := _copy(answer, address, page):
            return copy
        onward = resource_url(answer.header("location"), address) if answer.status in REDIRECTS else None
        if not isinstance(onward, ResourceUrl):
            kept_waiting = 200 <= answer.status < 300
            return _Saved(detail=f"it answers {answer.status}", wait=_LOOK_AGAIN if kept_waiting else _TRY_AGAIN)
        address = onward.href
    return _Saved(detail="it redirects in a circle", wait=_TRY_AGAIN)


def _copy(answer: Fetched, address: str, page: str) -> _Saved | None:
    """The copy that an answer leads to, names, or is."""
    named = [answer.header("location"), answer.header("content-location"), address]
    named += [
        each.url for name, value in answer.headers if name == "link" for each in captures_of(links(value, address))
    ]
    for each in named:
        parsed = resource_url(each, address) if each else None
        copy = dated(parsed.href) if isinstance(parsed, ResourceUrl) else None
        if copy is not None and same_address(copy.of, page):
            return _Saved(url=copy.shown, at=copy.at)
    return None


def _asks_not_to(store: Store, page: Unsaved) -> bool:
    """`noarchive`, in a robots meta element or in an X-Robots-Tag header."""
    told = " ".join(value for name, value in page.page.headers if name == "x-robots-tag")
    try:
        body = store.body(page.page.digest)
    except StoreError:
        return False
    read = read_page(body, content_type=page.page.content_type, url=page.page.final_url)
    return "noarchive" in f"{told} {read.head.robots}".lower()
