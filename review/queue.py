"""The editors' queue: open findings as cards, one for each change, in the order of need; filtered and counted. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from heapq import nsmallest
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from crawler.groups import LEAST
from guides.model import GuideId
from review.casework import Entry
from review.order import SEVERITIES
from review.search import Texts

NOBODY: Final = "-"
"""The filter's word for findings that are assigned to nobody."""
PAGE: Final = 20
"""Cards on a page: with style and scripts it stays under 100 KB."""
_SEARCH_WORDS: Final = 12
_MOST_VALUES: Final = 200
_PICKED: Final = 5_000
_RANK: Final = {word: rank for rank, word in enumerate(SEVERITIES)}

Position: TypeAlias = tuple[int, int, int, int, str]
"""Where a card stands in an order; comparable, so that a page can begin after it even when it has gone."""


class Order(StrEnum):
    NEED = "need"
    CLAIMS = "claims"
    GUIDES = "guides"
    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideLabel:
    """What a card tells of a guide, and what it is filtered by."""

    title: str
    tags: tuple[str, ...] = ()
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One change, with every finding that it raised. `first` is the one to look at; `mass`: a whole host changed."""

    key: str
    first: Entry
    entries: tuple[Entry, ...]
    host: str
    mass: bool
    severity: str
    claims: int
    guides: tuple[GuideId, ...]
    tags: frozenset[str]
    opened: datetime
    updated: datetime
    people: frozenset[str]
    needs_edit: bool
    text: str

    @property
    def version(self) -> str:
        """Names the card as it was seen: its findings, and when they changed last."""
        return f"{self.key}.{len(self.entries)}.{micros(self.updated)}"


Hand: TypeAlias = tuple[tuple[Position, Card], ...]
"""The cards of one host with their places in the order of need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What the queue is asked for; "" means all. `after` is the position that the page begins behind."""

    kind: str = ""
    severity: str = ""
    guide: str = ""
    host: str = ""
    tag: str = ""
    assignee: str = ""
    q: str = ""
    order: Order = Order.NEED
    after: Position | None = None

    @property
    def narrow(self) -> bool:
        return any((self.kind, self.severity, self.guide, self.host, self.tag, self.assignee, self.q))


FACETS: Final = ("kind", "severity", "guide", "host", "tag", "assignee")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One page of cards, how many there are in all, and how many each choice of each filter would leave."""

    cards: tuple[Card, ...]
    total: int
    findings: int
    before: int
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    following: Position | None = None


def micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def severity_rank(word: str) -> int:
    return _RANK.get(word, _RANK["wording"])


def hand(host: str, entries: Sequence[Entry], labels: Mapping[GuideId, GuideLabel]) -> Hand:
    """The cards of one host, each with where it stands. What changes alike on one host is no matter of another's."""
    mass = _mass(host, entries)
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[mass.get(entry.id) or entry.change].append(entry)
    cards = (_card(host, key, group, labels, mass=key.startswith("mass ")) for key, group in groups.items())
    return tuple((position(card, Order.NEED), card) for card in cards)


def laid(hands: Iterable[Hand]) -> tuple[Card, ...]:
    """The cards of all hosts, in the order of need."""
    return tuple(card for _, card in sorted(chain.from_iterable(hands), key=itemgetter(0)))


