"""Findings that say the same of many pages of one host carry one group, so that an editor can decide once. Pure.

The group is made of what the findings hold, whenever they are read: it takes no account of the pass that raised them,
so that a redesign that reaches a host's pages week by week is one group in the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crawler.groups import shared, signatures
from crawler.model import Drift, DriftKind
from crawler.urls import host_key
from review.model import Finding, FindingKind

_KINDS = (FindingKind.DRIFT, FindingKind.UNLOCATED)
_SEVERITIES = frozenset(kind.value for kind in DriftKind)


def with_groups(findings: Iterable[Finding]) -> list[Finding]:
    """The findings with their groups, in the order in which they came, members of a group next to its first one."""
    every = list(findings)
    marks = {finding.id: _marks(finding) for finding in every}
    pages: dict[str, tuple[str, set[str]]] = {}
    for finding in every:
        page = finding.url.partition("#")[0]
        pages.setdefault(page, (host_key(page), set()))[1].update(marks[finding.id])
    chosen = shared({page: entry for page, entry in pages.items() if entry[0]})
    named = [replace(one, group=_group(one, chosen, marks[one.id])) for one in every]
    first = {one.group: at for at, one in reversed(list(enumerate(named))) if one.group}
    order = sorted(range(len(named)), key=lambda at: (first.get(named[at].group, at), at))
    return [named[at] for at in order]


def group_sizes(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings each group has."""
    sizes: dict[str, int] = {}
    for finding in findings:
        if finding.group:
            sizes[finding.group] = sizes.get(finding.group, 0) + 1
    return sizes


def _marks(finding: Finding) -> frozenset[str]:
    if finding.kind not in _KINDS or finding.severity not in _SEVERITIES:
        return frozenset()
    return signatures(Drift(kind=DriftKind(finding.severity), algorithm="", changes=finding.changes))


def _group(finding: Finding, chosen: dict[str, str], marks: frozenset[str]) -> str:
    group = chosen.get(finding.url.partition("#")[0], "")
    return group if group.rpartition("/")[2] in marks else ""
