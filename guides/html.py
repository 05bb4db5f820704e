"""Guides as published HTML pages: title, dates, and links by the heading that they stand under."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urljoin, urlsplit

from guides.dates import find_date, find_dates, parse_date
from guides.links import Keys, absolute, cites, is_spaced
from guides.model import Citation, Guide, GuideId, Library, Role, Statement, StatementKind
from guides.passages import labelled, section_kind
from guides.settings import GuideSettings
from guides.source import Problems, Source
from guides.structured import stem_of
from guides.tags import Tag, Text, scan

_OFFICIAL = re.compile(
    r"\bofficial (?:resources?|links?|pages?|sources?|sites?)|offizielle|ressources officielles|liens officiels"
    r"|(?:recursos|enlaces) oficiales|(?:risorse|link) ufficiali|(?:recursos|links) oficiais|officiële|oficjalne",
    re.IGNORECASE,
)
_CITED = re.compile(
    r"\breferences?\b|citations?\b|\bsources?\b|further reading|footnotes|quellen|belege|einzelnachweise|weiterführend"
    r"|références|fuentes|referencias|fonti|riferimenti|referências|fontes|bronnen|źródła|przypisy|参考|出典",
    re.IGNORECASE,
)
_VERIFIED = re.compile(
    r"\b(?:verified|fact[- ]checked|reviewed|geprüft|überprüft|vérifiée?|verificad[oa]|verificat[oa]"
    r"|gecontroleerd|zweryfikowan[oaey])(?:\s+(?:on|am|le|el|il|em|op|dnia))?\W*$|(?:確認|検証)\W*$",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"\b(?:updated|modified|aktualisiert|mis à jour|actualizad[oa]|aggiornat[oa]|atualizad[oa]|bijgewerkt"
    r"|zaktualizowan[oaey])(?:\s+(?:on|am|le|el|il|em|op|dnia))?\W*$|更新\W*$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\[(\d{1,4})\]\W*$")
_LD = re.compile(r'"(?P<key>lastReviewed|dateModified)"\s*:\s*"(?P<date>[^"\\]{1,40})"')
_ASIDE = frozenset({"nav", "footer", "header", "aside"})
_MAIN = frozenset({"main", "article"})
_BLOCKS = frozenset({"p", "li", "blockquote", "dd", "td"})
_HEADINGS = {f"h{rank}": rank for rank in range(1, 7)}
_HIDDEN = frozenset({"script", "style", "template", "noscript", "textarea", "title", "iframe", "xmp"})
_MOST_STATEMENTS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DateSpot:
    """A date in the page: what it dates ("verified" or "updated"), how sure, and where it is written."""

    dates: str
    day: date
    start: int
    end: int
    rank: int
    """0: beside a word such as “verified”, 1: in the page's structured data."""


def read_html(source: Source, settings: GuideSettings, *, today: date) -> Library:
    """The one guide of an HTML page."""
    problems = Problems(source)
    parts = list(scan(source.text))
    page = _Page(source, parts)
    page.read()
    spots = date_spots(parts)
    verified = min((spot for spot in spots if spot.dates == "verified"), key=lambda spot: spot.rank, default=None)
    updated = min((spot for spot in spots if spot.dates == "updated"), key=lambda spot: -spot.rank, default=None)
    if verified is not None and verified.day > today:
        problems.warn(
            verified.start, f"verified on {verified.day}, which is in the future", f"today is {today}: correct the date"
        )
    stem = stem_of(source.name)
    if not page.title:
        problems.warn(None, "the page has no title", f"add an <h1> or a <title>; until then it is called “{stem}”")
    citations = page.citations if settings.inline else [c for c in page.citations if c.role is not Role.INLINE]
    for citation in citations:
        if is_spaced(citation.url):
            offset = source.starts[citation.line - 1] + citation.column - 1
            problems.warn(offset, f"a space stands in the URL {citation.url}", "write it as %20, or remove it")
    guide = Guide(
        id=GuideId(stem),
        title=page.title or stem,
        file=source.name,
        verified=None if verified is None else verified.day,
        updated=None if updated is None else updated.day,
        citations=tuple(citations),
        statements=tuple(page.statements[:_MOST_STATEMENTS]),
    )
    return Library(guides=(guide,), problems=tuple(problems))


def language_of(parts: list[Tag | Text]) -> str:
    """The page's `lang`, or ""."""
    return next((part.get("lang") for part in parts if isinstance(part, Tag) and part.name == "html"), "")


