"""The open findings, held in memory as cards: brought up to date by what changed, and asked by every queue page."""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from guides.model import Guide, GuideId
from review.casework import Entry, Stamp
from review.ports import Bench, Shelf
from review.queue import Card, Filters, GuideLabel, Hand, Selection, hand, host_of, laid, select
from review.search import Index, Texts
from review.text import one_line

_SLACK: Final = timedelta(minutes=10)
"""A transaction that is written late may tell of an earlier moment."""
_KEPT: Final = 256
_FRESH: Final = 1.0


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
    texts: Texts[Card] = field(default_factory=lambda: Texts(()))


class Board:
    """Safe for many threads: what they get never changes."""

    def __init__(self, bench: Bench, shelf: Shelf) -> None:
        self._bench = bench
        self._shelf = shelf
        self._lock = threading.Lock()
        self._answers = threading.Lock()
        self._counting = threading.Lock()
        self._cited: tuple[Mapping[GuideId, Guide], Mapping[str, int]] | None = None
        self._stamp: Stamp | None = None
        self._entries: dict[int, Entry] = {}
        self._hosts: dict[str, dict[int, Entry]] = {}
        self._hands: dict[str, Hand] = {}
        self._labels: Mapping[GuideId, GuideLabel] = {}
        self._index: Index[Card] = Index()
        self._dealt = Dealt(version=0)
        self._selections: OrderedDict[tuple[int, Filters], Selection] = OrderedDict()
        self._newest: datetime | None = None
        self._asked = 0.0
        self._touches = 0
        self._seen = 0

    def touch(self) -> None:
        """Something was decided here: the next question is asked of the store."""
        self._touches += 1

    def dealt(self) -> Dealt:
        """The queue as the store has it, or had it a second ago; decisions are checked by the store."""
        touches = self._touches
        must = self._stamp is None or touches != self._seen
        if not must and time.monotonic() - self._asked < _FRESH:
            return self._dealt
        if not self._lock.acquire(blocking=must):
            # Somebody else is asking just now, and nothing was decided here: what was known will do.
            return self._dealt
        try:
            now = time.monotonic()
            stamp = self._bench.stamp()
            guides = self._shelf.guides()
            if stamp != self._stamp or guides is not self._dealt.guides:
                self._refresh(stamp, guides)
            self._asked, self._seen = now, touches
            return self._dealt
        finally:
            self._lock.release()

    def hosts(self, guides: Mapping[GuideId, Guide]) -> Mapping[str, int]:
        """How many guides cite each host: counted when the guides change, for of many addresses that takes long."""
        with self._counting:
            if self._cited is None or self._cited[0] is not guides:
                cited: Counter[str] = Counter()
                for guide in guides.values():
                    cited.update({host_of(each.url) for each in guide.citations})
                self._cited = (guides, cited)
            return self._cited[1]

    def open_count(self) -> int:
        """How many cards there were when the queue was last asked: for the menu."""
        return len(self._dealt.cards)

    def selection(self, filters: Filters) -> tuple[Dealt, Selection]:
        """The page that is asked for; the same question about the same queue is answered once."""
        dealt = self.dealt()
        asked = (dealt.version, filters)
        with self._answers:
            if known := self._selections.get(asked):
                self._selections.move_to_end(asked)
                return dealt, known
        found = select(dealt.cards, filters, texts=dealt.texts)
        with self._answers:
            self._selections[asked] = found
            while len(self._selections) > _KEPT:
                self._selections.popitem(last=False)
        return dealt, found

    def _refresh(self, stamp: Stamp, guides: Mapping[GuideId, Guide]) -> None:
        """Only the hosts of which something changed are dealt again."""
        hosts = self._changed(stamp) if stamp != self._stamp else set()
        if guides is not self._dealt.guides or not self._labels:
            labels = {name: _label(each) for name, each in guides.items()}
            if labels != self._labels:
                self._labels, hosts = labels, set(self._hosts)
        for host in hosts:
            if own := self._hosts.get(host):
                self._hands[host] = hand(host, list(own.values()), self._labels)
            else:
                self._hands.pop(host, None)
        cards = laid(self._hands.values())
        self._dealt = Dealt(
            version=self._dealt.version + 1,
            cards=cards,
            by_key={card.key: card for card in cards},
            by_finding={entry.id: card.key for card in cards for entry in card.entries},
            place={card.key: number for number, card in enumerate(cards)},
            by_guide=_by_guide(self._entries.values()),
            findings=len(self._entries),
            guides=guides,
            texts=Texts(cards, self._index),
        )
        with self._answers:
            self._selections.clear()

    def _changed(self, stamp: Stamp) -> set[str]:
        """Take over what the store says anew; gives the hosts that it is about."""
        since = self._newest - _SLACK if self._newest and self._stamp else None
        changed, gone = self._bench.entries(since=since)
        hosts = self._put(changed, gone) if since is not None else self._put_all(changed)
        if len(self._entries) != stamp.open:
            # Something was written that the moments do not tell: look at everything.
            hosts |= self._put_all(self._bench.entries()[0])
        self._stamp = stamp
        moments = [entry.updated for entry in self._entries.values()]
        self._newest = max([*moments, stamp.updated] if stamp.updated else moments, default=None)
        return hosts

    def _put_all(self, entries: Iterable[Entry]) -> set[str]:
        known = {entry.id: entry for entry in entries}
        return self._put(known.values(), [number for number in self._entries if number not in known])

    def _put(self, changed: Iterable[Entry], gone: Iterable[int]) -> set[str]:
        hosts = set()
        for number in gone:
            if (known := self._entries.pop(number, None)) is not None:
                hosts.add(self._forget(known))
        for entry in changed:
            known = self._entries.get(entry.id)
            if known == entry:
                continue
            if known is not None:
                hosts.add(self._forget(known))
            host = host_of(entry.url)
            hosts.add(host)
            self._entries[entry.id] = entry
            self._hosts.setdefault(host, {})[entry.id] = entry
        return hosts

    def _forget(self, entry: Entry) -> str:
        host = host_of(entry.url)
        own = self._hosts.get(host, {})
        own.pop(entry.id, None)
        if not own:
            self._hosts.pop(host, None)
        return host


def _label(guide: Guide) -> GuideLabel:
    return GuideLabel(title=guide.title, tags=tuple(one_line(tag, 60) for tag in guide.tags), service=guide.service)


def _by_guide(entries: Iterable[Entry]) -> dict[GuideId, tuple[Entry, ...]]:
    found: dict[GuideId, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.guide, []).append(entry)
    return {guide: tuple(own) for guide, own in found.items()}
