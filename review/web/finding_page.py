"""One finding: what changed, word by word, what the guide says on its strength, and what can be decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from guides.model import Citation, Guide, GuideId, Statement
from review.casework import Case, Decision, Entry
from review.copies import notes_of
from review.formats.marks import marks
from review.model import Finding, FindingId, FindingKind, FindingState
from review.passages import Piece, pieces
from review.queue import micros
from review.text import link_target, one_line, shortened
from review.web import masking, replacing
from review.web.board import Dealt
from review.web.decisions import whole_guides
from review.web.render import page
from review.web.security import user_of
from review.web.site import Site, site_of
from review.web.words import action_words, reason_words, severity_words, state_words, stet_words

_MOST_CHANGES: Final = 20
_MOST_CLAIMS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    heading: str
    reason: str
    grave: bool
    inline: tuple[Piece, ...]
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]
    spoken: str
    """The change in words, for those who do not see its colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """A sentence of a guide that rests on what changed."""

    text: str
    line: int
    kind: str
    claim: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideCase:
    """One guide that the change touches."""

    id: GuideId
    title: str
    file: str
    file_url: str
    line: int
    number: int | None
    stakes: tuple[Stake, ...]
    finding: int
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PastView:
    """An earlier decision."""

    id: int
    words: str
    by: str
    at: datetime
    note: str
    undone: datetime | None
    undone_by: str


def finding(request: Request) -> HTMLResponse:
    site = site_of(request)
    number = FindingId(request.path_params["number"])
    case = site.bench.case(number)
    if case is None:
        raise HTTPException(404)
    dealt = site.board.dealt()
    context = _context(site, dealt, case)
    side = request.query_params.get("view") == "side"
    return page(request, "finding.html.j2", **context, side=side, editor=user_of(request).may_decide)


def _context(site: Site, dealt: Dealt, case: Case) -> dict[str, Any]:
    found = case.finding
    key = dealt.by_finding.get(found.id)
    card = dealt.by_key[key] if key else None
    entries = card.entries if card else ()
    siblings = _siblings(dealt, found.guide, case.resource, {each.id for each in entries})
    is_open = found.state is FindingState.OPEN
    guide = dealt.guides.get(found.guide)
    citation = next((each for each in guide.citations if each.key == found.citation), None) if guide else None
    return {
        "finding": found,
        "summary": one_line(found.summary, 240) or "Something changed",
        "severity": severity_words(found.severity),
        "state": state_words(found.state.value),
        "is_open": is_open,
        "work": case.work,
        "changes": tuple(_change(change) for change in found.changes[:_MOST_CHANGES]),
        "more_changes": max(0, len(found.changes) - _MOST_CHANGES),
        "guides": _guide_cases(site, dealt, case, entries),
        "more_guides": max(0, len(entries) - _MOST_GUIDES),
        "url": shortened(one_line(found.url, 400), 160),
        "target": link_target(found.url),
        "source_title": one_line(citation.title, 120) if citation else "",
        "archived": (link_target(found.copied.url) if found.copied and found.copied.url else None)
        or _archived(site, found.url, case.before.at if case.before else None),
        "resource": case.resource,
        "before": case.before,
        "after": case.now,
        "comparable": case.before is not None and case.now is not None and case.before.id != case.now.id,
        "expected": tuple(f"{entry.id}.{micros(entry.updated)}" for entry in entries),
        "only": f"{found.id}.{micros(found.updated)}",
        "siblings": tuple(
            (each.id, one_line(each.summary, 160), f"{each.id}.{micros(each.updated)}") for each in siblings
        ),
        "history": tuple(_past(each) for each in reversed(case.history)),
        "notes": tuple((one_line(each.words, 240), each.url, link_target(each.url)) for each in notes_of(found)),
        "offers": replacing.offers(site, found.url, case.verdict, found.suggested) if is_open else (),
        "masks": masking.proposed(case) if is_open and found.changes else (),
        "learned": tuple(case.masks),
        "ways": tuple(site.scribe.ways()),
        "order": _order(found),
        "what_words": _WHAT.get(found.kind, "What changed"),
        "link_words": _link_words(case),
        "stet_words": stet_words(found.kind.value),
        "verifies": _verifies(dealt, entries, siblings),
        "people": site.people(),
        "neighbours": _neighbours(dealt, key),
    }


_MOST_GUIDES: Final = 20


_WHAT: Final = {
    FindingKind.READER_REPORT: "What readers report",
    FindingKind.LINK: "What is wrong with the link",
    FindingKind.UNLOCATED: "What is no longer found",
}


def _link_words(case: Case) -> str:
    """What became of the address when it was last asked, in a sentence or two."""
    verdict = case.verdict
    if verdict is None:
        return "The address itself is what is wrong."
    told = f"When it was last asked, the address {_LINK.get(verdict.kind.value, 'gave no clear answer')}"
    why = reason_words(verdict.reason)
    return told + (f" ({why})." if why else ".")


_LINK: Final = {
    "ok": "answered with a page",
    "moved": "sent us to another one for good",
    "dead": "had no page any more",
    "blocked": "showed us no page",
    "unreachable": "gave no answer",
    "invalid": "could not be used",
}


