"""Which failures are new, known, expired or mended."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
import review_builders as make

from crawler.model import VerdictKind
from review.baseline import Entry, dump, hold_against, parse, updated
from review.failing import mark_failures, report_fails
from review.formats import sarif
from review.model import CheckedCitation, CheckReport

TODAY = date(2026, 11, 24)
DEAD = make.verdict(VerdictKind.DEAD, "http-404")


def report(*citations: CheckedCitation) -> CheckReport:
    made = make.check_report(*citations)
    return replace(made, citations=mark_failures(made.citations, {"dead", "invalid"}))


def entries(of: CheckReport, days: int = 30) -> tuple[Entry, ...]:
    until = TODAY + timedelta(days=days)
    return updated(of, (), today=TODAY, expires=until, reason="being rewritten", complete=True)


def held(of: CheckReport, known: tuple[Entry, ...], day: date = TODAY, *, complete: bool = True) -> CheckReport:
    return hold_against(of, known, today=day, file="loccit-baseline.json", complete=complete)


def test_a_known_failure_does_not_fail_until_its_day() -> None:
    now = report(make.checked(DEAD))
    known = entries(now)
    assert parse(dump(known).encode()) == known
    calm = held(now, known)
    assert not report_fails(calm)
    assert calm.problems == now.problems
    assert "in the baseline until 2026-12-24: being rewritten" in calm.citations[0].note
    assert not report_fails(held(now, known, TODAY + timedelta(days=30)))
    late = held(now, known, TODAY + timedelta(days=31))
    assert report_fails(late)
    assert "expired on 2026-12-24" in late.citations[0].note


def test_a_new_failure_fails() -> None:
    known = entries(report(make.checked(DEAD)))
    other = make.checked(make.verdict(VerdictKind.INVALID, "malformed-url"))
    assert report_fails(held(report(other), known))


def test_the_mended_is_told_and_the_undecided_is_not() -> None:
    known = entries(report(make.checked(DEAD)))
    (problem,) = held(report(make.checked(make.verdict())), known).problems
    assert problem.file == "loccit-baseline.json"
    assert problem.message.startswith("mended: https://example.org/privacy")
    blocked = report(make.checked(make.verdict(VerdictKind.BLOCKED, "http-403")))
    assert held(blocked, known).problems == ()
    assert held(report(), known, complete=False).problems == ()
    assert len(held(report(), known).problems) == 1


def test_writing_again_keeps_reasons_drops_the_mended_and_renews_the_expired() -> None:
    now = report(make.checked(DEAD))
    known = entries(now)
    later = TODAY + timedelta(days=5)
    until = later + timedelta(days=90)
    again = updated(now, known, today=later, expires=until, reason="other", complete=True)
    assert again == known
    fine = report(make.checked(make.verdict()))
    assert updated(fine, known, today=later, expires=until, reason="other", complete=True) == ()
    late = TODAY + timedelta(days=40)
    (renewed,) = updated(now, known, today=late, expires=late, reason="other", complete=True)
    assert (renewed.reason, renewed.expires) == ("other", late)


def test_sarif_tells_the_suppression() -> None:
    now = report(make.checked(DEAD))
    (run,) = json.loads(sarif.render_check(held(now, entries(now))))["runs"]
    (result,) = run["results"]
    assert result["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "being rewritten (until 2026-12-24)"}
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"version": 2, "entries": []}',
        b'{"version": 1, "entries": [{"guide": "a"}]}',
        b'{"version": 1, "entries": [{"guide": "a", "citation": "", "url": "", "fails": "dead", "reason": " ",'
        b'"recorded": "2026-01-01", "expires": "2026-01-02"}]}',
        b'{"version": 1, "entries": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_said_so(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(data)
