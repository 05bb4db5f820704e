"""Looks on a machine whose clock was ahead, and is right again."""

from dataclasses import replace
from datetime import timedelta

from crawler_visits import NOW

from crawler.model import Drift, DriftKind, SnapshotId, Standing
from crawler.observe import _carry_on

YEARS = timedelta(days=900)


def test_a_drift_that_was_seen_in_the_future_settles_from_now_on() -> None:
    drift = Drift(kind=DriftKind.MATERIAL, algorithm="a", now_print="p")
    fresh = Standing(drift=drift, basis=SnapshotId(1), now=SnapshotId(2), since=NOW, now_since=NOW)
    ahead = replace(fresh, since=NOW + YEARS, now_since=NOW + YEARS)
    assert _carry_on(ahead, fresh) == replace(fresh, sightings=2)
    assert _carry_on(replace(ahead, drift=replace(drift, now_print="other")), fresh) == fresh
    assert _carry_on(replace(fresh, since=NOW - YEARS), fresh).since == NOW - YEARS
