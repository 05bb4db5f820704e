"""The overview: how many guides are verified, over time; how long decisions take; who does the work."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse

from crawler.policy import Policy
from review.casework import Figures, Span
from review.model import FindingState
from review.text import day, one_line
from review.web.charts import Share, bars_chart, shares_chart, weeks
from review.web.render import page
from review.web.site import site_of
from review.web.words import action_words, verdict_words

_STALE: Final = ("material", "dead", "unlocated", "broken")
_DECIDED: Final = (FindingState.ACCEPTED, FindingState.DISMISSED, FindingState.RESOLVED)


def overview(request: Request) -> HTMLResponse:
    site = site_of(request)
    figures = site.figures()
    now = site.now()
    shares = shares_over_time(figures, site.policy, now)
    return page(
        request,
        "overview.html.j2",
        figures=figures,
        share=shares[-1] if shares else None,
        first=shares[0].at if shares else "",
        chart=shares_chart(shares),
        verdicts=bars_chart(
            [(verdict_words(word), many) for word, many in figures.verdicts[:8]], what="Sources by their last answer"
        ),
        times=_times(figures.spans, now),
        people=_people(figures, now),
        open=site.board.dealt().findings,
        cards=len(site.board.dealt().cards),
    )


def shares_over_time(figures: Figures, policy: Policy, now: datetime) -> list[Share]:
    """At moments of the last year: guides verified, stale, expired and never verified, as the findings tell."""
    if not figures.guides:
        return []
    days = sorted({on for _, on in figures.verified})
    opened = min((span.opened for span in figures.spans), default=now)
    start = min([opened, *(datetime(on.year, on.month, on.day, tzinfo=now.tzinfo) for on in days[:1])])
    start = max(min(start, now - timedelta(days=7)), now - timedelta(days=365))
    by_guide: dict[int, list[Any]] = {}
    for guide, on in figures.verified:
        by_guide.setdefault(guide, []).append(on)
    for each in by_guide.values():
        each.sort()
    grave = [span for span in figures.spans if span.severity in _STALE]
    return [_share(at, by_guide, grave, figures.guides, policy) for at in weeks(start, now)]


def _share(at: datetime, by_guide: dict[int, list[Any]], grave: Sequence[Span], guides: int, policy: Policy) -> Share:
    stale = {span.guide for span in grave if span.opened <= at and (span.closed is None or span.closed > at)}
    verified = expired = 0
    for guide, days in by_guide.items():
        place = bisect_right(days, at.date())
        if guide in stale or not place:
            continue
        if (at.date() - days[place - 1]).days > policy.max_age_days:
            expired += 1
        else:
            verified += 1
    told = min(len(stale), guides)
    return Share(
        at=day(at.date()),
        verified=verified,
        stale=told,
        expired=expired,
        unverified=max(0, guides - verified - expired - told),
    )


def _times(spans: Iterable[Span], now: datetime) -> list[tuple[str, int, str]]:
    """From a change to the decision about it, by month: how many, and the median."""
    months: dict[str, list[float]] = {}
    for span in spans:
        if span.closed is not None and span.state in _DECIDED and span.by and span.closed > now - timedelta(days=190):
            months.setdefault(f"{span.closed:%Y-%m}", []).append((span.closed - span.opened).total_seconds())
    return [(month, len(found), _span_words(median(found))) for month, found in sorted(months.items(), reverse=True)]


def _span_words(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}".replace(".0 ", " ")
    return "less than a minute"


def _people(figures: Figures, now: datetime) -> list[tuple[str, int, str]]:
    """Decisions of the last thirty days by who made them."""
    found: dict[str, Counter[str]] = {}
    for decision in figures.decisions:
        if decision.at > now - timedelta(days=30) and decision.undone is None:
            found.setdefault(one_line(decision.by, 60) or "somebody", Counter())[
                action_words(decision.action.value)
            ] += 1
    told = [
        (name, sum(counted.values()), ", ".join(f"{many} {what}" for what, many in counted.most_common()))
        for name, counted in found.items()
    ]
    return sorted(told, key=lambda row: -row[1])
