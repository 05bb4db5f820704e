"""`loccit crawl`: one scheduled pass."""

import argparse

from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.fetching import pass_over
from loccit.passes import PassPlan
from loccit.progress import Bar
from loccit.telling import closing_lines, nothing_found, outage_line
from loccit.wiring import open_store, read_guides, sync


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="fetch every source, due or not")


def run(options: argparse.Namespace, app: App) -> Exit:
    settings = app.settings
    now = app.clock.now()
    library = read_guides(settings, app.today())
    app.problems(library.problems)
    if not library.guides:
        raise UsageError(
            *nothing_found(settings.guides.paths, broken=sum(problem.fatal for problem in library.problems))
        )
    plan = PassPlan(kind="crawl", policy=settings.policy, schedule=settings.schedule, everything=options.all)
    with open_store(settings) as store:
        sync(store, library, now, tell=app.say)
        with Bar("crawling", quiet=app.quiet) as bar:
            result = pass_over(settings, store, plan, app.clock, on_start=bar.start)
        if result.outage and result.undecided == result.due:
            app.complain(outage_line(result))
            return Exit.INCONCLUSIVE
        with app.output(None) as out:
            out.writelines(f"{line}\n" for line in closing_lines(result, store))
        if result.outage:
            app.complain(outage_line(result))
            return Exit.INCONCLUSIVE
    return Exit.OK
