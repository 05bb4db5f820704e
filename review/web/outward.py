"""What login, feeds, API and readers' reports are made from, beside the site: carried by the application."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from starlette.requests import Request

from guides.model import GuideId
from review.model import Finding, FindingId, FindingKind, FindingState, GuideLine
from review.people import People
from review.reported import Step
from review.settings import ReviewSettings
from review.web.limits import Counter, Limit, Veil
from review.web.sessions import Door


class Box(Protocol):
    """What the API, the feeds and readers' reports need of the store. Every call is one transaction."""

    def findings_after(
        self,
        last: int,
        limit: int,
        *,
        states: Sequence[FindingState],
        kinds: Sequence[FindingKind] = (),
        severity: str = "",
        guide: GuideId | None = None,
    ) -> list[Finding]: ...

    def newest_findings(self, limit: int, *, guides: Sequence[GuideId] | None = None) -> list[Finding]: ...

    def report_incorrect(self, guide: GuideId, step: Step | None, words: str, *, at: datetime) -> FindingId: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """`badge` draws a guide's badge, as SVG."""

    door: Door
    people: People
    box: Box
    settings: ReviewSettings
    badge: Callable[[GuideLine], str]
    version: str = ""
    veil: Veil = field(default_factory=Veil)
    reports_here: Counter
    reports_all: Counter


def make_outward(
    *,
    door: Door,
    people: People,
    box: Box,
    settings: ReviewSettings,
    badge: Callable[[GuideLine], str],
    version: str = "",
) -> Outward:
    """With the limits that the settings ask for."""
    return Outward(
        door=door,
        people=people,
        box=box,
        settings=settings,
        badge=badge,
        version=version,
        reports_here=Counter(Limit(times=settings.reports_per_hour, span=timedelta(hours=1))),
        reports_all=Counter(Limit(times=settings.reports_per_day, span=timedelta(days=1))),
    )


def outward_of(request: Request) -> Outward:
    outward: Outward = request.app.state.outward
    return outward


def base_url(request: Request) -> str:
    """Where people reach the pages, without a slash at its end: as configured, else as they asked."""
    configured = outward_of(request).settings.url.rstrip("/")
    return configured or f"{request.url.scheme}://{request.url.netloc}"
