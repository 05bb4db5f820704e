"""Counting, what fails, and advice."""

from dataclasses import replace
from datetime import date

import pytest
import review_builders as make

from crawler.model import DriftKind, Verdict, VerdictKind
from crawler.policy import Policy
from review.copies import bases_words
from review.failing import FAIL_WORDS, check_fails, fail_words, mark_failures, report_fails
from review.hints import MOST_HINTS, check_hints, hints
from review.model import ArchivedBasis, FindingKind, StateKind
from review.report import count_report, count_verdicts, make_report, needs_look


def test_make_report_orders_and_counts() -> None:
    views = [
        make.view(of=make.guide("fine")),
        make.view(of=make.guide("never"), verified=None),
        make.view([make.finding(severity="wording")], of=make.guide("reworded")),
        make.view([make.finding(FindingKind.LINK), make.finding()], of=make.guide("gone")),
        make.view(of=make.guide("walled"), verdict_=make.verdict(VerdictKind.BLOCKED, "challenge")),
    ]
    report = make_report(views, Policy(), made=make.NOW, today=date(2026, 11, 24), sources=9)
    assert [line.view.guide.id for line in report.lines] == ["gone", "never", "reworded", "fine", "walled"]
    assert [finding.severity for finding in report.findings] == ["material", "dead", "wording"]
    counts = count_report(report)
    assert (counts.guides, counts.needing, counts.citations, counts.unjudged) == (5, 2, 5, 1)
    assert counts.states == {
        StateKind.VERIFIED: 3,
        StateKind.STALE: 1,
        StateKind.EXPIRED: 0,
        StateKind.UNVERIFIED: 1,
    }
    assert counts.findings == {"material": 1, "dead": 1, "wording": 1}
    assert [needs_look(line) for line in report.lines] == [True, False, True, False, False]


def test_an_empty_report() -> None:
    report = make_report([], Policy(), made=make.NOW, today=date(2026, 11, 24))
    assert (report.lines, report.findings) == ((), ())
    assert count_report(report).needing == 0


@pytest.mark.parametrize("kind", list(VerdictKind))
def test_default_policy_fails_on_dead_and_invalid_alone(kind: VerdictKind) -> None:
    (marked,) = mark_failures([make.checked(make.verdict(kind, "x"))], Policy().fail_on)
    assert marked.fails is (kind in (VerdictKind.DEAD, VerdictKind.INVALID))
    assert marked.fails_because == (kind.value if marked.fails else "")


def test_other_words_to_fail_on() -> None:
    words = fail_words(["material", " missing-fragment ", "stale", ""])
    assert check_fails(make.checked(drift=DriftKind.MATERIAL), words) == "material"
    assert check_fails(make.checked(drift=DriftKind.WORDING), words) == ""
    assert check_fails(make.checked(fragment="missing"), words) == "missing-fragment"
    assert check_fails(make.checked(fragment="found"), words) == ""
    assert check_fails(make.checked(make.verdict(VerdictKind.DEAD, "http-404")), words) == ""
    assert all(fail_words([word]) == {word} for word in FAIL_WORDS)


def test_unknown_word_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'ded' is nothing that a check can fail on; did you mean 'dead'") as raised:
        fail_words(["dead", "ded"])
    assert "missing-fragment, stale" in str(raised.value)
    with pytest.raises(ValueError, match="zzzz"):
        mark_failures([], ["zzzz"])


def test_report_fails() -> None:
    assert not report_fails(make.check_report(make.checked()))
    assert report_fails(make.check_report(make.dead()))
    assert report_fails(make.check_report(make.checked(), stale=(make.GUIDE,)))
    assert not report_fails(make.check_report(make.dead(), outage=True))
    assert count_verdicts([make.dead(), make.checked()])[VerdictKind.DEAD] == 1


def many(number: int, kind: VerdictKind, reason: str, host: str = "a.example") -> list[tuple[str, Verdict]]:
    return [(f"https://{host}/{n}", make.verdict(kind, reason)) for n in range(number)]


@pytest.mark.parametrize(
    ("outcomes", "word"),
    [
        (many(3, VerdictKind.BLOCKED, "challenge"), "user_agent"),
        (many(3, VerdictKind.BLOCKED, "http-429"), "delay"),
        (many(3, VerdictKind.BLOCKED, "robots"), "robots.txt"),
        (many(3, VerdictKind.UNREACHABLE, "tls-untrusted"), "ca_file"),
        (many(1, VerdictKind.INVALID, "forbidden-address"), "[network]"),
        (many(3, VerdictKind.MOVED, "permanent-redirect"), "new addresses"),
    ],
)
def test_hints(outcomes: list[tuple[str, Verdict]], word: str) -> None:
    (hint,) = hints(outcomes, guides=1)
    assert word in hint
    assert hints(outcomes[:0], guides=1) == ()


def test_no_hint_where_nothing_is_amiss() -> None:
    assert hints(many(50, VerdictKind.OK, "http-200"), guides=3) == ()
    spread = [
        *many(2, VerdictKind.BLOCKED, "challenge", "a.example"),
        *many(2, VerdictKind.BLOCKED, "challenge", "b.example"),
    ]
    assert hints(spread, guides=3) == ()
    assert hints(many(3, VerdictKind.UNREACHABLE, "tls-expired"), guides=1) == ()


def test_hints_for_a_start() -> None:
    assert "loccit init" in hints([], guides=0)[0]
    assert "cite nothing" in hints([], guides=2, citations=0)[0]
    assert "network" in hints([], guides=0, outage=True)[0]
    first = hints(many(5, VerdictKind.OK, "http-200"), guides=1, bases_made=5, first_crawl=True)
    assert first == ("First crawl: 5 citations got a basis today; changes count from now on.",)


def test_hints_are_few_and_of_one_line() -> None:
    outcomes = [
        *many(9, VerdictKind.BLOCKED, "challenge"),
        *many(9, VerdictKind.BLOCKED, "http-429"),
        *many(9, VerdictKind.BLOCKED, "robots"),
        *many(9, VerdictKind.MOVED, "permanent-redirect"),
        ("https://[broken", make.verdict(VerdictKind.INVALID, "forbidden-address")),
        (f"https://{make.HOSTILE}/", make.verdict(VerdictKind.INVALID, "forbidden-address")),
    ]
    found = hints(outcomes, guides=1)
    assert len(found) == MOST_HINTS
    assert all("\n" not in hint for hint in found)
    assert check_hints(make.check_report(make.dead())) == ()


def test_a_source_that_a_guide_cites_twice_is_one_archived_page() -> None:
    copied = ArchivedBasis(at=make.NOW, days=19)
    cited = (make.citation(), make.citation(url=f"{make.URL}#fees"))
    seen = make.view(of=make.guide(citations=cited))
    seen = replace(seen, citations=tuple(replace(each, copied=copied) for each in seen.citations))
    assert bases_words(seen) == "1 of 1 source measured from archived pages, at most 19 days from the verified day"
