"""Is it us? The rule by example."""

import pytest

from crawler.model import FailureKind
from crawler.outage import HostResult, is_outage

F = FailureKind


def silent(name: str, *kinds: FailureKind, good: bool = False) -> HostResult:
    return HostResult(host=name, kinds=frozenset(kinds), known_good=good)


def heard(name: str, *, good: bool = False) -> HostResult:
    return HostResult(host=name, answered=True, known_good=good)


@pytest.mark.parametrize(
    ("results", "outage"),
    [
        ([], False),
        ([HostResult(host="a")], False),
        ([heard("a")], False),
        ([silent("a", F.DNS_ERROR)], True),
        ([silent("a", F.TIMEOUT)], True),
        ([silent("a", F.NETWORK)], True),
        ([silent("a", F.DNS_NXDOMAIN)], False),
        ([silent("a", F.CONNECT_REFUSED)], False),
        ([silent("a", F.DNS_NXDOMAIN, F.DNS_ERROR)], False),
        ([silent("a", F.DNS_NXDOMAIN), silent("b", F.DNS_NXDOMAIN)], True),
        ([silent("a", F.CONNECT_REFUSED), silent("b", F.TIMEOUT)], True),
        ([silent("a", F.DNS_NXDOMAIN), silent("b", F.DNS_NXDOMAIN), heard("c")], False),
        ([silent(n, F.DNS_ERROR, good=True) for n in "ab"] + [heard(n, good=True) for n in "cd"], True),
        ([silent(n, F.DNS_ERROR, good=True) for n in "a"] + [heard(n, good=True) for n in "bcd"], False),
        ([silent(n, F.DNS_ERROR, good=True) for n in "ab"] + [heard("c", good=True)], False),
        ([silent(n, F.TIMEOUT) for n in "abcdefgh"] + [heard("i")], False),
    ],
)
def test_the_rule(results: list[HostResult], outage: bool) -> None:
    assert is_outage(results) is outage
