"""What one look means for the findings: which to open, bring up to date, or close. Pure.

The rule behind all rules: only a page that was really seen says anything about a place, and only a confirmed answer
says anything about a link. A wall, an outage or a doubtful answer leaves everything as it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from crawler.claims import touched as touched_claims
from crawler.model import (
    Change,
    Cited,
    CitedLook,
    Drift,
    DriftKind,
    Health,
    KnownSource,
    Observation,
    Standing,
    Verdict,
    VerdictKind,
)
from crawler.policy import Policy
from guides.model import CitationKey, Claim, GuideId, Statement
from review.masks import unmasked
from review.model import CloseFinding, Finding, FindingKind, FindingOp, FindingState, Mask, OpenFinding
from review.summaries import (
    drift_summary,
    link_summary,
    replaced_summary,
    uncompared_summary,
    unlocated_summary,
)

Touched: TypeAlias = Callable[[Sequence[Change], Claim | None, Sequence[Statement]], tuple[Claim, ...]]
_Key: TypeAlias = tuple[GuideId, CitationKey]

UNCONFIRMED: Final = "unconfirmed"
_NEVER: Final = "never found"
LOOKS_TO_CONFIRM: Final = 2
FROM_THE_START: Final = timedelta(hours=1)
"""How soon after an archived page became the basis it is compared."""
LOOKS_TO_CALL_REPLACED: Final = 3
"""A page that turned into another one is believed after three looks: a wrong page is often a short mistake."""

_REPORTED_LINKS: Final = (VerdictKind.DEAD, VerdictKind.MOVED, VerdictKind.INVALID)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One citation in one look, with its findings."""

    seen: Observation
    guide: GuideId
    citation: CitationKey
    cited: Cited | None
    look: CitedLook | None
    findings: tuple[Finding, ...]

    def open(self, kind: FindingKind) -> Finding | None:
        return next((f for f in self.findings if f.kind is kind and f.state is FindingState.OPEN), None)

    @property
    def masks(self) -> tuple[Mask, ...]:
        """What was dismissed as noise for good, of this citation."""
        return tuple(mask for f in self.findings if f.state is FindingState.DISMISSED for mask in f.masks)

    @property
    def archived_at(self) -> datetime | None:
        return self.cited.archived_at if self.cited else None

    @property
    def claim(self) -> Claim | None:
        return self.cited.claim if self.cited else None


def triage(
    observation: Observation,
    known: KnownSource,
    findings: Sequence[Finding],
    policy: Policy,
    touched: Touched = touched_claims,
) -> tuple[FindingOp, ...]:
    """Findings to open, update and close after one look at one resource.

    `known` is the resource before the look; `findings` its open ones and those whose state is not to be raised again
    (dismissed; accepted ones of kind `link` too, so that a dead link that was let stand is not raised at every crawl).
    """
    if observation.visit.outage:
        return ()
    ops: list[FindingOp] = []
    for case in _cases(observation, known, findings):
        ops += _link_ops(case)
        if case.look and page_was_seen(observation):
            if case.look.uncompared is not None:
                ops += _raise(case, _uncompared(case, case.look, case.look.uncompared))
            else:
                ops += _place_ops(case, case.look, policy, touched)
    return tuple(ops)


def page_was_seen(observation: Observation) -> bool:
    """Whether this look got the page itself, fresh or unchanged, and not a wall, an error or nothing."""
    if observation.verdict.kind not in (VerdictKind.OK, VerdictKind.MOVED) or observation.verdict.reason == UNCONFIRMED:
        return False
    served = observation.snapshot or observation.same_as
    if observation.page_health is not None:
        return observation.page_health.health is Health.OK
    return served is not None and served.health is Health.OK


def settled(
    standing: Standing, observation: Observation, policy: Policy, *, archived_at: datetime | None = None
) -> bool:
    """Whether a difference has stood long enough to be shown: against the basis, and in its present form.

    `archived_at`: when an archived page became the basis. A difference that was there from then on is older than
    loccit's first look: it is shown when it was seen again.
    """
    settle, at = policy.settle, observation.at
    if not settle:
        return True
    # Looks are not made to the minute: two that are meant to be a day apart may lack half an hour of it.
    settle -= settle / 48
    old = archived_at is not None and standing.since - archived_at <= FROM_THE_START
    if old and standing.sightings >= LOOKS_TO_CONFIRM:
        return True
    present = standing.sightings >= LOOKS_TO_CONFIRM or at - standing.now_since >= settle
    return at - standing.since >= settle and present


