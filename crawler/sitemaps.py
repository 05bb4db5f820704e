"""Site maps (sitemaps.org, protocol 0.9): which pages they list, and when each changed last. Pure.

They are read without an XML parser: no entity is resolved, nothing is loaded, and the cost is linear in the bytes.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import unquote

from crawler.urls import ResourceUrl, resource_url, same_address

MOST_PAGES: Final = 20_000
MOST_LISTED: Final = 50_000
"""The protocol allows no more in one file."""

# Every repetition is bounded: the file is a stranger's.
_ELEMENT: Final = re.compile(
    r"<(?:\w{1,20}:)?(?:(url|sitemap)[\s/>]"
    r"|(loc|lastmod)>\s{0,100}(?:<!\[CDATA\[\s{0,100})?([^<\s\]]{1,4096}))",
    re.IGNORECASE,
)
_INDEX: Final = re.compile(r"<(?:\w{1,20}:)?sitemapindex\b", re.IGNORECASE)
_NAMED: Final = re.compile(r"(?im)^[^\S\n]{0,100}sitemap[^\S\n]{0,100}:[^\S\n]{0,100}(\S{1,4096})")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_WORDS: Final = re.compile(r"[^\W_]{2,40}")
_YEARS: Final = range(1990, 9_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An entry as it is written: an address, and the time of the page's last change where one is given."""

    url: str
    lastmod: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMap:
    """What a site map lists: pages, or other site maps. `entries` are all of either with their times."""

    pages: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    entries: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lastmod:
    """The time of a page's last change: some moment from `first` to `last`, which are a day apart where only the day
    is written.
    """

    first: datetime
    last: datetime


def read_sitemap(body: bytes, *, max_bytes: int) -> SiteMap:
    """A site map in XML (packed with gzip or not) or as plain lines; empty where it is none."""
    if body.startswith(b"\x1f\x8b"):
        body = _unpacked(body, max_bytes)
    text = body[:max_bytes].decode("utf-8", "replace")
    entries = tuple(_entries(text))
    if not entries and "<" not in text[:1000]:
        entries = tuple(Listed(url=line.strip()) for line in text.splitlines()[:MOST_LISTED])
    listed = tuple(_addresses(each.url for each in entries))
    if not listed:
        return SiteMap()
    if _INDEX.search(text, 0, 4_000):
        return SiteMap(maps=listed, entries=entries)
    return SiteMap(pages=listed, entries=entries)


def sitemaps_in(robots: bytes) -> tuple[str, ...]:
    """The site maps that a robots.txt names."""
    return tuple(_addresses(_NAMED.findall(robots[:500_000].decode("utf-8", "replace"))))[:10]


def read_lastmod(written: str) -> Lastmod | None:
    """A time in W3C's notation (a profile of ISO 8601) with its day at least; None where it is none."""
    text = written.strip()[:40]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.year not in _YEARS:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    last = moment + timedelta(days=1, microseconds=-1) if _DAY.fullmatch(text) else moment
    return Lastmod(first=moment, last=last)


def lastmods(entries: Iterable[Listed], wanted: Iterable[str]) -> dict[str, Lastmod]:
    """When these pages changed last, as far as they are listed with a time that can be read."""
    pages: dict[str, list[str]] = {}
    for url in wanted:
        pages.setdefault(_rough(url), []).append(url)
    found: dict[str, Lastmod] = {}
    for each in entries:
        if each.lastmod and (alike := pages.get(_rough(each.url))) and (told := read_lastmod(each.lastmod)):
            found |= {url: told for url in alike if same_address(url, each.url)}
    return found


def likeliest(index: SiteMap, wanted: Sequence[str], *, since: datetime) -> list[str]:
    """The site maps of an index that may list these pages, the likeliest first: by the words of their addresses.

    One that has not changed `since` says nothing new of any page.
    """
    words = {word for url in wanted for word in _words(url)}
    ranked = []
    for number, each in enumerate(index.entries):
        told = read_lastmod(each.lastmod) if each.lastmod else None
        if told is None or told.last > since:
            ranked.append((-len(words & _words(each.url)), number, each.url))
    return list(_addresses(url for _, _, url in sorted(ranked)))


def _words(url: str) -> set[str]:
    path = unquote(url, errors="replace").casefold().partition("://")[2].partition("/")[2]
    return set(_WORDS.findall(path))


def _rough(url: str) -> str:
    """The same for all ways to write an address (and for few others)."""
    rest = url.partition("://")[2]
    return unquote(rest.removeprefix("www."), errors="replace").casefold().rstrip("/")


def _entries(text: str) -> Iterator[Listed]:
    """Each element `url` or `sitemap`: its first `loc`, with the `lastmod` that stands before or after it."""
    url = lastmod = ""
    opened, number = False, 0
    for found in _ELEMENT.finditer(text):
        kind, value = (found[2] or "").lower(), found[3] or ""
        begins = bool(found[1])
        if url and (begins or (kind == "loc" and not opened)):
            yield Listed(url=url, lastmod=lastmod)
            number += 1
            if number >= MOST_LISTED:
                return
            url = lastmod = ""
        if begins:
            url = lastmod = ""
            opened = True
        elif kind == "loc":
            url = url or value.replace("&amp;", "&")
        else:
            lastmod = lastmod or value
    if url:
        yield Listed(url=url, lastmod=lastmod)


def _unpacked(body: bytes, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            return stream.read(limit)
    except (OSError, EOFError, zlib.error):
        return b""


def _addresses(found: Iterable[str]) -> Iterator[str]:
    for number, each in enumerate(found):
        if number >= MOST_PAGES:
            return
        parsed = resource_url(each.strip().replace("&amp;", "&"))
        if isinstance(parsed, ResourceUrl):
            yield parsed.href
