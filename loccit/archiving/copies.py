"""Finds the copy of a page that is nearest to a moment: by the archive's TimeGate, and by its TimeMap where need be.

A copy counts only where it is the page itself: its own body without the archive's frame, from the moment that the
archive says, no redirect of that time, no error and no wall.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from crawler.exchange import REDIRECTS
from crawler.hints import http_date
from crawler.mementos import (
    Capture,
    Dated,
    captures_of,
    dated,
    is_copy_of,
    is_framed,
    is_possible,
    links,
    nearest,
    read_timemap,
)
from crawler.model import Attempt, Failed, Fetched, Refused, ResourceId
from crawler.urls import ResourceUrl, resource_url, same_address
from loccit.archiving.asking import OF_THE_PAGE, Asker, why_not
from loccit.settings import Settings
from loccit.taking import judged
from loccit.warcs import LeftOut, Recorded
from storage.imports import Archived

HOPS: Final = 5
TRIES: Final = 3
"""Copies that are looked at for one question: the nearest ones may be walls."""
GRACE: Final = timedelta(days=1)
"""How far the moments that an archive gives for one copy may be apart."""
_KEPT: Final = ("content-type", "last-modified", "content-language", "etag", "x-robots-tag")


class Outcome(StrEnum):
    COPY = "copy"
    NONE = "none"
    FAR = "far"
    UNUSABLE = "unusable"
    EXCLUDED = "excluded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy that is the page. `url`: its address in the archive, for people."""

    url: str
    at: datetime
    page: Archived


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Why there is no such copy. `at`: the moment of the nearest one that there is, where that is known."""

    outcome: Outcome
    detail: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A page as of a moment, `within` so much time of it. `later`: copies from after the moment will do."""

    resource: ResourceId
    url: str
    moment: datetime
    within: timedelta
    later: bool = True


@dataclass(slots=True, kw_only=True)
class _Gate:
    """What a TimeGate told."""

    captures: list[Capture]
    timemaps: list[str]
    alone: Nothing | None = None
    """What it said instead of naming copies."""


async def find_copy(asker: Asker, settings: Settings, wanted: Wanted) -> Copy | Nothing:
    """The copy nearest to the moment, before it where there is one. Raises EnoughError and LeaveAloneError."""
    gate = await _gate(asker, settings.archive.memento, wanted)
    if gate.alone is not None:
        return gate.alone
    now = asker.clock.now()
    listed, tried, last = False, set[str](), None
    for _ in range(TRIES + 1):
        found = nearest(gate.captures, wanted.moment, within=wanted.within, now=now)
        left = [each for each in found if _key(each) not in tried and (wanted.later or each.at <= wanted.moment)]
        if not listed and (not left or left[0].at > wanted.moment or not left[0].chosen):
            # What the TimeGate chose is the nearest one of all; before the moment there may be another.
            listed = True
            gate.captures += await _timemap(asker, settings, gate, wanted.url)
            continue
        if not left or len(tried) >= TRIES:
            break
        tried.add(_key(left[0]))
        copy = await _body(asker, settings, left[0], wanted)
        if isinstance(copy, Copy):
            return copy
        last = copy
    return last or _too_far(gate, wanted)


def _key(capture: Capture) -> str:
    copy = dated(capture.url)
    return copy.shown if copy else capture.url


def _too_far(gate: _Gate, wanted: Wanted) -> Nothing:
    moments = sorted((each.at for each in gate.captures), key=lambda at: abs(at - wanted.moment))
    if not moments:
        return Nothing(outcome=Outcome.NONE, detail="it has no copy")
    days = abs(moments[0] - wanted.moment).days
    return Nothing(outcome=Outcome.FAR, detail=f"its nearest copy of the page is {days:,} days away", at=moments[0])


# ---------------------------------------------------------------- which copies there are


async def _gate(asker: Asker, prefix: str, wanted: Wanted) -> _Gate:
    gate = _Gate(captures=[], timemaps=[])
    url = f"{prefix}{wanted.url}"
    for _ in range(HOPS):
        answer = await asker.ask(url, at=wanted.moment)
        if not isinstance(answer, Fetched):
            gate.alone = Nothing(outcome=Outcome.FAILED, detail=why_not(answer))
            return gate
        _listen(gate, answer, url, wanted.url)
        onward = _target(answer, url)
        if onward and (copy := dated(onward)) and same_address(copy.of, wanted.url):
            gate.captures.append(Capture(url=onward, at=copy.at, chosen=True))
        if gate.captures:
            return gate
        if onward is None:
            gate.alone = _without_copies(answer.status)
            return gate
        url = onward
    gate.alone = Nothing(outcome=Outcome.UNUSABLE, detail="its TimeGate redirects in a circle")
    return gate


def _listen(gate: _Gate, answer: Fetched, url: str, page: str) -> None:
    """The copies and TimeMaps that an answer names: in its Link header, or by being a copy itself."""
    told = [link for name, value in answer.headers if name == "link" for link in links(value, url)]
    gate.captures += [each for each in captures_of(told) if is_copy_of(each.url, page)]
    gate.timemaps += [link.url for link in told if "timemap" in link.rels]
    moment = http_date(answer.header("memento-datetime"))
    here = _resolved(answer.header("content-location"), url) or url
    if moment is not None and is_copy_of(here, page):
        status = None if answer.status == 200 else answer.status
        gate.captures.append(Capture(url=here, at=moment, status=status, chosen=True))


def _without_copies(status: int) -> Nothing:
    if status in (400, 404, 410):
        return Nothing(outcome=Outcome.NONE, detail="it has no copy")
    if status in (401, 403, 451):
        return Nothing(outcome=Outcome.EXCLUDED, detail=f"it shows no copy of this page ({status})")
    if status >= 500:
        return Nothing(outcome=Outcome.FAILED, detail=f"it answers {status}")
    return Nothing(outcome=Outcome.UNUSABLE, detail=f"it answers {status} and names no copy")


