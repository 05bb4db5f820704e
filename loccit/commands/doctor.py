"""`loccit doctor`: checks everything that loccit needs on this machine; each line says ok, or what to do."""

import argparse

from loccit.app import App
from loccit.doctor.browsing import browser_check
from loccit.doctor.keeping import store_check
from loccit.doctor.machine import disk_check, extras_check, guides_check, python_check
from loccit.doctor.outside import outside_checks, sample
from loccit.doctor.report import Check, as_json, as_text, is_well, ok
from loccit.exits import Exit
from loccit.settings import Settings
from loccit.wiring import read_guides

_HOSTS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--offline", action="store_true", help="ask no other machine anything")
    parser.add_argument(
        "--hosts",
        type=_number,
        default=_HOSTS,
        metavar="N",
        help=f"cited hosts to ask for one page (default: {_HOSTS})",
    )


def run(options: argparse.Namespace, app: App) -> Exit:
    settings = app.settings
    checks = _checks(settings, app, hosts=0 if options.offline else options.hosts, offline=options.offline)
    with app.output(None) as out:
        out.write(as_json(checks) if options.format == "json" else as_text(checks))
    return Exit.OK if is_well(checks) else Exit.FAILS


def _checks(settings: Settings, app: App, *, hosts: int, offline: bool) -> list[Check]:
    # Not at the top: SQLAlchemy's modules take longer than the help.
    from storage.checkup import store_file

    library = read_guides(settings, app.today())
    checks = [*python_check(), *extras_check(settings), *guides_check(settings, library)]
    checks += disk_check(settings, store_file(settings.store.url, settings.root))
    checks += store_check(settings, app.clock.now())
    checks += browser_check(settings)
    if offline:
        return [*checks, ok("network", "not asked (--offline)")]
    return checks + outside_checks(settings, sample(library, hosts), app.clock)


def _number(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 50:
        raise argparse.ArgumentTypeError("a number of hosts from 0 to 50")
    return value