def _cases(observation: Observation, known: KnownSource, findings: Sequence[Finding]) -> Iterator[_Case]:
    cited = {(each.guide, each.key): each for each in known.cited}
    looks = {(each.guide, each.key): each for each in observation.cited}
    by_key: dict[_Key, list[Finding]] = {}
    for finding in findings:
        by_key.setdefault((finding.guide, finding.citation), []).append(finding)
    for key in dict.fromkeys((*cited, *looks)):
        yield _Case(
            seen=observation,
            guide=key[0],
            citation=key[1],
            cited=cited.get(key),
            look=looks.get(key),
            findings=tuple(by_key.get(key, ())),
        )


# ---------------------------------------------------------------- the link


def _link_ops(case: _Case) -> Iterator[FindingOp]:
    verdict = case.seen.verdict
    if verdict.reason == UNCONFIRMED:
        return
    if verdict.kind in _REPORTED_LINKS:
        yield from _raise(
            case,
            OpenFinding(
                kind=FindingKind.LINK,
                severity=verdict.kind.value,
                guide=case.guide,
                citation=case.citation,
                summary=link_summary(verdict, case.seen.history, today=case.seen.at.date()),
                claims=(case.claim,) if case.claim and verdict.kind is VerdictKind.DEAD else (),
                print=_link_print(case.seen, verdict),
            ),
        )
    elif verdict.kind is VerdictKind.OK and page_was_seen(case.seen) and (open_one := case.open(FindingKind.LINK)):
        status = f" ({verdict.status})" if verdict.status else ""
        yield CloseFinding(
            finding=open_one.id, state=FindingState.RESOLVED, note=f"The link works again as the guide gives it{status}"
        )


def _link_print(seen: Observation, verdict: Verdict) -> str:
    """Names this failing of this link: one that lived in between and fails anew is another state."""
    match verdict.kind:
        case VerdictKind.MOVED:
            return f"moved {verdict.replacement or verdict.final_url}"
        case VerdictKind.INVALID:
            return f"invalid {verdict.reason}"
        case _:
            since = seen.history.failing_since or seen.history.unreachable_since
            return f"{verdict.kind} {verdict.reason} {since.isoformat() if since else ''}".rstrip()


# ---------------------------------------------------------------- the place


def _place_ops(case: _Case, look: CitedLook, policy: Policy, touched: Touched) -> Iterator[FindingOp]:
    standing = look.standing
    if look.lost is not None:
        yield from _raise(case, _unlocated(case, look.lost, None, touched))
        return
    if standing is None:
        if look.basis_is_new:
            rebased = case.cited is not None and case.cited.basis is not None
            yield from _close(case, (FindingKind.UNLOCATED,), found=rebased, anew=not rebased)
            yield from _close(case, (FindingKind.DRIFT,), anew=True)
        return
    match standing.drift.kind:
        case DriftKind.UNCHANGED | DriftKind.COSMETIC:
            anew = look.basis_is_new
            yield from _close(case, (FindingKind.DRIFT, FindingKind.UNLOCATED), anew=anew, standing=standing)
        case DriftKind.UNLOCATED:
            # What never was there has nothing to settle: the guide must be mended.
            if standing.drift.never_found or settled(standing, case.seen, policy, archived_at=case.archived_at):
                yield from _raise(case, _unlocated(case, standing.drift, standing, touched))
        case DriftKind.BROKEN:
            if _replaced(standing, case.seen, policy):
                yield from _raise(case, _drifted(case, standing, replaced_summary(standing.drift), touched))
        case DriftKind.WORDING | DriftKind.MATERIAL:
            yield from _close(case, (FindingKind.UNLOCATED,), found=True)
            drift = unmasked(standing.drift, case.masks)
            if drift is None:
                yield from _close(case, (FindingKind.DRIFT,))
            elif settled(standing, case.seen, policy, archived_at=case.archived_at):
                standing = replace(standing, drift=drift)
                yield from _raise(case, _drifted(case, standing, drift_summary(drift), touched))


def _replaced(standing: Standing, seen: Observation, policy: Policy) -> bool:
    return standing.sightings >= LOOKS_TO_CALL_REPLACED and seen.at - standing.now_since >= policy.settle


def _drifted(case: _Case, standing: Standing, summary: str, touched: Touched) -> OpenFinding:
    drift = standing.drift
    return OpenFinding(
        kind=FindingKind.DRIFT,
        severity=drift.kind.value,
        guide=case.guide,
        citation=case.citation,
        summary=summary,
        changes=drift.changes,
        claims=_claims(case, drift, touched),
        print=drift.now_print or f"{drift.kind} {standing.now or ''}".rstrip(),
        basis=standing.basis,
        now=standing.now,
    )


