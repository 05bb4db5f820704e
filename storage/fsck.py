"""Checks every body, reference and entry of the store: what is damaged, and what depends on it. Changes nothing."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, exists, func, or_, select

from storage import audit, bodies, deltas, marks
from storage.headers import unpack_headers
from storage.rows import AnyRow, AuditEntry
from storage.tables import Basis, Body, Citation, Fetch, Finding, Guide, Resource, Snapshot, Standing

_CACHE_BYTES: Final = 64_000_000
_NAMED: Final = 5
"""How many of the things that depend on a damage are named; the others are counted."""


class Kind(StrEnum):
    """What is wrong."""

    DATABASE = "database"
    """The database itself says that its file is damaged."""
    BODY = "body"
    """Bytes that are not what was stored, or rest on such."""
    MISSING = "missing-body"
    """A body that something refers to is not there."""
    NEWEST = "newest"
    """A resource's newest snapshot is not there, not its own, or without body."""
    LOOK = "look"
    """A look names a snapshot that is not there, or its headers cannot be read."""
    PIN = "pin"
    """A snapshot that something refers to is not marked as such."""
    AUDIT = "audit"
    """The audit log was changed, or names other evidence than there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that is wrong. `key`: the digest or number of what `kind` speaks of. `depends` is for people."""

    kind: Kind
    key: str
    what: str
    depends: tuple[str, ...] = ()
    repaired: bool = False
    object_gone: bool = False
    """It is a body whose object is not in the bucket."""


def damages(connection: Connection) -> Iterator[Damage]:
    """Everything that is wrong, one by one."""
    yield from _database(connection)
    yield from _bodies(connection)
    yield from _missing(connection)
    yield from _newest(connection)
    yield from _looks(connection)
    yield from _pins(connection)
    yield from _audit(connection)


def counts(connection: Connection) -> tuple[int, int]:
    """How many bodies and snapshots there are."""
    kept = connection.execute(select(func.count()).select_from(Body)).scalar_one()
    return kept, connection.execute(select(func.count()).select_from(Snapshot)).scalar_one()


def _database(connection: Connection) -> Iterator[Damage]:
    if connection.dialect.name != "sqlite":
        return
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check(20)").all():
        if said != "ok":
            yield Damage(kind=Kind.DATABASE, key="integrity", what=f"SQLite says: {said}")
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check").all()[:20]:
        yield Damage(
            kind=Kind.DATABASE, key="reference", what=f"a row of {row[0]} refers to one of {row[2]} that is gone"
        )


# ---------------------------------------------------------------- bodies


def _bodies(connection: Connection) -> Iterator[Damage]:
    cache: OrderedDict[str, bytes] = OrderedDict()
    held = 0
    # In the order in which they were written: what the next one rests on was read a moment ago.
    digests = connection.execute(select(Body.digest).order_by(Body.chain, Body.place, Body.digest)).scalars().all()
    for digest in digests:
        data = _bytes(connection, digest, cache)
        if data is None or deltas.digest_of(data) != digest:
            yield _damaged(connection, digest)
            continue
        cache[digest] = data
        held += len(data)
        while held > _CACHE_BYTES and len(cache) > 1:
            held -= len(cache.popitem(last=False)[1])


def _bytes(connection: Connection, digest: str, cache: OrderedDict[str, bytes]) -> bytes | None:
    """As `bodies.unrolled`, but no further back than to what was decoded already."""
    link = bodies.link_of(connection, digest)
    if link is None or link.base is None:
        return link.unpacked(None) if link is not None else None
    if link.base in cache:
        cache.move_to_end(link.base)
        return link.unpacked(cache[link.base])
    return bodies.unrolled(bodies.links_of(connection, digest))


def _damaged(connection: Connection, digest: str) -> Damage:
    # A damaged index names rows that are not found again.
    links = bodies.links_of(connection, digest)
    culprit = bodies.first_damaged(links) if links else digest
    gone = bool(links) and links[0].data is None
    what = f"the object of the body {digest} is not in the bucket" if gone else f"the body {digest} is damaged"
    if culprit != digest:
        what = f"the body {digest} cannot be read: it rests on {culprit}, which is damaged"
    return Damage(kind=Kind.BODY, key=digest, what=what, depends=dependants(connection, digest), object_gone=gone)


def dependants(connection: Connection, digest: str) -> tuple[str, ...]:
    """What rests on this content: snapshots, guides verified against them, findings, decisions."""
    shown = select(Snapshot.id, Snapshot.at, Resource.url).join(Resource, Resource.id == Snapshot.resource_id)
    rows = connection.execute(shown.where(Snapshot.digest == digest).order_by(Snapshot.id)).all()
    told = [f"snapshot {row.id} of {row.url} ({row.at:%Y-%m-%d})" for row in rows]
    ids = [row.id for row in rows]
    if not ids:
        return tuple(told)
    guides = select(Guide.name).join(Basis, Basis.guide_id == Guide.id).where(Basis.snapshot_id.in_(ids))
    told += [f"guide {name}, verified against it" for name in connection.execute(guides).scalars()]
    findings = select(Finding.id).where(or_(Finding.basis_id.in_(ids), Finding.now_id.in_(ids))).order_by(Finding.id)
    told += [f"finding {number}" for number in connection.execute(findings).scalars()]
    more = len(told) - _NAMED
    return (*told[:_NAMED], f"and {more} more") if more > 0 else tuple(told)


