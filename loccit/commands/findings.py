"""`loccit findings`: the open findings, worst first."""

import argparse

from loccit.app import App
from loccit.exits import Exit
from loccit.reporting import console, report_now
from loccit.wiring import open_store, read_guides, sync
from review.formats import html, json_, markdown, text


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json", "markdown", "html"), default="text")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")


def run(options: argparse.Namespace, app: App) -> Exit:
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now(), tell=app.say)
        report = report_now(app, store, library)
    width, color = console()
    rendered = {
        "text": lambda: text.render_findings(report, width=width, color=color),
        "json": lambda: json_.render_findings(report),
        "markdown": lambda: markdown.render_findings(report),
        "html": lambda: html.render_findings(report),
    }[options.format]()
    with app.output(options.output) as out:
        out.write(rendered)
    return Exit.OK