def date_spots(parts: list[Tag | Text]) -> list[DateSpot]:
    """Every place at which the page says when it was verified or updated."""
    found: list[DateSpot] = []
    before = hidden = ""
    for part in parts:
        if isinstance(part, Tag):
            hidden = part.name if part.name in _HIDDEN and not part.closing else ""
            if part.name == "script" and "ld+json" not in part.get("type").lower():
                hidden = "code"
            before += " "
            if part.name == "time" and not part.closing:
                spot = _in_attribute(part, before)
                found += [spot] if spot else []
        elif hidden == "script":
            found += _structured(part)
        elif not hidden:
            spots, rest = _in_text(part, before)
            found += spots
            # A label may stand in an element of its own, before the date's.
            before = rest[-80:] if rest.strip() or not before else before
    return found


def _kind(before: str) -> str:
    return "verified" if _VERIFIED.search(before) else "updated" if _UPDATED.search(before) else ""


def _in_attribute(tag: Tag, before: str) -> DateSpot | None:
    value, start = tag.attributes.get("datetime", ("", 0))
    day = parse_date(value)
    prop = tag.get("itemprop").lower()
    kind = {"datemodified": "updated", "lastreviewed": "verified"}.get(prop) or _kind(before)
    if day is None or not kind:
        return None
    shown = find_date(value)
    lead = len(value) - len(value.lstrip())
    end = start + (shown.end if shown else lead + 10)
    return DateSpot(dates=kind, day=day, start=start + (shown.start if shown else lead), end=end, rank=0)


def _in_text(part: Text, before: str) -> tuple[list[DateSpot], str]:
    """The labelled dates in one text, and what stands after the last date."""
    spots: list[DateSpot] = []
    at = 0
    for match in sorted(find_dates(part.raw), key=lambda match: match.start):
        if match.start < at:
            continue
        lead = (before if at == 0 else "") + part.raw[max(at, match.start - 80) : match.start]
        kind = _kind(lead)
        if kind:
            start, end = part.start + match.start, part.start + match.end
            spots.append(DateSpot(dates=kind, day=match.day, start=start, end=end, rank=0))
        at = match.end
    return spots, before + part.words if at == 0 else part.raw[at:]


def _structured(part: Text) -> Iterator[DateSpot]:
    """schema.org's `lastReviewed` and `dateModified`, wherever in the JSON-LD they stand."""
    for found in _LD.finditer(part.raw[:1_000_000]):
        day = parse_date(found["date"])
        shown = find_date(found["date"])
        if day is not None and shown is not None:
            start = part.start + found.start("date")
            kind = "verified" if found["key"] == "lastReviewed" else "updated"
            yield DateSpot(dates=kind, day=day, start=start + shown.start, end=start + shown.end, rank=1)


