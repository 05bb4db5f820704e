"""`loccit diff`: what changed, block by block, word by word."""

import argparse

from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.reporting import console
from loccit.wiring import open_store
from review.formats import json_
from review.formats.diff import render_diff
from review.model import FindingId


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("finding", metavar="FINDING", help="its number, as `loccit findings` shows it")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace, app: App) -> Exit:
    with open_store(app.settings) as store:
        number = finding_number(options.finding)
        finding = store.finding(number)
    if finding is None:
        raise UsageError(f"there is no finding {options.finding}", "`loccit findings` lists the open ones.")
    width, color = console()
    with app.output(None) as out:
        out.write(
            json_.render_finding(finding)
            if options.format == "json"
            else render_diff(finding, width=width, color=color)
        )
    return Exit.OK


def finding_number(word: str) -> FindingId:
    """The number in `7` or `#7`. Raises UsageError."""
    digits = word.removeprefix("#")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise UsageError(f"{word!r} is no finding's number", "`loccit findings` lists the open ones.")
    return FindingId(int(digits))
