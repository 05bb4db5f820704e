"""What login, feeds, API and readers' reports are made from, beside the site: carried by the application."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from starlette.requests import Request

from guides.model import GuideId
from review.model import FindingId
from review.people import People
from review.reported import Step
from review.settings import ReviewSettings
from review.web.limits import Counter, Limit, Veil
from review.web.sessions import Door

TakeReport: TypeAlias = Callable[[GuideId, Step | None, str, datetime], FindingId]
"""Keeps a reader's report; gives the finding that holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """`badge` draws a guide's: from its state's word and its verified day as ISO 8601 ("" for none)."""

    door: Door
    people: People
    settings: ReviewSettings
    take_report: TakeReport
    badge: Callable[[str, str], str]
    version: str = ""
    veil: Veil = field(default_factory=Veil)
    reports_here: Counter
    reports_all: Counter


def make_outward(
    *,
    door: Door,
    people: People,
    settings: ReviewSettings,
    take_report: TakeReport,
    badge: Callable[[str, str], str],
    version: str = "",
) -> Outward:
    """With the limits that the settings ask for."""
    return Outward(
        door=door,
        people=people,
        settings=settings,
        take_report=take_report,
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
