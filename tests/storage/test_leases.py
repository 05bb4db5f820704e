"""Leases, on both databases: one holder at a time, whoever dies or sleeps."""

import threading
from datetime import timedelta

from storage_builders import START

from loccit.clock import SystemClock
from loccit.leasing import leased
from storage.store import Store

LASTS = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)


def test_one_holds_it_until_it_is_given_back_or_runs_out(store: Store) -> None:
    assert store.take_lease("crawl", "a 1 x", at=START, lasts=LASTS) is None
    other = store.take_lease("crawl", "b 1 y", at=START + MINUTE, lasts=LASTS)
    assert other is not None
    assert (other.holder, other.since, other.until) == ("a 1 x", START, START + LASTS)
    assert store.take_lease("schedule", "b 1 y", at=START, lasts=LASTS) is None, "another name is another lease"

    assert store.take_lease("crawl", "a 1 x", at=START + MINUTE, lasts=LASTS) is None, "renewed"
    assert store.take_lease("crawl", "b 1 y", at=START + 2.5 * MINUTE, lasts=LASTS) is not None
    assert store.take_lease("crawl", "b 1 y", at=START + 3 * MINUTE, lasts=LASTS) is None, "run out"
    assert store.take_lease("crawl", "a 1 x", at=START + 3.1 * MINUTE, lasts=LASTS) is not None

    store.release_lease("crawl", "a 1 x")  # not its own any more
    assert store.take_lease("crawl", "a 1 x", at=START + 3.2 * MINUTE, lasts=LASTS) is not None
    store.release_lease("crawl", "b 1 y")
    assert store.take_lease("crawl", "a 1 x", at=START + 3.3 * MINUTE, lasts=LASTS) is None


def test_a_dead_holder_and_a_clock_that_was_ahead_hold_up_nobody(store: Store) -> None:
    store.take_lease("crawl", "a 1 x", at=START, lasts=LASTS)
    assert store.take_lease("crawl", "a 2 y", at=START, lasts=LASTS, dead="a 1 x") is None
    store.take_lease("crawl", "a 2 y", at=START + timedelta(days=400), lasts=LASTS)
    assert store.take_lease("crawl", "a 3 z", at=START + MINUTE, lasts=LASTS) is None


def test_of_many_that_ask_at_once_one_gets_it(store: Store) -> None:
    got: list[str] = []

    def ask(name: str) -> None:
        if store.take_lease("crawl", name, at=START, lasts=LASTS) is None:
            got.append(name)

    threads = [threading.Thread(target=ask, args=(f"m {number} x",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_a_holder_that_slept_is_told_that_its_lease_is_anothers(store: Store) -> None:
    lost = threading.Event()
    clock = SystemClock()
    with leased(store, "schedule", clock, lasts=timedelta(seconds=1.2), lost=lost.set) as other:
        assert other is None
        assert not lost.wait(0.15), "renewed"
        asleep, short = timedelta(seconds=1.3), timedelta(seconds=0.9)
        assert store.take_lease("schedule", "b 1 y", at=clock.now() + asleep, lasts=short) is None
        assert lost.wait(5)
    with leased(store, "schedule", clock) as other:
        assert other is not None
        assert other.holder == "b 1 y", "what is another's is not given back"
