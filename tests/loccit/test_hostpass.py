"""A worker sees one host a job: whether silence is its own network's is judged over all of its jobs."""

from dataclasses import replace
from datetime import timedelta

from crawler_visits import NOW, failed, page

from crawler.model import Attempt, FailureKind, Visit
from loccit.hostpass import Outages


def visit(seconds: float, *attempts: Attempt) -> Visit:
    """Of a host, whichever it is, so many seconds after the start."""
    at = NOW + timedelta(seconds=seconds)
    return Visit(url="https://a.example/", attempts=tuple(replace(each, at=at) for each in attempts))


def outage(outages: Outages, host: str, seconds: float, attempt: Attempt, *, known_good: bool = True) -> bool:
    return outages.judged(host, visit(seconds, attempt), known_good=known_good).outage


def test_a_network_that_goes_down_and_comes_back_costs_no_host_anything() -> None:
    outages = Outages()
    for number in range(10):
        assert not outage(outages, f"{number}.example", number, page())
    lost = [FailureKind.DNS_ERROR, FailureKind.TIMEOUT, FailureKind.NETWORK]
    for number in range(10):
        assert outage(outages, f"{number}.example", 100 + number, failed(lost[number % 3])), number
    assert not outage(outages, "0.example", 200, page()), "it is back"
    assert not outage(outages, "1.example", 200, failed(FailureKind.TIMEOUT)), "now it is the host"


def test_one_silent_host_among_others_that_answer_is_its_own_doing() -> None:
    outages = Outages()
    for number in range(3):
        assert not outage(outages, f"{number}.example", 50, page())
    assert not outage(outages, "silent.example", 50, failed(FailureKind.TIMEOUT))
    connected = failed(FailureKind.TIMEOUT, connected=True)
    assert not outage(outages, "alone.example", 500, connected), "somebody took the connection"


def test_a_gateway_that_refuses_for_everybody_is_an_outage_from_the_second_host_on() -> None:
    outages = Outages()
    assert not outage(outages, "a.example", 1, page())
    assert not outage(outages, "a.example", 100, failed(FailureKind.CONNECT_REFUSED)), "of one it says nothing"
    assert outage(outages, "b.example", 100, failed(FailureKind.CONNECT_REFUSED))
    assert outage(outages, "a.example", 100, failed(FailureKind.CONNECT_REFUSED))
