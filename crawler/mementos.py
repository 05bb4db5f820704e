"""What web archives say of their copies: Link headers, TimeMaps, addresses of mementos (RFC 7089). Pure.

A memento is a page as it was at a moment. Archives that are like the Wayback Machine write that moment into its address
as 14 digits, and give the body as it came from the page's own server where `id_` follows them. Everything that is read
here comes from outside: sizes are bounded, and what cannot be read is passed over.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from crawler.hints import http_date
from crawler.urls import ResourceUrl, resource_url, same_address

MAX_CAPTURES: Final = 200_000
"""Of a longer TimeMap the rest is not read."""

FIRST: Final = datetime(1991, 8, 6, tzinfo=UTC)
"""The day of the first web site: a copy cannot be older."""

_LINK = re.compile(r"<([^<>\s]{1,8192})>([^<]{0,4096})")
_PARAMETER = re.compile(r";\s*([A-Za-z][\w-]{0,40})\s*=\s*(?:\"([^\"]{0,1000})\"|([^\s;,\"]{1,1000}))")
_DATED = re.compile(r"(https?://[^?#]{0,2000}?/)(\d{14})([a-z]{2}_)?/((?:https?:/).+)", re.IGNORECASE | re.DOTALL)
_STATUS = re.compile(r"[1-5]\d\d")
_FRAMES = re.compile(
    rb"<!-- (?:BEGIN|END) WAYBACK TOOLBAR INSERT -->|<!-- End Wayback Rewrite JS Include -->|<!-- WB Insert -->"
    rb"|\bwbinfo\s*=\s*\{|\b__wm\.(?:init|wombat|rw|bt)\(|/static/(?:wombat|wb_frame|default_banner)\.js"
    rb"|id=[\"']?(?:wm-ipp|donato|_wb_frame_top_banner)\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One copy: its address in the archive and its moment. `status` is the page's own at that time, where it is told.

    Less is known of a copy whose `status` is None: it may be a redirect or an error page. `chosen`: the archive named
    it as the one nearest to the moment that it was asked for, or the one before that.
    """

    url: str
    at: datetime
    status: int | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a Link header or a TimeMap (RFC 8288, RFC 6690)."""

    url: str
    rels: frozenset[str]
    kind: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """The address of a copy in an archive that writes the moment into it. `of` is the page's own address."""

    prefix: str
    at: datetime
    of: str

    @property
    def shown(self) -> str:
        """For people: with the archive's frame around it."""
        return f"{self.prefix}{_digits(self.at)}/{self.of}"

    @property
    def raw(self) -> str:
        """The body as the page's own server gave it."""
        return f"{self.prefix}{_digits(self.at)}id_/{self.of}"


def dated(address: str) -> Dated | None:
    """Read such an address; None for any other."""
    found = _DATED.fullmatch(address)
    at = _moment(found[2]) if found else None
    if found is None or at is None:
        return None
    # Servers and proxies on the way make one slash of two.
    of = re.sub(r"^(https?):/+", r"\1://", found[4], flags=re.IGNORECASE)
    return Dated(prefix=found[1], at=at, of=of)


def is_copy_of(address: str, page: str) -> bool:
    """Whether an address in an archive is a copy of this page: http or https, `www.` and a last slash are the same."""
    copy = dated(address)
    if copy is not None:
        return same_address(copy.of, page)
    # Of other archives no more can be asked than that it names no other page.
    return True


def links(text: str, base: str) -> Iterator[Link]:
    """The links of a Link header, or of a TimeMap in link format; of those that can be read."""
    for found in _LINK.finditer(text):
        address = resource_url(found[1], base)
        if not isinstance(address, ResourceUrl):
            continue
        said = {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(found[2])}
        yield Link(
            url=address.href,
            rels=frozenset(said.get("rel", "").lower().split()),
            kind=said.get("type", "").lower(),
            at=http_date(said["datetime"]) if "datetime" in said else None,
        )


def captures_of(found: Iterable[Link]) -> Iterator[Capture]:
    """The copies among links: `memento`, be it the first, the last, the one before or after."""
    for number, link in enumerate(found):
        if number >= MAX_CAPTURES:
            return
        if "memento" in link.rels and link.at is not None:
            others = link.rels & {"first", "last", "next", "successor-version", "predecessor-version"}
            yield Capture(url=link.url, at=link.at, chosen=not others or {"first", "last"} <= others)


