"""What `check --offline` says of citations: a malformed address is judged, everything else is not looked at."""

import re
from datetime import datetime
from typing import Final

from crawler.model import Verdict, VerdictKind
from crawler.urls import ResourceUrl, resource_url
from guides.model import Citation, Guide, GuideProblem, Library
from review.model import CheckedCitation, CheckReport

OFFLINE: Final = Verdict(kind=VerdictKind.SKIPPED, reason="offline")
_SOUND: Final = re.compile(
    r"https?://(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}(?:/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*)?(?:[?#][!-~]*)?", re.ASCII
)
"""Addresses that are sound at a glance, as nearly all are; the others are read whole."""
_SHORT: Final = 250


def make_offline(
    library: Library, problems: tuple[GuideProblem, ...], *, version: str, now: datetime, base: str = ""
) -> CheckReport:
    """Every citation with what its address alone says. `base` is the way from the repository's top to the root."""
    return CheckReport(
        version=version,
        started=now,
        finished=now,
        outage=False,
        guides=len(library.guides),
        resources=0,
        citations=tuple(_checked(guide, citation) for guide in library.guides for citation in guide.citations),
        problems=problems,
        base=base,
    )


def _checked(guide: Guide, citation: Citation) -> CheckedCitation:
    return CheckedCitation(
        guide=guide,
        citation=citation,
        verdict=_verdict(citation),
        fragment=None,
        drift=None,
        archived=None,
        fails=False,
    )


def _verdict(citation: Citation) -> Verdict:
    if citation.ignored:
        return Verdict(kind=VerdictKind.SKIPPED, reason="ignored", detail=citation.ignored)
    if is_sound(citation.url):
        return OFFLINE
    parsed = resource_url(citation.url)
    if isinstance(parsed, ResourceUrl):
        return OFFLINE
    return Verdict(kind=VerdictKind.INVALID, reason=parsed.kind, detail=parsed.detail)


def is_sound(url: str) -> bool:
    """Whether an address is well-formed beyond doubt; False says nothing."""
    return len(url) <= _SHORT and _SOUND.fullmatch(url) is not None
