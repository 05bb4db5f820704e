"""Triage as a table: what one look does to the findings of a citation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import review_builders as make

from crawler.model import Change, DriftKind, Health, LinkHistory, VerdictKind
from crawler.policy import Policy
from guides.model import Claim, Heading, Statement
from review.model import CloseFinding, Finding, FindingKind, FindingOp, FindingState, OpenFinding
from review.triage import triage

POLICY = Policy()
AT_ONCE = Policy(settle_hours=0)
DRIFT, LINK, UNLOCATED = FindingKind.DRIFT, FindingKind.LINK, FindingKind.UNLOCATED
OTHER = (make.change("free of charge", "for a fee", reason="free → fee"),)


def touched(changes: Sequence[Change], claim: Claim | None, statements: Sequence[Statement]) -> tuple[Claim, ...]:
    return (claim,) if claim and changes else ()


def run(seen: Any, findings: Sequence[Finding] = (), policy: Policy = POLICY, **known: Any) -> tuple[FindingOp, ...]:
    return triage(seen, make.known(**known), findings, policy, touched)


def said(ops: Sequence[FindingOp]) -> list[tuple[str, str]]:
    """Operations as (what, word): ("open drift", "material"), ("close", "reverted")."""
    return [
        (f"open {op.kind}", op.severity) if isinstance(op, OpenFinding) else ("close", op.state.value) for op in ops
    ]


def look(kind: DriftKind, **when: Any) -> Any:
    return make.observation(make.standing(make.drift(kind), **when))


OPEN = make.finding()
LOST = make.finding(UNLOCATED)
RAISED = [("open drift", "material")]
REVERTED = [("close", "reverted")]


@pytest.mark.parametrize(
    ("kind", "when", "policy", "expected"),
    [
        pytest.param(DriftKind.MATERIAL, {}, POLICY, RAISED, id="stood and seen"),
        pytest.param(DriftKind.WORDING, {}, POLICY, [("open drift", "wording")], id="wording"),
        pytest.param(DriftKind.MATERIAL, {"since": 23, "now_since": 23}, POLICY, [], id="not long enough"),
        pytest.param(DriftKind.MATERIAL, {"since": 24, "now_since": 24}, POLICY, RAISED, id="exactly settled"),
        pytest.param(
            DriftKind.MATERIAL, {"since": 23.7, "now_since": 23.7}, POLICY, RAISED, id="settled but for minutes"
        ),
        pytest.param(DriftKind.MATERIAL, {"now_since": 0, "sightings": 1}, POLICY, [], id="new form, one look"),
        pytest.param(DriftKind.MATERIAL, {"now_since": 1, "sightings": 2}, POLICY, RAISED, id="new form, two looks"),
        pytest.param(DriftKind.MATERIAL, {"now_since": 30, "sightings": 1}, POLICY, RAISED, id="form stood by itself"),
        pytest.param(DriftKind.MATERIAL, {"since": 0, "now_since": 0, "sightings": 1}, AT_ONCE, RAISED, id="at once"),
        pytest.param(DriftKind.UNLOCATED, {}, POLICY, [("open unlocated", "unlocated")], id="place gone"),
        pytest.param(DriftKind.UNLOCATED, {"since": 3, "now_since": 3}, POLICY, [], id="place gone just now"),
        pytest.param(DriftKind.COSMETIC, {}, POLICY, [], id="cosmetic"),
        pytest.param(DriftKind.UNCHANGED, {}, POLICY, [], id="unchanged"),
        pytest.param(DriftKind.BROKEN, {}, POLICY, [("open drift", "broken")], id="replaced by another page"),
        pytest.param(DriftKind.BROKEN, {"sightings": 2}, POLICY, [], id="replaced, two looks"),
        pytest.param(DriftKind.BROKEN, {"now_since": 5}, POLICY, [], id="replaced just now"),
        pytest.param(DriftKind.BROKEN, {"sightings": 2}, AT_ONCE, [], id="replaced needs looks even at once"),
    ],
)
def test_drift_with_nothing_open(
    kind: DriftKind, when: dict[str, Any], policy: Policy, expected: list[tuple[str, str]]
) -> None:
    assert said(run(look(kind, **when), policy=policy)) == expected


@pytest.mark.parametrize(
    ("kind", "when", "findings", "expected"),
    [
        pytest.param(DriftKind.MATERIAL, {}, [OPEN], [], id="the same is not touched"),
        pytest.param(DriftKind.UNCHANGED, {}, [OPEN], REVERTED, id="back at the basis"),
        pytest.param(DriftKind.COSMETIC, {}, [OPEN], REVERTED, id="back but for cosmetics"),
        pytest.param(DriftKind.UNCHANGED, {}, [OPEN, LOST], REVERTED * 2, id="both back"),
        pytest.param(DriftKind.UNCHANGED, {"basis": 5}, [OPEN], [("close", "resolved")], id="verified anew since"),
        pytest.param(DriftKind.WORDING, {}, [OPEN], [("open drift", "wording")], id="weaker now"),
        pytest.param(DriftKind.BROKEN, {"sightings": 2}, [OPEN], [], id="a broken look changes nothing"),
        pytest.param(DriftKind.UNLOCATED, {"since": 2}, [OPEN], [], id="lost just now, the drift stays"),
        pytest.param(DriftKind.MATERIAL, {"since": 1}, [LOST], [("close", "resolved")], id="found again, changed"),
        pytest.param(DriftKind.UNLOCATED, {}, [LOST], [("open unlocated", "unlocated")], id="claims or words differ"),
    ],
)
def test_drift_with_open_findings(
    kind: DriftKind, when: dict[str, Any], findings: list[Finding], expected: list[tuple[str, str]]
) -> None:
    assert said(run(look(kind, **when), findings)) == expected


def test_what_was_raised_is_not_raised_again() -> None:
    """Applying the operation and looking again gives nothing to do, for every kind of finding."""
    seen = [
        *(look(kind) for kind in (DriftKind.MATERIAL, DriftKind.WORDING, DriftKind.UNLOCATED, DriftKind.BROKEN)),
        make.observation(of=make.verdict(VerdictKind.DEAD, "http-404")),
        make.observation(of=make.verdict(VerdictKind.MOVED, "permanent-redirect", replacement="https://b.example/")),
        make.observation(of=make.verdict(VerdictKind.INVALID, "malformed-url")),
    ]
    for each in seen:
        (op,) = run(each)
        assert isinstance(op, OpenFinding)
        fields = ("severity", "summary", "changes", "claims", "print", "basis", "now")
        stored = make.finding(op.kind, **{name: getattr(op, name) for name in fields})
        assert run(each, [stored]) == ()
        dismissed = make.finding(op.kind, state=FindingState.DISMISSED, **{name: getattr(op, name) for name in fields})
        assert run(each, [dismissed]) == ()


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        pytest.param({"print": "bbbb", "changes": OTHER, "now": None}, [], id="same print"),
        pytest.param({"print": "old-algorithm"}, [], id="same passages, print of another algorithm"),
        pytest.param({"print": "old", "changes": OTHER}, [], id="same snapshots, another algorithm"),
        pytest.param({"print": "old", "changes": OTHER, "now": 1}, RAISED, id="another state"),
        pytest.param({"print": "", "changes": (), "now": None}, RAISED, id="nothing to compare by"),
        pytest.param({"state": FindingState.ACCEPTED}, RAISED, id="accepted: the basis moved on, this is news"),
        pytest.param({"state": FindingState.REVERTED}, RAISED, id="came back"),
    ],
)
def test_dismissed_states(past: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    finding = make.finding(**{"state": FindingState.DISMISSED, **past})
    assert said(run(look(DriftKind.MATERIAL), [finding])) == expected


@pytest.mark.parametrize(
    ("kind", "reason", "health"),
    [
        (VerdictKind.OK, "http-200", Health.CHALLENGE),
        (VerdictKind.OK, "http-200", Health.EMPTY),
        (VerdictKind.OK, "http-200", None),
        (VerdictKind.BLOCKED, "challenge", Health.OK),
        (VerdictKind.UNREACHABLE, "http-5xx", Health.OK),
        (VerdictKind.UNREACHABLE, "unconfirmed", Health.OK),
        (VerdictKind.OK, "unconfirmed", Health.OK),
        (VerdictKind.SKIPPED, "skipped", None),
    ],
)
@pytest.mark.parametrize("drift", list(DriftKind))
def test_what_is_no_page_says_nothing_of_the_place(
    kind: VerdictKind, reason: str, health: Health | None, drift: DriftKind
) -> None:
    """A wall, an error, nothing: whatever standing was carried over neither opens nor closes anything."""
    seen = make.observation(make.standing(make.drift(drift)), of=make.verdict(kind, reason), health=health)
    assert run(seen, [OPEN, LOST]) == ()
    assert run(seen) == ()


def test_outage_says_nothing() -> None:
    seen = make.observation(make.standing(make.drift()), of=make.verdict(VerdictKind.DEAD, "dns-nxdomain"), outage=True)
    assert run(seen) == ()


def test_a_stored_page_served_again_counts_as_seen() -> None:
    seen = make.observation(make.standing(make.drift()), health=None)
    assert said(run(replace(seen, same_as=make.snapshot(2)))) == RAISED


def test_a_new_basis_ends_what_was_measured_against_the_old() -> None:
    ops = run(make.observation(None, basis_is_new=True), [OPEN, LOST, make.finding(LINK, severity="moved")])
    assert said(ops) == [("close", "resolved")] * 3


DEAD = make.finding(LINK)
MOVED = make.finding(LINK, severity="moved", claims=(), summary="Page has moved to https://b.example/")


@pytest.mark.parametrize(
    ("kind", "reason", "findings", "expected"),
    [
        pytest.param(VerdictKind.DEAD, "http-404", [], [("open link", "dead")], id="dead"),
        pytest.param(VerdictKind.DEAD, "unconfirmed", [], [], id="dead but unconfirmed"),
        pytest.param(VerdictKind.MOVED, "permanent-redirect", [], [("open link", "moved")], id="moved"),
        pytest.param(VerdictKind.INVALID, "malformed-url", [], [("open link", "invalid")], id="invalid"),
        pytest.param(VerdictKind.OK, "http-200", [DEAD], [("close", "resolved")], id="lives again"),
        pytest.param(VerdictKind.OK, "http-200", [], [], id="ok"),
        pytest.param(VerdictKind.MOVED, "permanent-redirect", [DEAD], [("open link", "moved")], id="dead, then moved"),
        pytest.param(VerdictKind.DEAD, "http-404", [MOVED], [("open link", "dead")], id="moved, then dead"),
        pytest.param(VerdictKind.BLOCKED, "http-403", [DEAD], [], id="blocked leaves it open"),
        pytest.param(VerdictKind.UNREACHABLE, "timeout", [DEAD], [], id="unreachable leaves it open"),
        pytest.param(VerdictKind.UNREACHABLE, "unconfirmed", [DEAD], [], id="unconfirmed leaves it open"),
        pytest.param(VerdictKind.SKIPPED, "skipped", [DEAD], [], id="skipped leaves it open"),
    ],
)
def test_links(kind: VerdictKind, reason: str, findings: list[Finding], expected: list[tuple[str, str]]) -> None:
    seen = make.observation(of=make.verdict(kind, reason, replacement="https://b.example/"))
    assert said(run(seen, findings)) == expected


@pytest.mark.parametrize("state", [FindingState.DISMISSED, FindingState.ACCEPTED])
def test_a_dead_link_that_was_decided_stays_quiet_until_it_dies_anew(state: FindingState) -> None:
    dead = make.verdict(VerdictKind.DEAD, "http-404")
    first = make.observation(of=dead, history=LinkHistory(failing_since=make.hours(400)))
    (op,) = run(first)
    assert isinstance(op, OpenFinding)
    decided = make.finding(LINK, state=state, print=op.print)
    assert run(first, [decided]) == ()
    anew = make.observation(of=dead, history=LinkHistory(failing_since=make.hours(40)))
    assert said(run(anew, [decided])) == [("open link", "dead")]


def test_every_citation_of_the_resource_gets_its_link_finding() -> None:
    known = make.known()
    other = replace(known.cited[0], guide=make.guide("other").id, claim=None)
    seen = make.observation(of=make.verdict(VerdictKind.DEAD, "http-410"))
    ops = triage(replace(seen, cited=()), replace(known, cited=(*known.cited, other)), (), POLICY, touched)
    assert [op.guide for op in ops if isinstance(op, OpenFinding)] == ["coursera", "other"]
    assert [op.claims for op in ops if isinstance(op, OpenFinding)] == [(make.CLAIM,), ()]


def test_the_finding_tells_all_that_is_known() -> None:
    (op,) = run(look(DriftKind.MATERIAL))
    assert op == OpenFinding(
        kind=DRIFT,
        severity="material",
        guide=make.GUIDE,
        citation=make.KEY,
        summary="30 days → 14 days (Retention)",
        changes=(make.change(),),
        claims=(make.CLAIM,),
        print="bbbb",
        basis=OPEN.basis,
        now=OPEN.now,
    )


@pytest.mark.parametrize(
    ("verdict", "history", "summary"),
    [
        (
            make.verdict(VerdictKind.DEAD, "http-404"),
            LinkHistory(failing_since=make.hours(288)),
            "Page is gone: 404 since 12 November",
        ),
        (
            make.verdict(VerdictKind.DEAD, "gone-after-retries"),
            LinkHistory(unreachable_since=make.hours(24 * 400)),
            "Site has given no answer since 20 October 2025",
        ),
        (
            make.verdict(VerdictKind.DEAD, "dns-nxdomain"),
            LinkHistory(),
            "Site is gone: its name no longer exists",
        ),
        (
            make.verdict(VerdictKind.MOVED, "permanent-redirect", replacement="https://b.example/\n::error::x"),
            LinkHistory(),
            "Page has moved to https://b.example/ ::error::x",
        ),
        (
            make.verdict(VerdictKind.INVALID, "malformed-url", detail="the host is empty"),
            LinkHistory(),
            "The guide's link is malformed: the host is empty",
        ),
    ],
)
def test_link_summaries(verdict: Any, history: LinkHistory, summary: str) -> None:
    (op,) = run(make.observation(of=verdict, history=history))
    assert isinstance(op, OpenFinding)
    assert op.summary == summary


def test_unlocated_names_the_place() -> None:
    (op,) = run(look(DriftKind.UNLOCATED), place=Heading(heading="Retention"))
    assert isinstance(op, OpenFinding)
    assert op.summary == "The heading “Retention” is no longer found on the page"
    assert op.claims == (make.CLAIM,)


def test_summaries_without_a_reason_and_with_more_changes() -> None:
    changes = (make.change("a" * 500, "", reason="", heading=""), make.change(), make.change(drift=DriftKind.COSMETIC))
    seen = make.observation(make.standing(make.drift(reason="", changes=changes)))
    (op,) = run(seen)
    assert isinstance(op, OpenFinding)
    assert op.summary == f"Passage removed: “{'a' * 89}…”, 1 more change"


def test_hostile_words_stay_on_one_line() -> None:
    changes = (make.change(make.HOSTILE * 50, make.HOSTILE, reason=make.HOSTILE * 50, heading=make.HOSTILE),)
    (op,) = run(make.observation(make.standing(make.drift(reason=make.HOSTILE * 50, changes=changes))))
    assert isinstance(op, OpenFinding)
    assert len(op.summary) <= 240
    assert op.summary.isprintable()


def test_a_close_names_its_finding() -> None:
    (op,) = run(look(DriftKind.UNCHANGED), [OPEN])
    assert isinstance(op, CloseFinding)
    assert (op.finding, op.note) == (7, "The source says again what it said when the guide was verified")
