"""Killed at any moment, or two at once: nothing that was recorded is lost, nothing is there by half or twice."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import storage_crashes
from sqlalchemy import select, text
from storage_builders import DAY, START, digest, guide, only, opening, sync, visit

from storage.store import Store
from storage.tables import Fetch, Snapshot

SUPPORT = Path(storage_crashes.__file__)


def started(url: str, first: int, last: int) -> subprocess.Popen[str]:
    root = SUPPORT.parents[2]
    path = os.pathsep.join((str(SUPPORT.parent), str(root), *sys.path))
    return subprocess.Popen(
        [sys.executable, str(SUPPORT), url, str(first), str(last)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


def whole(store: Store) -> int:
    """Check that every look is there with all that belongs to it; gives how many there are."""
    resource = only(store)
    snapshots = store.snapshots(resource)
    looks = store.timeline(resource)
    assert len(looks) == len(snapshots)
    for day, snapshot in enumerate(snapshots):
        assert snapshot.at == START + day * DAY
        assert store.body(snapshot.digest) == storage_crashes.body(day)
    known = store.known(resource)
    if snapshots:
        assert known.newest == snapshots[-1]
        assert known.history.checked == snapshots[-1].at
    assert [each.summary for each in store.findings()] == [f"day {len(snapshots) - 1}"][: max(0, len(snapshots) - 1)]
    return len(snapshots)


def test_killed_at_random_moments(url: str) -> None:
    rng = random.Random(5)
    said = -1
    for _ in range(5):
        process = started(url, said + 1, 10_000)
        assert process.stdout is not None and process.stderr is not None
        begun = process.stdout.readline()
        assert begun, process.stderr.read()
        time.sleep(rng.uniform(0.0, 0.25))
        process.kill()
        lines = [begun, *process.stdout.read().splitlines()]
        process.wait()
        process.stderr.close()
        process.stdout.close()
        told = int(lines[-1] if lines[-1].strip().isdigit() else lines[-2])
        with Store.open(url) as store:
            there = whole(store)
            assert there - 1 in (told, told + 1), "what was said to be recorded is there"
            said = there - 1
            # Readers and writers go on at once.
            sync(store, guide())
    with Store.open(url) as store:
        storage_crashes.record(store, said + 1)
        assert whole(store) == said + 2
        if url.startswith("sqlite"):
            with store._database.reading() as connection:
                assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
                assert connection.execute(text("PRAGMA foreign_key_check")).first() is None


def test_killed_while_the_store_is_made(url: str) -> None:
    for wait in (0.25, 0.35, 0.45, 0.55):
        process = started(url, 0, 3)
        time.sleep(wait)
        process.kill()
        process.communicate()
    with Store.open(url) as store:
        sync(store, guide())
        storage_crashes.record(store, len(store.snapshots(only(store))))
        whole(store)


def test_two_make_the_store_and_write_at_once(url: str) -> None:
    """Both crawls look at the same source on the same days: one snapshot, one finding, one look a day."""
    both = [started(url, 0, 25) for _ in range(2)]
    for process in both:
        out, problem = process.communicate(timeout=60)
        assert process.returncode == 0, problem
        assert out.split() == [str(day) for day in range(26)]
    with Store.open(url) as store:
        resource = only(store)
        assert len(store.findings()) == 1
        assert len(store.snapshots(resource)) == 26
        assert len(store.timeline(resource)) == 26
        with store._database.reading() as connection:
            orphans = select(Fetch.snapshot_id).where(Fetch.snapshot_id.not_in(select(Snapshot.id)))
            assert connection.execute(orphans).first() is None


def test_threads_share_a_store_in_memory() -> None:
    import threading

    problems: list[BaseException] = []
    with Store.open("sqlite://") as store:
        sync(store, guide())
        visit(store, b"first", START)

        def work(number: int) -> None:
            try:
                for turn in range(20):
                    if number:
                        store.known(only(store))
                        store.findings()
                    else:
                        visit(store, b"page %d" % turn, START + turn * DAY, opening())
            except BaseException as error:  # noqa: BLE001 - told to the test
                problems.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert problems == []
        assert len(store.findings()) == 1
        assert store.body(digest(b"page 19")) == b"page 19"
