"""Places: from a URL or a guide to a section of the page."""

import pytest
from crawler_pages import page

from crawler.sections import Missing, Section, fragment_state, locate, place_of
from guides.model import Anchor, Css, Heading, MainContent, Place, Quote, TextRange, XPath

TEXT = """<h2 id="keep">Retention</h2><p>We keep it for 30 days.</p><h3>Backups</h3><p>Backups stay 60 days.</p>
<h2>Contact</h2><p class="c">Write to us. <span class="ad">Buy!</span></p><a id="empty"></a><p>After the mark.</p>
<a id="user-content-own"></a>"""


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://e.org/", MainContent()),
        ("https://e.org/#top", MainContent()),
        ("https://e.org/#a%20b", Anchor(id="a b")),
        ("https://e.org/#a:~:text=one%2C,two", TextRange(start="one,", end="two")),
        ("https://e.org/#:~:text=p-,one,-s", TextRange(start="one", prefix="p", suffix="s")),
        ("https://e.org/#!/route", MainContent()),
    ],
)
def test_place_of_a_url(url: str, place: Place) -> None:
    assert place_of(url, None) == place
    assert place_of(url, Heading(heading="x")) == Heading(heading="x")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Heading(heading="retention"), ["Retention", "We keep it for 30 days.", "Backups", "Backups stay 60 days."]),
        (Heading(heading="Backup"), ["Backups", "Backups stay 60 days."]),
        (Anchor(id="keep"), ["Retention", "We keep it for 30 days.", "Backups", "Backups stay 60 days."]),
        (Anchor(id="empty"), ["After the mark."]),
        (Css(css="p.c", remove=(".ad",)), ["Write to us."]),
        (XPath(xpath="//p[@class='c']", remove=(".ad",)), ["Write to us."]),
        (XPath(xpath="string(//h3)"), ["Backups"]),
        (Quote(quote="keep it for 30 days"), ["We keep it for 30 days."]),
        (Quote(quote="we keep  it, for 30 Days"), ["We keep it for 30 days."]),
        (Quote(quote="Backups will stay 60 days."), ["Backups stay 60 days."]),
        (TextRange(start="We keep", end="60 days"), ["We keep it for 30 days.", "Backups", "Backups stay 60 days."]),
    ],
)
def test_places(place: Place, words: list[str]) -> None:
    section = locate(page(TEXT), place)
    assert isinstance(section, Section)
    assert [block.text for block in section.blocks] == words


@pytest.mark.parametrize(
    "place",
    [
        Css(css="p["),
        Css(css=".none"),
        Css(css=""),
        Css(css="x" * 5000),
        XPath(xpath="//p["),
        XPath(xpath="document('file:///etc/passwd')"),
        XPath(xpath="count(//p) > 1"),
        XPath(xpath="unknown()"),
        Heading(heading="Nothing like it"),
        Heading(heading=""),
        Quote(quote="words that nobody wrote here"),
        Quote(quote="  "),
        Anchor(id="none"),
    ],
)
def test_what_is_not_there_is_missing_with_a_reason(place: Place) -> None:
    found = locate(page(TEXT), place)
    assert isinstance(found, Missing)
    assert found.reason


def test_the_right_one_of_two_quotations_is_found_by_what_stands_around() -> None:
    two = page("<p>A: within 30 days.</p><p>B: within 30 days.</p>")
    section = locate(two, Quote(quote="within 30 days", prefix="B:"))
    assert isinstance(section, Section)
    assert section.blocks[0].text == "B: within 30 days."


@pytest.mark.parametrize(
    ("fragment", "state"),
    [
        ("keep", "found"),
        ("#keep", "found"),
        ("top", "found"),
        ("gone", "missing"),
        ("", None),
        (":~:text=30%20days", "found"),
        (":~:text=31%20weeks", "missing"),
        # What scripts of code hosts make of an address.
        ("own", "found"),
        ("L10", None),
        ("L10-L20", None),
        ("issuecomment-12", None),
        ("!/settings", None),
        ("/settings", None),
        ("Laws", "missing"),
    ],
)
def test_fragment_state(fragment: str, state: str | None) -> None:
    assert fragment_state(page(TEXT), fragment) == state