def _unlocated(case: _Case, drift: Drift, standing: Standing | None, touched: Touched) -> OpenFinding:
    """`standing` is None where this very look makes the basis, and the place is not on it."""
    place = case.cited.place if case.cited else None
    return OpenFinding(
        kind=FindingKind.UNLOCATED,
        severity=DriftKind.UNLOCATED.value,
        guide=case.guide,
        citation=case.citation,
        summary=unlocated_summary(place, drift),
        changes=drift.changes,
        claims=_claims(case, drift, touched) or ((case.claim,) if case.claim else ()),
        # What is not there has no fingerprint: the state is "gone since this basis", or that it never was there.
        print=f"{_NEVER if standing is None or drift.never_found else _gone(standing)}\n{place!r}"[:500],
        basis=standing.basis if standing else None,
        now=standing.now if standing else None,
    )


def _uncompared(case: _Case, look: CitedLook, ways: tuple[str, str]) -> OpenFinding:
    """What was open against the old basis stays open: nobody has verified anything."""
    before = case.cited.basis.id if case.cited and case.cited.basis else None
    return OpenFinding(
        kind=FindingKind.UNCOMPARED,
        severity=FindingKind.UNCOMPARED.value,
        guide=case.guide,
        citation=case.citation,
        summary=uncompared_summary(ways),
        claims=(case.claim,) if case.claim else (),
        print=f"{FindingKind.UNCOMPARED} {before} {ways[0]} {ways[1]}",
        basis=before,
        now=look.basis.id if look.basis else None,
    )


def _gone(standing: Standing) -> str:
    return f"{DriftKind.UNLOCATED} {standing.basis}"


def _claims(case: _Case, drift: Drift, touched: Touched) -> tuple[Claim, ...]:
    if not case.cited:
        return ()
    if drift.kind is DriftKind.BROKEN:
        return (case.cited.claim,) if case.cited.claim else ()
    return touched(drift.changes, case.cited.claim, case.cited.statements)


def _is_unanswered(finding: Finding) -> bool:
    """Whether a page could not be compared, and nobody has verified the guide since."""
    return finding.kind is FindingKind.UNCOMPARED and finding.state in (FindingState.OPEN, FindingState.DISMISSED)


def _close(
    case: _Case,
    kinds: tuple[FindingKind, ...],
    *,
    anew: bool = False,
    found: bool = False,
    standing: Standing | None = None,
) -> Iterator[FindingOp]:
    for kind in kinds:
        finding = case.open(kind)
        if finding is None:
            continue
        moved_on = standing is not None and finding.basis is not None and finding.basis != standing.basis
        if moved_on and any(_is_unanswered(one) for one in case.findings):
            continue  # the basis moved because pages cannot be compared, and not because anybody looked
        if anew or moved_on:
            state, note = FindingState.RESOLVED, "The guide was verified again since, against what the source says now"
        elif found:
            state, note = FindingState.RESOLVED, "The cited place was found again"
        else:
            state, note = FindingState.REVERTED, "The source says again what it said when the guide was verified"
        yield CloseFinding(finding=finding.id, state=state, note=note)


# ---------------------------------------------------------------- raising once


def _raise(case: _Case, wanted: OpenFinding) -> Iterator[FindingOp]:
    open_one = case.open(wanted.kind)
    if open_one is not None:
        if not _says_the_same(open_one, wanted):
            yield wanted
    elif not any(_answered(finding, wanted) for finding in case.findings):
        yield wanted


def _says_the_same(finding: Finding, wanted: OpenFinding) -> bool:
    return (
        finding.severity == wanted.severity
        and finding.summary == wanted.summary
        and finding.claims == wanted.claims
        and _passages(finding.changes) == _passages(wanted.changes)
    )


def _answered(finding: Finding, wanted: OpenFinding) -> bool:
    """Whether a person has already decided about this very state.

    Prints of different algorithms never match, so the snapshot and the passages themselves count too: a newer loccit
    must not raise again what an older one was told to leave alone.
    """
    if finding.kind is not wanted.kind:
        return False
    state, _, place = wanted.print.partition("\n")
    if finding.state is FindingState.ACCEPTED and finding.kind is FindingKind.UNLOCATED:
        # Whoever let a guide stand though the place is gone from the page need not be told that it is not there.
        return state == _NEVER and finding.print.endswith(f"\n{place}")
    let_stand = finding.state is FindingState.ACCEPTED and finding.kind is FindingKind.LINK
    if finding.state is not FindingState.DISMISSED and not let_stand:
        return False
    if finding.print and finding.print in (wanted.print, state):
        return True
    if wanted.kind is not FindingKind.DRIFT:
        return False
    same_snapshots = finding.now is not None and (finding.basis, finding.now) == (wanted.basis, wanted.now)
    return same_snapshots or bool(wanted.changes and _passages(finding.changes) == _passages(wanted.changes))


def _passages(changes: Sequence[Change]) -> list[tuple[str, str]]:
    return [(change.before, change.after) for change in changes]
