"""`loccit schedule`: crawls what is due, tells who wants to know, and keeps the store in order, until told to stop."""

import argparse
import logging
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Final

from crawler.policy import Engine
from loccit import dispatching
from loccit.app import App
from loccit.commands import crawl, fsck, notify, prune
from loccit.errors import LoccitError
from loccit.exits import Exit
from loccit.fetching import PassCutOffError
from loccit.leasing import LASTS, SCHEDULE, busy_line, leased
from loccit.watching import watch_of, watched
from loccit.wiring import open_store
from review.text import inert
from storage.errors import StoreError
from storage.store import Store

AGAIN: Final = timedelta(minutes=1)
"""A pass that found another crawl under way, or no store, is made up for as soon as this."""

_LOOK: Final = 1.0
"""Seconds between two looks whether the lease is still ours; a signal ends the wait at once."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", metavar="ADDRESS:PORT", help="instead of [schedule] listen")
    parser.add_argument("--once", action="store_true", help="one pass now, then leave (for cron and for a try)")


def run(options: argparse.Namespace, app: App) -> Exit:
    if options.once and app.settings.schedule.engine is Engine.WORKERS:
        return _guarded(app, lambda fresh: dispatching.ask(fresh, everything=False)) or Exit.OK
    if options.once:
        done = _guarded(app, lambda fresh: crawl.one_pass(fresh, everything=False)) or Exit.OK
        if done is Exit.OK:
            _guarded(app, crawl.ask_archive)
        return done
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    listen = app.settings.schedule.listen if options.listen is None else options.listen
    with open_store(app.settings) as store, watched(listen, watch_of(app, store, needs_scheduler=True), app.say):
        schedule(app, stopped)
    return Exit.OK


def schedule(app: App, stopped: Event) -> None:
    """Pass after pass, until `stopped`. Of several schedulers on one store one works; the others take over from it.

    One that finds its lease with another (it was asleep, or without its store, for too long) waits like the others.
    """
    told = ""
    while not stopped.is_set():
        try:
            waiting = _turn(app, stopped)
        except StoreError as error:
            waiting = f"{error}; trying again"
        if not waiting:
            continue
        if waiting != told:
            app.complain(waiting)
        told = waiting
        stopped.wait(LASTS.total_seconds() / 4)


def _turn(app: App, stopped: Event) -> str:
    """Work as long as the lease is ours; where it is another's, says so at once."""
    lost = Event()
    with open_store(app.settings) as store, leased(store, SCHEDULE, app.clock, lost=lost.set) as other:
        if other is not None:
            return f"{busy_line('scheduler', other)}; waiting to take over from it"
        _work(app, _Until(stopped, lost))
    if lost.is_set():
        app.complain("another scheduler has taken over meanwhile")
    return ""


class _Until:
    """Until told to stop, or the lease is another's."""

    def __init__(self, *events: Event) -> None:
        self._events = events

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)

    def wait(self) -> None:
        first, *_ = self._events
        while not self.is_set():
            first.wait(_LOOK)


