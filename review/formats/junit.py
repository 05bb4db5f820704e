"""JUnit XML in the form that Jenkins, GitLab and others read (Surefire's, as Jenkins' xUnit plugin has it in a schema).

A guide is a test suite and a citation a test case, named without its line, so that its history can be followed from
run to run. What could not be decided is skipped: somebody else's outage is neither a pass nor a failure.
"""

import re
from collections.abc import Iterable
from datetime import UTC
from typing import Final
from xml.etree import ElementTree

from crawler.model import VerdictKind
from guides.model import GuideProblem
from review.formats.wording import check_detail, check_summary, check_word, is_quiet
from review.model import CheckedCitation, CheckReport
from review.text import inert, one_line

_UNDECIDED: Final = (VerdictKind.SKIPPED, VerdictKind.BLOCKED, VerdictKind.UNREACHABLE)
# XML 1.0, production Char: what `one_line` leaves that no document may hold, not even as a reference.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST: Final = 2_000
_FILES: Final = "files"


def render_check(report: CheckReport) -> str:
    """One document with a suite for each guide, in the order of the report, and one for what is wrong in the files."""
    top = ElementTree.Element("testsuites", name="loccit")
    if report.problems:
        _files(top, report)
    stale = set() if report.outage else set(report.stale)
    for (name, file), citations in _by_guide(report.citations).items():
        suite = _suite(top, name, file, report)
        for each in citations:
            _case(suite, each, report)
        if name in stale:
            _stale(suite, name)
        stale.discard(name)
    for name in (each for each in report.stale if each in stale):
        _stale(_suite(top, name, "", report), name)
    _count(top, report)
    ElementTree.indent(top)
    return inert('<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n")


def _by_guide(citations: Iterable[CheckedCitation]) -> dict[tuple[str, str], list[CheckedCitation]]:
    found: dict[tuple[str, str], list[CheckedCitation]] = {}
    for each in citations:
        found.setdefault((each.guide.id, each.guide.file), []).append(each)
    return found


def _suite(top: ElementTree.Element, name: str, file: str, report: CheckReport) -> ElementTree.Element:
    started = report.started if report.started.tzinfo is None else report.started.astimezone(UTC)
    given = {
        "name": _clean(name) or "guide",
        **({"file": _clean(file)} if file else {}),
        # Without a zone, as Ant and Surefire write it; it is UTC.
        "timestamp": started.replace(tzinfo=None).isoformat(timespec="seconds"),
    }
    return ElementTree.SubElement(top, "testsuite", given)


def _case(suite: ElementTree.Element, each: CheckedCitation, report: CheckReport) -> None:
    key, url = each.citation.key, each.citation.url
    name = _clean(key if url in key else f"{key} {url}") or "citation"
    given = {"name": name, "classname": suite.attrib["name"], "time": _seconds(each.verdict.elapsed_ms / 1000)}
    case = ElementTree.SubElement(suite, "testcase", given)
    said = f"{one_line(each.citation.url, _LONGEST)} {check_detail(each)}"
    if report.outage:
        _child(case, "skipped", said=check_summary(report))
    elif each.fails:
        where = f"{one_line(each.guide.file)}:{each.citation.line}:{each.citation.column}"
        _child(case, "failure", said=said, kind=check_word(each), body=f"{where}: {said}")
    elif each.verdict.kind in _UNDECIDED:
        _child(case, "skipped", said=said, kind=check_word(each))
    elif not is_quiet(each):
        # The schema knows no warnings: a case that passes may say something.
        _child(case, "system-out", body=f"{check_word(each)}: {said}")


def _files(top: ElementTree.Element, report: CheckReport) -> None:
    suite = _suite(top, _FILES, "", report)
    for problem in report.problems:
        given = {"name": _clean(f"{problem.file}: {problem.message}"), "classname": _FILES, "time": "0.000"}
        case = ElementTree.SubElement(suite, "testcase", given)
        _problem(case, problem)


def _problem(case: ElementTree.Element, problem: GuideProblem) -> None:
    if problem.fatal:
        # The guide's citations went unchecked: the test could not be made.
        _child(case, "error", said=problem.message, kind="guide", body=str(problem))
    elif problem.fails:
        _child(case, "failure", said=problem.message, kind="guide", body=str(problem))
    else:
        _child(case, "system-out", body=f"warning: {problem}")


def _stale(suite: ElementTree.Element, name: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", name="stale", classname=suite.attrib["name"], time="0.000")
    said = f"The guide {one_line(name, _LONGEST)} is stale"
    _child(case, "failure", said=said, kind="stale", body=said)


def _child(case: ElementTree.Element, tag: str, *, said: str = "", kind: str = "", body: str = "") -> None:
    given = {key: _clean(value) for key, value in (("type", kind), ("message", said)) if value}
    ElementTree.SubElement(case, tag, given).text = _clean(body) or None


def _count(top: ElementTree.Element, report: CheckReport) -> None:
    for suite in top:
        cases = suite.findall("testcase")
        suite.set("tests", str(len(cases)))
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(key, str(sum(case.find(tag) is not None for case in cases)))
        suite.set("time", _seconds(sum(float(case.get("time", "0")) for case in cases)))
    for key in ("tests", "failures", "errors"):
        top.set(key, str(sum(int(suite.get(key, "0")) for suite in top)))
    top.set("time", _seconds((report.finished - report.started).total_seconds()))


def _seconds(number: float) -> str:
    """Seconds with three decimals, never negative (a clock may be set back during a run)."""
    return f"{min(max(number, 0.0), 1e9):.3f}"


def _clean(text: str) -> str:
    """One line of what XML may hold."""
    return one_line(_NO_XML.sub("\ufffd", one_line(text, _LONGEST)))
