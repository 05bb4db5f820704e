"""What the processes do that the crash tests start, kill, and let write at the same time.

Run as a program: `storage_crashes.py URL FIRST LAST` records day FIRST to LAST and says each day once it is recorded.
"""

import sys

from storage_builders import DAY, START, guide, look, only, opening, sync

from crawler.model import DriftKind
from storage.store import Store


def body(day: int) -> bytes:
    """A page of its own for each day, large enough to spill over many pages of the database."""
    return b"".join(b"<p>%d days, line %d</p>" % (day, line * 7919 % 1000) for line in range(2000))


def record(store: Store, day: int) -> None:
    at = START + day * DAY
    known = store.known(only(store))
    ops = (opening(summary=f"day {day}"),) if day else ()
    store.record(look(known, body(day), at, drift=DriftKind.MATERIAL), ops)


def main(url: str, first: int, last: int) -> None:
    with Store.open(url) as store:
        sync(store, guide())
        for day in range(first, last + 1):
            record(store, day)
            sys.stdout.write(f"{day}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
