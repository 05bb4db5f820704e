"""From a pass to the result of `check`: one line for each citation."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeAlias

from crawler.model import CitedLook, DriftKind, Verdict, VerdictKind
from crawler.urls import ResourceUrl, resource_url
from guides.model import Citation, Guide, Library
from loccit.passes import PassResult
from loccit.recorded import UNTOUCHED
from review.model import CheckedCitation, CheckReport

DOWN = Verdict(
    kind=VerdictKind.UNREACHABLE, reason="network-outage", detail="the network of this machine was down: not judged"
)

Touched: TypeAlias = Callable[[Guide, Citation], bool]


def make_check(
    library: Library,
    result: PassResult,
    *,
    version: str,
    state: bool,
    started: datetime,
    finished: datetime,
    touched: Touched | None = None,
    base: str = "",
) -> CheckReport:
    """What was concluded of every citation. Without `state` there is nothing to have drifted from.

    `touched`: the others are judged by what was recorded before this check. `base` is the way from the repository's
    top folder to the root of the guides' files.
    """
    before = PassResult(started=result.started, finished=result.finished, looks=result.recorded)
    citations = tuple(
        _checked(guide, citation, result, state=state)
        if touched is None or touched(guide, citation)
        else _checked(guide, citation, before, state=state, unknown=UNTOUCHED)
        for guide in library.guides
        for citation in guide.citations
    )
    return CheckReport(
        version=version,
        started=started,
        finished=finished,
        outage=result.outage,
        guides=len(library.guides),
        resources=result.due,
        citations=citations,
        problems=library.problems,
        base=base,
    )


def _checked(
    guide: Guide, citation: Citation, result: PassResult, *, state: bool, unknown: Verdict = DOWN
) -> CheckedCitation:
    if citation.ignored:
        return _line(guide, citation, Verdict(kind=VerdictKind.SKIPPED, reason="ignored", detail=citation.ignored))
    parsed = resource_url(citation.url)
    if not isinstance(parsed, ResourceUrl):
        verdict = Verdict(kind=VerdictKind.INVALID, reason=parsed.kind, detail=parsed.detail)
        return _line(guide, citation, verdict)
    look = result.looks.get(parsed.url)
    if look is None:
        return _line(guide, citation, unknown)
    mine = next(_of(look.cited, guide, citation), None)
    if mine is None:
        return _line(guide, citation, look.verdict)
    drift = mine.drift if state else None
    return _line(guide, citation, look.verdict, fragment=mine.fragment, drift=drift)


def _of(looks: tuple[CitedLook, ...], guide: Guide, citation: Citation) -> Iterator[CitedLook]:
    return (look for look in looks if (look.guide, look.key) == (guide.id, citation.key))


def _line(
    guide: Guide, citation: Citation, verdict: Verdict, *, fragment: str | None = None, drift: DriftKind | None = None
) -> CheckedCitation:
    return CheckedCitation(
        guide=guide,
        citation=citation,
        verdict=verdict,
        fragment=fragment,
        drift=drift,
        archived=None,
        fails=False,
    )
