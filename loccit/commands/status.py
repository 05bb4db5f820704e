"""`loccit status`: each guide's state, and why."""

import argparse

from crawler.policy import Engine
from loccit.app import App
from loccit.exits import Exit
from loccit.ranges import fail_words_of
from loccit.reporting import console, report_now
from loccit.wiring import SHOWN, open_store, read_guides, sync
from review.formats import json_, markdown, text
from review.model import GuideLine


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("guides", metavar="GUIDE", nargs="*", help="ids or files (default: all)")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument(
        "--fail-on", metavar="WORD,…", help="exit 1 where a guide is, or has, one of these (stale, dead …)"
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    words = fail_words_of(options.fail_on or "", extra=("expired", "unverified", "verified"))
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now(), tell=app.say)
        report = report_now(app, store, library, options.guides)
        if app.settings.schedule.engine is Engine.WORKERS:
            # Imported here: most installations have no workers.
            from loccit.holding import held_line

            for held in store.dispatch.held(app.clock.now())[:SHOWN]:
                app.complain(held_line(held))
    width, color = console()
    rendered = {
        "text": lambda: text.render_status(report, width=width, color=color),
        "json": lambda: json_.render_status(report),
        "markdown": lambda: markdown.render_status(report),
    }[options.format]()
    with app.output(options.output) as out:
        out.write(rendered)
    return Exit.FAILS if any(words & _words(line) for line in report.lines) else Exit.OK


def _words(line: GuideLine) -> set[str]:
    """Everything about a guide that `--fail-on` may name."""
    reasons = {str(word) for reason in line.state.reasons for word in (reason.drift, reason.verdict) if word}
    return {str(line.state.state), *reasons}
