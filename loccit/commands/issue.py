"""`loccit issue`: the drift report as one issue on GitHub or GitLab: opened, updated, and closed when all is well."""

import argparse
import os
import time
from dataclasses import replace

from loccit.app import App
from loccit.errors import UsageError
from loccit.exits import Exit
from loccit.issues import MOST_CHARACTERS, Wanted, bring_up_to_date, digest_of, marked
from loccit.reporting import report_now
from loccit.trackers import GITHUB, GITLAB, Hub
from loccit.wiring import open_store, read_guides, sync
from review.formats import markdown
from review.formats.wording import report_headline
from review.model import GuideLine, Report
from review.report import needs_look
from review.text import count, link_target

TRACKERS = {"github": GITHUB, "gitlab": GITLAB}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--on",
        choices=tuple(TRACKERS),
        default="gitlab" if os.environ.get("GITLAB_CI") else "github",
        help="whose API it is (default: gitlab in its jobs, else github); "
        "the token is GITHUB_TOKEN or GITLAB_TOKEN, the address GITHUB_API_URL or CI_API_V4_URL",
    )
    parser.add_argument(
        "--repository", metavar="OWNER/NAME", default="", help="(default: GITHUB_REPOSITORY or CI_PROJECT_PATH)"
    )
    parser.add_argument("--title", default="Guides whose sources have changed", help="the issue's title")
    parser.add_argument("--label", default="loccit", help="the label by which the issue is found again")
    parser.add_argument("--dry-run", action="store_true", help="show the issue's text; the API is not used")


def run(options: argparse.Namespace, app: App) -> Exit:
    library = read_guides(app.settings, app.today())
    app.problems(library.problems)
    with open_store(app.settings) as store:
        sync(store, library, app.clock.now())
        report = report_now(app, store, library)
    if report.last_crawl is None:
        raise UsageError("nothing has been crawled yet, so nothing can be said of the guides", "Run `loccit crawl`.")
    wanted = _wanted(report, options.title)
    if options.dry_run:
        with app.output(None) as out:
            out.write(wanted.body)
        return Exit.OK
    kind = TRACKERS[options.on]
    api, project = ("GITHUB_API_URL", "GITHUB_REPOSITORY") if kind is GITHUB else ("CI_API_V4_URL", "CI_PROJECT_PATH")
    repository = options.repository or os.environ.get(project, "")
    if not repository:
        raise UsageError("--repository: name the repository, owner/name")
    hub = Hub(
        api=os.environ.get(api) or kind.address,
        repository=repository,
        token=os.environ.get(kind.variable, ""),
        label=options.label,
        kind=kind,
    )
    done, number = bring_up_to_date(hub, wanted, time.sleep)
    print(f"{report_line(report)}; issue" + (f" #{number}" if number is not None else "") + f": {done.value}")
    return Exit.OK


def report_line(report: Report) -> str:
    """How many guides are waiting, for a log."""
    return f"{count(sum(map(needs_look, report.lines)), 'guide')} to look at"


def _wanted(report: Report, title: str) -> Wanted:
    waiting = [line for line in report.lines if needs_look(line)]
    digest = digest_of(sorted(map(_said_of, waiting))) if waiting else ""
    return Wanted(title=title, body=_body(report, digest), digest=digest)


def _said_of(line: GuideLine) -> tuple[object, ...]:
    """What of a guide makes the issue another one: neither times nor the numbers that the store gives."""
    findings = sorted((each.citation, each.kind, each.severity, each.print) for each in line.view.open_findings)
    return (line.view.guide.id, line.state.state, findings)


def _body(report: Report, digest: str) -> str:
    """As many guides, the neediest first, as there is room for."""
    low, high = 0, len(report.lines)
    whole = _text(report, high, digest)
    if _fits(whole):
        return whole
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _fits(_text(report, middle, digest)) else (low, middle)
    return _text(report, low, digest)


def _fits(text: str) -> bool:
    return len(text.encode("utf-8", "backslashreplace")) <= MOST_CHARACTERS


def _text(report: Report, lines: int, digest: str) -> str:
    cut = replace(report, lines=report.lines[:lines], problems=report.problems[:lines])
    _, _, shown = markdown.render_report(cut).partition("\n")
    left = sum(map(needs_look, report.lines[lines:]))
    told = [f"# {markdown.escape(report_headline(report))}", shown.strip()]
    if left:
        told.append(f"… and {count(left, 'more guide')}: `loccit report` shows them all.")
    if address := _run_address():
        told.append(f"[The run that wrote this]({address}). Closing this by hand holds until something else changes.")
    return marked("\n\n".join(told), digest)


def _run_address() -> str:
    if os.environ.get("GITLAB_CI"):
        return link_target(os.environ.get("CI_JOB_URL", "")) or ""
    server, repository, run = (os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return link_target(f"{server}/{repository}/actions/runs/{run}") or "" if server and run.isdigit() else ""