class _Page:
    """Walks the page once, knowing what it is within."""

    def __init__(self, source: Source, parts: list[Tag | Text]) -> None:
        self.source = source
        self.parts = parts
        self.keys = Keys()
        self.citations: list[Citation] = []
        self.statements: list[Statement] = []
        tags = [part for part in parts if isinstance(part, Tag)]
        self.has_main = any(tag.name in _MAIN for tag in tags)
        self.host = _own_host(tags)
        self.base = _base(tags)
        self.open: dict[str, int] = {}
        self.heading = 0
        self.heading_text = ""
        self.titles: dict[str, str] = {}
        self.role = Role.INLINE
        self.role_rank = 0
        self.kind = StatementKind.TEXT
        self.counters: list[int | None] = []
        self.before = ""
        self.link: tuple[str, int, int | None] | None = None
        self.link_text = ""
        self.block: list[str] = []
        self.block_start = 0

    @property
    def title(self) -> str:
        return self.titles.get("h1") or self.titles.get("og") or self.titles.get("title") or ""

    def read(self) -> None:
        for part in self.parts:
            if isinstance(part, Text):
                self._text(part)
            elif part.closing:
                self._end(part)
            else:
                self._start(part)
        self._end_link()
        self._end_block()

    def _within(self, names: frozenset[str]) -> bool:
        return any(self.open.get(name, 0) > 0 for name in names)

    def _text(self, part: Text) -> None:
        if self._within(_HIDDEN):
            if self.open.get("title", 0) and "title" not in self.titles:
                self.titles["title"] = part.words.strip()
            return
        if self.heading:
            self.heading_text += part.words
        if self.link is not None:
            self.link_text += part.words
        else:
            self.before = (self.before + part.words)[-20:]
        if self.block_start:
            self.block.append(part.words)

    def _start(self, tag: Tag) -> None:
        name = tag.name
        self.open[name] = self.open.get(name, 0) + 1
        if name == "meta" and tag.get("property").lower() == "og:title":
            self.titles.setdefault("og", tag.get("content").strip())
        elif name in _HEADINGS:
            self._end_block()
            self.heading, self.heading_text = _HEADINGS[name], ""
        elif name in ("ol", "ul"):
            start = tag.get("start")
            first = int(start) - 1 if start.isascii() and start.isdigit() and len(start) < 7 else 0
            self.counters.append(first if name == "ol" else None)
        elif name == "a":
            self._start_link(tag)
        elif name == "area":
            self._start_link(tag)
            self._end_link()
        if name in _BLOCKS:
            self._start_block(tag)

    def _start_block(self, tag: Tag) -> None:
        if tag.name == "li" and self.counters and self.counters[-1] is not None:
            self.counters[-1] += 1
        self.before = ""
        if tag.name == "p" and self.open.get("li", 0) > 0 and self.block_start:
            return
        self._end_block()
        self.block_start = tag.end

    def _end(self, tag: Tag) -> None:
        name = tag.name
        self.open[name] = max(0, self.open.get(name, 0) - 1)
        if name in _HEADINGS and self.heading:
            self._end_heading()
        elif name == "a":
            self._end_link()
        elif name in ("ol", "ul") and self.counters:
            self._end_block()
            self.counters.pop()
        elif name in _BLOCKS and not (name == "p" and self.open.get("li", 0) > 0):
            self._end_block()
        elif name in _MAIN:
            self.role = Role.INLINE

    def _end_heading(self) -> None:
        text = " ".join(self.heading_text.split())
        rank, self.heading = self.heading, 0
        if rank == 1 and not self._within(frozenset({"nav", "footer", "aside"})):
            self.titles.setdefault("h1", text)
        role = Role.OFFICIAL if _OFFICIAL.search(text) else Role.CITATION if _CITED.search(text) else Role.INLINE
        if rank == 1 or len(text) > 60:
            role = Role.INLINE
        if role is not Role.INLINE or rank <= self.role_rank:
            self.role, self.role_rank = role, rank
        self.kind = section_kind(text)

    def _start_link(self, tag: Tag) -> None:
        self._end_link()
        url, at = tag.attributes.get("href", ("", 0))
        address = self._resolved(url.strip())
        if not self._counts(address):
            return
        number = next((count for count in reversed(self.counters) if count is not None), None)
        marked = _NUMBERED.search(self.before)
        if marked is not None:
            number = int(marked[1])
        self.link = (address, at + len(url) - len(url.lstrip()), number)
        self.link_text = ""

    def _resolved(self, url: str) -> str:
        """Where a relative address leads on a page whose `<base>` lies on another site."""
        if not self.base or not url or url.startswith("#") or cites(url) or ":" in url.split("/", 1)[0]:
            return url
        try:
            return urljoin(self.base, url)
        except ValueError:
            return url

    def _counts(self, url: str) -> bool:
        if not cites(url) or self.open.get("nav", 0) > 0 or self._within(_HIDDEN):
            return False
        if self.role is not Role.INLINE:
            return True
        inside = not self.has_main or self._within(_MAIN)
        return inside and not self._within(_ASIDE) and not (self.host and _host(absolute(url)) == self.host)

    def _end_link(self) -> None:
        if self.link is None:
            return
        url, at, number = self.link
        self.link = None
        line, column = self.source.position(at)
        title = " ".join(self.link_text.split())
        self.before = ""
        self.citations.append(
            Citation(
                key=self.keys.name(self.role, url),
                url=absolute(url),
                role=self.role,
                line=line,
                column=column,
                number=number if self.role is Role.CITATION else None,
                title=title[:300],
            )
        )

    def _end_block(self) -> None:
        text = " ".join("".join(self.block).split())
        start, self.block_start, self.block = self.block_start, 0, []
        main = not self.has_main or self._within(_MAIN)
        if not start or not text or not main or self._within(_ASIDE) or self.role is not Role.INLINE:
            return
        usual = self.kind
        if usual is StatementKind.TEXT and self.counters and self.counters[-1] is not None:
            usual = StatementKind.STEP
        text, kind = labelled(text, usual)
        if text:
            self.statements.append(Statement(text=text, line=self.source.line_of(start), kind=kind))


def _own_host(tags: list[Tag]) -> str:
    for tag in tags:
        if tag.name == "link" and "canonical" in tag.get("rel").lower().split():
            return _host(tag.get("href"))
        if tag.name == "meta" and tag.get("property").lower() == "og:url":
            return _host(tag.get("content"))
    return ""


def _base(tags: list[Tag]) -> str:
    """The first `<base href>`, where it is absolute and of another site (HTML, section 4.2.3); else ""."""
    base = next((tag.get("href").strip() for tag in tags if tag.name == "base" and "href" in tag.attributes), "")
    return absolute(base) if cites(base) and _host(absolute(base)) != _own_host(tags) else ""


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