def referred(snapshot: Any) -> Any:
    """The condition that something refers to the snapshot of this column for good."""
    return or_(
        exists().where(Basis.snapshot_id == snapshot),
        exists().where(Finding.basis_id == snapshot),
        exists().where(Finding.now_id == snapshot),
    )


def _missing(connection: Connection) -> Iterator[Damage]:
    query = select(Snapshot.id, Snapshot.digest).where(
        or_(Snapshot.pinned.is_(True), referred(Snapshot.id)), ~exists().where(Body.digest == Snapshot.digest)
    )
    for row in connection.execute(query).all():
        what = f"the body {row.digest} is not there, and snapshot {row.id} needs it"
        yield Damage(kind=Kind.MISSING, key=row.digest, what=what, depends=dependants(connection, row.digest))


# ---------------------------------------------------------------- references


def _newest(connection: Connection) -> Iterator[Damage]:
    query = (
        select(Resource.id, Resource.url, Resource.newest_id)
        .outerjoin(Snapshot, Snapshot.id == Resource.newest_id)
        .where(
            Resource.newest_id.is_not(None),
            or_(
                Snapshot.id.is_(None),
                Snapshot.resource_id != Resource.id,
                ~exists().where(Body.digest == Snapshot.digest),
            ),
        )
    )
    for row in connection.execute(query).all():
        what = f"snapshot {row.newest_id}, the newest of {row.url}, is not there or has no body"
        yield Damage(kind=Kind.NEWEST, key=str(row.id), what=what, depends=_citing(connection, row.id))


def _citing(connection: Connection, resource: int) -> tuple[str, ...]:
    query = select(Guide.name).join(Citation, Citation.guide_id == Guide.id)
    names = connection.execute(query.where(Citation.resource_id == resource).distinct().limit(_NAMED)).scalars()
    return tuple(f"guide {name}, which cites it" for name in names)


def _looks(connection: Connection) -> Iterator[Damage]:
    lost = (
        select(func.count(), Fetch.snapshot_id)
        .where(Fetch.snapshot_id.is_not(None), ~exists().where(Snapshot.id == Fetch.snapshot_id))
        .group_by(Fetch.snapshot_id)
    )
    for number, snapshot in connection.execute(lost).all():
        what = f"{number} looks name snapshot {snapshot}, which is not there"
        yield Damage(kind=Kind.LOOK, key=str(snapshot), what=what)
    query = (
        select(
            Fetch.resource_id, Fetch.at, Fetch.headers, Snapshot.headers.label("whole"), Snapshot.at.label("whole_at")
        )
        .join(Snapshot, Snapshot.id == Fetch.snapshot_id)
        .where(Fetch.headers.is_not(None))
    )
    bad = [row for row in connection.execute(query) if _unreadable(row)]
    if bad:
        what = f"the headers of {len(bad)} looks cannot be read, the first of resource {bad[0].resource_id}"
        yield Damage(kind=Kind.LOOK, key="headers", what=f"{what} on {bad[0].at:%Y-%m-%d}")


def _unreadable(row: AnyRow) -> bool:
    return unpack_headers(bytes(row.headers), row.at, row.whole, row.whole_at) is None


def _pins(connection: Connection) -> Iterator[Damage]:
    query = select(Snapshot.id, Snapshot.digest).where(Snapshot.pinned.is_(False), referred(Snapshot.id))
    for row in connection.execute(query).all():
        what = f"snapshot {row.id} is referred to, but could be let go"
        yield Damage(kind=Kind.PIN, key=str(row.id), what=what, depends=dependants(connection, row.digest))


# ---------------------------------------------------------------- decisions


def _audit(connection: Connection) -> Iterator[Damage]:
    log = audit.entries(connection)
    broken = audit.first_broken(log)
    if broken is not None:
        what = f"entry {broken.id} of the audit log ({broken.at:%Y-%m-%d}, {broken.who or 'in a file'}) was changed"
        later = len([entry for entry in log if entry.id > broken.id])
        depends = (f"{later} entries after it",) if later else ()
        yield Damage(kind=Kind.AUDIT, key=str(broken.id), what=f"{what}, or one before it taken out", depends=depends)
    yield from _cut(connection, log)
    known = connection.execute(select(Snapshot.id, Snapshot.digest).where(Snapshot.pinned.is_(True))) if log else ()
    digests = {row.id: row.digest for row in known}
    for entry in log:
        for snapshot, digest in entry.evidence:
            if digests.get(snapshot) != digest:
                what = (
                    f"snapshot {snapshot}, evidence of entry {entry.id} of the audit log, is not there or another one"
                )
                yield Damage(kind=Kind.AUDIT, key=str(entry.id), what=what, depends=(f"guide {entry.guide}",))


def _cut(connection: Connection, log: Sequence[AuditEntry]) -> Iterator[Damage]:
    """Entries at the end of the log that are not there any more: no other entry seals them, the store's mark does."""
    end = marks.audit_end(connection)
    if end is None or (len(log) >= end[0] and log[end[0] - 1].hash == end[1]):
        return
    there = next((number for number, entry in enumerate(log, 1) if entry.hash == end[1]), None)
    lost = end[0] - (there or len(log))
    what = f"the audit log had {end[0]} entries, the last of them {end[1][:16]}…, and has {len(log)}"
    yield Damage(kind=Kind.AUDIT, key="end", what=what, depends=(f"{lost} decisions",) if lost > 0 else ())


def standing_refers(snapshot: Any) -> Any:
    """The condition that where a place stands now is told by the snapshot of this column."""
    return exists().where(or_(Standing.now_id == snapshot, Standing.basis_id == snapshot))
