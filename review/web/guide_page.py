"""Guides: the list of them by need, and each as its readers see it, with the live status of every citation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from crawler.model import ResourceId
from guides.model import CitationKey, Guide, GuideId, Role, Statement, StatementKind
from review.casework import Decision, GuideRecord
from review.model import CitationView, Finding, FindingKind, GuideState, GuideView, StateKind
from review.queue import host_of
from review.states import guide_state
from review.text import link_target, one_line, shortened
from review.web.finding_page import file_url
from review.web.render import page
from review.web.site import Site, site_of
from review.web.words import action_words, drift_words, severity_words, verdict_words

_PAGE: Final = 100
_MOST_STATEMENTS: Final = 400
_STATES: Final = {
    StateKind.STALE: "A source has changed",
    StateKind.EXPIRED: "Verified too long ago",
    StateKind.UNVERIFIED: "Never verified",
    StateKind.VERIFIED: "Verified",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How a citation stands: a word for people, and a class."""

    words: str
    kind: str
    checked: datetime | None
    finding: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationLine:
    key: CitationKey
    number: int | None
    title: str
    url: str
    target: str | None
    host: str
    claim: str
    line: int
    status: Status
    source: ResourceId | None
    basis_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    text: str
    kind: str
    line: int
    findings: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """A day on which the guide was verified, or a decision about it."""

    at: datetime
    words: str
    note: str
    undone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRow:
    id: str
    title: str
    state: str
    verified: date | None
    open: int
    citations: int
    tags: tuple[str, ...]


