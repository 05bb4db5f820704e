"""When to look at a resource again.

With so many requests to spend, the delay from a change to its detection is least, over all changes, when a source of
rate r is looked at every c / sqrt(r): looking twice as often at what changes four times as often. (Looking in
proportion to the rate spends most requests on the few sources that always change; looking at all alike, most on those
that never do.) `c` is set by the bounds that the operator gives: see `REFERENCE`.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from crawler.hints import fresh_for, retry_after
from crawler.model import (
    Attempt,
    ChangeRate,
    Cited,
    CitedLook,
    DriftKind,
    Fetched,
    NotModified,
    Standing,
    Verdict,
    VerdictKind,
)
from crawler.policy import Policy, Schedule
from crawler.rates import per_year
from guides.model import Role

REFERENCE: Final = 8.0
"""A source that changes so often a year, and on which one claim rests, is looked at in the middle of the bounds
(their geometric mean: 3.9 days between 12 hours and 30 days)."""

OFFICIAL: Final = 2.0
CLAIMED: Final = 2.0
PLAIN: Final = 1.0
"""What a citation adds to the stake in its source; a stake of four times as much is looked at twice as often."""

HIGHEST_STAKE: Final = 32.0

JITTER: Final = 0.1
"""The interval is moved by up to a tenth, by the URL's hash, so that sources added together spread out."""

PATIENCE: Final = 2.0
"""A server's word that its page holds for long stretches the interval by this much at most."""

DRIFTED: Final = (DriftKind.WORDING, DriftKind.MATERIAL, DriftKind.UNLOCATED, DriftKind.BROKEN)


def stake(cited: Iterable[Cited]) -> float:
    """How much rests on a source: 2 for one official resource or one claim, more the more guides cite it."""
    said = (OFFICIAL if one.role is Role.OFFICIAL else CLAIMED if one.claim is not None else PLAIN for one in cited)
    return min(max(sum(said), PLAIN), HIGHEST_STAKE)


def interval_for(
    rate: ChangeRate | None, *, cited: Iterable[Cited], last: Attempt | None, schedule: Schedule
) -> timedelta:
    """How long to wait after a look, within the schedule's bounds.

    `rate` is None where there was one look or none: the second one comes soon, since what a page does by itself is
    learned from two. `last` is the answer that the look got, for what its server says of how long it holds.
    """
    if rate is None:
        return schedule.min_interval
    middle = schedule.min_interval * sqrt(schedule.max_interval / schedule.min_interval)
    wanted = middle * sqrt(REFERENCE / per_year(rate) * CLAIMED / stake(cited))
    if isinstance(last, Fetched | NotModified):
        control = next((value for name, value in last.headers if name == "cache-control"), "")
        wanted = max(wanted, min(fresh_for(control), PATIENCE * wanted))
    return min(max(wanted, schedule.min_interval), schedule.max_interval)


def has_changed(before: Iterable[Cited], now: Iterable[CitedLook]) -> bool:
    """Whether this look saw a cited place in another state than the last one did, noise aside. Both in one order."""
    for known, look in zip(before, now, strict=False):
        old, new = known.standing, look.standing
        drifted = [each.drift.now_print if each and each.drift.kind in DRIFTED else "" for each in (old, new)]
        if drifted[0] != drifted[1]:
            return True
    return False


def latest(schedule: Schedule) -> timedelta:
    """How long after a look, at most, the next one is due."""
    return schedule.max_interval * (1 + JITTER)


def next_due(
    url: str,
    interval: timedelta,
    verdict: Verdict,
    standings: Sequence[Standing],
    *,
    last: Attempt | None = None,
    policy: Policy,
    schedule: Schedule,
    now: datetime,
) -> datetime:
    """When to fetch `url` again: sooner than `interval` where something waits for a second look.

    Never before the time that a Retry-After names, up to the longest interval.
    """
    fraction = int.from_bytes(hashlib.blake2b(url.encode(), digest_size=4).digest(), "big") / 2**32
    due = now + interval * (1 + JITTER * (2 * fraction - 1))
    if verdict.kind is VerdictKind.UNREACHABLE:
        # A link in doubt is looked at twice within the time after which it may be called dead.
        due = min(due, now + timedelta(hours=policy.confirm_hours) / 2)
    for standing in standings:
        settles = max(standing.since, standing.now_since) + policy.settle
        if standing.drift.kind in DRIFTED and settles > now:
            due = min(due, settles)
    if isinstance(last, Fetched):
        asked = retry_after(last.header("retry-after"), now) or 0.0
        due = max(due, now + min(timedelta(seconds=min(asked, 1e8)), schedule.max_interval))
    return due
