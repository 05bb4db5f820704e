"""`loccit demo`: the whole story on this machine alone, with no internet."""

import argparse
from datetime import datetime

from loccit.app import App
from loccit.demo.story import START, Chapter, tell
from loccit.exits import Exit
from loccit.passes import PassResult
from loccit.reporting import console, report_now
from loccit.telling import closing_lines
from loccit.wiring import open_store, read_guides
from review.formats import html, text
from storage.store import Store


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", default="loccit-demo", help="made anew (default: loccit-demo)"
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    folder = app.cwd / options.folder
    print("A small web of four services is served on loopback. Days pass in a moment.\n", flush=True)
    settings, now = tell(folder, _chapter)
    told = App(cwd=folder, quiet=app.quiet, clock=_Stopped(now))
    told.settings = settings
    library = read_guides(settings, now.date())
    with open_store(settings) as store:
        report = report_now(told, store, library)
    width, color = console()
    print("\nWhat loccit says now (`loccit status`):\n")
    print(text.render_status(report, width=width, color=color))
    print("… and (`loccit findings`):\n")
    print(text.render_findings(report, width=width, color=color))
    with app.output(str(folder / "report.html")) as out:
        out.write(html.render_report(report))
    print("Not reported, on purpose: the rotating banner, the footer's year, the limits page that flapped,")
    print("the trains' bad hours, and the bank's bot wall (a wall says nothing about the page behind it).\n")
    print(f"The report: {options.folder}/report.html")
    print(f"More to try: cd {options.folder} && loccit diff 1")
    return Exit.OK


class _Stopped:
    """The clock as the story left it."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    async def sleep(self, _seconds: float) -> None:
        """Nothing waits any more."""


def _chapter(chapter: Chapter, now: datetime, result: PassResult, store: Store) -> None:
    print(f"── {now:%d %B %H:%M}, day {(now - START).days} ── {chapter.told}")
    for line in closing_lines(result, store):
        print(f"   {line}")
    print(flush=True)
