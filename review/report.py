"""The report and the check's outcome: counting, order, and what fails. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import Final

from crawler.model import DriftKind, VerdictKind
from crawler.policy import Policy
from guides.model import GuideProblem
from review.masses import with_groups
from review.model import CheckedCitation, CheckReport, GuideLine, GuideView, Report, StateKind
from review.order import by_need, worst_first
from review.states import guide_state

MISSING_FRAGMENT: Final = "missing-fragment"
STALE: Final = "stale"
FAIL_WORDS: Final = (
    *(word.value for word in VerdictKind),
    *(word.value for word in DriftKind),
    MISSING_FRAGMENT,
    STALE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`needing`: guides that are stale, expired, or have an open finding."""

    guides: int
    needing: int
    states: dict[StateKind, int]
    findings: dict[str, int]
    citations: int
    unjudged: int
    """Citations whose source showed us no page at the last look (blocked, unreachable)."""


def make_report(
    views: Iterable[GuideView],
    policy: Policy,
    *,
    made: datetime,
    today: date,
    problems: Sequence[GuideProblem] = (),
    last_crawl: datetime | None = None,
    sources: int = 0,
) -> Report:
    """`today` is the editors' day, by which guides expire; `sources` how many resources the store watches."""
    lines = by_need(GuideLine(view=view, state=guide_state(view, policy, today=today)) for view in views)
    findings = with_groups(worst_first(finding for line in lines for finding in line.view.open_findings))
    return Report(
        made=made,
        lines=tuple(lines),
        findings=tuple(findings),
        problems=tuple(problems),
        last_crawl=last_crawl,
        sources=sources,
    )


def needs_look(line: GuideLine) -> bool:
    """Whether an editor has something to do here. A guide that was merely never verified does not shout."""
    return line.state.state in (StateKind.STALE, StateKind.EXPIRED) or bool(line.view.open_findings)


def count_report(report: Report) -> Counts:
    """Every state and severity that occurs; states that do not are 0."""
    states = Counter(line.state.state for line in report.lines)
    citations = [each for line in report.lines for each in line.view.citations]
    unjudged = (VerdictKind.BLOCKED, VerdictKind.UNREACHABLE)
    return Counts(
        guides=len(report.lines),
        needing=sum(map(needs_look, report.lines)),
        states={state: states[state] for state in StateKind},
        findings=dict(Counter(finding.severity for finding in report.findings)),
        citations=len(citations),
        unjudged=sum(1 for each in citations if each.verdict and each.verdict.kind in unjudged),
    )


def count_verdicts(citations: Iterable[CheckedCitation]) -> dict[VerdictKind, int]:
    """Citations by verdict, in the documented order; a verdict that does not occur is 0."""
    found = Counter(each.verdict.kind for each in citations)
    return {kind: found[kind] for kind in VerdictKind}


# ---------------------------------------------------------------- what fails


def fail_words(words: Iterable[str]) -> frozenset[str]:
    """The words of `fail_on`, checked.

    Raises ValueError naming the nearest known word and listing all of them.
    """
    chosen = frozenset(word.strip() for word in words if word.strip())
    for word in sorted(chosen):
        if word not in FAIL_WORDS:
            near = get_close_matches(word, FAIL_WORDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{word!r} is nothing that a check can fail on{hint} (known: {', '.join(FAIL_WORDS)})")
    return chosen


def check_fails(checked: CheckedCitation, fail_on: frozenset[str]) -> str:
    """The word of `fail_on` for which this citation fails, or ""."""
    if checked.verdict.kind.value in fail_on:
        return checked.verdict.kind.value
    if checked.drift is not None and checked.drift.value in fail_on:
        return checked.drift.value
    if checked.fragment == "missing" and MISSING_FRAGMENT in fail_on:
        return MISSING_FRAGMENT
    return ""


def mark_failures(citations: Iterable[CheckedCitation], fail_on: Iterable[str]) -> tuple[CheckedCitation, ...]:
    """Every citation with `fails` and `fails_because` set by these words. Raises ValueError for an unknown word."""
    words = fail_words(fail_on)
    marked = []
    for each in citations:
        because = check_fails(each, words)
        as_it_was = each.fails is bool(because) and each.fails_because == because
        marked.append(each if as_it_was else replace(each, fails=bool(because), fails_because=because))
    return tuple(marked)


def report_fails(report: CheckReport) -> bool:
    """Whether the check fails as a whole (an outage judges nothing and so fails nothing)."""
    return not report.outage and (any(each.fails for each in report.citations) or bool(report.stale))
