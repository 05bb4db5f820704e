"""What a batch of looks needs of the store, asked for at once, and what it writes, held until it is written at once.

A statement costs far more than a row: ten for each look were a third of what a check costs. Whoever needs to know more
asks the database itself, which is told everything that is held first (`Batch.connection`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BindParameter, Connection, Executable, bindparam, delete, insert, select, update

from crawler.model import Observation
from crawler.model import Snapshot as SeenSnapshot
from storage.columns import bounded
from storage.raising import CitedRow
from storage.rows import AnyRow
from storage.statements import chunks, upsert
from storage.tables import Base, Basis, Citation, Guide, Memory, Resource, Snapshot, Standing

# Put together once: that takes longer than running them, and they run at every batch.
_RESOURCES: BindParameter[Any] = bindparam("resources", expanding=True)
_DIGESTS: BindParameter[Any] = bindparam("digests", expanding=True)
_LOCKED = (
    select(Resource.id, Resource.newest_id, Resource.next_due)
    .where(Resource.id.in_(_RESOURCES))
    .order_by(Resource.id)
    .with_for_update()
)
_CITATIONS = (
    select(
        Citation.id,
        Citation.resource_id,
        Citation.guide_id,
        Citation.url,
        Citation.key,
        Citation.fragment,
        Guide.name,
        Guide.verified,
        Guide.stet_on,
        Basis.snapshot_id,
        Basis.set_at,
        Standing.basis_id.label("measured"),
    )
    .join(Guide, Guide.id == Citation.guide_id)
    .outerjoin(Basis, (Basis.guide_id == Citation.guide_id) & (Basis.resource_id == Citation.resource_id))
    .outerjoin(Standing, Standing.citation_id == Citation.id)
    .where(Citation.resource_id.in_(_RESOURCES), Citation.active.is_(True))
)
_KEPT_OF = select(
    Snapshot.id,
    Snapshot.resource_id,
    Snapshot.digest,
    Snapshot.status,
    Snapshot.last_seen,
    Snapshot.good,
    Snapshot.pinned,
    Snapshot.health,
    Snapshot.text_hash,
)
_SERVED = _KEPT_OF.where(Snapshot.resource_id.in_(_RESOURCES), Snapshot.digest.in_(_DIGESTS))
_BY_NUMBER = _KEPT_OF.where(Snapshot.id == bindparam("row"))
_HAVE_SNAPSHOTS = select(Snapshot.resource_id).where(Snapshot.resource_id.in_(_RESOURCES)).distinct()
_MEMORIES = select(Memory.resource_id, Memory.hash).where(Memory.resource_id.in_(_RESOURCES))
_NEW_SNAPSHOT = insert(Snapshot)
_UPDATE_SNAPSHOT = update(Snapshot).where(Snapshot.id == bindparam("row"))
_UPDATE_RESOURCE = update(Resource).where(Resource.id == bindparam("row"))
_FRAGMENT = update(Citation).where(Citation.id == bindparam("row"))
_NO_STANDING = delete(Standing).where(Standing.citation_id == bindparam("row"))
_PIN = update(Snapshot).where(Snapshot.id == bindparam("row"), Snapshot.pinned.is_(False)).values(pinned=True)

Served = tuple[int, str, int]
"""What makes a snapshot one: resource, digest, status."""


@dataclass(slots=True, kw_only=True)
class Kept:
    """A snapshot's row, as far as a look asks for it, kept up to date while looks are written."""

    id: int
    resource_id: int
    status: int
    health: str
    good: bool
    pinned: bool
    text_hash: str | None
    last_seen: datetime
    fresh: bool = False
    """It is of this very look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRow:
    """What a guide was last verified against for one resource."""

    snapshot: int
    set_at: datetime


@dataclass(slots=True, kw_only=True)
class Batch:
    """Looks at different resources that are written in one transaction, which the caller holds."""

    _connection: Connection
    resources: dict[int, AnyRow] = field(default_factory=dict)
    citations: dict[int, dict[tuple[str, str], CitedRow]] = field(default_factory=dict)
    verified: dict[int, tuple[date | None, date | None]] = field(default_factory=dict)
    """By guide: the date in its file, and that of its last stet."""
    bases: dict[tuple[int, int], BasisRow] = field(default_factory=dict)
    """By guide and resource."""
    measured: set[int] = field(default_factory=set)
    """Citations that have a standing."""
    snapshots: dict[Served, Kept] = field(default_factory=dict)
    with_snapshots: set[int] = field(default_factory=set)
    """Resources of which there was a snapshot before."""
    memories: dict[int, str] = field(default_factory=dict)
    _held: dict[tuple[Any, ...], tuple[Executable, list[Mapping[str, Any]]]] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        """The database, with everything written that is held."""
        self.settle()
        return self._connection

    def settle(self) -> None:
        """Write what is held."""
        held, self._held = self._held, {}
        for statement, rows in held.values():
            self._connection.execute(statement, rows)

    # ------------------------------------------------------------ what is held until it is written

    def update_snapshot(self, row: int, values: Mapping[str, Any]) -> None:
        self._hold("snapshot", _UPDATE_SNAPSHOT, {"row": row, **values})

    def update_resource(self, row: int, values: Mapping[str, Any]) -> None:
        self._hold("resource", _UPDATE_RESOURCE, {"row": row, **values})

    def set_fragment(self, citation: int, fragment: str | None) -> None:
        self._hold("fragment", _FRAGMENT, {"row": citation, "fragment": fragment})

    def no_standing(self, citation: int) -> None:
        if citation in self.measured:
            self._hold("no standing", _NO_STANDING, {"row": citation})

    def pin(self, snapshot: Kept) -> None:
        if not snapshot.pinned:
            snapshot.pinned = True
            self._hold("pin", _PIN, {"row": snapshot.id})

    def put(self, table: type[Base], row: Mapping[str, Any]) -> None:
        """A row that takes the place of one with the same primary key."""
        self._hold(table, upsert(self._connection.dialect.name, table, tuple(row)), row)

    def _hold(self, kind: Any, statement: Executable, row: Mapping[str, Any]) -> None:
        self._held.setdefault((kind, *row), (statement, []))[1].append(row)

    def insert_snapshots(self, new: Mapping[Served, Mapping[str, Any]]) -> None:
        """Snapshots that are not there yet. They get their numbers at once: much refers to them."""
        if not new:
            return
        self._connection.execute(_NEW_SNAPSHOT, list(new.values()))
        self.find_snapshots(list(new))
        for key in new:
            self.snapshots[key].fresh = True

    def find_snapshots(self, keys: Sequence[Served]) -> None:
        """Ask for what is there of these."""
        for part in chunks(keys):
            asked = {"resources": sorted({key[0] for key in part}), "digests": sorted({key[1] for key in part})}
            for row in self._connection.execute(_SERVED, asked):
                self.snapshots.setdefault((row.resource_id, row.digest, row.status), _kept(row))

    def snapshot(self, number: int) -> Kept | None:
        """The snapshot of that number, None where there is none (any more)."""
        mine = next((each for each in self.snapshots.values() if each.id == number), None)
        if mine is not None:
            return mine
        row = self.connection.execute(_BY_NUMBER, {"row": number}).first()
        if row is None:
            return None
        return self.snapshots.setdefault((row.resource_id, row.digest, row.status), _kept(row))


def _kept(row: AnyRow) -> Kept:
    return Kept(
        id=row.id,
        resource_id=row.resource_id,
        status=row.status,
        health=row.health,
        good=row.good,
        pinned=row.pinned,
        text_hash=row.text_hash,
        last_seen=row.last_seen,
    )


def gather(connection: Connection, seen: Iterable[Observation]) -> Batch:
    """Everything that writing these looks needs to know. Their resources are locked to the transaction's end, in order:
    two crawls that look at one resource at once take turns.
    """
    looks = list(seen)
    batch = Batch(_connection=connection)
    for part in chunks(sorted({look.source for look in looks})):
        ids = {"resources": part}
        for row in connection.execute(_LOCKED, ids):
            batch.resources[row.id] = row
        _gather_citations(batch, connection.execute(_CITATIONS, ids))
        batch.with_snapshots.update(connection.execute(_HAVE_SNAPSHOTS, ids).scalars())
        batch.memories.update((row.resource_id, row.hash) for row in connection.execute(_MEMORIES, ids))
    keys = (key for look in looks for key in (served_key(look), earlier_key(look)))
    batch.find_snapshots([key for key in keys if key is not None and key[0] in batch.with_snapshots])
    return batch


def served_key(seen: Observation) -> Served | None:
    """What tells apart what was served from all other snapshots; None where nothing was."""
    served = seen.snapshot or seen.same_as
    return None if served is None else _key(seen, served)


def earlier_key(seen: Observation) -> Served | None:
    """The same of the page before, where the look has read its text. Not its number: SQLite gives that out again."""
    return None if seen.earlier_text is None else _key(seen, seen.earlier_text[0])


def _key(seen: Observation, served: SeenSnapshot) -> Served:
    return seen.source, served.digest, bounded(served.status) or 0


def _gather_citations(batch: Batch, found: Iterable[AnyRow]) -> None:
    for row in found:
        cited = CitedRow(id=row.id, guide_id=row.guide_id, url=row.url, fragment=row.fragment)
        batch.citations.setdefault(row.resource_id, {})[row.name, row.key] = cited
        batch.verified[row.guide_id] = (row.verified, row.stet_on)
        if row.snapshot_id is not None:
            batch.bases[row.guide_id, row.resource_id] = BasisRow(snapshot=row.snapshot_id, set_at=row.set_at)
        if row.measured is not None:
            batch.measured.add(row.id)
