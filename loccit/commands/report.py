"""`loccit report`: the drift report."""

import argparse

from loccit.app import App
from loccit.exits import Exit
from loccit.reporting import report_now
from loccit.wiring import open_store, read_guides, sync
from review.formats import html, json_, markdown


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("html", "markdown", "json"), default="html")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")


def run(options: argparse.Namespace, app: App) -> Exit:
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now(), tell=app.say)
        report = report_now(app, store, library)
    render = {"html": html.render_report, "markdown": markdown.render_report, "json": json_.render_report}
    rendered = render[options.format](report)
    with app.output(options.output) as out:
        out.write(rendered)
    if options.output and options.output != "-":
        app.say(f"wrote {options.output}")
    return Exit.OK