async def _timemap(asker: Asker, settings: Settings, gate: _Gate, page: str) -> list[Capture]:
    """The copies that a TimeMap lists. JSON first where the archive is like the Wayback Machine: it tells the statuses.

    A TimeMap that is larger than a page may be, or is none, lists nothing.
    """
    prefix = settings.archive.memento
    told = list(dict.fromkeys(gate.timemaps))[:2] or [f"{prefix}timemap/link/{page}"]
    # The same list in its other form (pywb, the Wayback Machine).
    other = [each.replace("/timemap/link/", "/timemap/json/", 1) for each in told if "/timemap/link/" in each]
    for address in dict.fromkeys((*other, *told)):
        answer = await asker.ask(address)
        if isinstance(answer, Fetched) and answer.status == 200:
            base = next((copy.prefix for each in gate.captures if (copy := dated(each.url))), prefix)
            if found := read_timemap(answer.body, base=address, gate=base, page=page):
                return found
    return []


# ---------------------------------------------------------------- one copy


async def _body(asker: Asker, settings: Settings, capture: Capture, wanted: Wanted) -> Copy | Nothing:
    """The page as its own server gave it, judged as a live one would be."""
    copy = dated(capture.url)
    address = copy.raw if copy else capture.url
    for _ in range(HOPS):
        answer = await asker.ask(address)
        if not isinstance(answer, Fetched):
            return _unread(answer)
        onward = _target(answer, address)
        if onward is None:
            return _judged(answer, address, settings, wanted, asker.clock.now())
        followed = _same_page(onward, address, answer, wanted.url)
        if followed is None:
            return Nothing(outcome=Outcome.UNUSABLE, detail="the page was a redirect at that time", at=capture.at)
        address = followed
    return Nothing(outcome=Outcome.UNUSABLE, detail="its copy redirects in a circle", at=capture.at)


def _unread(answer: Attempt) -> Nothing:
    kept_out = isinstance(answer, Refused) or (isinstance(answer, Failed) and answer.kind in OF_THE_PAGE)
    return Nothing(outcome=Outcome.UNUSABLE if kept_out else Outcome.FAILED, detail=why_not(answer))


def _same_page(onward: str, address: str, answer: Fetched, page: str) -> str | None:
    """Where to go on, if a redirect leads to a copy of the same page: of another second, or with https."""
    there, here = dated(onward), dated(address)
    if there is not None:
        return there.raw if same_address(there.of, page) else None
    if here is not None and http_date(answer.header("memento-datetime")) and same_address(onward, page):
        return Dated(prefix=here.prefix, at=here.at, of=onward).raw
    return None


def _judged(answer: Fetched, address: str, settings: Settings, wanted: Wanted, now: datetime) -> Copy | Nothing:
    moment = http_date(answer.header("memento-datetime"))
    place = _resolved(answer.header("content-location"), address) or ""
    copy = (place and dated(place)) or dated(address)
    if moment is None:
        return Nothing(outcome=Outcome.UNUSABLE, detail=f"what came ({answer.status}) does not say that it is a copy")
    if not is_possible(moment, now) or (copy and abs(copy.at - moment) > GRACE):
        return Nothing(outcome=Outcome.UNUSABLE, detail="its dates contradict each other")
    if copy is not None and not same_address(copy.of, wanted.url):
        return Nothing(outcome=Outcome.UNUSABLE, detail="it is the copy of another page", at=moment)
    if abs(moment - wanted.moment) > wanted.within or (moment > wanted.moment and not wanted.later):
        return Nothing(outcome=Outcome.FAR, detail="another copy came than was named", at=moment)
    if is_framed(answer.body) or _is_rewritten(answer, address, wanted.url):
        return Nothing(outcome=Outcome.UNUSABLE, detail="the archive put its own words or links into it", at=moment)
    record = Recorded(
        url=wanted.url, at=moment, status=answer.status, headers=_headers(answer), body=answer.body, payload=""
    )
    page = judged(record, wanted.resource, wanted.url, settings, now=now)
    if isinstance(page, LeftOut):
        return Nothing(outcome=Outcome.UNUSABLE, detail=page.why, at=moment)
    return Copy(url=copy.shown if copy else address, at=moment, page=page)


def _is_rewritten(answer: Fetched, address: str, page: str) -> bool:
    """Whether links to the page's own host lead into the archive, as no server writes them itself."""
    there, own = resource_url(address), resource_url(page)
    if not isinstance(there, ResourceUrl) or not isinstance(own, ResourceUrl) or there.key == own.key:
        return False
    archive, host = re.escape(there.authority).encode(), re.escape(own.authority).encode()
    into = rb"(?://" + archive + rb"/[^\"'<>\s]{0,200}?|/\d{14}(?:[a-z]{2}_)?/)https?:/{1,2}" + host + rb"\b"
    return re.search(into, answer.body) is not None


def _headers(answer: Fetched) -> tuple[tuple[str, str], ...]:
    """The page's own headers, as far as they are of use; the archive's software tells them under a prefix."""
    own: dict[str, str] = {}
    for name, value in answer.headers:
        plain = name.removeprefix("x-archive-orig-")
        if name == "content-type" or (plain != name and plain in _KEPT):
            own.setdefault(plain, value)
    return tuple(own.items())


def _target(answer: Fetched, url: str) -> str | None:
    return _resolved(answer.header("location"), url) if answer.status in REDIRECTS else None


def _resolved(location: str, base: str) -> str | None:
    if not location:
        return None
    parsed = resource_url(location, base)
    return parsed.href if isinstance(parsed, ResourceUrl) else None
