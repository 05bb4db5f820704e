"""What is carried of a link from one run to the next without a store, and how two runs' knowledge is joined. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from crawler.model import LinkHistory, Verdict, VerdictKind

CLOCKS_DIFFER = timedelta(minutes=10)
"""What was seen further in the future than this was written by a wrong clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One resource's link: `fragments` are those of its URL that guides cite, each `found` or `missing`."""

    url: str
    history: LinkHistory
    verdict: Verdict
    fragments: Mapping[str, str] = field(default_factory=dict)

    @property
    def checked(self) -> datetime:
        assert self.history.checked is not None  # nothing is carried of a link that was never looked at
        return self.history.checked


def join(one: Carried, other: Carried) -> Carried:
    """What two runs know of one link together; joined in either order, or twice, it is the same.

    The newer look gives the verdict. The later sign of life counts, and failures that began before it are over: an
    alive link is not called dead by what an old file remembers. Of failures since then the first one's time and the
    larger number count, so that a dead link does not begin anew with every run that had not heard of it; they are not
    added up, because both files may tell of the same ones.
    """
    newer, older = (one, other) if _rank(one) >= _rank(other) else (other, one)
    both = (one.history, other.history)
    last_ok = max(filter(None, (history.last_ok for history in both)), default=None)
    failing = [each for each in both if _since(each.failing_since, last_ok)]
    unreached = [each.unreachable_since for each in both if _since(each.unreachable_since, last_ok)]
    history = LinkHistory(
        checked=newer.history.checked,
        last_ok=last_ok,
        failing_since=min(filter(None, (each.failing_since for each in failing)), default=None),
        failures=max((each.failures for each in failing), default=0),
        unreachable_since=None if _reached(newer, older) else min(filter(None, unreached), default=None),
    )
    fragments = {**older.fragments, **newer.fragments} if _good(newer) == _good(older) else _known(newer, older)
    return replace(newer, history=history, fragments=dict(sorted(fragments.items())))


def plausible(carried: Carried, now: datetime) -> bool:
    """Whether all of it lies in the past. What a wrong clock wrote could keep a dead link alive for years."""
    history = carried.history
    times = (history.checked, history.last_ok, history.failing_since, history.unreachable_since)
    return all(time is None or time <= now + CLOCKS_DIFFER for time in times)


def _since(moment: datetime | None, last_ok: datetime | None) -> bool:
    return moment is not None and (last_ok is None or moment > last_ok)


def _reached(newer: Carried, older: Carried) -> bool:
    """Whether the newer look (or one of two at the same moment) was answered by the server, however."""
    at_once = newer.checked == older.checked
    return newer.history.unreachable_since is None or (at_once and older.history.unreachable_since is None)


def _rank(carried: Carried) -> tuple[object, ...]:
    """By time; of two looks at one moment the one that speaks for life, then any order that is always the same."""
    verdict = carried.verdict
    return (
        carried.checked,
        _good(carried),
        verdict.kind,
        verdict.reason,
        repr(verdict),
        sorted(carried.fragments.items()),
    )


def _good(carried: Carried) -> bool:
    return carried.verdict.kind in (VerdictKind.OK, VerdictKind.MOVED)


def _known(newer: Carried, older: Carried) -> Mapping[str, str]:
    """Only a look that saw the page knows of its fragments."""
    return newer.fragments if _good(newer) else {**newer.fragments, **older.fragments}
