"""A guide that got another id is still that guide: its bases, findings and verified date go with it.

An id is often the stem of a file's name, so that renaming the file ends one guide and begins another. Nobody verified
anything by that: without this, an open drift would vanish, and today's page become what the guide was verified against.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from guides.model import Guide as GuideValue
from review.model import FindingState
from storage import audit, reported, rows
from storage.columns import clean
from storage.rows import AnyRow
from storage.statements import chunks
from storage.tables import Basis, Citation, Finding, Guide, Resource, Standing

ALIKE: Final = 0.5
"""Share of common sources from which two guides of one title are the same guide (git's measure for renamed files)."""

NEARLY: Final = 0.8
"""… and from which two guides of different titles are, where they share at least two sources."""

FOUND_BEFORE: Final = "Found before under the guide's former name"

_COMMON: Final = 100
"""A source that more new guides cite says nothing about which of them a gone one became."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """One guide under two ids, in the store: the row of the old one and of the new one."""

    old: int
    new: int
    was: str
    now: str


@dataclass(slots=True)
class _Newcomers:
    """What could be the new name of a guide, by title and by the sources they cite."""

    titles: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    citing: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    sources: dict[int, frozenset[str]] = field(default_factory=dict)
    title_of: dict[int, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def add(self, row: int, guide: GuideValue, sources: frozenset[str]) -> None:
        title = clean(guide.title)
        self.titles[title].append(row)
        for each in sources:
            self.citing[each].append(row)
        self.sources[row], self.title_of[row], self.names[row] = sources, title, clean(guide.id)

    def like(self, title: str, sources: frozenset[str]) -> Iterable[tuple[float, int]]:
        """Each newcomer that may be the guide with this title and these sources, with how alike they are."""
        shared = Counter(row for each in sources if len(self.citing[each]) <= _COMMON for row in self.citing[each])
        named = set(self.titles[title][:_COMMON])
        for row in named | shared.keys():
            common = len(sources & self.sources[row])
            every = len(sources | self.sources[row])
            share = common / every if every else 1.0
            if (row in named and share >= ALIKE) or (share >= NEARLY and common > 1):
                yield share + (1.0 if row in named else 0.0), row


def renamed(
    connection: Connection,
    gone: Sequence[AnyRow],
    told: Mapping[int, GuideValue],
    sources: Mapping[int, frozenset[str]],
) -> list[Renamed]:
    """Which of the guides that are gone is which of those that came. Each is one guide at most, the likest first.

    `gone`: rows of guides that are not among the files any more. `told`: those that may be one of them, by row, with
    the URLs of their `sources`.
    """
    newcomers = _Newcomers()
    for row, guide in told.items():
        newcomers.add(row, guide, sources[row])
    cited = _cited(connection, [each.id for each in gone])
    titles = {each.id: each.title for each in gone}
    names = {each.id: each.name for each in gone}
    found = sorted(
        (-score, old, new) for old, title in titles.items() for score, new in newcomers.like(title, cited[old])
    )
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, old, new in found:
        if old not in pairs and new not in taken:
            pairs[old] = new
            taken.add(new)
    return [Renamed(old=old, new=new, was=names[old], now=newcomers.names[new]) for old, new in sorted(pairs.items())]


def _cited(connection: Connection, guides: Sequence[int]) -> dict[int, frozenset[str]]:
    cited: dict[int, set[str]] = {each: set() for each in guides}
    for part in chunks(guides):
        query = (
            select(Citation.guide_id, Resource.url)
            .join(Resource, Resource.id == Citation.resource_id)
            .where(Citation.guide_id.in_(part), Citation.active.is_(True))
        )
        for row in connection.execute(query):
            cited[row.guide_id].add(row.url)
    return {each: frozenset(urls) for each, urls in cited.items()}


def take_over(connection: Connection, pair: Renamed, at: datetime) -> None:
    """Give the new row what the store knows of the old one. What the new one had by itself since then stays."""
    bases = _bases(connection, pair)
    moved = _citations(connection, pair)
    for old, new in moved.items():
        if new.resource_id in bases:
            connection.execute(delete(Standing).where(Standing.citation_id == new.id))
            connection.execute(update(Standing).where(Standing.citation_id == old).values(citation_id=new.id))
        _findings(connection, old, new, at)
    reported.take_over(connection, pair.old, pair.new, at)
    dates = select(Guide.id, Guide.stet_on).where(Guide.id.in_([pair.old, pair.new]))
    stet = {row.id: row.stet_on for row in connection.execute(dates)}
    later = rows.later(stet[pair.old], stet[pair.new])
    connection.execute(update(Guide).where(Guide.id == pair.new).values(stet_on=later))
    audit.append(connection, at=at, who="", action="renamed", guide=pair.now, note=f"was {pair.was}")


def _bases(connection: Connection, pair: Renamed) -> set[int]:
    """Move the old guide's bases, but not over one that the new guide was verified against; gives their resources."""
    held: dict[int, dict[int, AnyRow]] = {pair.old: {}, pair.new: {}}
    for row in connection.execute(select(*Basis.__table__.c).where(Basis.guide_id.in_([pair.old, pair.new]))):
        held[row.guide_id][row.resource_id] = row
    taken = set()
    for resource, old in held[pair.old].items():
        new = held[pair.new].get(resource)
        if new is not None and (new.set_at <= old.set_at or new.verified != old.verified):
            continue
        here = Basis.resource_id == resource
        connection.execute(delete(Basis).where(here, Basis.guide_id == pair.new))
        connection.execute(update(Basis).where(here, Basis.guide_id == pair.old).values(guide_id=pair.new))
        taken.add(resource)
    return taken


def _citations(connection: Connection, pair: Renamed) -> dict[int, AnyRow]:
    """Which citation of the new guide each one of the old guide is: the same key, place and source, else the source."""
    held: dict[int, list[AnyRow]] = {pair.old: [], pair.new: []}
    query = select(*Citation.__table__.c).where(Citation.guide_id.in_([pair.old, pair.new]), Citation.active.is_(True))
    for row in connection.execute(query.order_by(Citation.id)):
        held[row.guide_id].append(row)
    moved: dict[int, AnyRow] = {}
    free = {row.id: row for row in held[pair.new]}
    for same in (_same_key, _same_source):
        for old in held[pair.old]:
            if old.id in moved:
                continue
            new = next((row for row in free.values() if same(old, row)), None)
            if new is not None:
                moved[old.id] = free.pop(new.id)
    return moved


def _same_key(old: AnyRow, new: AnyRow) -> bool:
    return bool(old.key_hash == new.key_hash) and _same_source(old, new)


def _same_source(old: AnyRow, new: AnyRow) -> bool:
    return old.resource_id is not None and old.resource_id == new.resource_id and bool(old.place == new.place)


def _findings(connection: Connection, old: int, new: AnyRow, at: datetime) -> None:
    """The findings of a citation, open and decided. Of two open ones of a kind, the older one stays open."""
    mine = select(Finding.kind).where(Finding.citation_id == old, Finding.state == FindingState.OPEN)
    kinds = list(connection.execute(mine).scalars())
    if kinds:
        connection.execute(
            update(Finding)
            .where(Finding.citation_id == new.id, Finding.state == FindingState.OPEN, Finding.kind.in_(kinds))
            .values(state=FindingState.RESOLVED, note=FOUND_BEFORE, closed=at, updated=at)
        )
    values: dict[str, Any] = {"citation_id": new.id, "guide_id": new.guide_id}
    connection.execute(update(Finding).where(Finding.citation_id == old).values(values))
