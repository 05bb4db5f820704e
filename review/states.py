"""The state of a guide, and why. Pure.

Open findings decide, not the last look: what has not settled, what an editor dismissed and what was let stand does not
count. Every open finding is a reason, the decisive ones first, whatever the state: a `verified` guide may have a reason
that is worth knowing and changes nothing (a source says the same in other words, a link moved).

A link that is the guide's own mistake (`invalid`) makes no guide stale: no source contradicts what it says. It is
reported, and it fails `check`. A guide that was never verified is stale when a source has changed since loccit first
saw it: that someone must look is worth more than that nobody has.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from crawler.model import DriftKind, VerdictKind
from crawler.policy import Policy
from crawler.urls import public
from review.copies import notes_of
from review.model import Finding, FindingKind, FindingState, GuideState, GuideView, Reason, StateKind
from review.order import worst_first
from review.text import count, day

_STALE_DRIFTS: Final = (DriftKind.MATERIAL.value, DriftKind.UNLOCATED.value, DriftKind.BROKEN.value)


def guide_state(view: GuideView, policy: Policy, *, today: date) -> GuideState:
    """`stale` wins over `expired` and `unverified`; the reasons of all that applies are given, decisive ones first."""
    findings = worst_first([finding for finding in view.open_findings if finding.state is FindingState.OPEN])
    decisive = [finding for finding in findings if makes_stale(finding)]
    others = [finding for finding in findings if not makes_stale(finding)]
    age = _age(view.verified, policy, today)
    if decisive:
        state = StateKind.STALE
        since: datetime | None = min(finding.opened for finding in decisive)
    elif view.verified is None:
        state, since = StateKind.UNVERIFIED, None
    elif age:
        state, since = StateKind.EXPIRED, age.since
    else:
        state, since = StateKind.VERIFIED, _start(view.verified)
    return GuideState(
        state=state,
        since=since,
        reasons=(*_reasons(decisive), *((age,) if age else ()), *_reasons(others), *_unseen(view, policy, today)),
    )


def makes_stale(finding: Finding) -> bool:
    """Drifted materially, replaced by another page, gone, or the cited place is gone."""
    match finding.kind:
        case FindingKind.LINK:
            return finding.severity == VerdictKind.DEAD.value
        case FindingKind.UNLOCATED:
            return True
        case FindingKind.DRIFT:
            return finding.severity in _STALE_DRIFTS
        case FindingKind.READER_REPORT | FindingKind.UNCOMPARED:
            return False


def _reasons(findings: Sequence[Finding]) -> tuple[Reason, ...]:
    return tuple(
        Reason(
            kind=finding.kind.value,
            summary=finding.summary,
            url=finding.url,
            drift=_drift(finding),
            verdict=finding.severity if finding.kind is FindingKind.LINK else "",
            finding=finding.id,
            claims=finding.claims,
            since=finding.opened,
            notes=tuple(f"{note.words}: {note.url}" if note.url else note.words for note in notes_of(finding)),
        )
        for finding in findings
    )


def _unseen(view: GuideView, policy: Policy, today: date) -> Iterator[Reason]:
    """Sources that were there and have shown nothing but walls, errors or empty pages for as long as makes others dead.

    Nobody knows what they say now, which makes no guide stale; but its editor should not take silence for consent.
    """
    for each in view.citations:
        verdict, last = each.verdict, each.last_ok
        hidden = verdict is not None and verdict.kind in (VerdictKind.BLOCKED, VerdictKind.UNREACHABLE)
        if verdict is None or last is None or not hidden or today - last.date() <= policy.unreachable:
            continue
        seen = verdict.detail or verdict.reason
        summary = f"{public(each.citation.url)} has shown no page since {day(last.date())}: {seen}"
        yield Reason(kind="unseen", summary=summary, url=each.citation.url, verdict=verdict.kind.value, since=last)


def _drift(finding: Finding) -> DriftKind | None:
    if finding.kind is FindingKind.UNLOCATED:
        return DriftKind.UNLOCATED
    if finding.kind is FindingKind.DRIFT:
        return next((kind for kind in DriftKind if kind.value == finding.severity), None)
    return None


def _age(verified: date | None, policy: Policy, today: date) -> Reason | None:
    if verified is None:
        return Reason(kind="never-verified", summary="Never verified")
    days = (today - verified).days
    if days <= policy.max_age_days:
        return None
    return Reason(
        kind="age",
        summary=f"Verified on {day(verified)}, {count(days, 'day')} ago; after {policy.max_age_days:,} it has expired",
        since=_start(verified + timedelta(days=policy.max_age_days + 1)),
    )


def _start(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)
