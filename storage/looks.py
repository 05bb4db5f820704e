"""Writes what one look at one resource gave. The caller holds the transaction; written twice, it is as written once."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from crawler.model import (
    CitedLook,
    Fetched,
    Health,
    NotModified,
    Observation,
    Snapshot,
    SnapshotId,
    Standing,
    VerdictKind,
)
from guides.model import CitationKey, GuideId
from review.model import CloseFinding, FindingOp
from storage import bodies, folding, raising, rows
from storage.columns import MAX_INT, bounded, clean, json_bytes, name_hash
from storage.errors import StoreError
from storage.raising import CitedRow
from storage.rows import AnyRow
from storage.statements import insert_or_update
from storage.tables import Basis, Citation, Fetch, Guide, Memory, Resource
from storage.tables import Snapshot as SnapshotTable
from storage.tables import Standing as StandingTable

ALL = "all"
"""`keep`: every distinct body."""


# Put together once: that takes longer than running them, and they run at every look.
_LOCKED = (
    select(Resource.id, Resource.newest_id, Resource.next_due)
    .where(Resource.id == bindparam("resource"))
    .with_for_update()
)
_CITATIONS = (
    select(Citation.id, Citation.guide_id, Citation.url, Citation.key, Citation.fragment, Guide.name)
    .join(Guide, Guide.id == Citation.guide_id)
    .where(Citation.resource_id == bindparam("resource"), Citation.active.is_(True))
)
_SERVED_BEFORE = select(SnapshotTable.id, SnapshotTable.last_seen).where(
    SnapshotTable.resource_id == bindparam("resource"),
    SnapshotTable.digest == bindparam("digest"),
    SnapshotTable.status == bindparam("status"),
)
_IS_GOOD = select(SnapshotTable.good).where(SnapshotTable.id == bindparam("row"))
_NEW_SNAPSHOT = insert(SnapshotTable).returning(SnapshotTable.id)
_JUDGED = select(*SnapshotTable.__table__.c).where(SnapshotTable.id == bindparam("row"))
_UPDATE_SNAPSHOT = update(SnapshotTable).where(SnapshotTable.id == bindparam("row"))
_UPDATE_RESOURCE = update(Resource).where(Resource.id == bindparam("row"))
_MEMORY_HASH = select(Memory.hash).where(Memory.resource_id == bindparam("resource"))
_NO_STANDING = delete(StandingTable).where(StandingTable.citation_id == bindparam("citation"))
_BASIS = select(Basis.snapshot_id).where(
    Basis.guide_id == bindparam("guide"), Basis.resource_id == bindparam("resource")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A look with what the store needs to write it."""

    connection: Connection
    seen: Observation
    resource: AnyRow
    citations: dict[tuple[str, str], CitedRow]
    snapshot: int | None = None
    folded: str | None = None
    """The digest of what was served, where the snapshot only stands for it."""

    def cited(self, guide: GuideId, key: CitationKey) -> CitedRow | None:
        return self.citations.get((clean(guide), clean(key)))


def write(connection: Connection, seen: Observation, ops: Sequence[FindingOp], *, run: int | None, keep: str) -> None:
    """Raises StoreError where the resource is not in the store."""
    # Held to the end: two crawls that look at one resource at once take turns.
    resource = connection.execute(_LOCKED, {"resource": seen.source}).first()
    if resource is None:
        raise StoreError(f"there is no resource {seen.source} ({seen.url}) in the store")
    stored, folded = _snapshot(connection, seen)
    look = _Look(
        connection=connection,
        seen=seen,
        resource=resource,
        citations=_citations(connection, seen.source),
        snapshot=stored,
        folded=folded,
    )
    newest = _newest(look)
    _fetch(look, run)
    _resource(look, newest)
    _memory(look)
    for each in seen.cited:
        if (citation := look.cited(each.guide, each.key)) is not None:
            _cited(look, citation, each)
    for op in ops:
        if isinstance(op, CloseFinding):
            raising.close(connection, op, seen.at)
        elif (citation := look.cited(op.guide, op.citation)) is not None:
            op = replace(op, basis=_there(look, op.basis), now=_there(look, op.now))
            raising.open_or_update(connection, op, citation, resource=seen.source, snapshot=stored, at=seen.at)
    # Last: what was pinned above has its body kept.
    _body(look, newest, keep)


def _citations(connection: Connection, resource: int) -> dict[tuple[str, str], CitedRow]:
    return {
        (row.name, row.key): CitedRow(id=row.id, guide_id=row.guide_id, url=row.url, fragment=row.fragment)
        for row in connection.execute(_CITATIONS, {"resource": resource})
    }


