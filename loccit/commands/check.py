"""`loccit check`: verifies every citation now. The CI gate."""

import argparse
import importlib
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from guides.lint import lint
from guides.model import Library
from loccit.app import App
from loccit.before import judged_anew
from loccit.errors import LoccitError, SettingsError, UsageError
from loccit.exits import Exit
from loccit.offline import make_offline
from loccit.ranges import fail_words_of
from loccit.reporting import console
from loccit.settings import duration
from loccit.since import changes_since, counted_alike, only_changed, top_of
from loccit.targets import STDOUT, Target, reader_of, targets
from loccit.telling import nothing_found, outage_line
from loccit.wiring import read_guides
from review.failing import mark_failures, report_fails
from review.hints import check_hints
from review.model import CheckReport

FORMATS = ("text", "json", "github", "markdown", "sarif", "junit")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files, folders or globs (default: [guides] paths)")
    parser.add_argument(
        "--since",
        metavar="REF",
        help="only guides changed since that git revision, and on the spot only their new or changed lines",
    )
    parser.add_argument(
        "--tracked", action="store_true", help="with --since: without files that git does not track yet"
    )
    parser.add_argument(
        "--format",
        metavar="FORMAT[:FILE]",
        action="append",
        type=reader_of(FORMATS),
        help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]} (default: {FORMATS[0]}); may be given several times: "
        "all but one with the file that it goes to",
    )
    parser.add_argument(
        "--output", metavar="FILE", help="write the format that names no file there instead of to standard output"
    )
    parser.add_argument("--fail-on", metavar="WORD,…", help="what fails (default: [policy] fail_on)")
    parser.add_argument("--no-state", action="store_true", help="neither read nor write the store")
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="instead of the store, a small file of what is known of links, for a CI cache or a branch",
    )
    parser.add_argument(
        "--max-age",
        metavar="AGE",
        type=_age,
        help="reuse good results that are younger (6h, 2d); needs a store or a state file",
    )
    parser.add_argument("--offline", action="store_true", help="the guides alone: nothing is fetched or stored")
    parser.add_argument("--strict", action="store_true", help="with --offline: warnings fail too")
    parser.add_argument("--no-baseline", action="store_true", help="let known failures fail too")
    parser.add_argument("--all", action="store_true", help="show also the citations with nothing to say")


def _age(text: str) -> timedelta:
    try:
        return duration(text, "--max-age")
    except SettingsError as error:
        raise argparse.ArgumentTypeError(error.message) from None


def run(options: argparse.Namespace, app: App) -> Exit:
    carried = _state_file(options, app)
    chosen = targets(options.format, options.output, default=FORMATS[0])
    settings = app.settings
    words = fail_words_of(settings.policy.fail_on if options.fail_on is None else options.fail_on)
    changes = None if options.since is None else changes_since(settings.root, options.since, tracked=options.tracked)
    library = read_guides(settings, app.today(), options.paths)
    if changes is not None:
        library = only_changed(library, changes, settings.root)
        changes = counted_alike(changes, library, settings.root)
        if not options.offline:
            changes = judged_anew(changes, library, settings.guides, settings.root, today=app.today())
    if not library.guides or not any(target == Target(format="text", file=STDOUT) for target in chosen):
        # The text on standard output names them itself.
        app.problems(library.problems)
    if not library.guides:
        return _no_guides(options, app, library, words, chosen)
    if options.offline:
        return _offline(options, app, library, words, chosen)
    # Only now: what fetches takes a while to load, and a check of the guides alone fetches nothing.
    from loccit.gate import Gate, check, read_baseline

    gate = Gate(
        words=words,
        state=not options.no_state,
        complete=not (options.paths or options.since) and not any(problem.fatal for problem in library.problems),
        baseline=() if options.no_baseline else read_baseline(app),
        changes=changes,
        max_age=options.max_age,
        carried=carried,
    )
    report, result = check(app, library, gate)
    _write(chosen, options, app, report)
    if result.outage:
        app.complain(outage_line(result))
        return Exit.INCONCLUSIVE
    # A guide or a place that cannot be read is the guide's own mistake, and what it cites went unchecked.
    broken = "invalid" in words and any(problem.wrong for problem in library.problems)
    return Exit.FAILS if broken or report_fails(report) else Exit.OK


def _state_file(options: argparse.Namespace, app: App) -> Path | None:
    if options.state is None:
        return None
    if options.no_state:
        raise UsageError("--state names a file to keep, and --no-state keeps nothing", "Leave one of them out.")
    path = app.cwd / Path(options.state)
    # A device or a pipe is no file to keep: put one in its place, and it is gone for everybody.
    if not options.state or not path.name or (path.exists() and not path.is_file()):
        raise UsageError(f"--state: {options.state!r} names no file")
    return path


def _offline(
    options: argparse.Namespace, app: App, library: Library, words: frozenset[str], chosen: tuple[Target, ...]
) -> Exit:
    """The guides alone: nobody is asked, nothing is stored."""
    root = app.settings.root
    told = (*library.problems, *lint(library, lambda name: (root / name).exists()))
    if not any(target == Target(format="text", file=STDOUT) for target in chosen):
        app.problems(told[len(library.problems) :])
    report = make_offline(library, told, version=version("loccit"), now=app.clock.now(), base=top_of(root))
    report = replace(report, citations=mark_failures(report.citations, words))
    _write(chosen, options, app, report)
    wrong = "invalid" in words and any(problem.wrong for problem in told)
    return Exit.FAILS if wrong or report_fails(report) or (options.strict and told) else Exit.OK


def _no_guides(
    options: argparse.Namespace, app: App, library: Library, words: frozenset[str], chosen: tuple[Target, ...]
) -> Exit:
    """A change that touches no guide needs no word; one that breaks all that it touches is told on its lines."""
    if options.since is None:
        broken = sum(problem.fatal for problem in library.problems)
        raise UsageError(*nothing_found(tuple(options.paths) or app.settings.guides.paths, broken=broken))
    if not library.problems:
        app.say(f"no guide changed since {options.since}: nothing to check")
    _write(chosen, options, app, replace(_nothing(app), problems=library.problems, base=top_of(app.settings.root)))
    wrong = "invalid" in words and any(problem.wrong for problem in library.problems)
    return Exit.FAILS if wrong else Exit.OK


def _nothing(app: App) -> CheckReport:
    """A report of no guides: what reads a result file (an upload, a badge) finds one all the same."""
    now = app.clock.now()
    return CheckReport(
        version=version("loccit"), started=now, finished=now, outage=False, guides=0, resources=0, citations=()
    )


def _write(chosen: tuple[Target, ...], options: argparse.Namespace, app: App, report: CheckReport) -> None:
    """Every format to its place. One that cannot be written does not keep the others from being."""
    failed: LoccitError | None = None
    for target in chosen:
        try:
            with app.output(target.file) as out:
                out.write(_rendered(target, options, app, report))
        except LoccitError as error:
            failed = failed or error
    if any(target.format == "text" for target in chosen):
        for hint in check_hints(report):
            app.say(hint)
    if failed is not None:
        raise failed


def _rendered(target: Target, options: argparse.Namespace, app: App, report: CheckReport) -> str:
    if target.format == "text":
        from review.formats import text

        width, color = console()
        everything = options.all or app.verbose
        return text.render_check(report, width=width, color=color and target.file == STDOUT, everything=everything)
    name = {"json": "json_"}.get(target.format, target.format)
    rendered: str = importlib.import_module(f"review.formats.{name}").render_check(report)
    return rendered
