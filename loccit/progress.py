"""Progress on a terminal: a bar with rate and time left; nothing elsewhere."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

Advance = Callable[[str], None]


def colours(stream: object, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to colour what goes to `stream` (https://no-color.org)."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty()) and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


@contextmanager
def progress(total: int, what: str, *, quiet: bool) -> Iterator[Advance]:
    """A bar over `total` steps on standard error; call what it gives once a step, with a word on where it is."""
    if quiet or not total or not sys.stderr.isatty():
        yield lambda _where: None
        return
    from rich.console import Console  # noqa: PLC0415: half of the start-up time, and only terminals need it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[where]}"),
        console=Console(stderr=True, no_color=not colours(sys.stderr)),
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=total, rate="", where="")

        def advance(where: str) -> None:
            speed = bar.tasks[0].finished_speed or bar.tasks[0].speed
            rate = f"{speed:.1f}/s" if speed else ""
            bar.update(task, advance=1, rate=rate, where=where[:40].replace("[", r"\["))

        yield advance
