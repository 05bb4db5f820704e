"""Progress on a terminal: a bar with rate and time left; nothing elsewhere."""

import os
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

Advance = Callable[[str], None]


def colours(stream: object, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour what goes to `stream` (https://no-color.org)."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


class Bar:
    """A bar over a number of steps that is known once `start` is called; gone when the `with` ends."""

    def __init__(self, what: str, *, quiet: bool) -> None:
        self._what = what
        self._shown = not quiet and sys.stderr.isatty()
        self._bar: RichProgress | None = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def start(self, total: int) -> Advance:
        """Show the bar; gives what is called once a step, with a word on where it is."""
        if not self._shown or not total:
            return lambda _where: None
        self._bar = _rich_bar()
        task = self._bar.add_task(self._what, total=total, rate="", where="")
        self._bar.start()
        return lambda where: self._advance(task, where)

    def _advance(self, task: Any, where: str) -> None:
        if self._bar is None:
            return
        speed = self._bar.tasks[0].speed
        self._bar.update(task, advance=1, rate=f"{speed:.1f}/s" if speed else "", where=where[:40].replace("[", r"\["))


def _rich_bar() -> "RichProgress":
    # Imported here: it would be a good part of the start-up time, and only terminals need it.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[where]}"),
        console=Console(stderr=True, no_color=not colours(sys.stderr)),
        transient=True,
    )
