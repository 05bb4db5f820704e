"""A place between two elements."""

import pytest
from crawler_pages import page

from crawler.drift import measure
from crawler.model import DriftKind
from crawler.sections import Missing, Section, locate
from guides.model import Css

BODY = (
    "<div><h2 id=a>First part</h2><p>One is said here.</p><div><p>Two is said here.</p></div></div>"
    "<div>Loose words <p>Three is said here.</p><h2 id=b>Second part</h2><p>Four is said here.</p></div>"
)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (Css(css="#a", until="#b"), ["First part", "One", "Two", "Loose", "Three"]),
        (Css(css="#a", through="#b"), ["First part", "One", "Two", "Loose", "Three", "Second part"]),
        (Css(css="#a", until="#b", remove=("#a", "div div")), ["One", "Loose", "Three"]),
        (Css(css="#b", through="p"), ["Second part", "Four"]),
        (Css(css="h2", until="h2"), ["First part", "One", "Two", "Loose", "Three"]),
    ],
)
def test_what_stands_between(place: Css, said: list[str]) -> None:
    found = locate(page(BODY), place)
    assert isinstance(found, Section)
    assert len(found.blocks) == len(said)
    assert all(block.text.startswith(start) for block, start in zip(found.blocks, said, strict=True))


@pytest.mark.parametrize(
    "place", [Css(css="#b", until="#a"), Css(css="#a", until="#none"), Css(css="#none", until="#b")]
)
def test_no_end_or_no_beginning_is_a_place_that_is_missing(place: Css) -> None:
    found = locate(page(BODY), place)
    assert isinstance(found, Missing)
    assert "until" in found.reason


def test_only_what_stands_between_is_compared() -> None:
    place = Css(css="#a", until="#b")
    assert measure(page(BODY), page(BODY.replace("Four", "Nine")), place, {}).kind is DriftKind.UNCHANGED
    assert measure(page(BODY), page(BODY.replace("Two is", "Two is not")), place, {}).kind is DriftKind.MATERIAL


def test_deep_and_wide_pages_take_no_time() -> None:
    deep = (
        "<div>" * 400
        + "<p id=a>One is said.</p>"
        + "<p>x y z</p>" * 20_000
        + "</div>" * 400
        + "<p class=b>Two.</p>" * 5000
    )
    assert isinstance(locate(page(deep), Css(css="#a", until=".b")), Section)
