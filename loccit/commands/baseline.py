"""`loccit baseline write`: records today's failures, with a reason and a day on which they fail again."""

import argparse
from datetime import date, timedelta

from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.gate import Gate, check, read_baseline
from loccit.ranges import fail_words_of
from loccit.telling import nothing_found, outage_line
from loccit.wiring import read_guides
from review.baseline import Entry, dump, updated
from review.text import count

LONGEST_DAYS = 366 * 2
"""An entry that lasts longer is no baseline but an ignore, which has a place of its own."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("write",), help="check, and record what fails")
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files, folders or globs (default: [guides] paths)")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why these failures are borne with")
    parser.add_argument(
        "--expires", metavar="DATE", type=_day, help="the last day on which they do not fail (default: [baseline] days)"
    )
    parser.add_argument("--fail-on", metavar="WORD,…", help="what fails (default: [policy] fail_on)")
    parser.add_argument("--no-state", action="store_true", help="neither read nor write the store")


def run(options: argparse.Namespace, app: App) -> Exit:
    settings, today = app.settings, app.today()
    expires: date = options.expires or today + timedelta(days=settings.baseline.days)
    if not today <= expires <= today + timedelta(days=LONGEST_DAYS):
        raise UsageError(f"--expires: {expires} is not between today and two years from now")
    if not options.reason.strip():
        raise UsageError("--reason: say why these failures are borne with")
    words = fail_words_of(settings.policy.fail_on if options.fail_on is None else options.fail_on)
    old = read_baseline(app)
    library = read_guides(settings, today, options.paths)
    app.problems(library.problems)
    if not library.guides:
        broken = sum(problem.fatal for problem in library.problems)
        raise UsageError(*nothing_found(tuple(options.paths) or settings.guides.paths, broken=broken))
    # An unreadable guide was not checked, so nothing is known of its entries.
    complete = not options.paths and not any(problem.fatal for problem in library.problems)
    report, result = check(app, library, Gate(words=words, state=not options.no_state, complete=complete))
    if result.outage:
        app.complain(outage_line(result))
        return Exit.INCONCLUSIVE
    entries = updated(
        report, old, today=today, expires=expires, reason=" ".join(options.reason.split()), complete=complete
    )
    with app.output(str(settings.root / settings.baseline.file)) as out:
        out.write(dump(entries))
    app.say(_told(settings.baseline.file, entries, old))
    return Exit.OK


def _told(file: str, entries: tuple[Entry, ...], old: tuple[Entry, ...]) -> str:
    before, after = {entry.key for entry in old}, {entry.key for entry in entries}
    entry_count = count(len(after), "entry", "entries")
    return f"{file}: {entry_count}, {len(after - before)} new, {len(before - after)} mended and removed"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write 2027-01-31") from None
