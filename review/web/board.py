"""The open findings, held in memory as cards: brought up to date by what changed, and asked by every queue page."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from guides.model import Guide, GuideId
from review.casework import Entry, Stamp
from review.ports import Bench, Shelf
from review.queue import Card, Filters, GuideLabel, Selection, deal, select
from review.text import one_line

_SLACK: Final = timedelta(minutes=10)
"""A transaction that is written late may tell of an earlier moment."""
_KEPT: Final = 256
_FRESH: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """The queue at one moment. `version` is another one whenever a card is."""

    version: int
    cards: tuple[Card, ...] = ()
    by_key: Mapping[str, Card] = field(default_factory=dict)
    by_finding: Mapping[int, str] = field(default_factory=dict)
    place: Mapping[str, int] = field(default_factory=dict)
    """Where a card stands in the queue."""
    by_guide: Mapping[GuideId, tuple[Entry, ...]] = field(default_factory=dict)
    findings: int = 0
    guides: Mapping[GuideId, Guide] = field(default_factory=dict)


class Board:
    """Safe for many threads: what they get never changes."""

    def __init__(self, bench: Bench, shelf: Shelf) -> None:
        self._bench = bench
        self._shelf = shelf
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._entries: dict[int, Entry] = {}
        self._dealt = Dealt(version=0)
        self._selections: OrderedDict[tuple[int, Filters], Selection] = OrderedDict()
        self._newest: datetime | None = None
        self._asked = 0.0

    def touch(self) -> None:
        """Something was decided here: the next question is asked of the store."""
        self._asked = 0.0

    def dealt(self) -> Dealt:
        """The queue as the store has it, or had it a quarter of a second ago; decisions are checked by the store."""
        now = time.monotonic()
        if now - self._asked < _FRESH and self._stamp is not None:
            return self._dealt
        stamp = self._bench.stamp()
        self._asked = now
        guides = self._shelf.guides()
        with self._lock:
            if stamp != self._stamp or guides is not self._dealt.guides:
                self._refresh(stamp, guides)
            return self._dealt

    def open_count(self) -> int:
        """How many cards there were when the queue was last asked: for the menu."""
        return len(self._dealt.cards)

    def card_of(self, finding: int) -> Card | None:
        dealt = self.dealt()
        key = dealt.by_finding.get(finding)
        return dealt.by_key.get(key) if key else None

    def selection(self, filters: Filters) -> tuple[Dealt, Selection]:
        """The page that is asked for; the same question about the same queue is answered once."""
        dealt = self.dealt()
        asked = (dealt.version, filters)
        with self._lock:
            if known := self._selections.get(asked):
                self._selections.move_to_end(asked)
                return dealt, known
        found = select(dealt.cards, filters)
        with self._lock:
            self._selections[asked] = found
            while len(self._selections) > _KEPT:
                self._selections.popitem(last=False)
        return dealt, found

    def _refresh(self, stamp: Stamp, guides: Mapping[GuideId, Guide]) -> None:
        if stamp != self._stamp:
            since = self._newest - _SLACK if self._newest and self._stamp else None
            changed, gone = self._bench.entries(since=since)
            if since is None:
                self._entries = {}
            for number in gone:
                self._entries.pop(number, None)
            for entry in changed:
                self._entries[entry.id] = entry
            if len(self._entries) != stamp.open:
                # Something was written that the moments do not tell: look at everything.
                changed, _ = self._bench.entries()
                self._entries = {entry.id: entry for entry in changed}
        self._stamp = stamp
        self._newest = max((entry.updated for entry in self._entries.values()), default=stamp.updated)
        if stamp.updated is not None:
            self._newest = max(self._newest, stamp.updated) if self._newest else stamp.updated
        labels = {
            name: GuideLabel(title=each.title, tags=tuple(one_line(tag, 60) for tag in each.tags), service=each.service)
            for name, each in guides.items()
        }
        cards = deal(self._entries.values(), labels)
        self._dealt = Dealt(
            version=self._dealt.version + 1,
            cards=cards,
            by_key={card.key: card for card in cards},
            by_finding={entry.id: card.key for card in cards for entry in card.entries},
            place={card.key: number for number, card in enumerate(cards)},
            by_guide=_by_guide(self._entries.values()),
            findings=len(self._entries),
            guides=guides,
        )
        self._selections.clear()


def _by_guide(entries: Iterable[Entry]) -> dict[GuideId, tuple[Entry, ...]]:
    found: dict[GuideId, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.guide, []).append(entry)
    return {guide: tuple(own) for guide, own in found.items()}
