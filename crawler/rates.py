"""How often a source changes, learned from its own looks. Pure.

A look says whether anything changed since the last one, not how often: several changes look like one, and none in a
short time says little. So a source's rate is held as a gamma distribution, and a look multiplies it by the chance of
what was seen: e^(-rt) for "nothing in t days", 1 - e^(-rt) for "something". After the second the distribution is no
gamma any more; it is replaced by the one of the same mean and variance. This is the Bayesian form of the estimators for
pages whose complete history is not seen (Cho and Garcia-Molina, "Estimating Frequency of Change", ACM TOIT 3(3), 2003).

Changes come in bursts: a page that was edited yesterday is more likely to be edited today than its yearly rate says.
So two such estimates are kept, one that forgets within days and one within months, and their mixture counts.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import expm1, log
from typing import Final

from crawler.model import ChangeRate, Gamma

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Horizon:
    """What is believed of any source before it was looked at, and after how many days half of a look is forgotten."""

    prior: Gamma
    half_life: float
    share: float


# Fitted once on the dates of 23,000 recorded changes of 530 documents, and rounded: benchmarks/schedule.py shows what
# they give. Neighbouring values give nearly the same.
RECENT: Final = _Horizon(prior=Gamma(shape=0.1, days=20.0), half_life=10.0, share=0.6)
LASTING: Final = _Horizon(prior=Gamma(shape=0.5, days=60.0), half_life=200.0, share=0.4)

UNKNOWN: Final = ChangeRate(recent=RECENT.prior, lasting=LASTING.prior)
"""The rate of a source of which nothing is known: a little more than two changes a year."""

HINT: Final = 0.5
"""What a `Last-Modified` is worth against days in which loccit itself saw no change: servers make it up at times."""

_LONGEST: Final = 3650.0


def per_year(rate: ChangeRate) -> float:
    """Changes a year that are to be expected of the source now."""
    return 365 * (RECENT.share * _mean(rate.recent) + LASTING.share * _mean(rate.lasting))


def after_look(rate: ChangeRate, *, elapsed: timedelta, changed: bool) -> ChangeRate:
    """The rate after a look that came `elapsed` after the last one and saw a change or none."""
    days = min(max(elapsed / _DAY, 0.0), _LONGEST)
    if not days:
        return rate
    return ChangeRate(
        recent=_after(rate.recent, RECENT, days, changed), lasting=_after(rate.lasting, LASTING, days, changed)
    )


def first_look(*, last_modified: datetime | None, now: datetime) -> ChangeRate:
    """The rate after the first look: a page whose server says that it is old has been quiet for that long.

    A time within the last day says nothing: pages that are made anew for every answer carry it.
    """
    if last_modified is None or now - last_modified < _DAY:
        return UNKNOWN
    return after_look(UNKNOWN, elapsed=HINT * min(now - last_modified, _LONGEST * _DAY), changed=False)


def _mean(gamma: Gamma) -> float:
    return gamma.shape / gamma.days


def _after(gamma: Gamma, horizon: _Horizon, days: float, changed: bool) -> Gamma:
    kept = 0.5 ** (days / horizon.half_life)
    prior = horizon.prior
    shape = prior.shape + (gamma.shape - prior.shape) * kept
    past = prior.days + (gamma.days - prior.days) * kept
    if not changed:
        return Gamma(shape=shape, days=past + days)
    # Moments of r^(shape-1) e^(-past r) (1 - e^(-days r)), as shares of those without the last factor.
    gone = log(past / (past + days))
    none, one, two = (-expm1((shape + power) * gone) for power in range(3))
    mean = shape / past * one / none
    square = shape * (shape + 1) / past**2 * two / none
    variance = square - mean * mean
    return Gamma(shape=mean * mean / variance, days=mean / variance)
