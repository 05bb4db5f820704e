"""What a site map's times bring forward, and how far a host is believed that gives them. Pure.

A time that is later than the last look makes a page due. Some hosts make such times up: for each host it is counted
how often a page that was said to have changed had changed, and one that is wrong too often is not asked for long.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from crawler.model import ResourceId
from crawler.policy import Schedule
from crawler.sitemaps import Lastmod, Listed, read_lastmod

DAY: Final = timedelta(days=1)
FAR: Final = DAY
"""A page that is due sooner than this has nothing to gain."""

WEEK: Final = timedelta(days=7)
"""Where one page may gain, its host's site map is asked for once a week; where seven may, once a day."""

LIE: Final = timedelta(days=8)
"""So long is a host left alone that was wrong too often, and each further time for twice as long."""

LONGEST: Final = timedelta(days=180)
LONGEST_FRUITLESS: Final = timedelta(days=32)

_TRIALS: Final = 3
_PER_HIT: Final = 4
_MISSES_BORNE: Final = 4
_REMEMBERED: Final = 40
_AT_ONCE: Final = timedelta(minutes=5)
_SAMPLE: Final = 2_000
_FEW: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapRecord:
    """What is known of a host's site map.

    `hits` and `misses`: pages that were said to have changed, and had or had not. `fruitless`: how often in a row none
    of the cited pages was listed with a time. `lies`: how often it was given up because its times are wrong.
    """

    hits: int = 0
    misses: int = 0
    fruitless: int = 0
    lies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedPage:
    """A cited page that was good at its last look (`checked`), and is not due soon."""

    resource: ResourceId
    url: str
    checked: datetime
    next_due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapDecision:
    """What to remember, when to ask the host's site map again, and which pages are due when."""

    record: SitemapRecord
    again: datetime
    forward: Mapping[ResourceId, datetime] = field(default_factory=dict)


def settled(record: SitemapRecord, *, hits: int, misses: int) -> SitemapRecord:
    """The record after looks at pages that were said to have changed."""
    after = replace(record, hits=record.hits + hits, misses=record.misses + misses)
    if hits and hits >= misses:
        after = replace(after, lies=max(0, after.lies - 1))
    if after.hits + after.misses > _REMEMBERED:
        after = replace(after, hits=after.hits // 2, misses=after.misses // 2)
    return after


def is_believed(record: SitemapRecord) -> bool:
    """Whether looking at what the host says has changed is worth it: one look of five finds a change, or it is new."""
    return record.misses < _MISSES_BORNE or record.hits * 4 >= record.misses


def disbelieved(record: SitemapRecord, now: datetime) -> SitemapDecision:
    """The host is left alone, for a time that grows; then it gets another trial, which is shorter."""
    lies = record.lies + 1
    pause = min(LIE * (1 << min(lies - 1, 10)), LONGEST)
    return SitemapDecision(record=SitemapRecord(misses=_MISSES_BORNE - 2, lies=lies), again=now + pause)


def is_made_up(entries: Iterable[Listed], now: datetime) -> bool:
    """Whether the times are not those of changes: they lie in the future, or (nearly) all are of this very moment."""
    told = [time for each in entries if each.lastmod and (time := read_lastmod(each.lastmod))][:_SAMPLE]
    if not told:
        return False
    future = sum(time.first > now + DAY for time in told)
    fresh = sum(now - _AT_ONCE <= time.first == time.last <= now + DAY for time in told)
    return future * 2 > len(told) or (len(told) >= _FEW and fresh * 10 >= len(told) * 9)


def decide(
    record: SitemapRecord,
    pages: Sequence[WatchedPage],
    told: Mapping[str, Lastmod],
    *,
    schedule: Schedule,
    now: datetime,
) -> SitemapDecision:
    """What follows from the times that a host's site map tells of these pages.

    An unproven host brings a few pages forward, one that was right before more. No page is due later than it was, nor
    sooner than the least interval after its last look.
    """
    if not told:
        fruitless = record.fruitless + 1
        pause = min(DAY * (1 << min(fruitless, 10)), LONGEST_FRUITLESS)
        return SitemapDecision(record=replace(record, fruitless=fruitless), again=now + pause)
    changed = [page for page in pages if page.url in told and _says_changed(told[page.url], page.checked, now)]
    # What would be looked at last gains most.
    changed.sort(key=lambda page: page.next_due, reverse=True)
    forward = {}
    for page in changed[: _TRIALS + _PER_HIT * record.hits]:
        due = max(now, page.checked + schedule.min_interval)
        if due < page.next_due:
            forward[page.resource] = due
    pause = max(DAY, WEEK / max(1, len(pages)))
    return SitemapDecision(record=replace(record, fruitless=0), again=now + pause, forward=forward)


def _says_changed(told: Lastmod, checked: datetime, now: datetime) -> bool:
    """Whether the change came after the look; of a mere day it is asked when the day is over, if it is the look's."""
    return told.first <= now and told.last > checked and (told.first > checked or told.last <= now)
