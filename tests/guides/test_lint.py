"""What `check --offline` says of guides, from their files alone."""

from datetime import date

import pytest

from guides.lint import lint
from guides.model import GuideProblem, Library
from guides.outline import numbers_in
from guides.read import read_file
from guides.settings import GuideSettings

TODAY = date(2026, 11, 24)
CITED = "---\ntitle: T\ncitations:\n  - {id: 1, url: 'https://a.org/1'}\n  - {id: 2, url: 'https://a.org/2'}\n---\n\n"


def problems(files: dict[str, str], there: tuple[str, ...] = ()) -> list[str]:
    read = [read_file(name, text.encode(), GuideSettings(), today=TODAY) for name, text in files.items()]
    library = Library(guides=tuple(guide for each in read for guide in each.guides))
    return [_short(problem) for problem in lint(library, there.__contains__)]


def _short(problem: GuideProblem) -> str:
    return f"{'E' if problem.wrong else 'w'} {problem.file}:{problem.line}:{problem.column} {problem.message}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CITED + "One [1], two [2].\n", []),
        (CITED + "No numbers at all.\n", []),
        (
            CITED + "One [1] and [3].\n",
            ["E a.md:8:14 there is no citation 3", "w a.md:5:19 citation 2 is not used in the text"],
        ),
        (CITED + "Both [1, 2] but `x[9]`, \\[7], [8](b), and ![6].\n", []),
        (CITED.replace("a.org/2", "a.org/1") + "[1] [2]\n", ["w a.md:5:19 https://a.org/1 is cited twice"]),
        ("# T\n\nAn array [3].\n", []),
        (
            "# T\n\nA[^1] b[^2].\n\n[^1]: https://a.org\n[^3]: x\n",
            ["E a.md:3:8 footnote [^2] is not defined", "w a.md:6:1 footnote [^3] is not used"],
        ),
    ],
)
def test_numbers(text: str, said: list[str]) -> None:
    assert problems({"a.md": text}) == said


def test_links_and_anchors_between_guides() -> None:
    files = {
        "guides/a.md": (
            "# T\n\n[b](b.md) [x](sub/c.md#two-words) [y](b.html#b) [z](gone.md) [n](b.md#nope) [t](#t) [u](#u)\n"
            "[site](/x.md) [dir](b/) [s](img.png) [m](mailto:a@b.org) [q]({{< ref 'x' >}})\n[r][ref] <a id='u'></a>\n\n"
            "[ref]: ../other.md\n"
        ),
        "guides/b.md": "# B\n\nText.\n",
        "guides/sub/c.md": "# C\n\n## Two *words*\n\n## Two words\n\n[up](../a.md#t) [two](#two-words-1) [i](#own)\n\n"
        "## X {#own}\n",
    }
    assert problems(files) == [
        "E guides/a.md:3:53 the link gone.md leads to no file",
        "E guides/a.md:3:66 the anchor #nope is not in guides/b.md",
        "E guides/a.md:7:8 the link ../other.md leads to no file",
    ]
    assert "other.md" not in " ".join(problems(files, ("other.md",)))


def test_numbers_in_keys_count() -> None:
    text = "title: T\nsteps: ['Do it [1]', 'And [4]']\ncitations: [{id: 1, url: 'https://a.org'}]\n"
    assert problems({"a.yaml": text}) == ["E a.yaml:2:None there is no citation 4"]


@pytest.mark.parametrize("text", ["[" * 50_000, "[1" * 50_000, "`" * 50_001 + "[1]", "[1," * 30_000, "[^" * 50_000])
def test_hostile_text_takes_no_time(text: str) -> None:
    assert len(numbers_in(text)) <= 1
    problems({"a.md": CITED + text})