def _mass(host: str, entries: Sequence[Entry]) -> dict[int, str]:
    """For findings of a host of which at least `LEAST` pages changed in one way: the key of that change."""
    pages: dict[int, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.marks and entry.resource is not None:
            pages[entry.resource] |= entry.marks
    if len(pages) < LEAST:
        return {}
    shared = Counter(mark for marks in pages.values() for mark in marks)
    chosen = {
        resource: max((mark for mark in marks if shared[mark] >= LEAST), key=lambda m: (shared[m], m), default="")
        for resource, marks in pages.items()
    }
    found: dict[int, str] = {}
    for entry in entries:
        best = chosen.get(entry.resource or 0) if entry.marks else None
        if best and best in entry.marks:
            found[entry.id] = f"mass {host} {best}"
    return found


def _card(host: str, key: str, group: Sequence[Entry], labels: Mapping[GuideId, GuideLabel], *, mass: bool) -> Card:
    ordered = sorted(group, key=lambda each: (severity_rank(each.severity), -each.claims, each.opened, each.id))
    first = ordered[0]
    known = [(each, labels.get(each.guide)) for each in ordered]
    return Card(
        key=blake2b(f"{host} {key}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest(),
        first=first,
        entries=tuple(ordered),
        host=host,
        mass=mass,
        severity=first.severity,
        claims=sum(each.claims for each in ordered),
        guides=tuple(dict.fromkeys(each.guide for each in ordered)),
        tags=frozenset(tag for _, label in known if label for tag in label.tags),
        opened=min(each.opened for each in ordered),
        updated=max(each.updated for each in ordered),
        people=frozenset(each.work.assignee or NOBODY for each in ordered),
        needs_edit=all(each.work.needs_edit for each in ordered),
        text="\n".join(_search_text(known)),
    )


def _search_text(known: Sequence[tuple[Entry, GuideLabel | None]]) -> Iterator[str]:
    seen = set()
    for entry, label in known[:200]:
        parts = [entry.text, entry.url, entry.guide]
        if label:
            parts += [label.title, label.service, *label.tags]
        for part in parts:
            if part and part not in seen:
                seen.add(part)
                yield part.lower()


def position(card: Card, order: Order) -> Position:
    """By severity, then what touches the guides' sentences, how many guides, and the longest open, unless asked else.

    What is marked as needing an edit is being dealt with: within its severity it comes after the rest.
    """
    opened = micros(card.opened)
    rank = severity_rank(card.severity) * 2 + card.needs_edit
    match order:
        case Order.NEED:
            return rank, -card.claims, -len(card.guides), opened, card.key
        case Order.CLAIMS:
            return -card.claims, rank, -len(card.guides), opened, card.key
        case Order.GUIDES:
            return -len(card.guides), rank, -card.claims, opened, card.key
        case Order.OLDEST:
            return opened, rank, -card.claims, -len(card.guides), card.key
        case Order.NEWEST:
            return -opened, rank, -card.claims, -len(card.guides), card.key


def position_text(place: Position) -> str:
    return ",".join(str(part) for part in place)


def position_of(text: str) -> Position | None:
    """Reads what `position_text` wrote; None for anything else."""
    parts = text.split(",")
    if len(text) > 120 or len(parts) != 5 or not all(part.removeprefix("-").isdigit() for part in parts[:4]):
        return None
    if not all(part.isascii() for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2]), int(parts[3]), parts[4]


def select(cards: Sequence[Card], filters: Filters, *, size: int = PAGE, texts: Texts[Card] | None = None) -> Selection:
    """The page of cards that is asked for. `cards` stand in the order of need; `texts` are theirs."""
    words = filters.q.lower().split()[:_SEARCH_WORDS]
    wanted = {name: value for name in FACETS if (value := getattr(filters, name))}
    found = (texts or Texts(cards)).having(words) if words else cards
    chosen = _having(found, wanted)
    facets = {}
    for name in FACETS:
        others = {other: value for other, value in wanted.items() if other != name}
        pool = chosen if name not in wanted else _having(found, others)
        facets[name] = tuple(_ordered(name, Counter(_all_values(pool, name))))
    if filters.order is not Order.NEED:
        chosen = sorted(chosen, key=lambda card: position(card, filters.order))
    start = 0
    if filters.after is not None:
        start = next(
            (at for at, card in enumerate(chosen) if position(card, filters.order) > filters.after), len(chosen)
        )
    shown = tuple(chosen[start : start + size])
    more = len(chosen) > start + size
    return Selection(
        cards=shown,
        total=len(chosen),
        findings=sum(len(card.entries) for card in chosen),
        before=start,
        facets=facets,
        following=position(shown[-1], filters.order) if more and shown else None,
    )


_ONE: Final = {"kind": attrgetter("first.kind"), "severity": attrgetter("severity"), "host": attrgetter("host")}
_MANY: Final = {"guide": attrgetter("guides"), "tag": attrgetter("tags"), "assignee": attrgetter("people")}


def _having(cards: Sequence[Card], wanted: Mapping[str, str]) -> Sequence[Card]:
    """The cards with all these values."""
    for name, value in wanted.items():
        if name in _ONE:
            cards = [card for card in cards if _ONE[name](card) == value]
        else:
            cards = [card for card in cards if value in _MANY[name](card)]
    return cards


def _all_values(cards: Sequence[Card], name: str) -> Iterator[str]:
    """What a filter could be set to; a card of many guides has as many values."""
    return map(_ONE[name], cards) if name in _ONE else chain.from_iterable(map(_MANY[name], cards))


def _ordered(name: str, found: Counter[str]) -> list[tuple[str, int]]:
    if name == "severity":
        return sorted(found.items(), key=lambda item: severity_rank(item[0]))
    counted = [(-many, value) for value, many in found.items()]
    # Of few, sorting all of them is faster than picking.
    most = nsmallest(_MOST_VALUES, counted) if len(counted) > _PICKED else sorted(counted)[:_MOST_VALUES]
    return [(value, -many) for many, value in most]
