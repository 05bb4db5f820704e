"""The store: whether it can be read, which revision it has, who is at work on it, and when it last crawled."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from loccit.doctor.report import Check, bad, ok, warn
from loccit.leasing import SCHEDULE, busy_line
from loccit.settings import Settings
from storage.checkup import Standing, standing
from storage.errors import StoreError

LONG_AGO: Final = timedelta(days=2)
"""Without a crawl for so long, beyond what the schedule allows, changes go unseen."""


def store_check(settings: Settings, now: datetime) -> Iterator[Check]:
    """Changes nothing: neither makes a store nor migrates one."""
    try:
        found = standing(settings.store.url, root=settings.root)
    except StoreError as error:
        yield bad("store", str(error), "nothing can be recorded until this is mended")
        return
    if found.revision is None:
        yield ok("store", f"none yet at {found.name}: the first crawl makes it")
        return
    if found.revision != found.head:
        todo = "nothing to do, but make a backup first if older programs use it, too (loccit backup)"
        yield warn("migrations", f"revision {found.revision}; the next command brings it to {found.head}", todo)
        return
    yield ok("store", f"{found.name} can be read")
    yield ok("migrations", f"revision {found.revision} is the newest")
    yield from _work(settings, found, now)


def _work(settings: Settings, found: Standing, now: datetime) -> Iterator[Check]:
    held = [lease for lease in found.leases if lease.until > now]
    scheduled = any(lease.name == SCHEDULE for lease in held)
    for lease in held:
        if lease.until - now > timedelta(hours=1):
            said = f"{lease.name} is held until {lease.until:%Y-%m-%d %H:%M} UTC"
            yield warn("leases", said, "a clock was ahead when it was taken; it is taken over by whoever needs it")
        else:
            yield ok("leases", busy_line(lease.name, lease))
    if not held:
        yield ok("leases", "nobody is at work on the store")
    last = found.last_crawl
    if last is None:
        yield warn("schedule", "no crawl has been made", "loccit crawl once, then by cron or with loccit schedule")
        return
    age = now - last.started
    said = f"last crawl {last.started:%Y-%m-%d %H:%M} UTC ({last.outcome or 'under way or cut off'})"
    if age > settings.schedule.every + LONG_AGO and not scheduled:
        yield warn("schedule", f"{said}; no scheduler is running", "run loccit schedule, or loccit crawl by cron")
    else:
        yield ok("schedule", said + ("; the scheduler is running" if scheduled else ""))