def guides(request: Request) -> HTMLResponse:
    """All guides, by need; searched by title, tag and state without asking the store of each."""
    site = site_of(request)
    query = one_line(request.query_params.get("q", ""), 200)
    state = one_line(request.query_params.get("state", ""), 20)
    start = _number(request.query_params.get("from", ""))
    dealt = site.board.dealt()
    opened = {name: len(own) for name, own in dealt.by_guide.items()}
    words = query.lower().split()[:8]
    found = [guide for guide in dealt.guides.values() if all(word in _searched(guide) for word in words)]
    found.sort(key=lambda guide: (-opened.get(guide.id, 0), guide.title.casefold(), guide.id))
    if state == "open":
        found = [guide for guide in found if guide.id in opened]
    shown = found[start : start + _PAGE]
    rows = [_row(site, view) for view in site.bench.view(shown)]
    return page(
        request,
        "guides.html.j2",
        rows=rows,
        q=query,
        state=state,
        total=len(found),
        every=len(dealt.guides),
        start=start,
        following=start + _PAGE if start + _PAGE < len(found) else 0,
        problems=tuple(one_line(str(each), 300) for each in site.shelf.problems()[:50]),
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _searched(guide: Guide) -> str:
    return " ".join((guide.title, guide.id, guide.service, *guide.tags)).lower()


def _row(site: Site, view: GuideView) -> GuideRow:
    state = guide_state(view, site.policy, today=site.today())
    return GuideRow(
        id=view.guide.id,
        title=one_line(view.guide.title, 120) or view.guide.id,
        state=state.state.value,
        verified=view.verified,
        open=len(view.open_findings),
        citations=len(view.guide.citations),
        tags=tuple(one_line(tag, 30) for tag in view.guide.tags[:6]),
    )


def guide(request: Request) -> HTMLResponse:
    site = site_of(request)
    name = GuideId(request.path_params["name"])
    found = site.shelf.guides().get(name)
    if found is None:
        raise HTTPException(404)
    view, record = site.bench.page_of(found)
    state = guide_state(view, site.policy, today=site.today())
    return page(request, "guide.html.j2", **_context(site, view, record, state))


def _context(site: Site, view: GuideView, record: GuideRecord, state: GuideState) -> dict[str, Any]:
    found = view.guide
    sources = dict(record.sources)
    lines = [_citation(each, view.open_findings, sources) for each in view.citations]
    roles = {each.citation.key: each.citation.role for each in view.citations}
    return {
        "id": found.id,
        "title": one_line(found.title, 300) or found.id,
        "service": one_line(found.service, 80),
        "difficulty": one_line(found.difficulty, 30),
        "time": one_line(found.time, 60),
        "method": one_line(found.method, 300),
        "tags": tuple(one_line(tag, 40) for tag in found.tags[:20]),
        "verified": view.verified,
        "updated": found.updated,
        "state": state.state.value,
        "state_words": _STATES[state.state],
        "state_since": state.since,
        "reasons": [(one_line(reason.summary, 240), reason.finding) for reason in state.reasons[:20]],
        "all_verified": all_verified_as_of(view, state),
        "official": [line for line in lines if roles[line.key] is Role.OFFICIAL],
        "citations": [line for line in lines if roles[line.key] is Role.CITATION],
        "inline": [line for line in lines if roles[line.key] is Role.INLINE],
        "statements": _statements(found, view.open_findings),
        "file": one_line(found.file, 300),
        "file_url": file_url(site, found.file, found.line),
        "evidence": record.evidence,
        "history": [_past(each) for each in record.decisions],
        "open": len(view.open_findings),
    }


def all_verified_as_of(view: GuideView, state: GuideState) -> date | None:
    """The day as of which every citation is verified; None where that would not be true.

    True only where the guide is verified, nothing about it is open or waiting to settle, and each citation answered
    when it was last asked and has a basis.
    """
    if state.state is not StateKind.VERIFIED or view.open_findings or not view.citations:
        return None
    for each in view.citations:
        checked = each.citation.ignored or (each.verdict is not None and each.verdict.kind.value == "ok")
        based = each.citation.ignored or each.basis_at is not None
        settled = not each.pending and (each.drift is None or each.drift.value in ("unchanged", "cosmetic"))
        if not (checked and based and settled) or each.fragment == "missing":
            return None
    return view.verified


def _citation(
    view: CitationView, findings: Sequence[Finding], sources: Mapping[CitationKey, ResourceId]
) -> CitationLine:
    cited = view.citation
    return CitationLine(
        key=cited.key,
        number=cited.number,
        title=one_line(cited.title, 160),
        url=shortened(one_line(cited.url, 400), 120),
        target=link_target(cited.url),
        host=host_of(cited.url),
        claim=one_line(cited.claim.text, 400) if cited.claim else "",
        line=cited.line,
        status=_status(view, findings),
        source=sources.get(cited.key),
        basis_at=view.basis_at,
    )


def _status(view: CitationView, findings: Sequence[Finding]) -> Status:
    own = [each for each in findings if each.citation == view.citation.key]
    verdict = view.verdict.kind.value if view.verdict else ""
    if view.citation.ignored:
        return Status(words="left unchecked", kind="dim", checked=view.checked, finding=None)
    if own:
        worst = next((each for each in own if each.kind is not FindingKind.LINK), own[0])
        return Status(words=severity_words(worst.severity), kind="bad", checked=view.checked, finding=worst.id)
    if verdict == "ok":
        drift = view.drift.value if view.drift else ""
        words = drift_words(drift) if drift else "answers"
        kind = "warn" if view.pending else "ok"
        return Status(
            words="changing, not settled yet" if view.pending else words, kind=kind, checked=view.checked, finding=None
        )
    kind = {"moved": "warn", "dead": "bad", "invalid": "bad"}.get(verdict, "dim")
    return Status(words=verdict_words(verdict), kind=kind, checked=view.checked, finding=None)


def _statements(found: Guide, findings: Sequence[Finding]) -> list[StatementLine]:
    at: dict[int, list[tuple[int, str]]] = {}
    for finding in findings:
        for claim in finding.claims:
            at.setdefault(claim.line, []).append((finding.id, one_line(finding.summary, 120)))
    return [_statement(each, tuple(at.get(each.line, ()))) for each in found.statements[:_MOST_STATEMENTS]]


def _statement(each: Statement, findings: tuple[tuple[int, str], ...]) -> StatementLine:
    kind = each.kind.value if each.kind is not StatementKind.TEXT else "text"
    return StatementLine(text=one_line(each.text, 2000), kind=kind, line=each.line, findings=findings)


def _past(decision: Decision) -> HistoryLine:
    return HistoryLine(
        at=decision.at,
        words=f"{one_line(decision.by, 60) or 'somebody'} {action_words(decision.action.value)}",
        note=one_line(decision.note, 300),
        undone=decision.undone is not None,
    )
