"""A place that is not on the page that it was written for is told at once; one that comes later raises nothing."""

from dataclasses import replace

import pytest
from crawler_looks import Reader

from crawler.model import DriftKind
from guides.model import Css, Heading, MainContent, Place, Quote, XPath
from review.model import CloseFinding, FindingKind, FindingOp, FindingState, OpenFinding

TEXT = (
    "<h1>Delete your account</h1><p>Open the settings and choose Delete account, then confirm your choice.</p>"
    "<h2>Retention</h2><p>We delete your data within 30 days of your request, and tell you so by e-mail.</p>"
)
FEES = "<h2>Fees</h2><p id=fees>Nobody pays anything for it, neither now nor later.</p>"


def raised(ops: list[FindingOp]) -> list[OpenFinding]:
    return [op for op in ops if isinstance(op, OpenFinding)]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Heading(heading="Charges and taxes"), "The heading “Charges and taxes” was never found on this page"),
        (Quote(quote="we never delete anything at all"), "was never found on this page"),
        (Css(css="#fees"), "The place “#fees” was never found on this page"),
        (XPath(xpath="//p[@id='fees']"), "was never found on this page"),
        (Css(css="div["), "The CSS selector “div[” cannot be read"),
        (XPath(xpath="//p["), "The XPath expression “//p[” cannot be read"),
    ],
)
def test_the_first_look_says_so_and_once(place: Place, said: str) -> None:
    reader = Reader(place)
    (op,) = raised(reader.look(TEXT))
    assert op.kind is FindingKind.UNLOCATED
    assert said in op.summary
    assert reader.last.cited[0].drift is DriftKind.UNLOCATED
    assert reader.last.cited[0].basis_is_new
    for nonce in (None, 5, 6):  # the very same bytes, then others
        assert not reader.look(TEXT, nonce=nonce)
        assert reader.last.cited[0].drift is DriftKind.UNLOCATED
        (finding,) = reader.findings
        assert (finding.state, finding.kind) == (FindingState.OPEN, FindingKind.UNLOCATED)


def test_what_was_let_stand_or_dismissed_stays_so() -> None:
    for state in (FindingState.DISMISSED, FindingState.ACCEPTED):
        reader = Reader(Css(css="#fees"))
        reader.look(TEXT)
        reader.findings = [replace(reader.findings[0], state=state)]
        assert not reader.look(TEXT, nonce=9)
        reader.place(Css(css="#other"))
        assert raised(reader.look(TEXT, nonce=10))


def test_another_place_is_looked_for_on_the_same_page() -> None:
    reader = Reader(MainContent())
    assert not reader.look(TEXT)
    assert not reader.look(TEXT, nonce=None)
    reader.place(Css(css="#fees"))
    assert "never found" in raised(reader.look(TEXT, nonce=None))[0].summary
    reader.place(Heading(heading="Retention"))
    (closed,) = reader.look(TEXT, nonce=None)
    assert isinstance(closed, CloseFinding)


def test_a_place_that_comes_raises_nothing_and_is_watched_from_then_on() -> None:
    reader = Reader(Css(css="#fees"))
    reader.look(TEXT)
    ops = reader.look(TEXT + FEES)
    assert not raised(ops)
    assert [op.note for op in ops if isinstance(op, CloseFinding)] == ["The cited place was found again"]
    assert not [op for _ in range(3) for op in reader.look(TEXT + FEES)]
    paid = TEXT + FEES.replace("Nobody pays anything", "Everybody pays 5 euros")
    assert [op.severity for _ in range(4) for op in raised(reader.look(paid))] == ["material"]


def test_a_place_whose_words_stood_there_already_is_compared_with_them() -> None:
    reader = Reader(Css(css="#fees"))
    plain = TEXT + FEES.replace(" id=fees", "") * 1
    reader.look(plain)
    assert not raised(reader.look(plain.replace("<p>Nobody", "<p id=fees>Nobody")))
    assert reader.last.cited[0].drift is DriftKind.UNCHANGED
