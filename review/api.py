"""What the JSON API gives and takes, as values: the OpenAPI document is made from these. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from review.model import Finding, FindingKind, GuideLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOut:
    before: str
    after: str
    drift: str
    heading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOut:
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOut:
    """What a reader wrote; `times`: how many wrote the same."""

    words: str
    at: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingOut:
    id: int
    kind: str
    state: str
    severity: str
    guide: str
    url: str
    opened: datetime
    updated: datetime
    closed: datetime | None
    by: str
    note: str
    summary: str
    changes: list[ChangeOut]
    claims: list[ClaimOut]
    reports: list[ReportOut]
    replacement: str | None = None
    archived: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """`next` is the cursor of the next page, null on the last one."""

    findings: list[FindingOut]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonOut:
    kind: str
    summary: str
    url: str
    finding: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideOut:
    guide: str
    title: str
    file: str
    tags: list[str]
    verified: date | None
    state: str
    since: datetime | None
    reasons: list[ReasonOut]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidePage:
    guides: list[GuideOut]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionIn:
    """`updated`: the finding as it was seen (its `updated`); where it has changed since, nothing is decided."""

    action: Literal["stet", "dismiss"]
    note: str = ""
    updated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOut:
    decision: int
    finding: FindingOut


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIn:
    """`step`: counted from 1, as readers count."""

    guide: str
    words: Annotated[str, msgspec.Meta(min_length=5)]
    step: int | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTaken:
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    error: str


def finding_out(finding: Finding) -> FindingOut:
    linked = finding.kind is FindingKind.LINK
    return FindingOut(
        id=finding.id,
        kind=finding.kind.value,
        state=finding.state.value,
        severity=finding.severity,
        guide=finding.guide,
        url=finding.url,
        opened=finding.opened,
        updated=finding.updated,
        closed=finding.closed,
        by=finding.by,
        note=finding.note,
        summary=finding.summary,
        changes=[]
        if linked
        else [
            ChangeOut(before=each.before, after=each.after, drift=each.drift.value, heading=each.heading)
            for each in finding.changes
        ],
        claims=[ClaimOut(text=each.text, line=each.line) for each in finding.claims],
        reports=[ReportOut(words=each.words, at=each.at, times=each.times) for each in finding.reports],
        replacement=(finding.suggested.url or None) if finding.suggested else None,
        archived=(finding.suggested.archived or None) if finding.suggested else None,
    )


def guide_out(line: GuideLine) -> GuideOut:
    guide, state = line.view.guide, line.state
    return GuideOut(
        guide=guide.id,
        title=guide.title,
        file=guide.file,
        tags=list(guide.tags),
        verified=line.view.verified,
        state=state.state.value,
        since=state.since,
        reasons=[
            ReasonOut(kind=each.kind, summary=each.summary, url=each.url, finding=each.finding)
            for each in state.reasons
        ],
    )
