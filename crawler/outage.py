"""Is it us? From what each host gave in a run: whether this machine's own network was down. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.model import Attempt, Failed, FailureKind, RefusalKind, Refused

_NETWORK = frozenset(
    {
        FailureKind.DNS_ERROR,
        FailureKind.DNS_NXDOMAIN,
        FailureKind.TIMEOUT,
        FailureKind.NETWORK,
        FailureKind.CONNECT_REFUSED,
    }
)
_NOBODY_THERE = frozenset({FailureKind.DNS_ERROR, FailureKind.TIMEOUT, FailureKind.NETWORK})
"""Of a single host, only these speak against our network: a refusal and an NXDOMAIN were somebody's answer."""

MIN_KNOWN = 4
"""From so many hosts that were good before, half of them silent at once is no coincidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostResult:
    """One host in one run. `known_good`: a link to it was alive in an earlier run."""

    host: str
    answered: bool = False
    kinds: frozenset[FailureKind] = frozenset()
    known_good: bool = False

    def plus(self, attempt: Attempt, *, known_good: bool, loopback: bool) -> "HostResult":
        """The result with one more attempt at this host in it."""
        answered, kinds = self.answered, self.kinds
        if is_answer(attempt, loopback=loopback):
            answered = True
        elif isinstance(attempt, Failed) and attempt.kind not in kinds:
            kinds |= {attempt.kind}
        if (answered, kinds, known_good or self.known_good) == (self.answered, self.kinds, self.known_good):
            return self
        return HostResult(host=self.host, answered=answered, kinds=kinds, known_good=known_good or self.known_good)


def is_answer(attempt: Attempt, *, loopback: bool) -> bool:
    """Whether something out there answered, so that our network was up.

    A refused connection on this machine's own addresses is its answer; elsewhere it may be a gateway's.
    """
    match attempt:
        case Failed(connected=True):
            return True
        case Failed(kind=kind):
            return kind not in _NETWORK or (loopback and kind is FailureKind.CONNECT_REFUSED)
        case Refused(kind=kind):
            return kind in (RefusalKind.ROBOTS, RefusalKind.RATE, RefusalKind.UNAVAILABLE)
        case _:
            return True


def is_outage(results: Sequence[HostResult]) -> bool:
    """Whether the silence is ours: nothing answered at all, or a great part of unrelated hosts known to be good."""
    heard = [result for result in results if result.answered]
    silent = [result for result in results if not result.answered and result.kinds]
    if silent and not heard:
        return len(silent) > 1 or silent[0].kinds <= _NOBODY_THERE
    known = [result for result in results if result.known_good and (result.answered or result.kinds)]
    lost = [result for result in known if not result.answered]
    return len(known) >= MIN_KNOWN and 2 * len(lost) >= len(known)