# ---------------------------------------------------------------- what was served


def _snapshot(connection: Connection, seen: Observation) -> tuple[int | None, str | None]:
    """The row of what was served: a new one, or that of the same content served before.

    With a digest where that row only stands for what was served.
    """
    served = seen.snapshot or seen.same_as
    if served is None:
        return None, None
    key = {"resource": seen.source, "status": bounded(served.status) or 0, "digest": served.digest}
    found = connection.execute(_SERVED_BEFORE, key).first()
    if found is not None:
        values: dict[str, Any] = {"last_seen": max(found.last_seen, seen.at)}
        if seen.snapshot is not None:
            # The same bytes, judged anew, perhaps by rules that know more.
            values |= {"health": served.health, "good": _good(seen, served)}
            if seen.text_digest:
                values["text_hash"] = name_hash(seen.text_digest)
        connection.execute(_UPDATE_SNAPSHOT, {"row": found.id, **values})
        return int(found.id), None
    if seen.snapshot is None:
        # Another crawl may have seen something newer since this one read what is known.
        holder = folding.folded_into(connection, seen.source, served.digest)
        if holder is not None:
            return holder, served.digest
        raise StoreError(f"{seen.url}: a page that is not in the store was said to be served again")
    return int(connection.execute(_NEW_SNAPSHOT, _new_snapshot(seen, served)).scalar_one()), None


def _new_snapshot(seen: Observation, served: Snapshot) -> dict[str, Any]:
    return {
        "resource_id": seen.source,
        "digest": served.digest,
        "text_hash": name_hash(seen.text_digest) if seen.text_digest else None,
        "at": served.at,
        "last_seen": served.last_seen,
        "status": bounded(served.status) or 0,
        "good": _good(seen, served),
        "pinned": False,
        "health": served.health,
        "final_url": served.final_url,
        "headers": served.headers,
        "tls_expires": getattr(seen.visit.last, "tls_expires", None),
    }


def _good(seen: Observation, served: Snapshot) -> bool:
    return served.health is Health.OK and seen.verdict.kind in (VerdictKind.OK, VerdictKind.MOVED)


def _newest(look: _Look) -> int | None:
    """The newest good snapshot after this look."""
    if look.snapshot is None:
        return look.resource.newest_id  # type: ignore[no-any-return]
    good = look.connection.execute(_IS_GOOD, {"row": look.snapshot}).scalar_one()
    if good:
        return look.snapshot
    if look.resource.newest_id != look.snapshot:
        return look.resource.newest_id  # type: ignore[no-any-return]
    query = select(SnapshotTable.id).where(SnapshotTable.resource_id == look.seen.source, SnapshotTable.good.is_(True))
    return look.connection.execute(query.order_by(SnapshotTable.last_seen.desc()).limit(1)).scalar()


def _body(look: _Look, newest: int | None, keep: str) -> None:
    seen = look.seen
    before = look.resource.newest_id
    if keep != ALL and before is not None and before != newest:
        # First: what comes next takes its place in the chain, and nothing rests on it yet.
        folding.let_go(look.connection, before)
    if seen.snapshot is None or seen.body is None or look.snapshot is None:
        return
    row = look.connection.execute(_JUDGED, {"row": look.snapshot}).one()
    held = keep != ALL and not row.pinned and _held(look.connection, row)
    if not held or row.id == newest:
        chain = bodies.chain_of(row.resource_id, good=row.good)
        bodies.put(look.connection, seen.snapshot.digest, seen.body, chain=chain, lasting=not held)
    elif not row.good:
        folding.fold_wall(look.connection, row.id)


def _held(connection: Connection, row: AnyRow) -> bool:
    """Whether the body of another snapshot is evidence enough of what this one shows."""
    if not row.good:
        holder = bodies.bad_holder(connection, row.resource_id, row.health, row.status, besides=row.id)
    elif row.text_hash is None:
        holder = None
    else:
        holder = bodies.text_holder(connection, row.resource_id, row.text_hash, besides=row.id)
    return holder is not None


def _there(look: _Look, snapshot: SnapshotId | None) -> SnapshotId | None:
    """A snapshot that this look refers to; the newest one where it was folded while the look was under way."""
    if snapshot is None or snapshot in (look.snapshot, look.resource.newest_id):
        return snapshot
    if look.connection.execute(_IS_GOOD, {"row": snapshot}).first() is not None:
        return snapshot
    there = look.snapshot if look.snapshot is not None else look.resource.newest_id
    return None if there is None else SnapshotId(there)