def _work(app: App, stopped: _Until) -> None:
    # Imported here: no other command needs it.
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    every = app.settings.schedule.every
    workers = app.settings.schedule.engine is Engine.WORKERS
    # That one thing had to wait for another is no news.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    # One thing at a time, in the order in which they fall due. What was missed, by a sleep or a long pass, is made up
    # for by one run.
    one: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    # But for handing out, which must not wait until hours of upkeep are over.
    executors = {"default": ThreadPoolExecutor(1), "queue": ThreadPoolExecutor(1)}
    scheduler = BackgroundScheduler(executors=executors, job_defaults=one, timezone=UTC)

    def pass_over() -> None:
        if _guarded(app, lambda fresh: crawl.one_pass(fresh, everything=False, stopped=stopped.is_set)) is None:
            scheduler.modify_job("crawl", next_run_time=datetime.now(UTC) + min(AGAIN, every))

    def read_over() -> None:
        if _guarded(app, dispatching.sync_guides) is None:
            scheduler.modify_job("crawl", next_run_time=datetime.now(UTC) + min(AGAIN, every))

    first = {"seconds": every.total_seconds(), "next_run_time": datetime.now(UTC)}
    scheduler.add_job(read_over if workers else pass_over, "interval", id="crawl", **first)
    handing = _Handing(app)
    if workers:
        tick = dispatching.tick_of(app).total_seconds()
        scheduler.add_job(handing.out, "interval", id="queue", executor="queue", seconds=tick)
    # Beside the passes, so that a slow archive holds up none of them.
    scheduler.add_executor(ThreadPoolExecutor(1), "archive")
    soon = datetime.now(UTC) + min(AGAIN, every)
    asking = {"seconds": every.total_seconds(), "next_run_time": soon, "executor": "archive"}
    scheduler.add_job(lambda: _guarded(app, lambda fresh: _archive(fresh, stopped)), "interval", id="archive", **asking)
    if app.settings.notify.targets:
        scheduler.add_job(lambda: _guarded(app, _notify), "interval", id="notify", minutes=5)
    scheduler.add_job(lambda: _guarded(app, _prune), "cron", id="prune", hour=3, minute=30)
    scheduler.add_job(lambda: _guarded(app, _fsck), "cron", id="fsck", day_of_week="sun", hour=4, minute=30)
    scheduler.start()
    what = "handing out what is due, and reading the guides" if workers else "looking for what is due"
    app.say(f"{what} every {every}; SIGTERM or Ctrl-C stops")
    stopped.wait()
    app.say(f"stopping: a pass that is under way has {app.settings.schedule.grace.total_seconds():g} s left")
    scheduler.shutdown(wait=True)
    handing.close()


class _Handing:
    """Hands out work every few seconds over one store, which is opened anew where it was lost."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._store: Store | None = None
        self._seen: datetime | None = None
        self._counted_from: datetime | None = None

    def out(self) -> None:
        if _guarded(self._app, self._hand_out) is not Exit.OK:
            self.close()

    def _hand_out(self, app: App) -> Exit:
        if self._store is None:
            self._store = open_store(app.settings)
            self._store.dispatch.prepare()
        dispatching.hand_out(app, self._store, counted=self._counted(app))
        self._seen = app.clock.now()
        return Exit.OK

    def _counted(self, app: App) -> bool:
        """Whether a silent worker is a dead one: not soon after the store was away, when all of them are silent."""
        now, patience = app.clock.now(), 3 * app.settings.schedule.heartbeat
        if self._seen is not None and not now - self._seen <= max(patience / 2, 2 * dispatching.TICK):
            self._counted_from = now + 2 * patience
        return self._counted_from is None or not now < self._counted_from <= now + 2 * patience

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def _archive(app: App, stopped: _Until) -> Exit:
    return crawl.ask_archive(app, stopped=stopped.is_set)


def _notify(app: App) -> Exit:
    return notify.run(argparse.Namespace(dry_run=False, test=False), app)


def _prune(app: App) -> Exit:
    return prune.run(argparse.Namespace(dry_run=False), app)


def _fsck(app: App) -> Exit:
    return fsck.run(argparse.Namespace(repair=False, format="text"), app)


def _guarded(app: App, work: Callable[[App], Exit | None]) -> Exit | None:
    """Do it with the settings as they are now; what fails must not end the scheduler. None: to be tried soon again."""
    fresh = app.fresh()
    try:
        return work(fresh)
    except PassCutOffError as error:
        fresh.complain(str(error))
    except StoreError as error:
        fresh.complain(f"{error}; the next pass tries again")
        return None
    except LoccitError as error:
        fresh.complain(f"{error}; the next pass tries again")
    except Exception:  # noqa: BLE001
        # A bug ends one pass, loudly, and not the years that follow. What it prints may hold a page's words.
        print(inert(traceback.format_exc()), file=sys.stderr, end="")
    return Exit.USAGE
