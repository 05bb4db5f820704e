"""`loccit schedule`: crawls what is due, again and again, until it is told to stop."""

import argparse
import signal
import sys
import traceback
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Final

from loccit.app import App
from loccit.commands import crawl
from loccit.errors import LoccitError
from loccit.exits import Exit
from loccit.fetching import PassCutOffError
from loccit.leasing import LASTS, SCHEDULE, busy_line, leased
from loccit.wiring import open_store
from review.text import inert
from storage.errors import StoreError

AGAIN: Final = timedelta(minutes=1)
"""A pass that found another crawl under way, or no store, is made up for as soon as this."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="one pass now, then leave (for cron and for a try)")


def run(options: argparse.Namespace, app: App) -> Exit:
    if options.once:
        return _pass(app, Event()) or Exit.OK
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    schedule(app, stopped)
    return Exit.OK


def schedule(app: App, stopped: Event) -> None:
    """Pass after pass, until `stopped`. Of several schedulers on one store one works; the others take over from it."""
    told = False
    while not stopped.is_set():
        with open_store(app.settings) as store, leased(store, SCHEDULE, app.clock) as other:
            if other is None:
                _work(app, stopped)
                return
        if not told:
            app.complain(f"{busy_line('scheduler', other)}; waiting to take over from it")
            told = True
        stopped.wait(LASTS.total_seconds() / 4)


def _work(app: App, stopped: Event) -> None:
    # Imported here: no other command needs it.
    from apscheduler.schedulers.background import BackgroundScheduler

    every = app.settings.schedule.every
    scheduler = BackgroundScheduler(timezone=UTC)
    # One pass at a time; passes that were missed, by a sleep or a long pass, are made up for by one.
    job: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}

    def work() -> None:
        if _pass(app, stopped) is None:
            scheduler.modify_job("crawl", next_run_time=datetime.now(UTC) + min(AGAIN, every))

    scheduler.add_job(
        work, "interval", id="crawl", seconds=every.total_seconds(), next_run_time=datetime.now(UTC), **job
    )
    scheduler.start()
    app.say(f"looking for what is due every {every}; SIGTERM or Ctrl-C stops")
    stopped.wait()
    app.say(f"stopping: a pass that is under way has {app.settings.schedule.grace.total_seconds():g} s left")
    scheduler.shutdown(wait=True)


def _pass(app: App, stopped: Event) -> Exit | None:
    """One crawl with the settings as they are now; a failing pass must not end the scheduler. None: try soon again."""
    fresh = App(cwd=app.cwd, config=app.config, quiet=app.quiet, verbose=app.verbose, clock=app.clock)
    try:
        return crawl.one_pass(fresh, everything=False, stopped=stopped.is_set)
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
