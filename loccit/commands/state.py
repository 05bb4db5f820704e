"""`loccit state merge`: joins the state files of several runs."""

import argparse

from loccit.app import App
from loccit.exits import Exit
from loccit.state import dump, merge_files
from review.text import count


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("merge",), help="join what several runs know of each link")
    parser.add_argument("files", metavar="FILE", nargs="+", help="state files, as `check --state` writes them")
    parser.add_argument("--output", "-o", metavar="FILE", help="write there instead of to standard output")


def run(options: argparse.Namespace, app: App) -> Exit:
    now = app.clock.now()
    links, told = merge_files([app.cwd / name for name in options.files], now)
    for line in told:
        app.complain(line)
    with app.output(options.output) as out:
        out.write(dump(links.values(), now))
    app.say(f"{count(len(links), 'link')} from {count(len(options.files), 'file')}")
    return Exit.OK