def _order(finding: Finding) -> tuple[str, ...]:
    """The decisions, the one that mends this kind of finding first: its button is the one that stands out."""
    if finding.kind is FindingKind.LINK:
        return ("replace", "edit", "stet", "noise")
    if finding.kind is FindingKind.READER_REPORT:
        return ("edit", "stet", "noise")
    if finding.kind is FindingKind.UNLOCATED:
        return ("edit", "stet", "replace", "noise")
    return ("stet", "edit", "noise", "replace")


def _verifies(dealt: Dealt, entries: Sequence[Entry], siblings: Sequence[Entry]) -> tuple[str, ...]:
    """The guides that would be verified with this decision: nothing else of them is open."""
    every = {each.id for each in (*entries, *siblings)}
    return tuple(
        one_line(dealt.guides[name].title, 90) if name in dealt.guides else name
        for name in whole_guides(dealt, every)[:6]
    )


def _siblings(dealt: Dealt, guide: GuideId, resource: int | None, own: set[FindingId]) -> list[Entry]:
    """Other open findings of the same source in the same guide: they are decided together, or not at all."""
    if resource is None:
        return []
    return [
        entry
        for entry in dealt.by_guide.get(guide, ())
        if entry.resource == resource and entry.id not in own and entry.kind != "link"
    ]


def _change(change: Any) -> ChangeView:
    whole = marks(change)
    gone = " ".join(mark.core for mark in whole if mark.kind == "deleted" and mark.core)
    come = " ".join(mark.core for mark in whole if mark.kind == "added" and mark.core)
    spoken = f"Changed from “{shortened(gone, 200)}” to “{shortened(come, 200)}”."
    if not come:
        spoken = f"Removed: “{shortened(gone, 300)}”."
    elif not gone:
        spoken = f"Added: “{shortened(come, 300)}”."
    return ChangeView(
        heading=one_line(change.heading, 120),
        reason=one_line(change.reason, 200),
        grave=change.drift.value == "material",
        inline=pieces(whole),
        before=pieces(whole, "before"),
        after=pieces(whole, "after"),
        spoken=spoken,
    )


def _guide_cases(site: Site, dealt: Dealt, case: Case, entries: Sequence[Entry]) -> tuple[GuideCase, ...]:
    own = case.finding
    found = [_guide_case(site, dealt.guides.get(own.guide), own.guide, own.citation, own.id, case, here=True)]
    for entry in entries:
        if entry.id != own.id and len(found) < _MOST_GUIDES:
            guide = dealt.guides.get(entry.guide)
            found.append(_guide_case(site, guide, entry.guide, entry.citation, entry.id, None, here=False))
    return tuple(found)


def _guide_case(
    site: Site, guide: Guide | None, name: GuideId, key: str, number: int, case: Case | None, *, here: bool
) -> GuideCase:
    citation = next((each for each in guide.citations if each.key == key), None) if guide else None
    line = citation.line if citation else 1
    return GuideCase(
        id=name,
        title=one_line(guide.title if guide else name, 120),
        file=one_line(guide.file, 200) if guide else "",
        file_url=file_url(site, guide.file, line) if guide else "",
        line=line,
        number=citation.number if citation else None,
        stakes=_stakes(guide, citation, case),
        finding=number,
        here=here,
    )


def file_url(site: Site, file: str, line: int) -> str:
    """Where the guide's file can be seen, "" where nowhere."""
    if not site.file_url:
        return ""
    whole = site.file_url.replace("{line}", str(line)).replace("{path}", quote(file, errors="replace"))
    return link_target(whole) or ""


def _stakes(guide: Guide | None, citation: Citation | None, case: Case | None) -> tuple[Stake, ...]:
    """The sentences that the change touches; of the others, the claim."""
    statements = {each.line: each for each in guide.statements} if guide else {}
    claims = case.finding.claims if case else ()
    if not claims and citation and citation.claim:
        claims = (citation.claim,)
    return tuple(
        Stake(
            text=one_line(claim.text, 600),
            line=claim.line,
            kind=_kind(statements.get(claim.line)),
            claim=citation is not None and citation.claim == claim,
        )
        for claim in claims[:_MOST_CLAIMS]
    )


def _kind(statement: Statement | None) -> str:
    return statement.kind.value if statement else ""


def _archived(site: Site, url: str, at: datetime | None) -> str:
    """The archive's copy from about when the guide was verified (RFC 7089, by the date in the address)."""
    if not site.archive or link_target(url) is None:
        return ""
    when = f"{at:%Y%m%d%H%M%S}/" if at else ""
    return link_target(f"{site.archive}{when}{url.partition('#')[0]}") or ""


def _past(decision: Decision) -> PastView:
    return PastView(
        id=decision.id,
        words=action_words(decision.action.value),
        by=one_line(decision.by, 60) or "somebody",
        at=decision.at,
        note=one_line(decision.note, 400),
        undone=decision.undone,
        undone_by=one_line(decision.undone_by, 60),
    )


def _neighbours(dealt: Dealt, key: str | None) -> tuple[int | None, int | None]:
    """The findings before and after this one in the queue."""
    if key is None:
        return None, dealt.cards[0].first.id if dealt.cards else None
    at = dealt.place[key]
    before = dealt.cards[at - 1].first.id if at > 0 else None
    after = dealt.cards[at + 1].first.id if at + 1 < len(dealt.cards) else None
    return before, after
