"""The editors' queue: open findings as cards, one for each change, in the order of need; filtered and counted. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from crawler.groups import LEAST
from guides.model import GuideId
from review.casework import Entry
from review.order import SEVERITIES

NOBODY: Final = "-"
"""The filter's word for findings that are assigned to nobody."""
PAGE: Final = 20
"""Cards on a page: with style and scripts it stays under 100 KB."""
_SEARCH_WORDS: Final = 12
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


def deal(entries: Iterable[Entry], labels: Mapping[GuideId, GuideLabel]) -> tuple[Card, ...]:
    """All cards, in the order of need."""
    every = list(entries)
    mass = _mass(every)
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in every:
        groups[mass.get(entry.id) or entry.change].append(entry)
    cards = [_card(key, group, labels, mass=key.startswith("mass ")) for key, group in groups.items()]
    return tuple(sorted(cards, key=lambda card: position(card, Order.NEED)))


def _mass(entries: Sequence[Entry]) -> dict[int, str]:
    """For findings of a host of which at least `LEAST` pages changed in one way: the key of that change."""
    pages: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for entry in entries:
        if entry.marks and entry.resource is not None:
            pages[host_of(entry.url)][entry.resource] |= entry.marks
    chosen: dict[tuple[str, int], str] = {}
    for host, resources in pages.items():
        if len(resources) < LEAST:
            continue
        shared = Counter(mark for marks in resources.values() for mark in marks)
        for resource, marks in resources.items():
            best = max((mark for mark in marks if shared[mark] >= LEAST), key=lambda m: (shared[m], m), default="")
            if best:
                chosen[host, resource] = f"mass {host} {best}"
    found: dict[int, str] = {}
    for entry in entries:
        key = chosen.get((host_of(entry.url), entry.resource or 0)) if entry.marks else None
        if key and key.rpartition(" ")[2] in entry.marks:
            found[entry.id] = key
    return found


def _card(key: str, group: Sequence[Entry], labels: Mapping[GuideId, GuideLabel], *, mass: bool) -> Card:
    ordered = sorted(group, key=lambda each: (severity_rank(each.severity), -each.claims, each.opened, each.id))
    first = ordered[0]
    known = [(each, labels.get(each.guide)) for each in ordered]
    return Card(
        key=blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest(),
        first=first,
        entries=tuple(ordered),
        host=host_of(first.url),
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


def select(cards: Sequence[Card], filters: Filters, *, size: int = PAGE) -> Selection:
    """The page of cards that is asked for. `cards` stand in the order of need."""
    words = filters.q.lower().split()[:_SEARCH_WORDS]
    wanted = {name: value for name in FACETS if (value := getattr(filters, name))}
    counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    chosen: list[Card] = []
    for card in cards:
        if words and not all(word in card.text for word in words):
            continue
        missed = [name for name, value in wanted.items() if value not in _values(card, name)]
        if len(missed) > 1:
            continue
        for name in missed or FACETS:
            counts[name].update(_values(card, name))
        if not missed:
            chosen.append(card)
    if filters.order is not Order.NEED:
        chosen.sort(key=lambda card: position(card, filters.order))
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
        facets={name: tuple(_ordered(name, found)) for name, found in counts.items()},
        following=position(shown[-1], filters.order) if more and shown else None,
    )


def _values(card: Card, name: str) -> Iterable[str]:
    match name:
        case "kind":
            return (card.first.kind,)
        case "severity":
            return (card.severity,)
        case "guide":
            return card.guides
        case "host":
            return (card.host,)
        case "tag":
            return card.tags
        case _:
            return card.people


def _ordered(name: str, found: Counter[str]) -> list[tuple[str, int]]:
    if name == "severity":
        return sorted(found.items(), key=lambda item: severity_rank(item[0]))
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))[:200]
