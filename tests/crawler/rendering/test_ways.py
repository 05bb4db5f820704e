"""Pages that are made in different ways are never compared, and nothing is kept silent for that."""

from datetime import timedelta

from crawler_looks import Reader
from crawler_shells import BODY, TITLE, next_page, shell

from crawler.made import RENDERED_TYPE
from crawler.model import DriftKind, VerdictKind
from review.model import CloseFinding, FindingKind, FindingState, OpenFinding

TEXT = f"<h1>{TITLE}</h1>{BODY}"
LATER = TEXT.replace("30 days", "14 days")
MENUS = "<p>Products and prices, for all that we make and more.</p><p>Ask the community about your question.</p>"


def kinds(reader: Reader) -> list[tuple[str, str]]:
    return [(one.kind.value, one.state.value) for one in reader.findings]


def test_a_page_that_needs_a_browser_one_day_is_told_of_once_and_watched_from_then_on() -> None:
    reader = Reader()
    reader.look(TEXT)
    # A first look in another way says nothing: it may be a mistake of a day.
    assert not reader.look(MENUS + LATER, content_type=RENDERED_TYPE)
    assert reader.known.cited[0].basis == reader.past[0][1] and reader.last.cited[0].drift is None
    told = reader.look(MENUS + LATER, content_type=RENDERED_TYPE)
    assert [type(op) for op in told] == [OpenFinding]
    assert kinds(reader) == [("uncompared", "open")] and not reader.findings[0].changes
    assert (
        "as a browser shows it" in reader.findings[0].summary and "as the server sends it" in reader.findings[0].summary
    )
    basis = reader.known.cited[0].basis
    assert basis is not None and basis == reader.past[1][1], "the first of the new pages: nothing after it is missed"
    for _ in range(3):
        assert not reader.look(MENUS + LATER, content_type=RENDERED_TYPE), "once"
    # From then on drift is drift, against a page that was made alike.
    for _ in range(4):
        reader.look(MENUS + TEXT.replace("30 days", "7 days"), content_type=RENDERED_TYPE)
    assert ("drift", "open") in kinds(reader)
    assert [change.reason for change in reader.findings[-1].changes] == ["14 days → 7 days"]


def test_a_page_that_comes_the_other_way_once_changes_nothing() -> None:
    reader = Reader()
    reader.look(TEXT)
    for _ in range(3):
        assert not reader.look(MENUS + TEXT, content_type=RENDERED_TYPE)
        assert not reader.look(TEXT)
    assert reader.known.cited[0].basis == reader.past[0][1] and not reader.findings
    for _ in range(4):
        reader.look(LATER)
    assert kinds(reader) == [("drift", "open")]


def test_a_page_that_says_all_the_same_in_another_way_is_no_news_and_what_comes_later_is() -> None:
    reader = Reader()
    reader.look(TEXT)
    basis = reader.known.cited[0].basis
    for _ in range(5):
        assert not reader.look(MENUS + TEXT, content_type=RENDERED_TYPE)
    for _ in range(2):
        assert not reader.look(TEXT)
    for _ in range(3):
        assert not reader.look(MENUS + TEXT, content_type=RENDERED_TYPE)
    assert reader.known.cited[0].basis == basis and not reader.findings
    # Something is added while the page comes in the new way: measured from the last look that said all the same.
    for _ in range(4):
        reader.look(f"{MENUS}{TEXT}<p>You must also send us a copy of your passport.</p>", content_type=RENDERED_TYPE)
    assert kinds(reader) == [("drift", "open")]
    assert [change.after for change in reader.findings[0].changes] == ["You must also send us a copy of your passport."]


def test_what_was_open_stays_open_until_somebody_has_looked() -> None:
    reader = Reader()
    reader.look(TEXT)
    for _ in range(4):
        reader.look(LATER)
    assert kinds(reader) == [("drift", "open")]
    for _ in range(6):
        ops = reader.look(LATER, content_type=RENDERED_TYPE)
        assert not any(isinstance(op, CloseFinding) for op in ops)
    assert sorted(kinds(reader)) == [("drift", "open"), ("uncompared", "open")]
    # And with the new basis gone again, too.
    for _ in range(3):
        reader.look(TEXT)
    assert all(one.state is FindingState.OPEN for one in reader.findings)


def test_embedded_data_and_a_shell_that_nothing_can_be_made_of() -> None:
    reader = Reader()
    article = {"title": TITLE, "slug": "delete", "body": BODY}
    reader.look("", content=next_page(article))
    assert reader.known.cited[0].basis is not None and reader.last.verdict.kind is VerdictKind.OK
    changed = next_page({**article, "body": BODY.replace("30 days", "14 days")})
    for _ in range(4):
        reader.look("", content=changed)
    assert [change.reason for change in reader.findings[0].changes] == ["30 days → 14 days"]
    # The data is gone, and there is no browser: nothing is concluded.
    for _ in range(4):
        assert not reader.look("", content=shell(), after=timedelta(days=2))
    assert reader.last.verdict.kind is VerdictKind.BLOCKED and reader.last.verdict.reason == "needs-browser"
    assert reader.last.cited[0].drift is DriftKind.BROKEN and reader.last.cited[0].standing is not None
    assert kinds(reader) == [("drift", "open")]
    for _ in range(2):
        reader.look(LATER, content_type=RENDERED_TYPE)
    assert [one.kind for one in reader.findings] == [FindingKind.DRIFT, FindingKind.UNCOMPARED]
