"""The report of the store's present, and writing any rendering where it belongs."""

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from guides.model import GuideId, Library
from loccit.app import App
from loccit.errors import UsageError
from loccit.progress import colours
from review.model import Report
from review.report import make_report

if TYPE_CHECKING:
    from storage.store import Store


def report_now(app: App, store: "Store", library: Library, only: Sequence[str] = ()) -> Report:
    """Where every guide stands (or those named in `only`, by id or file)."""
    guides = [guide for guide in library.guides if not only or guide.id in only or guide.file in only]
    missing = [name for name in only if not any(name in (guide.id, guide.file) for guide in guides)]
    if missing:
        raise UsageError(f"there is no guide {missing[0]!r}", known_guides(library))
    run = store.last_run("crawl")
    return make_report(
        store.view(guides),
        app.settings.policy,
        made=app.clock.now(),
        today=app.today(),
        problems=library.problems,
        last_crawl=run.finished or run.started if run is not None else None,
        sources=store.sources(),
    )


def known_guides(library: Library) -> str:
    """The first few ids, for somebody who mistyped one."""
    ids: list[GuideId] = [guide.id for guide in library.guides]
    shown = ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
    return f"Known are: {shown}." if ids else "No guides were found."


def console() -> tuple[int, bool]:
    """Width in columns and whether to colour, for what goes to standard output."""
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 140)), colours(sys.stdout)
