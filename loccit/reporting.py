"""The report of the store's present, and writing any rendering where it belongs."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from guides.model import Guide, GuideId, Library
from loccit.app import App
from loccit.errors import UsageError
from loccit.progress import colours
from review.model import Report
from review.report import make_report

if TYPE_CHECKING:
    from storage.store import Store


def report_now(app: App, store: "Store", library: Library, only: Sequence[str] = ()) -> Report:
    """Where every guide stands (or those named in `only`, by id or file). Raises UsageError for a name of none."""
    named = [guide for name in only for guide in guides_named(library, name, app)]
    guides = [guide for guide in library.guides if guide in named] if only else library.guides
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


def guides_named(library: Library, name: str, app: App) -> list[Guide]:
    """The guide of that id, or the guides of that file, however its path is written. Raises UsageError for none."""
    paths = {name} if "\0" in name else {name, _from_root(app.cwd / name, app.settings.root)}
    found = [guide for guide in library.guides if guide.id == name]
    found = found or [guide for guide in library.guides if guide.file in paths]
    if not found:
        raise UsageError(f"there is no guide {name!r}", known_guides(library))
    return found


def _from_root(path: Path, root: Path) -> str:
    """A file's path as guides know it; "" for one outside of the root."""
    for each in (Path(os.path.normpath(path)), path.resolve()):
        for top in (root, root.resolve()):
            if each.is_relative_to(top):
                return each.relative_to(top).as_posix()
    return ""


def known_guides(library: Library) -> str:
    """The first few ids, for somebody who mistyped one."""
    ids: list[GuideId] = [guide.id for guide in library.guides]
    shown = ", ".join(ids[:8]) + (f" and {len(ids) - 8} more" if len(ids) > 8 else "")
    return f"Known are: {shown}." if ids else "No guides were found."


def console() -> tuple[int, bool]:
    """Width in columns and whether to colour, for what goes to standard output."""
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 140)), colours(sys.stdout)
