"""`loccit backup`: a consistent copy of the store, made while a crawl runs."""

import argparse

from loccit.app import App
from loccit.exits import Exit
from loccit.wiring import open_store


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="where the copy goes; an older copy there is replaced")
    parser.epilog = (
        "The copy is a SQLite file, also where the store is on PostgreSQL: a store itself, to be named in store.url "
        "or filled into an empty one with loccit restore."
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    with open_store(app.settings) as store:
        size = store.backup(app.cwd / options.file)
    if app.settings.store.blobs:
        app.complain(f"pages are in {app.settings.store.blobs} and not in the copy; prune takes some away there")
    app.say(f"wrote {options.file} ({size:,} bytes); use it as sqlite:///{options.file} in store.url")
    return Exit.OK
