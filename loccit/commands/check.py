"""`loccit check`: verifies every citation now. The CI gate."""

import argparse
from dataclasses import replace
from importlib.metadata import version

from guides.model import Library
from loccit.app import App
from loccit.checking import make_check
from loccit.commands.crawl import nothing_found
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.fetching import pass_over
from loccit.passes import PassPlan, PassResult
from loccit.progress import Bar
from loccit.ranges import fail_words_of
from loccit.reporting import console, report_now
from loccit.since import changed_since, only_files
from loccit.telling import outage_line
from loccit.wiring import open_store, read_guides, sync
from review.formats import github, json_, markdown, text
from review.hints import check_hints
from review.model import CheckReport, StateKind
from review.report import STALE, mark_failures, report_fails

FORMATS = ("text", "json", "github", "markdown")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files, folders or globs (default: [guides] paths)")
    parser.add_argument("--since", metavar="REF", help="only guides changed since that git revision")
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("--output", metavar="FILE", help="write there instead of standard output")
    parser.add_argument("--fail-on", metavar="WORD,…", help="what fails (default: [policy] fail_on)")
    parser.add_argument("--no-state", action="store_true", help="neither read nor write the store")
    parser.add_argument("--all", action="store_true", help="show also the citations with nothing to say")


def run(options: argparse.Namespace, app: App) -> Exit:
    settings = app.settings
    words = fail_words_of(settings.policy.fail_on if options.fail_on is None else options.fail_on)
    library = _library(options, app)
    app.problems(library.problems)
    if not library.guides:
        if options.since and not library.problems:
            app.say(f"no guide changed since {options.since}: nothing to check")
            return Exit.OK
        raise UsageError(
            *nothing_found(
                tuple(options.paths) or settings.guides.paths, broken=sum(problem.fatal for problem in library.problems)
            )
        )
    report, result = _check(options, app, library, words)
    _write(options, app, report)
    if result.outage:
        app.complain(outage_line(result))
        return Exit.INCONCLUSIVE
    # A guide that cannot be read is the guide's own mistake, and its citations went unchecked.
    broken = "invalid" in words and any(problem.fatal for problem in library.problems)
    return Exit.FAILS if broken or report_fails(report) else Exit.OK


def _library(options: argparse.Namespace, app: App) -> Library:
    library = read_guides(app.settings, app.today(), options.paths)
    if options.since:
        library = only_files(library, changed_since(app.settings.root, options.since))
    return library


def _check(
    options: argparse.Namespace, app: App, library: Library, words: frozenset[str]
) -> tuple[CheckReport, PassResult]:
    settings = app.settings
    plan = PassPlan(
        kind="check",
        policy=settings.policy,
        schedule=settings.schedule,
        everything=True,
        guides=frozenset(guide.id for guide in library.guides),
        on_the_spot=True,
    )
    started = app.clock.now()
    with open_store(settings, in_memory=options.no_state) as store:
        # Only part of the guides may have been read: the others are not retired for that.
        sync(store, library, started, complete=False)
        with Bar("checking", quiet=app.quiet) as bar:
            result = pass_over(settings, store, plan, app.clock, on_start=bar.start)
        report = make_check(
            library,
            result,
            version=version("loccit"),
            state=not options.no_state,
            started=started,
            finished=app.clock.now(),
        )
        stale = report_now(app, store, library).lines if STALE in words else ()
    return replace(
        report,
        citations=mark_failures(report.citations, words),
        stale=tuple(line.view.guide.id for line in stale if line.state.state is StateKind.STALE),
    ), result


def _write(options: argparse.Namespace, app: App, report: CheckReport) -> None:
    width, color = console()
    color = color and options.output in (None, "-")
    rendered = {
        "text": lambda: text.render_check(report, width=width, color=color, everything=options.all or app.verbose),
        "json": lambda: json_.render_check(report),
        "github": lambda: github.render_check(report),
        "markdown": lambda: markdown.render_check(report),
    }[options.format]()
    with app.output(options.output) as out:
        out.write(rendered)
    if options.format == "text":
        for hint in check_hints(report):
            app.say(hint)
