"""What every command is given: where it runs, its settings, its clock, and where to write."""

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from crawler.ports import Clock
from guides.model import GuideProblem
from loccit.clock import SystemClock
from loccit.errors import LoccitError
from loccit.settings import Settings, load
from review.text import inert, one_line

if TYPE_CHECKING:
    from crawler.model import Observation
    from loccit.metrics import Meters
    from review.model import FindingOp


@dataclass(kw_only=True)
class App:
    cwd: Path
    config: Path | None = None
    quiet: bool = False
    verbose: bool = False
    logs: str = "text"
    """How logs are written (see `loccit.logs`)."""
    meters: "Meters | None" = None
    """What counts, in a process that runs for long."""
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
            self._tell(line)

    def complain(self, line: str) -> None:
        """One line that is told also with --quiet."""
        self._tell(f"loccit: {line}" if self.logs == "text" else line, wrong=True)

    def _tell(self, line: str, *, wrong: bool = False) -> None:
        if self.logs == "text":
            _tell(line)
            return
        from loccit.logs import TOLD

        TOLD.log(logging.WARNING if wrong else logging.INFO, "%s", line)

    def fresh(self) -> "App":
        """The same, with the settings as they are now."""
        return replace(self)

    def looked(self, look: "Observation", ops: "Sequence[FindingOp]", run: int) -> None:
        """A look was recorded: it is logged and counted."""
        from loccit.logs import log_look

        log_look(look, ops, run)
        if self.meters is not None:
            self.meters.looked(look, ops)

    def passed(self, seconds: float, *, outage: bool) -> None:
        """A pass is over."""
        if self.meters is not None:
            self.meters.passed(seconds, outage=outage)

    def problems(self, problems: tuple[GuideProblem, ...]) -> None:
        """Tell what is wrong in the guides' files; also with --quiet, since nothing else says it."""
        for problem in problems:
            word = "error" if problem.wrong else "warning"
            self._tell(f"{word}: {problem}", wrong=True)

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
        if target.is_symlink() and not special:
            target = Path(os.path.realpath(target))  # what it leads to is written, and the link stays
        draft = target if special else target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            if not special:
                target.parent.mkdir(parents=True, exist_ok=True)
            # A file's name need not be UTF-8; it is shown escaped.
            with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
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
