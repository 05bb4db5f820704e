"""The order of need: findings worst first, guides by their worst. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from review.model import Finding, GuideLine, StateKind

SEVERITIES: Final = (
    "material",
    "dead",
    "unlocated",
    "broken",
    "uncompared",
    "invalid",
    "reader-report",
    "wording",
    "moved",
    "cosmetic",
)
"""What misleads a reader comes before what lacks evidence, and that before the guide's own slips and the harmless."""

_RANK: Final = {word: rank for rank, word in enumerate(SEVERITIES)}
_STATES: Final = {
    StateKind.STALE: 0,
    StateKind.EXPIRED: 1,
    StateKind.UNVERIFIED: 2,
    StateKind.VERIFIED: 3,
}
_FAR: Final = datetime.max.replace(tzinfo=UTC)


def severity_rank(finding: Finding) -> int:
    """0 is the worst; an unknown severity ranks by its kind, else before the harmless ones."""
    return _RANK.get(finding.severity, _RANK.get(finding.kind.value, _RANK["wording"]))


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """By severity; those that touch a sentence of the guide first, then the longest open."""
    return sorted(findings, key=lambda each: (severity_rank(each), not each.claims, each.opened, each.id))


def by_need(lines: Iterable[GuideLine]) -> list[GuideLine]:
    """Stale guides by their worst finding, then expired ones (the oldest first), unverified ones, and the rest."""
    return sorted(lines, key=_need)


def _need(line: GuideLine) -> tuple[int, int, int, datetime, str]:
    findings = worst_first(line.view.open_findings)
    worst = severity_rank(findings[0]) if findings else len(SEVERITIES)
    since = line.state.since or _FAR
    return _STATES[line.state.state], worst, -len(findings), since, line.view.guide.id
