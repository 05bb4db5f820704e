"""`loccit restore`: fills an empty store with a copy; also the way from one database to the other."""

import argparse

from loccit.app import App
from loccit.exits import Exit
from loccit.wiring import open_store


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a copy that loccit backup made, or a store on SQLite")
    parser.epilog = (
        "The store at store.url must be empty: nothing is written over. A store moves from SQLite to PostgreSQL, or "
        "back, by backup, another store.url, and restore."
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    with open_store(app.settings) as store:
        rows = store.restore(app.cwd / options.file)
        app.say(f"filled {store.name} with {options.file} ({rows:,} rows); loccit fsck checks it")
    return Exit.OK
