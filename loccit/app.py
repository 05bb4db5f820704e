"""What every command is given: where it runs, its settings, its clock, and where to write."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TextIO

from crawler.ports import Clock
from guides.model import GuideProblem
from loccit.clock import SystemClock
from loccit.errors import LoccitError
from loccit.settings import Settings, load
from review.text import inert, one_line


@dataclass(kw_only=True)
class App:
    cwd: Path
    config: Path | None = None
    quiet: bool = False
    verbose: bool = False
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def settings(self) -> Settings:
        return load(self.cwd, os.environ, self.config)

    def today(self) -> date:
        """The editors' day: the machine's local one."""
        return self.clock.now().astimezone().date()

    def say(self, line: str) -> None:
        """One line for people, on standard error; not with --quiet."""
        if not self.quiet:
            _tell(line)

    def complain(self, line: str) -> None:
        """One line that is told also with --quiet."""
        _tell(f"loccit: {line}")

    def problems(self, problems: tuple[GuideProblem, ...]) -> None:
        """Tell what is wrong in the guides' files; also with --quiet, since nothing else says it."""
        for problem in problems:
            word = "error" if problem.wrong else "warning"
            _tell(f"{word}: {problem}")

    @contextmanager
    def output(self, name: str | None) -> Iterator[TextIO]:
        """Where a result goes: the file `name`, written whole or not at all, else standard output."""
        if name is None or name == "-":
            yield sys.stdout
            sys.stdout.flush()
            return
        target = Path(name)
        if not target.name:
            raise LoccitError(f"{name!r} names no file to write to")
        # A device or a pipe is written to; put a file in its place and it is gone for everybody.
        special = target.exists() and not target.is_file()
        draft = target if special else target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            if not special:
                target.parent.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8", newline="\n") as stream:
                yield stream
            if not special:
                draft.replace(target)
        except OSError as error:
            raise LoccitError(f"{name}: cannot be written: {error.strerror}") from None
        finally:
            if not special:
                with suppress(OSError):
                    draft.unlink(missing_ok=True)


def _tell(line: str) -> None:
    """One line and no more: build servers take commands from standard error too, and file names may hold line ends."""
    print(inert(one_line(line)), file=sys.stderr)
