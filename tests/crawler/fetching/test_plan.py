"""When a source is looked at again, from how often it was seen to change."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.hints import fresh_for, http_date
from crawler.model import (
    ChangeRate,
    Cited,
    CitedLook,
    Digest,
    Drift,
    DriftKind,
    Fetched,
    SnapshotId,
    Standing,
    Verdict,
    VerdictKind,
)
from crawler.plan import HIGHEST_STAKE, has_changed, interval_for, next_due, stake
from crawler.policy import Policy, Schedule
from crawler.rates import UNKNOWN, after_look, first_look, per_year
from guides.model import CitationKey, Claim, GuideId, MainContent, Role

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
URL = "https://example.com/a"


def cited(role: Role = Role.CITATION, claim: str = "", standing: Standing | None = None) -> Cited:
    words = Claim(text=claim, line=1) if claim else None
    key = CitationKey("c")
    return Cited(guide=GuideId("g"), key=key, place=MainContent(), claim=words, role=role, standing=standing)


def answer(status: int = 200, **headers: str) -> Fetched:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Fetched(
        url=URL, final_url=URL, status=status, headers=named, body=b"", digest=Digest(""), at=NOW, elapsed_ms=1.0
    )


def lived(days: float, changes_every: float | None, look_every: float = 1.0) -> ChangeRate:
    """The rate of a source that was looked at so often and changed so often."""
    rate, seen, at = UNKNOWN, 0.0, 0.0
    while at < days:
        at += look_every
        happened = at // changes_every if changes_every else 0.0
        rate = after_look(rate, elapsed=look_every * DAY, changed=happened > seen)
        seen = happened
    return rate


def test_what_changes_more_often_is_looked_at_more_often_within_the_bounds() -> None:
    schedule = Schedule()
    waits = [
        interval_for(lived(400, every, 1.0), cited=[cited(claim="x")], last=None, schedule=schedule)
        for every in (1.0, 4.0, 30.0, 120.0, None)
    ]
    assert waits == sorted(waits)
    assert schedule.min_interval <= waits[0] < 0.7 * DAY
    assert 10 * DAY < waits[-1] <= schedule.max_interval
    assert interval_for(None, cited=[], last=None, schedule=schedule) == schedule.min_interval


@pytest.mark.parametrize("every", [3.0, 10.0, 50.0])
def test_the_rate_is_learned_from_looks_that_are_farther_apart_than_changes(every: float) -> None:
    often = per_year(lived(600, every, 0.5))
    seldom = per_year(lived(600, every, 7.0))
    assert 0.5 < often / (365 / every) < 2
    # What happens between two looks looks like one change: the estimate knows, and does not say one a week.
    assert 0.35 < seldom / (365 / every) < 2


def test_the_rate_goes_with_the_time() -> None:
    rate = lived(300, 2.0)
    busy = per_year(rate)
    for _ in range(60):
        rate = after_look(rate, elapsed=DAY, changed=False)
    assert per_year(rate) < busy / 2
    rate = after_look(lived(300, None), elapsed=DAY, changed=True)
    assert per_year(rate) > 5 * per_year(lived(300, None)), "a burst may have begun"


def test_nothing_that_a_clock_does_breaks_the_rate() -> None:
    for elapsed in (timedelta(days=-3), timedelta(0), timedelta(microseconds=1), timedelta(days=200_000)):
        for changed in (True, False):
            rate = UNKNOWN
            for _ in range(50):
                rate = after_look(rate, elapsed=elapsed, changed=changed)
                assert 0 < per_year(rate) < 1e12


def test_the_server_is_heard_but_not_followed() -> None:
    old = first_look(last_modified=http_date("Tue, 01 Jan 2019 00:00:00 GMT"), now=NOW)
    assert per_year(old) < per_year(UNKNOWN)
    for said in (NOW, NOW + DAY, None):
        assert first_look(last_modified=said, now=NOW) == UNKNOWN
    assert http_date("yesterday") is None
    assert fresh_for("public, max-age=86400") == DAY
    assert fresh_for("no-cache, max-age=86400") == fresh_for("x-max-age=9") == timedelta(0)
    schedule = Schedule()
    rate = lived(100, 20.0)
    plain = interval_for(rate, cited=[], last=None, schedule=schedule)
    held = interval_for(rate, cited=[], last=answer(cache_control="max-age=99999999"), schedule=schedule)
    assert held == 2 * plain


def test_more_at_stake_is_looked_at_sooner() -> None:
    assert stake([]) == stake([cited()]) == 1
    assert stake([cited(Role.OFFICIAL)]) == stake([cited(claim="x")]) == 2
    assert stake([cited(claim="x")] * 1000) == HIGHEST_STAKE
    rate = lived(100, 20.0)
    one = interval_for(rate, cited=[cited(claim="x")], last=None, schedule=Schedule())
    four = interval_for(rate, cited=[cited(claim="x")] * 4, last=None, schedule=Schedule())
    assert one / four == pytest.approx(2)


def test_a_retry_after_is_waited_for_and_a_suspect_is_looked_at_sooner() -> None:
    dead = Verdict(kind=VerdictKind.UNREACHABLE, reason="http-5xx")

    def due(last: Fetched) -> timedelta:
        policy, schedule = Policy(confirm_hours=6), Schedule()
        return next_due(URL, 9 * DAY, dead, (), last=last, policy=policy, schedule=schedule, now=NOW) - NOW

    assert due(answer(503)) == timedelta(hours=3)
    assert due(answer(503, retry_after="86400")) == DAY
    assert due(answer(503, retry_after="999999999")) == Schedule().max_interval
    assert due(answer(503, retry_after="Fri, 02 Jan 2026 00:00:00 GMT")) == DAY


def test_only_another_state_of_a_cited_place_is_a_change() -> None:
    def standing(kind: DriftKind, state: str) -> Standing:
        drift = Drift(kind=kind, algorithm="x", now_print=state)
        return Standing(drift=drift, basis=SnapshotId(1), now=None, since=NOW, now_since=NOW)

    def changed(old: Standing | None, new: Standing | None) -> bool:
        look = CitedLook(guide=GuideId("g"), key=CitationKey("c"), basis=None, standing=new)
        return has_changed([cited(standing=old)], [look])

    material, other = standing(DriftKind.MATERIAL, "b"), standing(DriftKind.MATERIAL, "c")
    cosmetic = standing(DriftKind.COSMETIC, "b")
    assert [changed(None, material), changed(material, other), changed(other, None)] == [True] * 3
    assert [changed(None, None), changed(material, material), changed(None, cosmetic)] == [False] * 3