def read_timemap(body: bytes, *, base: str, gate: str, page: str) -> list[Capture]:
    """The copies that a TimeMap lists, in whatever form it comes; empty where it is none.

    Link format (RFC 7089, section 5); JSON as the Memento project has it; the rows of a capture index as the Wayback
    Machine (one array) and pywb (an object a line) give them. These tell moments only: `gate` is the archive's prefix.
    Copies of other pages than `page` are left out.
    """
    text = body.decode("utf-8", "replace")
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start in ("{", "["):
        found = list(_read_json(text.lstrip("\ufeff"), gate, page))
    else:
        found = list(captures_of(links(text, base)))
    known: dict[str, bool] = {}
    return [each for each in found if _is_of(each.url, page, known)]


def _is_of(address: str, page: str, known: dict[str, bool]) -> bool:
    """As `is_copy_of`; a list names few pages, in many copies."""
    copy = dated(address)
    if copy is None:
        return True
    if copy.of not in known:
        known[copy.of] = same_address(copy.of, page)
    return known[copy.of]


def _read_json(text: str, gate: str, page: str) -> Iterator[Capture]:
    whole = _decoded(text)
    if isinstance(whole, list):
        yield from _rows(whole, gate)
    elif isinstance(whole, dict) and "timestamp" not in whole:
        yield from _listed(whole)
    else:
        for line in text.splitlines()[:MAX_CAPTURES]:
            each = _decoded(line)
            if isinstance(each, dict):
                yield from _indexed(each.get("timestamp"), each.get("url") or page, each.get("status"), gate)


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None


def _rows(rows: list[Any], gate: str) -> Iterator[Capture]:
    """The Wayback Machine's: the first row names the columns."""
    names = rows[0] if rows and isinstance(rows[0], list) else []
    places = {name: at for at, name in enumerate(names) if isinstance(name, str)}
    if not {"timestamp", "original"} <= set(places):
        return
    for row in rows[1 : MAX_CAPTURES + 1]:
        if isinstance(row, list) and len(row) == len(names):
            status = row[places["statuscode"]] if "statuscode" in places else None
            yield from _indexed(row[places["timestamp"]], row[places["original"]], status, gate)


def _indexed(moment: object, page: object, status: object, gate: str) -> Iterator[Capture]:
    at = _moment(moment) if isinstance(moment, str) else None
    if at is None or not isinstance(page, str) or len(page) > 8_192:
        return
    known = int(status) if isinstance(status, str) and _STATUS.fullmatch(status) else None
    yield Capture(url=f"{gate}{_digits(at)}/{page}", at=at, status=known)


def _listed(whole: dict[str, Any]) -> Iterator[Capture]:
    """The Memento project's: `{"mementos": {"list": [{"datetime": …, "uri": …}]}}`."""
    mementos = whole.get("mementos")
    listed = mementos.get("list") if isinstance(mementos, dict) else None
    for each in listed[:MAX_CAPTURES] if isinstance(listed, list) else ():
        when, address = (each.get("datetime"), each.get("uri")) if isinstance(each, dict) else (None, None)
        if not isinstance(when, str) or not isinstance(address, str):
            continue
        parsed = resource_url(address)
        at = _iso(when) or http_date(when)
        if at is not None and isinstance(parsed, ResourceUrl):
            yield Capture(url=parsed.href, at=at)


def nearest(found: Iterable[Capture], moment: datetime, *, within: timedelta, now: datetime) -> list[Capture]:
    """The copies worth a try, the best first: the nearest before the moment, then the nearest after it.

    None that is farther away than `within`, from the future or from before there was a web, or a redirect or an error.
    """
    good = [
        each
        for each in {one.url: one for one in found}.values()
        if is_possible(each.at, now) and (each.status is None or 200 <= each.status < 300)
    ]
    before = [each for each in good if each.at <= moment and moment - each.at <= within]
    after = [each for each in good if each.at > moment and each.at - moment <= within]
    return [*sorted(before, key=lambda each: each.at, reverse=True), *sorted(after, key=lambda each: each.at)]


def is_possible(at: datetime, now: datetime) -> bool:
    """Whether a copy can be from then; a day's grace is for clocks."""
    return FIRST <= at <= now + timedelta(days=1)


def is_framed(body: bytes) -> bool:
    """Whether an archive put its own words or links into a page: such a body is not what the page said."""
    return _FRAMES.search(body[:2_000_000]) is not None


def _digits(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def _moment(digits: str) -> datetime | None:
    if len(digits) != 14 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
