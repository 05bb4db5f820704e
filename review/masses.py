"""Findings that say the same of many pages of one host carry one group, so that an editor can decide once. Pure.

The group is made of what the findings hold, whenever they are read: it takes no account of the pass that raised them,
so that a redesign that reaches a host's pages week by week is one group in the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from crawler.groups import LEAST, signatures
from crawler.model import Drift, DriftKind
from crawler.urls import host_key
from review.model import Finding, FindingKind

_KINDS = (FindingKind.DRIFT, FindingKind.UNLOCATED)
_SEVERITIES = frozenset(kind.value for kind in DriftKind)


def with_groups(findings: Iterable[Finding]) -> list[Finding]:
    """The findings with their groups, in the order in which they came, members of a group next to its first one."""
    every = list(findings)
    marks = [_marks(finding) for finding in every]
    pages = {finding.url.partition("#")[0] for finding in every}
    hosts = {page: host_key(page) for page in pages}
    said: dict[str, set[str]] = {}
    for finding, own in zip(every, marks, strict=True):
        page = finding.url.partition("#")[0]
        for mark in own if hosts[page] else ():
            said.setdefault(f"{hosts[page]}/{mark}", set()).add(page)
    shared = {mark: len(found) for mark, found in said.items() if len(found) >= LEAST}
    named = [
        replace(one, group=_group(hosts[one.url.partition("#")[0]], own, shared))
        for one, own in zip(every, marks, strict=True)
    ]
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


def _group(host: str, marks: Iterable[str], shared: Mapping[str, int]) -> str:
    """Of several changes that a finding shares with others, the one that most pages share."""
    own = [f"{host}/{mark}" for mark in marks]
    return max((mark for mark in own if mark in shared), key=lambda mark: (shared[mark], mark), default="")
