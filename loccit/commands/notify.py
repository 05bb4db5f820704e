"""`loccit notify`: sends what is due. To be run often, by cron or with `--every`; nothing is told twice."""

import argparse
import signal
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

from loccit.app import App
from loccit.errors import LoccitError, UsageError
from loccit.exits import Exit
from loccit.reporting import report_now
from loccit.settings import duration
from loccit.wiring import open_store, read_guides, sync
from review.text import count
from storage.errors import StoreError

if TYPE_CHECKING:
    from loccit.notifying import Target

_OFTENEST = timedelta(seconds=10)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="show what is due, send and record nothing")
    parser.add_argument("--every", metavar="TIME", help='stay, and look again so often ("10m"); SIGTERM stops')
    parser.add_argument("--test", action="store_true", help="send a short test message to every target")


def run(options: argparse.Namespace, app: App) -> Exit:
    # Not at the top: apprise knows a hundred services, and takes its time.
    from loccit.notifying import Messenger, targets_of

    targets = targets_of(app.settings.notify.targets)
    if not targets and not options.dry_run:
        raise UsageError("there is nobody to tell", "Set [notify] targets, or LOCCIT_NOTIFY__TARGETS.")
    if options.test:
        failed = [each for each in targets if not Messenger().send(each, "loccit", "This is a test of loccit notify.")]
        for each in failed:
            app.complain(f"{each.name}: the message could not be delivered")
        return Exit.FAILS if failed else Exit.OK
    if options.every is None:
        return _once(options, app, targets)
    every = duration(options.every, "--every")
    stopped = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.is_set():
        try:
            _once(options, app, targets)
        except (LoccitError, StoreError) as error:
            app.complain(f"{error}; the next look tries again")
        stopped.wait(max(every, _OFTENEST).total_seconds())
    return Exit.OK


def _once(options: argparse.Namespace, app: App, targets: "list[Target]") -> Exit:
    from loccit.notifying import Messenger, due_messages, send_due

    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now(), tell=app.say)
        report = report_now(app, store, library)
        settings, now = app.settings.notify, app.clock.now()
        base = app.settings.review.url.rstrip("/")
        if options.dry_run:
            for message in due_messages(report, settings, base=base, now=now):
                print(f"{message.kind}: {message.title}\n\n{message.body}\n")
            return Exit.OK
        done = send_due(store.notices, Messenger(), targets, report, settings, base=base, now=now)
    for name in done.failed:
        app.complain(f"{name}: a message could not be delivered; it is tried again")
    if done.sent or options.every is None:
        app.say(f"{count(done.sent, 'message')} sent")
    return Exit.FAILS if done.failed else Exit.OK
