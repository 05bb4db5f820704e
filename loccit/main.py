"""Parse, dispatch, and turn errors into exit codes.

Only the module of the command that was asked for is imported, so that `--help` is fast.
"""

import argparse
import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from loccit.errors import LoccitError
from loccit.exits import Exit
from review.text import inert

COMMANDS = {
    "init": "look at the guides here and write loccit.toml",
    "check": "verify every citation now (the CI gate)",
    "fix": "put new addresses in the place of moved ones, archived copies in that of dead ones",
    "baseline": "record today's failures: new ones fail, known ones not until they expire",
    "state": "join the state files of several runs",
    "crawl": "one scheduled pass: fetch what is due, record snapshots, flag guides",
    "archive": "ask a web archive for pages as they were when guides were verified, and for copies of dead ones",
    "status": "each guide's state, and why",
    "findings": "the open findings, worst first",
    "diff": "what changed, block by block, word by word",
    "stet": "let it stand: the guide still holds",
    "report": "the drift report",
    "issue": "open, update or close the one issue that holds the drift report",
    "serve": "the editors' page: what needs a person, and what became of it",
    "user": "accounts of the editors' page",
    "token": "keys for programs: the API and feeds",
    "notify": "tell editors what is due: urgent changes, the daily summary",
    "schedule": "crawl what is due, again and again",
    "worker": "crawl what the scheduler hands out, on this machine beside others",
    "migrate": "make the store, or bring it up to date, and leave",
    "doctor": "check this machine: Python, store, network, browser, permissions, clock",
    "fsck": "check every snapshot, reference and decision in the store",
    "prune": "apply the retention policy to old snapshots and looks",
    "import": "guides or places out of public data sets, pages out of web archives",
    "backup": "copy the store to a file, while a crawl runs",
    "restore": "fill an empty store with such a copy, on either database",
    "export": "snapshots as WARC or WACZ, or each guide's status and badge",
    "completion": "completion for bash, zsh or fish",
    "demo": "the whole story on this machine alone, with no internet",
}

EPILOG = """\
exit codes: 0 done, nothing fails · 1 something fails · 2 usage, configuration or store error ·
            3 inconclusive: the network was down and nothing was judged
settings:   the nearest loccit.toml; LOCCIT_SECTION__KEY overrides one (LOCCIT_CRAWL__DELAY=1)
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; gives the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A title from a page may hold what the terminal's encoding cannot say; it is shown escaped.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return int(_run(arguments))
    except LoccitError as error:
        return _complain(error.message, error.hint)
    except KeyboardInterrupt:
        print("loccit: interrupted; what was recorded until now is kept", file=sys.stderr)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not an error, and nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except OSError as error:
        # A file that is in the way, or (without a name) a full disk or a closed output at the last step.
        what = f"{error.filename}: " if error.filename else "cannot write the result: "
        return _complain(what + (error.strerror or str(error)))


def _run(arguments: list[str]) -> int:
    command = _command(arguments)
    parser = _parser(command)
    options = _parsed(parser, arguments)
    if options.command is None:
        parser.print_help()
        return Exit.OK
    # Settings, and all that they need, are not imported to show help.
    from loccit.app import App

    app = App(
        cwd=Path.cwd(),
        config=Path(options.config) if options.config else None,
        quiet=options.quiet,
        verbose=options.verbose,
        logs=_logs(options),
    )
    module = _module(options.command)
    # Tens of thousands of guides and citations live until the end: looking through them for circles again and again
    # would take longer than reading them did.
    gc.set_threshold(100_000, 20, 100)
    try:
        return int(module.run(options, app))
    except Exception as error:
        # Imported only now: for most commands it would be a quarter of the time that `--help` takes.
        from storage.errors import StoreError

        if not isinstance(error, StoreError):
            raise
        return _complain(str(error))


def _parsed(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """The options. Paths may stand before, after and between the others, which argparse by itself does not allow."""
    options, rest = parser.parse_known_args(arguments)
    if not rest:
        return options
    if not isinstance(getattr(options, "paths", None), list) or any(word.startswith("-") for word in rest):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.paths = [*options.paths, *rest]
    return options


def _logs(options: argparse.Namespace) -> str:
    """How logs are written. Only who asks for JSON, or runs for long, waits for what that needs."""
    kind = options.log_format or os.environ.get("LOCCIT_LOG_FORMAT", "") or "text"
    if kind not in ("text", "json"):
        raise LoccitError(f"LOCCIT_LOG_FORMAT: {kind!r} is neither text nor json")
    if kind == "json" or options.command in ("schedule", "worker", "serve") or options.verbose:
        from loccit.logs import configure

        configure(kind, verbose=options.verbose)
    return str(kind)


def _module(command: str) -> ModuleType:
    """The module of a command; `import` is a word of Python's own."""
    return importlib.import_module(f"loccit.commands.{'import_' if command == 'import' else command}")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"loccit {version('loccit')}")
        parser.exit()


def _command(arguments: Sequence[str]) -> str | None:
    """The command's name, wherever it stands among the common options."""
    skip = False
    for word in arguments:
        if skip:
            skip = False
        elif word in ("--config", "--log-format"):
            skip = True
        elif not word.startswith("-"):
            return word if word in COMMANDS else None
    return None


def whole_parser() -> argparse.ArgumentParser:
    """Every command with all of its options, for which each is imported: for completion, manual and reference."""
    return _parser(None, whole=True)


def _parser(command: str | None, *, whole: bool = False) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="loccit",
        allow_abbrev=False,
        description="Keeps the word “verified” true: watches the sources that guides cite, and says what changed.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and leave")
    _common(parser, top=True)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, what in COMMANDS.items():
        child = commands.add_parser(name, allow_abbrev=False, help=what, description=what[0].upper() + what[1:] + ".")
        _common(child, top=False)
        if whole or name == command:
            _module(name).configure(child)
    return parser


def _common(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """Options that may stand before or after the command's name; after wins."""
    absent, off = (None, False) if top else (argparse.SUPPRESS, argparse.SUPPRESS)
    parser.add_argument(
        "--config", metavar="FILE", default=absent, help="settings (default: the nearest loccit.toml, going up)"
    )
    parser.add_argument("--quiet", "-q", action="store_true", default=off, help="no progress")
    parser.add_argument(
        "--log-format", choices=("text", "json"), default=absent, help="logs on stderr for people, or JSON lines"
    )
    parser.add_argument("--verbose", "-v", action="store_true", default=off, help="say more on stderr")


def _complain(message: str, hint: str = "") -> int:
    # Messages quote what was read from files, and a build server takes commands from standard error too.
    print(inert(f"loccit: {message}"), file=sys.stderr)
    if hint:
        print(inert(f"  {hint}"), file=sys.stderr)
    return Exit.USAGE


if __name__ == "__main__":
    sys.exit(main())
