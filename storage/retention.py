"""The retention policy: what old evidence is let go, and how, without breaking a chain.

Kept for ever: every body that a basis, a finding or an entry of the audit log refers to, each resource's first and its
newest, and what a place was last compared with. Of all others older than `whole_days`, one in `thin_days` stays: the
first of each such span. Of looks older than `looks_days` those stay at which something changed. Digest, headers,
status and time of a snapshot stay when its body goes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, tuple_, update

from storage import blobs, bodies, deltas
from storage.fsck import referred, standing_refers
from storage.rows import AnyRow
from storage.statements import chunks
from storage.tables import Body, Fetch, Resource, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """In days. `thin_days = 0` thins nothing, and `looks_days = 0` keeps every look."""

    whole_days: int = 180
    thin_days: int = 30
    looks_days: int = 730


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was, or would be, let go; `bytes` as stored."""

    bodies: int = 0
    bytes: int = 0
    looks: int = 0
    objects: int = 0
    """In a bucket, that no row refers to."""

    def __add__(self, other: "Pruned") -> "Pruned":
        return Pruned(
            bodies=self.bodies + other.bodies,
            bytes=self.bytes + other.bytes,
            looks=self.looks + other.looks,
            objects=self.objects + other.objects,
        )


_LOCKED: Final = select(Resource.newest_id)


def resources(connection: Connection) -> list[int]:
    """Every resource, watched or not."""
    return list(connection.execute(select(Resource.id).order_by(Resource.id)).scalars())


def prune(connection: Connection, resource: int, rule: Retention, now: datetime, *, dry: bool) -> Pruned:
    """Apply the rule to one resource. `dry`: only count."""
    # As a look does: nobody adds to the chain meanwhile.
    connection.execute(_LOCKED.where(Resource.id == resource).with_for_update()).first()
    let_go = _thinned(connection, resource, rule, now)
    done = Pruned(bodies=len(let_go), bytes=sum(map(_stored, let_go)))
    if not dry:
        done = Pruned()
        # The last first: the fewest are left that rest on one that goes.
        for row in reversed(let_go):
            if _drop(connection, row):
                done += Pruned(bodies=1, bytes=_stored(row))
    return done + Pruned(looks=_looks(connection, resource, rule, now, dry=dry))


def _stored(row: AnyRow) -> int:
    return blobs.stored_bytes(row.encoding, row.stored, bytes(row.beginning))


# ---------------------------------------------------------------- bodies


def _thinned(connection: Connection, resource: int, rule: Retention, now: datetime) -> list[AnyRow]:
    """The snapshots whose body goes, oldest first."""
    if rule.thin_days <= 0:
        return []
    query = (
        select(
            Snapshot.id,
            Snapshot.digest,
            Snapshot.at,
            Snapshot.good,
            func.length(Body.data).label("stored"),
            Body.encoding,
            func.substr(Body.data, 1, 16).label("beginning"),
            or_(
                Snapshot.pinned.is_(True),
                Snapshot.id == Resource.newest_id,
                referred(Snapshot.id),
                standing_refers(Snapshot.id),
            ).label("stays"),
        )
        .join(Body, Body.digest == Snapshot.digest)
        .join(Resource, Resource.id == Snapshot.resource_id)
        .where(Snapshot.resource_id == resource)
        .order_by(Snapshot.at, Snapshot.id)
    )
    return list(_spared(connection.execute(query).all(), rule, now))


def _spared(rows: Sequence[AnyRow], rule: Retention, now: datetime) -> Iterator[AnyRow]:
    """Of the rows those that are not spared."""
    old = now - timedelta(days=rule.whole_days)
    span = timedelta(days=rule.thin_days)
    epoch = datetime(1970, 1, 1, tzinfo=now.tzinfo)
    seen: set[tuple[bool, int]] = set()
    first: set[bool] = set()
    for row in rows:
        spell = (row.good, (row.at - epoch) // span)
        alone = spell not in seen
        beginning = row.good not in first
        seen.add(spell)
        first.add(row.good)
        if not (row.stays or alone or beginning or row.at >= old):
            yield row


def _drop(connection: Connection, row: AnyRow) -> bool:
    """Let one body go; what rests on it is made to rest on what it rested on itself, or on the first of them."""
    others = exists().where(Snapshot.digest == row.digest, Snapshot.id != row.id)
    if connection.execute(select(others)).scalar():
        return False
    base = connection.execute(select(Body.base).where(Body.digest == row.digest)).scalar()
    resting = select(Body.digest).where(Body.base == row.digest).order_by(Body.place, Body.digest)
    bytes_of_base = bodies.get(connection, base) if base is not None else None
    for digest in connection.execute(resting).scalars().all():
        data = bodies.get(connection, digest)
        encoding, packed, needed = deltas.compress(data, bytes_of_base)
        encoding, packed = blobs.moved_out(blobs.of(connection), digest, encoding, packed)
        values = {"encoding": encoding, "data": packed, "base": base if needed else None}
        connection.execute(update(Body).where(Body.digest == digest).values(values))
        if base is None:
            # The first of them takes the place of one that began the chain: else all of them would stand alone.
            base, bytes_of_base = digest, data
    return bodies.drop(connection, row.digest, snapshot=row.id)


# ---------------------------------------------------------------- looks


def _looks(connection: Connection, resource: int, rule: Retention, now: datetime, *, dry: bool) -> int:
    """Old looks that saw what the one before and the one after saw."""
    if rule.looks_days <= 0:
        return 0
    old = Fetch.at < now - timedelta(days=rule.looks_days)
    saw = (Fetch.snapshot_id, Fetch.verdict, Fetch.reason)
    around = select(
        Fetch.at,
        *(each.label(f"saw{number}") for number, each in enumerate(saw)),
        *(func.lag(each).over(order_by=Fetch.at).label(f"before{number}") for number, each in enumerate(saw)),
        *(func.lead(each).over(order_by=Fetch.at).label(f"after{number}") for number, each in enumerate(saw)),
        func.lead(Fetch.at).over(order_by=Fetch.at).label("next"),
    ).where(Fetch.resource_id == resource, old)
    inner = around.subquery()
    same = [
        inner.c[f"saw{number}"].is_not_distinct_from(inner.c[f"{side}{number}"])
        for number in range(len(saw))
        for side in ("before", "after")
    ]
    found = connection.execute(select(inner.c.at).where(inner.c.next.is_not(None), and_(*same))).scalars().all()
    if not dry:
        for part in chunks(found):
            keys = [(resource, at) for at in part]
            connection.execute(delete(Fetch).where(tuple_(Fetch.resource_id, Fetch.at).in_(keys)))
    return len(found)
