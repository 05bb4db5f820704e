"""The state of a guide as a table."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import review_builders as make

from crawler.model import DriftKind, Verdict, VerdictKind
from crawler.policy import Policy
from review.model import FindingKind, FindingState, GuideLine, StateKind
from review.order import by_need, worst_first
from review.states import guide_state

TODAY = date(2026, 11, 24)
OLD, FRESH, NEVER = date(2025, 11, 23), date(2025, 11, 24), None
STALE, EXPIRED, VERIFIED, UNVERIFIED = StateKind.STALE, StateKind.EXPIRED, StateKind.VERIFIED, StateKind.UNVERIFIED
LINK = FindingKind.LINK


@pytest.mark.parametrize(
    ("verified", "findings", "state", "kinds"),
    [
        pytest.param(FRESH, [], VERIFIED, [], id="fresh"),
        pytest.param(OLD, [], EXPIRED, ["age"], id="a day too old"),
        pytest.param(NEVER, [], UNVERIFIED, ["never-verified"], id="never"),
        pytest.param(date(2027, 1, 1), [], VERIFIED, [], id="in the future"),
        pytest.param(FRESH, [{}], STALE, ["drift"], id="material"),
        pytest.param(FRESH, [{"severity": "broken"}], STALE, ["drift"], id="replaced"),
        pytest.param(FRESH, [{"kind": LINK}], STALE, ["link"], id="dead"),
        pytest.param(FRESH, [{"kind": FindingKind.UNLOCATED}], STALE, ["unlocated"], id="place gone"),
        pytest.param(FRESH, [{"severity": "wording"}], VERIFIED, ["drift"], id="wording"),
        pytest.param(FRESH, [{"severity": "cosmetic"}], VERIFIED, ["drift"], id="cosmetic"),
        pytest.param(FRESH, [{"kind": LINK, "severity": "moved"}], VERIFIED, ["link"], id="moved"),
        pytest.param(FRESH, [{"kind": LINK, "severity": "invalid"}], VERIFIED, ["link"], id="invalid"),
        pytest.param(FRESH, [{"kind": FindingKind.READER_REPORT}], VERIFIED, ["reader-report"], id="reader"),
        pytest.param(OLD, [{}], STALE, ["drift", "age"], id="stale wins over expired"),
        pytest.param(OLD, [{"severity": "wording"}], EXPIRED, ["age", "drift"], id="expired with wording"),
        pytest.param(NEVER, [{}], STALE, ["drift", "never-verified"], id="changed since first seen"),
        pytest.param(NEVER, [{"severity": "wording"}], UNVERIFIED, ["never-verified", "drift"], id="never, wording"),
        pytest.param(FRESH, [{"state": FindingState.DISMISSED}], VERIFIED, [], id="dismissed"),
        pytest.param(FRESH, [{"state": FindingState.ACCEPTED}], VERIFIED, [], id="accepted"),
        pytest.param(FRESH, [{"severity": "wording"}, {"kind": LINK}], STALE, ["link", "drift"], id="worst first"),
    ],
)
def test_states(verified: date | None, findings: list[dict[str, Any]], state: StateKind, kinds: list[str]) -> None:
    given = [make.finding(**{"kind": FindingKind.DRIFT, "id": n, **each}) for n, each in enumerate(findings)]
    found = guide_state(make.view(given, verified=verified), Policy(), today=TODAY)
    assert found.state is state
    assert [reason.kind for reason in found.reasons] == kinds


def test_since() -> None:
    def since(verified: date | None, *findings: Any) -> datetime | None:
        return guide_state(make.view(findings, verified=verified), Policy(), today=TODAY).since

    assert since(FRESH) == datetime(2025, 11, 24, tzinfo=UTC)
    assert since(date(2025, 11, 1)) == datetime(2026, 11, 2, tzinfo=UTC)
    assert since(NEVER) is None
    assert since(OLD, make.finding(opened=make.hours(5)), make.finding(opened=make.hours(90))) == make.hours(90)
    assert since(FRESH, make.finding(opened=make.hours(5)), make.finding(severity="wording")) == make.hours(5)


def test_reasons_carry_everything() -> None:
    state = guide_state(
        make.view([make.finding(), make.finding(LINK, id=8), make.finding(FindingKind.UNLOCATED, id=9)]),
        Policy(),
        today=TODAY,
    )
    assert [(r.finding, r.drift, r.verdict) for r in state.reasons] == [
        (7, DriftKind.MATERIAL, ""),
        (8, None, "dead"),
        (9, DriftKind.UNLOCATED, ""),
    ]
    assert {(r.url, r.claims, r.since) for r in state.reasons} == {(make.URL, (make.CLAIM,), make.hours(24))}


def test_age_is_told_in_words() -> None:
    state = guide_state(make.view(verified=date(2025, 9, 1)), Policy(), today=TODAY)
    assert state.reasons[0].summary == "Verified on 1 September 2025, 449 days ago; after 365 it has expired"


def test_order_of_findings() -> None:
    words = ["cosmetic", "moved", "wording", "unheard-of", "invalid", "broken", "unlocated", "dead", "material"]
    given = [make.finding(severity=word, id=n) for n, word in enumerate(words)]
    rest = make.finding(id=99, claims=())
    older = make.finding(id=98, opened=make.hours(999))
    ids = [each.id for each in worst_first([rest, *given, older])]
    assert ids == [98, 8, 99, 7, 6, 5, 4, 2, 3, 1, 0]


def test_order_of_guides() -> None:
    def line(name: str, verified: date | None, *findings: Any) -> GuideLine:
        view = make.view(findings, of=make.guide(name), verified=verified)
        return GuideLine(view=view, state=guide_state(view, Policy(), today=TODAY))

    lines = [
        line("a-verified", FRESH),
        line("b-never", NEVER),
        line("c-expired", OLD),
        line("d-older", date(2020, 1, 1)),
        line("e-wording", FRESH, make.finding(severity="wording")),
        line("f-dead", FRESH, make.finding(LINK)),
        line("g-material", FRESH, make.finding()),
    ]
    assert [each.view.guide.id[0] for each in by_need(lines)] == ["g", "f", "d", "c", "b", "e", "a"]


def test_a_source_that_has_shown_no_page_for_long_is_told_of_and_changes_nothing() -> None:
    empty = make.verdict(VerdictKind.UNREACHABLE, "protocol-error", detail="answers 200 with an empty body")

    def kinds(days: int | None, of: Verdict) -> tuple[StateKind, list[str]]:
        view = make.view(verified=FRESH, verdict_=of)
        last = None if days is None else datetime(2026, 11, 24, 12, tzinfo=UTC) - timedelta(days=days)
        view = replace(view, citations=tuple(replace(each, last_ok=last) for each in view.citations))
        found = guide_state(view, Policy(), today=TODAY)
        assert all("answers 200 with an empty body" in reason.summary for reason in found.reasons)
        return found.state, [reason.kind for reason in found.reasons]

    assert kinds(8, empty)[0] is VERIFIED and set(kinds(8, empty)[1]) == {"unseen"}
    assert kinds(7, empty) == kinds(None, empty) == kinds(80, make.verdict(status=200)) == (VERIFIED, [])
