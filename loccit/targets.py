"""Which format goes where: `--format FORMAT[:FILE]`, repeated, beside `--output FILE`."""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from loccit.errors import UsageError

STDOUT: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One rendering: its format, and the file it goes to. `-` is standard output; None: nothing was said."""

    format: str
    file: str | None = None


def reader_of(formats: Sequence[str]) -> Callable[[str], Target]:
    """What argparse reads the option with. The file is all after the first colon, so that it may hold colons."""

    def format_and_file(given: str) -> Target:
        name, colon, file = given.partition(":")
        if name not in formats:
            near = get_close_matches(name, formats, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise argparse.ArgumentTypeError(f"{name!r} is no format{hint} (known: {', '.join(formats)})")
        if colon and not file:
            raise argparse.ArgumentTypeError(f"{given!r} names no file after the colon")
        return Target(format=name, file=file or None)

    return format_and_file


def targets(given: Sequence[Target] | None, output: str | None, *, default: str) -> tuple[Target, ...]:
    """Every rendering with its file, those for files first, so that standard output cannot keep them from being made.

    Raises UsageError where two go to one place, or `--output` has no format left to apply to.
    """
    chosen = tuple(given or (Target(format=default),))
    if output is not None and all(each.file is not None for each in chosen):
        raise UsageError("--output has no format to apply to: each --format names its own file")
    placed = [replace(each, file=each.file or output or STDOUT) for each in chosen]
    taken: dict[str, str] = {}
    for each in placed:
        where = os.path.normpath(each.file or STDOUT)
        if where in taken:
            raise UsageError(
                f"{taken[where]} and {each.format} would both go to {'standard output' if where == STDOUT else where}",
                f"Name a file for one of them: --format {each.format}:FILE",
            )
        taken[where] = each.format
    return tuple(sorted(placed, key=lambda each: each.file == STDOUT))
