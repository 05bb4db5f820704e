"""What the pages are made from: the ports, the settings and the clock, in one value that the application carries."""

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, Generic, TypeVar

from markupsafe import Markup
from starlette.requests import Request

from crawler.guard import Guard
from crawler.policy import Policy
from review.casework import Figures
from review.ports import Bench, Scribe, Shelf
from review.web.board import Board

_FIGURES_LIFE: Final = 30.0
Value = TypeVar("Value")


class Kept(Generic[Value]):
    """The last answer to a dear question: given again for the same `key`, until it is `life` seconds old."""

    def __init__(self, life: float) -> None:
        self._life = life
        self._lock = threading.Lock()
        self._held: tuple[Hashable, float, Value] | None = None

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        with self._lock:
            if self._held is None or self._held[0] != key or time.monotonic() - self._held[1] > self._life:
                self._held = (key, time.monotonic(), make())
            return self._held[2]


class Drawn:
    """Finished parts of pages, by everything that they depend on: the least used go when they are too many bytes."""

    def __init__(self, most: int = 8_000_000) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, tuple[Markup, ...]] = OrderedDict()
        self._size = 0

    def get(self, key: Hashable, make: Callable[[], tuple[Markup, ...]]) -> tuple[Markup, ...]:
        with self._lock:
            if (known := self._held.get(key)) is not None:
                self._held.move_to_end(key)
                return known
        made = make()
        with self._lock:
            if key not in self._held:
                self._held[key] = made
                self._size += _bytes(made)
            while self._size > self._most and self._held:
                self._size -= _bytes(self._held.popitem(last=False)[1])
        return made


def _bytes(parts: tuple[Markup, ...]) -> int:
    """What they take in memory, and what is around them."""
    return 1_000 + sum(sys.getsizeof(part) for part in parts)


def _figures_kept() -> Kept[Figures]:
    return Kept(_FIGURES_LIFE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`now` gives the instant, `today` the editors' day. `archive`: prefix of archived copies, "" for none.

    `guard`: which addresses a crawl may ask; no name is looked up for a page.
    `file_url`: where a guide's file can be seen, with {path} and {line}; "" where nowhere.
    """

    bench: Bench
    shelf: Shelf
    scribe: Scribe
    board: Board
    policy: Policy
    now: Callable[[], datetime]
    today: Callable[[], date]
    archive: str = ""
    file_url: str = ""
    name: str = "loccit"
    guard: Guard = field(default_factory=Guard)
    people: Callable[[], tuple[str, ...]] = field(default=tuple)
    """Who can be given work; beside those, any name may be typed."""
    kept: Kept[Figures] = field(default_factory=_figures_kept)
    drawn: Drawn = field(default_factory=Drawn)

    def figures(self) -> Figures:
        """What the overview and the empty queue count from: the last year's. Counted again when a finding changes."""
        version = self.board.dealt().version
        return self.kept.get(version, lambda: self.bench.figures(since=self.now() - timedelta(days=400)))


def site_of(request: Request) -> Site:
    site: Site = request.app.state.site
    return site
