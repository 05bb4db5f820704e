"""When to look at a resource again."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from crawler.model import DriftKind, Standing, Verdict, VerdictKind
from crawler.policy import Policy, Schedule

GROWTH = 1.5
"""A source that did not change is looked at after 1.5 times the last interval."""

SHRINK = 0.5
"""One that did change, after half of it."""

JITTER = 0.1
"""The interval is moved by up to a tenth, by the URL's hash, so that sources added together spread out."""

DRIFTED = (DriftKind.WORDING, DriftKind.MATERIAL, DriftKind.UNLOCATED, DriftKind.BROKEN)


def next_interval(interval: timedelta | None, *, changed: bool, schedule: Schedule) -> timedelta:
    """The interval after this look, between the schedule's bounds; a source's first one is the shortest."""
    if interval is None:
        return schedule.min_interval
    grown = interval * (SHRINK if changed else GROWTH)
    return min(max(grown, schedule.min_interval), schedule.max_interval)


def next_due(
    url: str,
    interval: timedelta,
    verdict: Verdict,
    standings: Sequence[Standing],
    *,
    policy: Policy,
    now: datetime,
) -> datetime:
    """When to fetch `url` again: sooner than `interval` where something waits for a second look."""
    fraction = int.from_bytes(hashlib.blake2b(url.encode(), digest_size=4).digest(), "big") / 2**32
    due = now + interval * (1 + JITTER * (2 * fraction - 1))
    if verdict.kind is VerdictKind.UNREACHABLE:
        # A link in doubt is looked at twice within the time after which it may be called dead.
        due = min(due, now + timedelta(hours=policy.confirm_hours) / 2)
    for standing in standings:
        settles = max(standing.since, standing.now_since) + policy.settle
        if standing.drift.kind in DRIFTED and settles > now:
            due = min(due, settles)
    return due
