"""A place that cannot be read is told where it is written, and fails a check."""

from datetime import date

import pytest

from guides.read import read_file
from guides.settings import GuideSettings

GUIDE = """---
title: Delete your account
verified: 2025-11-08
citations:
  - url: https://example.org/a
    place: {place}
---
Text.
"""


@pytest.mark.parametrize(
    ("place", "column", "said"),
    [
        ('{css: "div["}', 18, "“div[” cannot be read"),
        ('{css: "#a", remove: [".ok", "p::before"]}', 40, "in `remove`, the CSS selector “p::before”"),
        ('{xpath: "//main["}', 20, "“//main[” cannot be read"),
        ('{xpath: "document(1)"}', 20, "a function that is not allowed"),
        ("{xpath: \"//a/@href[. = 'x:y']/b:c\"}", 20, "cannot be read"),
    ],
)
def test_a_mistake_is_told_with_its_place(place: str, column: int, said: str) -> None:
    library = read_file("g.md", GUIDE.replace("{place}", place).encode(), GuideSettings(), today=date(2026, 1, 1))
    assert len(library.guides) == 1
    (problem,) = library.problems
    assert said in problem.message
    assert (problem.line, problem.column) == (6, column)
    assert problem.wrong
    assert not problem.fatal


@pytest.mark.parametrize(
    "place",
    ['{css: "main > p:nth-child(2), #b:has(a)"}', "{xpath: \"//main[@id='a']/p[1]/text()\"}", '{xpath: "count(//p)"}'],
)
def test_what_can_be_read_is_no_problem(place: str) -> None:
    library = read_file("g.md", GUIDE.replace("{place}", place).encode(), GuideSettings(), today=date(2026, 1, 1))
    assert not library.problems
