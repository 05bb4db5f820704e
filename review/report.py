"""The report: counting, and order. Pure. What fails a check stands in `review.failing`."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from crawler.model import VerdictKind
from crawler.policy import Policy
from guides.model import GuideProblem
from review.masses import with_groups
from review.model import CheckedCitation, GuideLine, GuideView, Report, StateKind
from review.order import by_need, worst_first
from review.states import guide_state


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
