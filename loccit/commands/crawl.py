"""`loccit crawl`: one scheduled pass."""

import argparse
from collections.abc import Callable

from crawler.fetch import HttpFetcher
from crawler.plan import latest
from crawler.policy import Engine
from loccit.app import App
from loccit.dispatching import ask
from loccit.errors import LoccitError, UsageError
from loccit.exits import Exit
from loccit.fetching import pass_over
from loccit.leasing import CRAWL, busy_line, leased
from loccit.passes import PassPlan, PassResult
from loccit.progress import Bar
from loccit.sitemaps import ask_sitemaps
from loccit.telling import closing_lines, nothing_found, outage_line
from loccit.wiring import open_store, read_guides, sync
from storage.errors import StoreError
from storage.store import Store


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="fetch every source, due or not")
    parser.add_argument("--no-archive", action="store_true", help="ask no web archive afterwards")


def run(options: argparse.Namespace, app: App) -> Exit:
    if app.settings.schedule.engine is Engine.WORKERS:
        return ask(app, everything=options.all)
    done = one_pass(app, everything=options.all)
    if done is Exit.OK and not options.no_archive:
        try:
            ask_archive(app)
        except (LoccitError, StoreError) as error:
            # The crawl is done and recorded, whatever becomes of this.
            app.complain(f"{error}; what archives have is asked for after the next crawl")
    return Exit.OK if done is None else done


def ask_archive(app: App, *, stopped: Callable[[], bool] = lambda: False) -> Exit:
    """When the pass is done and told of: what archives have of the pages as they were (see `loccit.archiving`)."""
    if not (app.settings.archive.memento and app.settings.archive.budget) and not app.settings.archive.suggest:
        return Exit.OK
    # Not at the top: most of what it needs is imported by nothing else.
    from loccit.archiving.followup import follow_up

    with open_store(app.settings) as store, app.output(None) as out:
        for line in follow_up(app, store, stopped=stopped):
            out.write(f"{line}\n")
            out.flush()
    return Exit.OK


def one_pass(app: App, *, everything: bool, stopped: Callable[[], bool] = lambda: False) -> Exit | None:
    """Fetch what is due, and say what came of it; None where another process is at it, which is said too."""
    settings = app.settings
    library = read_guides(settings, app.today())
    app.problems(library.problems)
    if not library.guides:
        raise UsageError(
            *nothing_found(settings.guides.paths, broken=sum(problem.fatal for problem in library.problems))
        )
    with open_store(settings) as store, leased(store, CRAWL, app.clock) as other:
        if other is not None:
            app.complain(f"{busy_line('crawl', other)}; this one leaves it the work")
            return None
        sync(store, library, app.clock.now(), tell=app.say)
        store.reach(app.clock.now(), latest(settings.schedule))
        return _crawl(app, store, everything=everything, stopped=stopped)


def _crawl(app: App, store: Store, *, everything: bool, stopped: Callable[[], bool]) -> Exit:
    settings = app.settings
    plan = PassPlan(kind="crawl", policy=settings.policy, schedule=settings.schedule, everything=everything)

    async def ask_hosts(fetcher: HttpFetcher, result: PassResult) -> None:
        if not result.outage:
            await ask_sitemaps(store, fetcher, settings, app.clock, stopped=stopped)

    with Bar("crawling", quiet=app.quiet) as bar:
        result = pass_over(
            *(settings, store, plan, app.clock),
            on_start=bar.start,
            stopped=stopped,
            told=app.looked,
            afterwards=ask_hosts,
        )
    app.passed(result.seconds, outage=result.outage)
    if result.outage and result.undecided == result.due:
        app.complain(outage_line(result))
        return Exit.INCONCLUSIVE
    with app.output(None) as out:
        out.writelines(f"{line}\n" for line in closing_lines(result, store))
    if result.outage:
        app.complain(outage_line(result))
        return Exit.INCONCLUSIVE
    return Exit.OK
