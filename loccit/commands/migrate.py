"""`loccit migrate`: makes the store, or brings it up to date, and leaves: once, before several programs open it."""

import argparse

from crawler.policy import Engine
from loccit.app import App
from loccit.exits import Exit
from loccit.wiring import open_store
from storage.migrate import HEAD


def configure(parser: argparse.ArgumentParser) -> None:
    """It has no options of its own."""
    del parser


def run(options: argparse.Namespace, app: App) -> Exit:
    del options
    with open_store(app.settings) as store:
        queue = app.settings.schedule.engine is Engine.WORKERS
        if queue:
            store.dispatch.prepare()
        with app.output(None) as out:
            out.write(f"{store.name}: revision {HEAD}{', with the queue of the workers' if queue else ''}\n")
    return Exit.OK
