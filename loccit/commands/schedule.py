"""`loccit schedule`: crawls what is due, again and again, until it is told to stop."""

import argparse
import signal
import sys
import traceback
from datetime import UTC, datetime
from threading import Event
from typing import Any

from loccit.app import App
from loccit.commands import crawl
from loccit.errors import LoccitError
from loccit.exits import Exit
from storage.errors import StoreError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="one pass now, then leave (for cron and for a try)")


def run(options: argparse.Namespace, app: App) -> Exit:
    every = app.settings.schedule.every
    if options.once:
        return _pass(app)
    # Imported here: no other command needs it.
    from apscheduler.schedulers.background import BackgroundScheduler

    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    scheduler = BackgroundScheduler(timezone=UTC)
    # One pass at a time; passes that were missed, by a sleep or a long pass, are made up for by one.
    job: dict[str, Any] = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
    scheduler.add_job(
        _pass, "interval", args=[app], seconds=every.total_seconds(), next_run_time=datetime.now(UTC), **job
    )
    scheduler.start()
    app.say(f"looking for what is due every {every}; SIGTERM or Ctrl-C stops")
    stopped.wait()
    app.say("stopping: the pass that is under way is finished first")
    scheduler.shutdown(wait=True)
    return Exit.OK


def _pass(app: App) -> Exit:
    """One crawl with the settings as they are now; a failing pass must not end the scheduler."""
    fresh = App(cwd=app.cwd, config=app.config, quiet=app.quiet, verbose=app.verbose, clock=app.clock)
    try:
        return crawl.run(argparse.Namespace(all=False), fresh)
    except (LoccitError, StoreError) as error:
        fresh.complain(f"{error}; the next pass tries again")
    except Exception:  # noqa: BLE001
        # A bug ends one pass, loudly, and not the years that follow.
        traceback.print_exc(file=sys.stderr)
    return Exit.USAGE
