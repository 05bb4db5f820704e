"""The drift report as one HTML file: nothing is loaded, nothing runs, every foreign string is escaped.

The page's policy (CSP) allows its own style sheet, by digest, and nothing else: even markup that slipped through could
neither run nor call home.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from crawler.model import Change, VerdictKind
from review.copies import bases_words, notes_of
from review.formats.marks import Mark, marks
from review.formats.wording import reason_words, report_headline, title_of
from review.model import Finding, FindingKind, GuideLine, Report, StateKind
from review.report import count_report, needs_look
from review.text import count, day, instant, link_target, moment, one_line, shortened

_TEMPLATES: Final = Path(__file__).parent / "templates"
_TALLY: Final = (StateKind.STALE, StateKind.EXPIRED, StateKind.UNVERIFIED, StateKind.VERIFIED)
_MOST_CHANGES: Final = 12
_MOST_CLAIMS: Final = 5
_CONTEXT: Final = 160
"""Characters of unchanged text that are shown on each side of a change; the whole passage is one click away."""
_LONG: Final = 700
_SEVERITY_WORDS: Final = {
    "material": "material change",
    "wording": "new wording",
    "cosmetic": "cosmetic",
    "broken": "page replaced",
    "unlocated": "place not found",
    "dead": "dead link",
    "moved": "moved",
    "invalid": "link unusable",
    "uncompared": "cannot be compared",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCard:
    heading: str
    reason: str
    marks: tuple[Mark, ...]
    whole: tuple[Mark, ...]
    """The passage in full where `marks` leaves some out, else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCard:
    text: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCard:
    """An archived page, or where a dead one is now. `target` is None where nothing can be linked."""

    words: str
    url: str
    target: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingCard:
    id: int
    grave: bool
    severity: str
    summary: str
    url: str
    target: str | None
    source: str
    where: str
    opened: str
    opened_at: str
    changes: tuple[ChangeCard, ...]
    reports: tuple[str, ...]
    more: int
    claims: tuple[ClaimCard, ...]
    notes: tuple[NoteCard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideCard:
    anchor: str
    title: str
    state: str
    file: str
    verified: str
    verified_on: str
    since: str
    remarks: tuple[str, ...]
    findings: tuple[FindingCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """A source that showed us no page: said once, however many guides cite it."""

    url: str
    target: str | None
    why: str
    guides: str
    checked: str


def render_report(report: Report) -> str:
    """The whole report as one page."""
    counts = count_report(report)
    cards = tuple(_guide(line, number) for number, line in enumerate(report.lines, start=1) if needs_look(line))
    calm = [line for line in report.lines if not needs_look(line)]
    return _page(
        title=f"{report_headline(report)} · loccit",
        headline=report_headline(report),
        standfirst=_standfirst(report),
        tally=[(counts.states[state], state.value) for state in _TALLY if counts.states[state]],
        cards=cards,
        unjudged=tuple(_unjudged(report.lines)),
        verified=tuple(_guide(line, 0) for line in calm if line.state.state is StateKind.VERIFIED),
        unverified=tuple(_guide(line, 0) for line in calm if line.state.state is StateKind.UNVERIFIED),
        problems=tuple(one_line(str(problem)) for problem in report.problems),
        footer=_footer(report),
        made_at=instant(report.made),
        guides=counts.guides,
    )


def render_findings(report: Report) -> str:
    """The same page with the open findings alone."""
    number = len(report.findings)
    lines = [line for line in report.lines if line.view.open_findings]
    headline = count(number, "open finding") if number else "No open findings"
    return _page(
        title=f"{headline} · loccit",
        headline=headline,
        standfirst=_standfirst(report),
        tally=[],
        cards=tuple(_guide(line, at) for at, line in enumerate(lines, start=1)),
        unjudged=(),
        verified=(),
        unverified=(),
        problems=(),
        footer=_footer(report),
        made_at=instant(report.made),
        guides=len(report.lines),
    )


def _page(**context: object) -> str:
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    # The style sheet is our own file; escaping it would break it, and it must be byte for byte what the digest says.
    return _template().render(style=Markup(style), policy=policy, **context)  # noqa: S704


@lru_cache(maxsize=1)
def _style() -> str:
    return (_TEMPLATES / "report.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _standfirst(report: Report) -> str:
    """What was looked at and when: the sentence that makes an empty report worth something."""
    counts = count_report(report)
    looked = f"{count(counts.citations, 'citation')} in {count(counts.guides, 'guide')}"
    if report.last_crawl is None:
        return f"{looked}. Sources have not been crawled yet: run loccit crawl."
    return f"{looked}, {count(report.sources, 'source')} watched, last crawled on {moment(report.last_crawl)}."


def _footer(report: Report) -> str:
    crawled = f" Sources last crawled on {moment(report.last_crawl)}." if report.last_crawl else ""
    return f"Made by loccit on {moment(report.made)}.{crawled}"


def _guide(line: GuideLine, number: int) -> GuideCard:
    view, state = line.view, line.state
    by_id = {finding.id: finding for finding in view.open_findings}
    ordered = [by_id[r.finding] for r in state.reasons if r.finding is not None and r.finding in by_id]
    return GuideCard(
        anchor=f"guide-{number}",
        title=title_of(line),
        state=state.state.value,
        file=one_line(view.guide.file),
        verified=day(view.verified) if view.verified else "",
        verified_on=view.verified.isoformat() if view.verified else "",
        since=day(state.since.date()) if state.since else "",
        remarks=tuple(
            filter(
                None,
                (
                    *(one_line(r.summary) for r in state.reasons if r.finding is None and r.kind != "never-verified"),
                    bases_words(view),
                ),
            )
        ),
        findings=tuple(_finding(finding, line) for finding in ordered),
    )


def _finding(finding: Finding, line: GuideLine) -> FindingCard:
    cited = next((c.citation for c in line.view.citations if c.citation.key == finding.citation), None)
    file = one_line(line.view.guide.file)
    shown = finding.changes[:_MOST_CHANGES]
    return FindingCard(
        id=finding.id,
        grave=finding.severity in ("material", "dead", "unlocated", "broken"),
        severity=_severity(finding),
        summary=one_line(finding.summary),
        url=shortened(one_line(finding.url), 300),
        target=link_target(finding.url),
        source=one_line(cited.title, 120) if cited else "",
        where=f"{file}:{cited.line}" if cited else file,
        opened=day(finding.opened.date()),
        opened_at=instant(finding.opened) or "",
        changes=tuple(_change(change) for change in shown),
        more=len(finding.changes) - len(shown),
        reports=tuple(shortened(one_line(each.words), 2000) for each in finding.reports),
        notes=tuple(
            NoteCard(words=one_line(note.words), url=shortened(one_line(note.url), 300), target=link_target(note.url))
            for note in notes_of(finding)
        ),
        claims=tuple(
            ClaimCard(text=one_line(c.text, 600), where=f"{file}:{c.line}") for c in finding.claims[:_MOST_CLAIMS]
        ),
    )


def _severity(finding: Finding) -> str:
    if finding.kind is FindingKind.READER_REPORT:
        return "reader's report"
    return _SEVERITY_WORDS.get(finding.severity, one_line(finding.severity, 40))


def _change(change: Change) -> ChangeCard:
    whole = marks(change)
    short = tuple(_excerpt(whole))
    return ChangeCard(
        heading=one_line(change.heading, 120),
        reason=one_line(change.reason, 200),
        marks=short,
        whole=whole if short != whole else (),
    )


def _excerpt(whole: tuple[Mark, ...]) -> Iterator[Mark]:
    """The changed words with some of what stands around them."""
    last = len(whole) - 1
    for number, mark in enumerate(whole):
        text = mark.text
        if mark.kind != "same":
            yield Mark(kind=mark.kind, text=shortened(text, _LONG)) if len(text) > _LONG else mark
        elif len(text) <= 2 * _CONTEXT:
            yield mark
        else:
            head = "" if number == 0 else shortened(text, _CONTEXT)
            tail = "" if number == last else _tail(text)
            yield Mark(kind="same", text=f"{head} {tail}" if head and tail else head or tail)


def _tail(text: str) -> str:
    cut = text[-_CONTEXT:]
    space = cut.find(" ")
    return "…" + (cut[space:] if 0 <= space < _CONTEXT // 3 else cut)


def _unjudged(lines: Iterable[GuideLine]) -> Iterator[Unjudged]:
    found: dict[str, list[tuple[GuideLine, str, date | None]]] = {}
    for line in lines:
        for view in line.view.citations:
            if view.verdict and view.verdict.kind in (VerdictKind.BLOCKED, VerdictKind.UNREACHABLE):
                why = f"{view.verdict.kind.value}: {reason_words(view.verdict.reason, view.verdict.status)}"
                checked = view.checked.date() if view.checked else None
                found.setdefault(view.citation.url.partition("#")[0], []).append((line, why, checked))
    for url, uses in found.items():
        titles = list(dict.fromkeys(title_of(line) for line, _, _ in uses))
        more = f" and {len(titles) - 2:,} more" if len(titles) > 2 else ""
        checked = uses[0][2]
        yield Unjudged(
            url=shortened(one_line(url), 300),
            target=link_target(url),
            why=uses[0][1],
            guides=", ".join(titles[:2]) + more,
            checked=day(checked) if checked else "",
        )
