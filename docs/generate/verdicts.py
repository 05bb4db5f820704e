"""The page on verdicts: each rule as the check itself names it, how it is told apart, and where the rule comes from."""

import tomllib
from pathlib import Path
from typing import Final

from generate.markdown import cell, table
from generate.passages import EXAMPLES, passage

from crawler.materiality import rule as rule_of_change
from crawler.model import DriftKind
from review.failing import FAIL_WORDS
from review.formats.rules import Rule, catalogue

SOURCES: Final[dict[str, dict[str, str]]] = tomllib.loads(Path(__file__).with_name("rules.toml").read_text("utf-8"))
"""By reason: `when` it is told, and the `source` of the rule."""

DRIFTS: Final = {
    DriftKind.UNCHANGED: "What the place says is what it said at the basis.",
    DriftKind.COSMETIC: "Dates of the document, numbering, spacing, tracking parameters, formatting.",
    DriftKind.WORDING: "It says the same in other words.",
    DriftKind.MATERIAL: "What a reader must do, may do, pays, waits for, or whom to contact has changed; or a passage "
    "that a claim rests on is gone.",
    DriftKind.BROKEN: "What came is not the page: a wall, an error, nothing. It never replaces the basis.",
    DriftKind.UNLOCATED: "The page is there, but the cited place is not found on it.",
}


def verdicts_page() -> str:
    rules = catalogue()
    links = [rule for rule in rules if rule.id.partition("/")[2] in SOURCES]
    others = [rule for rule in rules if rule not in links and not rule.id.startswith("drift/")]
    return "\n".join(
        [
            "# Verdicts, drifts and rules",
            "",
            "Every rule by which a check warns or fails. The names are stable: SARIF, JUnit and a baseline keep them.",
            "",
            "## Links",
            "",
            "One good answer outweighs any number of failures; what may be dead is asked again, spread over time. "
            "[How a link is judged](../explanation/links.md) explains the order in which the rules are asked.",
            "",
            table(("rule", "when", "where the rule comes from", "by default"), [_link(rule) for rule in links]),
            "",
            "`ok` is a page that is what was asked for (`http-200` …, `not-modified`); `skipped` was excluded by "
            "`crawl.skip`, an ignore with its reason, or `check --since`.",
            "",
            "## Drifts",
            "",
            table(("drift", "what it means"), [(f"`{kind}`", cell(what)) for kind, what in DRIFTS.items()]),
            "",
            "What a change of one passage is, by the rules in `crawler/materiality.py`, which made this table:",
            "",
            table(("before", "after", "drift", "in a few words"), [_example(*each) for each in EXAMPLES]),
            "",
            "## Guides and fragments",
            "",
            table(
                ("rule", "what", "what to do"),
                [(f"`{rule.id}`", cell(rule.what), cell(rule.advice)) for rule in others],
            ),
            "",
            "## Words of `--fail-on` and `policy.fail_on`",
            "",
            ", ".join(f"`{word}`" for word in FAIL_WORDS) + ".",
            "",
        ]
    )


def _link(rule: Rule) -> tuple[str, ...]:
    told = SOURCES[rule.id.partition("/")[2]]
    fails = rule.id.startswith(("dead/", "invalid/"))
    return (f"`{rule.id}`", cell(told["when"]), cell(told["source"]), "**fails**" if fails else "is told")


def _example(before: str, after: str, kind: str) -> tuple[str, ...]:
    ruling = rule_of_change(passage(before, kind), passage(after, kind))
    return (cell(before) or "—", cell(after) or "—", f"`{ruling.drift}`", cell(ruling.reason))