# ---------------------------------------------------------------- the look itself


def _fetch(look: _Look, run: int | None) -> None:
    seen, last = look.seen, look.seen.visit.last
    status = last.status if isinstance(last, Fetched) else 304 if isinstance(last, NotModified) else None
    elapsed = sum(getattr(attempt, "elapsed_ms", 0.0) for attempt in seen.visit.attempts)
    row = {
        "resource_id": seen.source,
        "at": seen.at,
        "run_id": run,
        "snapshot_id": look.snapshot,
        "status": bounded(status),
        "elapsed_ms": int(min(max(elapsed, 0.0), MAX_INT)),
        "attempts": len(seen.visit.attempts),
        "verdict": seen.verdict.kind,
        "reason": seen.verdict.reason,
        "digest": look.folded,
        "headers": None,
    }
    insert_or_update(look.connection, Fetch, row)


def _resource(look: _Look, newest: int | None) -> None:
    seen = look.seen
    values: dict[str, Any] = {
        "checked": seen.history.checked,
        "last_ok": seen.history.last_ok,
        "failing_since": seen.history.failing_since,
        "failures": min(seen.history.failures, MAX_INT),
        "unreachable_since": seen.history.unreachable_since,
        "etag": seen.validators.etag,
        "last_modified": seen.validators.last_modified,
        "verdict": rows.plain(seen.verdict),
        "interval_hours": seen.interval_hours,
        "rate": rows.plain(seen.rate),
        "newest_id": newest,
    }
    if seen.title:
        values["title"] = seen.title
    if seen.next_due is not None and look.resource.next_due is not None:
        values["next_due"] = seen.next_due
    look.connection.execute(_UPDATE_RESOURCE, {"row": seen.source, **values})


def _memory(look: _Look) -> None:
    memory = dict(look.seen.memory)
    known = look.connection.execute(_MEMORY_HASH, {"resource": look.seen.source}).scalar()
    if known is None and not memory:
        return
    digest = hashlib.sha256(json_bytes(memory)).hexdigest()
    if digest != known:
        row = {"resource_id": look.seen.source, "hash": digest, "data": memory}
        insert_or_update(look.connection, Memory, row)


# ---------------------------------------------------------------- its citations


def _cited(look: _Look, citation: CitedRow, seen: CitedLook) -> None:
    connection = look.connection
    if citation.fragment != seen.fragment:
        connection.execute(update(Citation).where(Citation.id == citation.id).values(fragment=seen.fragment))
    if seen.basis_is_new and seen.basis is not None:
        _basis(look, citation, seen.basis)
    if seen.standing is None:
        connection.execute(_NO_STANDING, {"citation": citation.id})
    else:
        _standing(look, citation, seen.standing)


def _basis(look: _Look, citation: CitedRow, basis: Snapshot) -> None:
    snapshot = _there(look, basis.id) if basis.id is not None else look.snapshot
    if snapshot is None:
        return
    held = look.connection.execute(
        select(Basis.set_at).where(Basis.guide_id == citation.guide_id, Basis.resource_id == look.seen.source)
    ).scalar()
    if held is not None and held > look.seen.at:
        return  # somebody verified the guide while this look was under way: that counts
    guide = look.connection.execute(select(Guide.verified, Guide.stet_on).where(Guide.id == citation.guide_id)).one()
    row = {
        "guide_id": citation.guide_id,
        "resource_id": look.seen.source,
        "snapshot_id": snapshot,
        "set_at": look.seen.at,
        "set_by": "crawl",
        "verified": rows.later(guide.verified, guide.stet_on),
    }
    insert_or_update(look.connection, Basis, row)
    bodies.pin(look.connection, snapshot)


def _standing(look: _Look, citation: CitedRow, standing: Standing) -> None:
    key = {"guide": citation.guide_id, "resource": look.seen.source}
    basis = look.connection.execute(_BASIS, key).scalar()
    if basis is not None and basis != standing.basis:
        return  # the basis moved while this look was under way: what was measured speaks of the old one
    row = {
        "citation_id": citation.id,
        "kind": standing.drift.kind,
        "basis_id": standing.basis,
        "now_id": _there(look, standing.now) if standing.now is not None else look.snapshot,
        "since": standing.since,
        "now_since": standing.now_since,
        "sightings": min(standing.sightings, MAX_INT),
        "place": rows.place_json(standing.place),
        "drift": rows.drift_json(standing.drift),
    }
    insert_or_update(look.connection, StandingTable, row)
