"""`loccit archive`: asks a web archive for pages as they were when guides were verified, and for copies of dead ones.

`crawl` and `schedule` do it by themselves after a pass, as far as `[archive] budget` goes. Each answer is kept, so what
is left is asked in the next run, and nothing twice.
"""

import argparse

from loccit.app import App
from loccit.archiving.followup import follow_up
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.telling import nothing_found
from loccit.wiring import open_store, read_guides, sync
from review.text import count


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--budget", metavar="N", type=int, help="requests to the archive, at most (default: [archive] budget)"
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    if options.budget is not None and not 0 < options.budget <= 100_000:
        raise UsageError("--budget: give a number from 1 to 100,000")
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    if not library.guides:
        broken = sum(problem.fatal for problem in library.problems)
        raise UsageError(*nothing_found(app.settings.guides.paths, broken=broken))
    if not app.settings.archive.memento:
        app.say('[archive] memento is "": no archive is asked')
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now(), tell=app.say)
        told = False
        with app.output(None) as out:
            for line in follow_up(app, store, budget=options.budget):
                out.write(f"{line}\n")
                out.flush()
                told = True
            known = store.archives.figures()
            if not told:
                out.write("nothing to ask now\n")
            out.write(f"{count(known.answered, 'question')} answered so far, {known.copies:,} with a copy\n")
    return Exit.OK
