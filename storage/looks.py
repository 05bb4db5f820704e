"""Writes what looks at resources gave. The caller holds the transaction; written twice, it is as written once."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, select

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
from review.model import CloseFinding, FindingOp, OpenFinding
from storage import folding, pictures, raising, rows, shelving
from storage.batches import BasisRow, Batch, Kept, Served, earlier_key, gather, served_key
from storage.columns import MAX_INT, bounded, clean, json_bytes, name_hash
from storage.errors import StoreError
from storage.raising import CitedRow
from storage.rows import AnyRow
from storage.tables import Basis, Fetch, Memory
from storage.tables import Snapshot as SnapshotTable
from storage.tables import Standing as StandingTable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """A look with what the store needs to write it."""

    batch: Batch
    seen: Observation
    resource: AnyRow
    snapshot: Kept | None = None
    """What was served, where anything was."""
    folded: str | None = None
    """The digest of what was served, where the snapshot only stands for it."""

    @property
    def shown(self) -> int | None:
        return None if self.snapshot is None else self.snapshot.id

    def cited(self, guide: GuideId, key: CitationKey) -> CitedRow | None:
        return self.batch.citations.get(self.seen.source, {}).get((clean(guide), clean(key)))


Seen: TypeAlias = tuple[Observation, Sequence[FindingOp]]
Ready: TypeAlias = Mapping[str, Mapping[str, Any]]
NOTHING: Final[Ready] = MappingProxyType({})


def write(connection: Connection, looks: Sequence[Seen], *, run: int | None, keep: str, ready: Ready = NOTHING) -> None:
    """Write looks, each as if alone. Raises StoreError where the resource of one is not in the store.

    `ready`: what `storage.shelving.foresee` made of them before.
    """
    for group in _rounds(looks):
        _write(connection, group, run=run, keep=keep, ready=ready)


def _rounds(looks: Sequence[Seen]) -> Iterable[Sequence[Seen]]:
    """In groups in which no resource comes twice: the second look at one has to see what the first has written."""
    waiting = list(looks)
    while waiting:
        first: dict[int, Seen] = {}
        rest = []
        for look in waiting:
            if look[0].source in first:
                rest.append(look)
            else:
                first[look[0].source] = look
        yield list(first.values())
        waiting = rest


def _write(connection: Connection, looks: Sequence[Seen], *, run: int | None, keep: str, ready: Ready) -> None:
    batch = gather(connection, [seen for seen, _ in looks])
    for seen, _ in looks:
        if seen.source not in batch.resources:
            raise StoreError(f"there is no resource {seen.source} ({seen.url}) in the store")
    batch.insert_snapshots(dict(_new_snapshots(batch, [seen for seen, _ in looks])))
    shown = [_one(batch, seen, ops, run=run) for seen, ops in looks]
    # Last: what was pinned above has its body kept.
    shelving.shelve(batch, shown, keep=keep, ready=ready)
    pictures.keep(connection, [seen for seen, _ in looks])


def _one(batch: Batch, seen: Observation, ops: Sequence[FindingOp], *, run: int | None) -> shelving.Shown:
    stored, folded = _snapshot(batch, seen)
    if (key := earlier_key(seen)) is not None and seen.earlier_text is not None and key in batch.snapshots:
        batch.update_snapshot(batch.snapshots[key].id, {"text_hash": name_hash(seen.earlier_text[1])})
    look = _Look(batch=batch, seen=seen, resource=batch.resources[seen.source], snapshot=stored, folded=folded)
    newest = _newest(look)
    _fetch(look, run)
    _resource(look, newest)
    _memory(look)
    for each in seen.cited:
        if (citation := look.cited(each.guide, each.key)) is not None:
            _cited(look, citation, each)
    for op in ops:
        if isinstance(op, CloseFinding):
            raising.close(batch.connection, op, seen.at)
        elif (citation := look.cited(op.guide, op.citation)) is not None:
            op = replace(op, basis=_there(look, op.basis), now=_there(look, op.now))
            _open(look, op, citation)
    return shelving.Shown(seen=seen, kept=stored, before=look.resource.newest_id, newest=newest)


def _open(look: _Look, op: OpenFinding, citation: CitedRow) -> None:
    shown, at = look.shown, look.seen.at
    raising.open_or_update(look.batch.connection, op, citation, resource=look.seen.source, snapshot=shown, at=at)
    if look.snapshot is not None and shown in (op.basis, op.now if op.now is not None else shown):
        look.snapshot.pinned = True


# ---------------------------------------------------------------- what was served


def _new_snapshots(batch: Batch, looks: Sequence[Observation]) -> Iterable[tuple[Served, dict[str, Any]]]:
    """The rows of what was never served before."""
    for seen in looks:
        key = served_key(seen)
        if key is not None and seen.snapshot is not None and key not in batch.snapshots:
            yield key, _new_snapshot(seen, seen.snapshot)


def _snapshot(batch: Batch, seen: Observation) -> tuple[Kept | None, str | None]:
    """The snapshot of what was served: a new one, or that of the same content served before.

    With a digest where that one only stands for what was served.
    """
    key, served = served_key(seen), seen.snapshot or seen.same_as
    if key is None or served is None:
        return None, None
    found = batch.snapshots.get(key)
    if found is None:
        # Another crawl may have seen something newer since this one read what is known.
        holder = folding.folded_into(batch.connection, seen.source, served.digest)
        if holder is not None and (kept := batch.snapshot(holder)) is not None:
            return kept, served.digest
        raise StoreError(f"{seen.url}: a page that is not in the store was said to be served again")
    values: dict[str, Any] = {"last_seen": max(found.last_seen, seen.at)}
    if seen.snapshot is not None:
        # The same bytes, judged anew, perhaps by rules that know more.
        found.health, found.good = served.health, _good(seen, served)
        values |= {"health": found.health, "good": found.good}
        if seen.text_digest:
            found.text_hash = values["text_hash"] = name_hash(seen.text_digest)
    if not found.fresh:
        found.last_seen = values["last_seen"]
        batch.update_snapshot(found.id, values)
    return found, None


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
    before: int | None = look.resource.newest_id
    if look.snapshot is None:
        return before
    if look.snapshot.good:
        return look.snapshot.id
    if before != look.snapshot.id:
        return before
    query = select(SnapshotTable.id).where(SnapshotTable.resource_id == look.seen.source, SnapshotTable.good.is_(True))
    return look.batch.connection.execute(query.order_by(SnapshotTable.last_seen.desc()).limit(1)).scalar()


def _there(look: _Look, snapshot: SnapshotId | None) -> SnapshotId | None:
    """A snapshot that this look refers to; the newest one where it was folded while the look was under way."""
    if snapshot is None or snapshot in (look.shown, look.resource.newest_id):
        return snapshot
    # Of this resource: SQLite gives the number of one that was folded to the next.
    found = look.batch.snapshot(snapshot)
    if found is not None and found.resource_id == look.seen.source:
        return snapshot
    there = look.shown if look.shown is not None else look.resource.newest_id
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
        "snapshot_id": look.shown,
        "status": bounded(status),
        "elapsed_ms": int(min(max(elapsed, 0.0), MAX_INT)),
        "attempts": len(seen.visit.attempts),
        "verdict": seen.verdict.kind,
        "reason": seen.verdict.reason,
        "digest": look.folded,
        "headers": None,
    }
    look.batch.put(Fetch, row)


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
    look.batch.update_resource(seen.source, values)


def _memory(look: _Look) -> None:
    memory = dict(look.seen.memory)
    known = look.batch.memories.get(look.seen.source)
    if known is None and not memory:
        return
    digest = hashlib.sha256(json_bytes(memory)).hexdigest()
    if digest != known:
        row = {"resource_id": look.seen.source, "hash": digest, "data": memory}
        look.batch.put(Memory, row)


# ---------------------------------------------------------------- its citations


def _cited(look: _Look, citation: CitedRow, seen: CitedLook) -> None:
    if citation.fragment != seen.fragment:
        look.batch.set_fragment(citation.id, seen.fragment)
    if seen.basis_is_new and seen.basis is not None:
        _basis(look, citation, seen.basis)
    if seen.standing is None:
        look.batch.no_standing(citation.id)
    else:
        _standing(look, citation, seen.standing)


def _basis(look: _Look, citation: CitedRow, basis: Snapshot) -> None:
    batch = look.batch
    wanted = _there(look, basis.id) if basis.id is not None else look.shown
    snapshot = look.snapshot if wanted == look.shown or wanted is None else batch.snapshot(wanted)
    if snapshot is None:
        return
    held = batch.bases.get((citation.guide_id, look.seen.source))
    if held is not None and held.set_at > look.seen.at:
        return  # somebody verified the guide while this look was under way: that counts
    row = {
        "guide_id": citation.guide_id,
        "resource_id": look.seen.source,
        "snapshot_id": snapshot.id,
        "set_at": look.seen.at,
        "set_by": "crawl",
        "verified": rows.later(*batch.verified[citation.guide_id]),
    }
    batch.bases[citation.guide_id, look.seen.source] = BasisRow(snapshot=snapshot.id, set_at=look.seen.at)
    batch.put(Basis, row)
    batch.pin(snapshot)


def _standing(look: _Look, citation: CitedRow, standing: Standing) -> None:
    basis = look.batch.bases.get((citation.guide_id, look.seen.source))
    if basis is not None and basis.snapshot != standing.basis:
        return  # the basis moved while this look was under way: what was measured speaks of the old one
    row = {
        "citation_id": citation.id,
        "kind": standing.drift.kind,
        "basis_id": standing.basis,
        "now_id": _there(look, standing.now) if standing.now is not None else look.shown,
        "since": standing.since,
        "now_since": standing.now_since,
        "sightings": min(standing.sightings, MAX_INT),
        "place": rows.place_json(standing.place),
        "drift": rows.drift_json(standing.drift),
    }
    look.batch.put(StandingTable, row)
