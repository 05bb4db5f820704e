"""`loccit init`: look at the guides here, write loccit.toml."""

import argparse
from pathlib import Path

from guides.survey import survey, to_toml
from loccit.app import App
from loccit.errors import LoccitError, UsageError
from loccit.exits import Exit
from loccit.settings import FILE

REST = """
[policy]
max_age_days = 365        # a verified date older than this has expired
settle_hours = 24         # a change is shown when it has stood this long
fail_on = ["dead", "invalid"]

[crawl]
# Say who you are: people whose pages you fetch look here when they wonder.
# user_agent = "loccit (+https://example.org/about-our-crawler)"
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", nargs="?", default=".", help="where the guides are (default: here)")
    parser.add_argument("--force", action="store_true", help="write a new loccit.toml over the one there is")


def run(options: argparse.Namespace, app: App) -> Exit:
    folder = app.cwd / options.folder
    if not folder.is_dir():
        raise UsageError(f"{options.folder}: there is no such folder")
    found = survey(folder, today=app.today())
    for note in found.notes:
        print(note)
    target = folder / FILE
    text = to_toml(found) + REST
    shown = Path(options.folder) / FILE
    if target.exists() and not options.force:
        if target.read_text("utf-8", errors="replace") != text:
            print(f"{shown} is there already and was left as it is; --force writes a new one")
        return Exit.OK
    try:
        with app.output(str(target)) as out:
            out.write(text)
    except LoccitError as error:
        raise UsageError(error.message, "Give a folder that you may write to.") from None
    print(f"wrote {shown}; next: `loccit check`, then `loccit crawl`")
    return Exit.OK
