"""The manual page loccit(1) from the command line: `python docs/generate/man.py` writes share/man/man1/loccit.1."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "share" / "man" / "man1" / "loccit.1"

FILES = (
    (
        "loccit.toml",
        "The settings; the nearest one, going up from the working directory.",
    ),
    (".loccit/loccit.db", "The store, unless store.url says otherwise."),
    ("loccit-baseline.json", "Known failures that are borne with until their day."),
)
ENVIRONMENT = (
    ("LOCCIT_SECTION__KEY", "Overrides one setting: LOCCIT_CRAWL__DELAY=1."),
    ("NO_COLOR", "No colours."),
    ("GITHUB_TOKEN, GITHUB_REPOSITORY, GITHUB_API_URL", "Used by loccit issue, as GitHub sets them."),
    ("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY", "Credentials of the bucket, where store.blobs names one."),
)


def manual() -> str:
    """The page as roff, for man-db and mandoc alike (man(7) macros)."""
    from generate.commands import Command, commands, common

    from loccit.main import whole_parser

    parser = whole_parser()
    lines = [
        '.\\" Written by docs/generate/man.py from the command line itself: do not edit.',
        '.TH LOCCIT 1 "" loccit "User commands"',
        ".SH NAME",
        "loccit \\- keeps the word verified true: watches the sources that guides cite",
        ".SH SYNOPSIS",
        ".B loccit",
        '.RI [ OPTIONS ] " " COMMAND " " [ ARGUMENTS ]',
        ".SH DESCRIPTION",
        _text(parser.description or ""),
        ".SH OPTIONS",
        *(line for each in common(parser) for line in _tagged(each.spelling, each.what)),
        ".SH COMMANDS",
    ]

    def tell(command: Command, depth: int) -> None:
        lines.extend([f".SS {_text('loccit ' + command.name)}" if depth == 0 else ".PP", _text(command.usage), ".PP"])
        lines.append(_text(command.what))
        for argument in (*command.operands, *(each for each in command.options if not each.common)):
            lines.extend(_tagged(argument.spelling, argument.what))
        for part in command.parts:
            tell(part, depth + 1)

    for command in commands(parser):
        tell(command, 0)
    lines.extend(
        [
            ".SH EXIT STATUS",
            *_tagged("0", "Done, and nothing fails."),
            *_tagged("1", "Something fails."),
            *_tagged("2", "Usage, configuration or store error."),
            *_tagged("3", "Inconclusive: the network was down, and nothing was judged."),
            *_tagged("130", "Interrupted; what was recorded until then is kept."),
            ".SH ENVIRONMENT",
            *(line for name, what in ENVIRONMENT for line in _tagged(name, what)),
            ".SH FILES",
            *(line for name, what in FILES for line in _tagged(name, what)),
        ]
    )
    return "\n".join(lines) + "\n"


def _tagged(term: str, what: str) -> list[str]:
    return [".TP", f".B {_text(term)}", _text(what) or "\\&"]


def _text(text: str) -> str:
    """Words as roff reads them: nothing in them is a request or an escape."""
    flat = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{flat}" if flat.startswith((".", "'")) else flat


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "docs"))
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(manual(), "utf-8")
