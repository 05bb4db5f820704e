"""JUnit: valid by the schema of Jenkins, counts that add up, and XML that foreign words cannot break."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import review_builders as make
import review_hostile as hostile
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from crawler.model import DriftKind, VerdictKind
from guides.model import GuideProblem
from review.formats import junit
from review.model import CheckedCitation, CheckReport

SCHEMA = Path(__file__).parent / "schemas" / "junit-10.xsd"


@cache
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(SCHEMA)))


def tree_of(report: CheckReport) -> Any:
    """The root element, after the schema has accepted it and its counts were found right."""
    root: Any = etree.fromstring(junit.render_check(report).encode())
    schema().assertValid(root)
    for element in (root, *root):
        for key, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(element.get(key)) == len(element.findall(f".//{tag}")), (element.tag, key)
    for suite in root:
        assert int(suite.get("skipped")) == len(suite.findall(".//skipped"))
    return root


def children(*citations: CheckedCitation, **more: Any) -> list[list[Any]]:
    """What each test case holds."""
    return [list(case) for case in tree_of(make.check_report(*citations, **more)).iter("testcase")]


def test_a_dead_link_is_a_failure() -> None:
    root = tree_of(make.check_report(make.dead()))
    (suite,) = root
    assert suite.get("name") == "coursera"
    assert suite.get("file") == "guides/coursera.md"
    assert suite.get("timestamp") == "2026-11-24T12:00:00"
    assert root.get("time") == "2.000"
    (case,) = suite
    assert case.get("classname") == "coursera"
    assert case.get("name") == f"c1 {make.URL}"
    (failure,) = case
    assert failure.get("type") == "dead"
    assert failure.text.startswith("guides/coursera.md:12:10: https://example.org/privacy is dead (404, 3 attempts)")


@pytest.mark.parametrize("kind", [VerdictKind.SKIPPED, VerdictKind.BLOCKED, VerdictKind.UNREACHABLE])
def test_the_undecided_is_skipped(kind: VerdictKind) -> None:
    (((skipped),),) = children(make.checked(make.verdict(kind, "timeout")))
    assert skipped.tag == "skipped"
    assert skipped.get("message")


def test_the_undecided_fails_where_it_is_told_to() -> None:
    blocked = make.checked(make.verdict(VerdictKind.BLOCKED, "robots"), fails=True, fails_because="blocked")
    ((failure,),) = children(blocked)
    assert (failure.tag, failure.get("type")) == ("failure", "blocked")


def test_what_is_fine_says_nothing_and_what_is_worth_a_look_passes_with_words() -> None:
    moved = make.checked(make.verdict(VerdictKind.MOVED, "permanent-redirect", final_url="https://example.org/new"))
    fine, said, drifted = children(make.checked(), moved, make.checked(drift=DriftKind.WORDING))
    assert fine == []
    assert [one.tag for one in (*said, *drifted)] == ["system-out", "system-out"]
    assert "https://example.org/new" in said[0].text


def test_a_guide_is_a_suite() -> None:
    other = make.guide("udemy")
    root = tree_of(make.check_report(make.checked(), make.dead(guide=other), make.dead(), guides=2))
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [("coursera", "2"), ("udemy", "1")]


def test_a_case_keeps_its_name_when_its_line_moves() -> None:
    def names(line: int) -> list[str]:
        tree = tree_of(make.check_report(make.dead(citation=make.citation(line=line))))
        return [case.get("name") for case in tree.iter("testcase")]

    assert names(1) == names(99)


def test_an_outage_skips_everything() -> None:
    root = tree_of(make.check_report(make.dead(), make.checked(), outage=True, stale=("coursera",)))
    assert [child.tag for case in root.iter("testcase") for child in case] == ["skipped", "skipped"]


def test_problems_and_stale_guides() -> None:
    broken = GuideProblem(file="guides/a.md", message="YAML: no", line=3)
    odd = GuideProblem(file="guides/c.md", message="odd", fatal=False)
    root = tree_of(make.check_report(make.checked(), problems=(broken, odd), stale=("coursera", "gone")))
    assert [suite.get("name") for suite in root] == ["files", "coursera", "gone"]
    tags = [[child.tag for child in case] for case in root.iter("testcase")]
    assert tags == [["error"], ["system-out"], [], ["failure"], ["failure"]]
    assert root.find(".//error").text == "guides/a.md:3: YAML: no"


def test_an_empty_check_and_a_clock_set_back() -> None:
    root = tree_of(make.check_report(finished=make.NOW - timedelta(hours=1)))
    assert len(root) == 0
    assert root.get("time") == "0.000"


# ---------------------------------------------------------------- hostile words


@pytest.mark.parametrize("outage", [False, True])
def test_hostile_words_forge_nothing(outage: bool) -> None:
    out = junit.render_check(hostile.report(outage=outage))
    tree_of(hostile.report(outage=outage))
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert out.count("</testsuites>") == 1
    for sign in ("##[", "\x1b", "\u202e", "\x00", "\x9b", "\ufffe", "\uffff", "<script", "<!--", "]]>"):
        assert sign not in out


def test_huge_fields_are_cut() -> None:
    assert len(junit.render_check(hostile.report("x" * 100_000, "f.md"))) < 200_000


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_any_words_give_a_valid_document(words: str, file: str) -> None:
    tree_of(hostile.report(words, file))
