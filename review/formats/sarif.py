"""SARIF 2.1.0 (OASIS, errata 01): what code scanning and editors show on the lines of a guide.

One result for each matter, so that an alert somebody dismissed for a moved link does not hide a change in the page.
An alert is known again by guide, citation and rule, never by its line: text added above a citation is no new alert.
"""

import hashlib
import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

from guides.model import Guide, GuideProblem
from review.failing import STALE
from review.formats.json_ import dump
from review.formats.rules import PROBLEM, UNREADABLE, Level, Rule, catalogue, matters, rule_of
from review.formats.wording import check_detail, check_summary, in_check_order
from review.model import Accepted, CheckedCitation, CheckReport
from review.text import instant, one_line

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT: Final = "%SRCROOT%"
"""The name by which code scanning knows the checkout's top folder; consumers fill in where it is."""
_READABLE: Final = 1_000
_LONGEST_URL: Final = 2_000
_LONGEST_MESSAGE: Final = 4_000
_SEMVER: Final = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+][0-9A-Za-z.+-]{1,60})?")
_PLACEHOLDER: Final = re.compile(r"\{(\d+)\}")
_BRACKETS: Final = re.compile(r"[\\\[\]]")
_OUTAGE: Final = "network-outage"
_LEFT_OUT: Final = "results-left-out"
MOST_RESULTS: Final = 25_000
"""In one run: GitHub's code scanning refuses a file with more. The worst stay."""
_LEVELS: Final = ("error", "warning", "note", "none")


def render_check(report: CheckReport) -> str:
    """One SARIF log with one run. In an outage nothing was judged: only the files' own mistakes are told."""
    found = [*_problems(report.problems), *([] if report.outage else _citations(report)), *_stale(report)]
    left_out = max(0, len(found) - MOST_RESULTS)
    if left_out:
        found = sorted(found, key=lambda each: _LEVELS.index(each[1]["level"]))[:MOST_RESULTS]
    rules = {rule.id: rule for rule in (*catalogue(), *(rule for rule, _ in found))}
    index = {identity: number for number, identity in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = [{**result, "ruleId": rule.id, "ruleIndex": index[rule.id]} for rule, result in found]
    for result in results:
        result["partialFingerprints"] = _fingerprints(result.pop("identity"), result["ruleId"], seen)
    if report.base:
        _from_top(results, report.base)
    run = {
        "tool": {"driver": _driver(report.version, rules.values())},
        "automationDetails": {
            "id": f"loccit/check/{instant(report.started)}",
            "description": {"text": "Every citation of the guides, checked."},
        },
        "invocations": [_invocation(report, left_out)],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that loccit was run for."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    # Nobody reads thousands by eye, and on one line they are written several times as fast.
    indent = 2 if len(results) <= _READABLE else None
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=indent)


def _from_top(results: Iterable[dict[str, Any]], base: str) -> None:
    """Code scanning looks files up from the repository's top folder."""
    for result in results:
        for place in result.get("locations", ()):
            artifact = place["physicalLocation"]["artifactLocation"]
            if "uriBaseId" in artifact:
                artifact["uri"] = posixpath.normpath(quote(base, safe="/") + artifact["uri"])


# ---------------------------------------------------------------- the tool


def _driver(version: str, rules: Iterable[Rule]) -> dict[str, Any]:
    clean = one_line(version, 60) or "0"
    return {
        "name": "loccit",
        "version": clean,
        **({"semanticVersion": clean} if _SEMVER.fullmatch(clean) else {}),
        "notifications": [
            {"id": _OUTAGE, "shortDescription": {"text": "The network was down and nothing was judged."}},
            {"id": _LEFT_OUT, "shortDescription": {"text": "There are more results than code scanning takes."}},
        ],
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.what},
        "fullDescription": {"text": f"{rule.what} {rule.advice}"},
        "help": {"text": rule.advice, "markdown": rule.advice},
        "defaultConfiguration": {"level": rule.level},
        "properties": {"tags": ["citations", rule.id.split("/")[0]]},
    }


def _invocation(report: CheckReport, left_out: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "executionSuccessful": not report.outage,
        "startTimeUtc": instant(report.started),
        "endTimeUtc": instant(report.finished),
    }
    told = [_notification(report, _OUTAGE, 0, "error", check_summary(report))] if report.outage else []
    if left_out:
        said = f"{left_out:,} more results are left out: code scanning takes {MOST_RESULTS:,}."
        told.append(_notification(report, _LEFT_OUT, 1, "warning", said))
    return {**made, "toolExecutionNotifications": told} if told else made


def _notification(report: CheckReport, identity: str, index: int, level: Level, text: str) -> dict[str, Any]:
    return {
        "descriptor": {"id": identity, "index": index},
        "level": level,
        "message": {"text": text},
        "timeUtc": instant(report.finished),
    }


