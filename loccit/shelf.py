"""The guides for the editors' pages: read at the start, and again when one of their files has changed."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final, TypeAlias

from guides.files import find_files
from guides.model import Guide, GuideId, GuideProblem, Library
from loccit.settings import Settings

_LOOK_AGAIN: Final = 2.0
"""Seconds between two looks at the files' times."""

_Print: TypeAlias = tuple[tuple[str, int, int], ...]


class FileShelf:
    """`read` gives all guides, `names` every guide file's name, time and size. What it gives never changes."""

    def __init__(
        self, read: Callable[[], Library], names: Callable[[], _Print], *, changed: Callable[[Library], None]
    ) -> None:
        self._read = read
        self._names = names
        self._changed = changed
        self._lock = threading.Lock()
        self._looked = 0.0
        self._print: _Print = ()
        self._guides: Mapping[GuideId, Guide] = {}
        self._problems: Sequence[GuideProblem] = ()
        self.refresh()

    def guides(self) -> Mapping[GuideId, Guide]:
        self._look()
        return self._guides

    def problems(self) -> Sequence[GuideProblem]:
        self._look()
        return self._problems

    def held(self) -> AbstractContextManager[object]:
        """Meanwhile no file is read again; who asks is answered with what was known."""
        return self._lock

    def refresh(self) -> None:
        """Read the files again where one has changed; `changed` is told what they say now."""
        with self._lock:
            self._refresh()

    def _look(self) -> None:
        # Whoever comes while another one looks is answered with what was known.
        if time.monotonic() - self._looked < _LOOK_AGAIN or not self._lock.acquire(blocking=False):
            return
        try:
            self._refresh()
        finally:
            self._lock.release()

    def _refresh(self) -> None:
        found = self._names()
        self._looked = time.monotonic()
        if found == self._print and self._guides:
            return
        library = self._read()
        self._changed(library)
        self._guides = {guide.id: guide for guide in library.guides}
        self._problems = library.problems
        self._print = found


def files_of(settings: Settings) -> _Print:
    """Every guide file with its time (nanoseconds) and size."""
    found, _ = find_files(settings.root, settings.guides, ())
    made = []
    for file in found:
        try:
            status = file.path.stat()
        except OSError:
            continue
        made.append((file.name, status.st_mtime_ns, status.st_size))
    return tuple(made)
