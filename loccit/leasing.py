"""What only one process on one store may do at a time: take the lease, keep it while working, give it back."""

import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from typing import Final

from crawler.ports import Clock
from review.text import one_line
from storage.errors import StoreError
from storage.rows import LeaseRecord
from storage.store import Store

CRAWL: Final = "crawl"
SCHEDULE: Final = "schedule"

LASTS: Final = timedelta(minutes=2)
"""After this a lease that is not renewed is free: a machine that was switched off holds up nobody for longer."""

_RENEWALS: Final = 6


@cache
def holder() -> str:
    """This process: its machine, its number there, and a mark, since numbers come again."""
    return f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"


@contextmanager
def leased(
    store: Store, name: str, clock: Clock, *, lasts: timedelta = LASTS, lost: Callable[[], None] = lambda: None
) -> Iterator[LeaseRecord | None]:
    """Hold the lease as long as the block runs. Gives None where it is ours, else whose it is.

    `lost` is called, once and from another thread, where somebody else has taken it meanwhile: this process was
    stopped, or was without its store, for longer than the lease lasts.
    """
    other = store.take_lease(name, holder(), at=clock.now(), lasts=lasts)
    if other is not None and _is_gone(other.holder):
        other = store.take_lease(name, holder(), at=clock.now(), lasts=lasts, dead=other.holder)
    if other is not None:
        yield other
        return
    done = threading.Event()
    renewing = threading.Thread(target=_renew, args=(store, name, clock, lasts, done, lost), daemon=True)
    renewing.start()
    try:
        yield None
    finally:
        done.set()
        renewing.join()
        with suppress(StoreError):  # It runs out by itself.
            store.release_lease(name, holder())


def busy_line(what: str, other: LeaseRecord) -> str:
    """Who is at it, and since when, for people."""
    machine, number = (*other.holder.split(), "?", "?")[:2]
    since = other.since.astimezone().strftime("%Y-%m-%d %H:%M")
    return (
        f"another {what} of this store is under way (process {one_line(number)} on {one_line(machine)}, since {since})"
    )


def _renew(
    store: Store, name: str, clock: Clock, lasts: timedelta, done: threading.Event, lost: Callable[[], None]
) -> None:
    while not done.wait(lasts.total_seconds() / _RENEWALS):
        # A store that cannot be written now may be written at the next try; the work itself tells what is wrong.
        with suppress(StoreError):
            if store.take_lease(name, holder(), at=clock.now(), lasts=lasts) is not None:
                lost()
                return


def _is_gone(other: str) -> bool:
    """Whether a holder is a process of this machine that is there no more."""
    machine, number, _ = (*other.split(), "", "", "")[:3]
    if machine != socket.gethostname() or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return other != holder()
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