# ---------------------------------------------------------------- results


def _citations(report: CheckReport) -> Iterator[tuple[Rule, dict[str, Any]]]:
    for each in in_check_order(report.citations):
        guide, citation = each.guide, each.citation
        for matter in matters(each):
            said = f"{one_line(citation.url, _LONGEST_URL)} {check_detail(each)}"
            result = _result(matter.level, said, guide.file, citation.line, citation.column)
            if each.accepted is not None and _is_about(matter.rule.id, each.accepted.word):
                result["suppressions"] = [_suppression(each.accepted)]
            yield matter.rule, {**result, "identity": (guide.id, citation.key), "properties": _properties(each)}


def _is_about(rule: str, word: str) -> bool:
    return rule in (word, f"drift/{word}") or rule.startswith(f"{word}/")


def _suppression(accepted: Accepted) -> dict[str, str]:
    """Kept outside the guide's text, in the baseline: `external` (SARIF 2.1.0, 3.35)."""
    reason = f"{one_line(accepted.reason, _LONGEST_URL)} (until {accepted.until})"
    return {"kind": "external", "status": "accepted", "justification": reason}


def _problems(problems: Iterable[GuideProblem]) -> Iterator[tuple[Rule, dict[str, Any]]]:
    for problem in problems:
        rule = rule_of(UNREADABLE if problem.fatal else PROBLEM)
        said = problem.message + (f" ({problem.hint})" if problem.hint else "")
        result = _result("error" if problem.wrong else rule.level, said, problem.file, problem.line, problem.column)
        yield rule, {**result, "identity": (problem.file, problem.message)}


def _stale(report: CheckReport) -> Iterator[tuple[Rule, dict[str, Any]]]:
    guides: dict[str, Guide] = {each.guide.id: each.guide for each in report.citations}
    for name in () if report.outage else report.stale:
        guide = guides.get(name)
        said = f"The guide {one_line(name, _LONGEST_URL)} is stale"
        result = _result("error", said, guide.file if guide else "", guide.line if guide else None, None)
        yield rule_of(STALE), {**result, "identity": (name, "")}


def _result(level: Level, said: str, file: str, line: int | None, column: int | None) -> dict[str, Any]:
    made: dict[str, Any] = {"level": level, "message": {"text": _message(said)}}
    if file:
        place: dict[str, Any] = {"artifactLocation": _artifact(file)}
        if line is not None:
            place["region"] = {"startLine": max(1, line), **({} if column is None else {"startColumn": max(1, column)})}
        made["locations"] = [{"physicalLocation": place}]
    return made


def _properties(each: CheckedCitation) -> dict[str, Any]:
    verdict = each.verdict
    said = {
        "guide": each.guide.id,
        "citation": each.citation.key,
        "url": each.citation.url,
        "verdict": verdict.kind.value,
        "reason": verdict.reason,
        "drift": each.drift.value if each.drift else "",
        "fragment": each.fragment or "",
        "finalUrl": verdict.final_url,
        "replacement": verdict.replacement or "",
        "archived": each.archived or "",
    }
    return {key: one_line(value, _LONGEST_URL) for key, value in said.items() if value}


def _message(text: str) -> str:
    """Foreign words as a plain text message: no `{0}` to be filled in (3.11.5), no `[text](target)` link (3.11.6)."""
    plain = _PLACEHOLDER.sub(r"{{\1}}", one_line(text, _LONGEST_MESSAGE))
    return _BRACKETS.sub(r"\\\g<0>", plain) if "](" in plain else plain or "(nothing said)"


def _artifact(file: str) -> dict[str, Any]:
    """The file as a URI reference, relative to the root; names that are no UTF-8 keep their bytes."""
    path = quote(file.encode("utf-8", "surrogateescape" if _escaped(file) else "replace"), safe="/")
    if path.startswith("/"):
        # A guide outside the project. More slashes would make its first folder the name of a host.
        return {"uri": "file:///" + path.lstrip("/")}
    return {"uri": path, "uriBaseId": _ROOT}


def _escaped(file: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xDC80 or 0xDCFF < ord(character) < 0xE000 for character in file)


def _fingerprints(identity: tuple[str, str], rule: str, seen: Counter[str]) -> dict[str, str]:
    """Equal from run to run. Code scanning goes by the second name, and without it by the lines around."""
    written = json.dumps([*identity, rule])
    digest = hashlib.sha256(written.encode()).hexdigest()
    seen[digest] += 1
    return {"loccitMatter/v1": digest, "primaryLocationLineHash": f"{digest[:16]}:{seen[digest]}"}
