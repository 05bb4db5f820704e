"""What a crawl writes: snapshots a second in its batches, and the bytes that a look leaves which found nothing new.

python benchmarks/batch.py [--sources 1000] [--bytes 30000]

Seconds are CPU time of the store alone, on SQLite: pages are neither fetched nor read.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from crawler.model import KnownSource, Observation
from storage.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from storage_builders import citation, guide, look, sync

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
QUIET_ROUNDS = 20


def pages(count: int, size: int) -> list[bytes]:
    """Pages that share nothing but their words."""
    rng = random.Random(1)
    words = [f"{rng.getrandbits(28):x}" for _ in range(3000)]
    return [
        b"<p>" + " ".join(random.Random(number).choices(words, k=size // 8)).encode() + b"</p>"
        for number in range(count)
    ]


def spent(store: Store) -> int:
    with store._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return int(connection.execute(text("SELECT sum(pgsize - unused) FROM dbstat")).scalar_one())


def round_of(store: Store, made: Callable[[KnownSource, int], Observation], at: datetime) -> float:
    """Looks at every source once; gives the CPU seconds that writing them took."""
    looks = [made(store.known(resource), number) for number, (resource, _) in enumerate(store.due(at, everything=True))]
    began = time.process_time()
    with store.batch():
        for each in looks:
            store.record(each, ())
    return time.process_time() - began


def measure(sources: int, size: int) -> dict[str, Any]:
    content = pages(sources, size)
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/a.db") as store:
        sync(store, *(guide(f"g{n}", citation("c1", f"https://example.com/{n}")) for n in range(sources)))

        def new(known: KnownSource, number: int) -> Observation:
            return look(known, content[number], START, etag="a")

        def changed(known: KnownSource, number: int) -> Observation:
            return look(known, content[number] + b"<p>new</p>", START + DAY, etag="b")

        def noisy(known: KnownSource, number: int) -> Observation:
            nonce = b"<!-- %d -->" % random.getrandbits(64)
            at = (known.history.checked or START) + DAY
            return look(known, content[number] + b"<p>new</p>" + nonce, at, text=str(number))

        first, second = round_of(store, new, START), round_of(store, changed, START + DAY)
        # From the third one on, each lets go of the one before.
        third = [round_of(store, noisy, START + number * DAY) for number in (2, 3, 4)][-1]
        # As they were before, so that what comes is nothing new.
        round_of(store, changed, START + 5 * DAY)
        before = spent(store)
        for turn in range(QUIET_ROUNDS):
            at = START + (6 + turn) * DAY

            def same(known: KnownSource, number: int, at: datetime = at) -> Observation:
                return look(known, content[number] + b"<p>new</p>", at, etag="b")

            round_of(store, same, at)
        grown = (spent(store) - before) / (QUIET_ROUNDS * sources)
    return {
        "sources": sources,
        "page_bytes": sum(map(len, content)) // sources,
        "first_snapshots_per_cpu_second": round(sources / first),
        "changed_snapshots_per_cpu_second": round(sources / second),
        "same_text_snapshots_per_cpu_second": round(sources / third),
        "bytes_of_a_look_without_news": round(grown, 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--bytes", type=int, default=30_000)
    options = parser.parse_args(arguments)
    print(json.dumps(measure(options.sources, options.bytes), indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
