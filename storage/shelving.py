"""Which bodies of a batch of looks are kept, and keeping them: asked for at once, and written at once.

A page takes its predecessor's place in the chain where that one was kept only for being the newest (see
`storage.folding`): first the old ones go, then the new ones come, last what is left of the old ones is folded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, func, select, tuple_

from crawler.model import Health, Observation
from storage import blobs, bodies, folding
from storage.batches import Batch, Kept
from storage.engine import Database
from storage.rows import AnyRow
from storage.statements import chunks, insert_new
from storage.tables import Body, Resource, Snapshot

ALL: Final = "all"
"""`keep`: every distinct body."""

# Put together once: that takes longer than running them, and they run at every batch.
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_DIGESTS: BindParameter[Any] = bindparam("digests", expanding=True)
_CHAINS: BindParameter[Any] = bindparam("chains", expanding=True)
_PAIRS: BindParameter[Any] = bindparam("pairs", expanding=True)
_PASSING = select(Snapshot.id, Snapshot.resource_id, Snapshot.digest, Snapshot.text_hash).where(
    Snapshot.id.in_(_IDS), Snapshot.pinned.is_(False), Snapshot.text_hash.is_not(None), Snapshot.good.is_(True)
)
_HOLDERS = (
    select(Snapshot.resource_id, Snapshot.text_hash, Snapshot.id)
    .join(Body, Body.digest == Snapshot.digest)
    .where(tuple_(Snapshot.resource_id, Snapshot.text_hash).in_(_PAIRS), Snapshot.good.is_(True))
    .order_by(Snapshot.id)
)
_WALLS = (
    select(Snapshot.resource_id, Snapshot.health, Snapshot.status, Snapshot.id)
    .join(Body, Body.digest == Snapshot.digest)
    .where(Snapshot.resource_id.in_(_IDS), Snapshot.good.is_(False))
    .order_by(Snapshot.id)
)
_LOCKED = select(Body.digest).where(Body.digest.in_(_DIGESTS)).order_by(Body.digest).with_for_update()
_KEPT_FOR_ME = (
    select(Body.digest)
    .where(Body.digest.in_(_DIGESTS))
    .order_by(Body.digest)
    .with_for_update(read=True, key_share=True)
)
_KEPT = select(Body.digest).where(Body.digest.in_(_DIGESTS))
_DROPPABLE = (
    Body.digest.in_(_DIGESTS),
    ~exists().where(Snapshot.digest == Body.digest, Snapshot.id.not_in(_IDS)),
    ~exists().where((rests := Body.__table__.alias("rests")).c.base == Body.digest),
)
_WOULD_DROP = select(Body.digest).where(*_DROPPABLE)
_DROP = delete(Body).where(*_DROPPABLE)
_LAST_PLACES = (
    select(Body.chain, func.max(Body.place).label("last")).where(Body.chain.in_(_CHAINS)).group_by(Body.chain)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a look has shown, and the newest good snapshot of its resource before and after."""

    seen: Observation
    kept: Kept | None
    before: int | None
    newest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A body that is to be kept. `lasting`: it is not about to be let go again."""

    digest: str
    data: bytes = field(repr=False)
    chain: int
    lasting: bool = True


def shelve(batch: Batch, looks: Sequence[Shown], *, keep: str, ready: Mapping[str, Mapping[str, Any]]) -> None:
    """Let go of what is no longer the newest, keep what is new, and fold what is left. `ready`: see `put_all`."""
    connection = batch.connection
    leaving = [each.before for each in looks if keep != ALL and each.before not in (None, each.newest)]
    old = _found(connection, _PASSING, "ids", leaving)
    new = [each.kept for each in looks if each.kept is not None and each.seen.body is not None]
    holders = _text_holders(connection, [*map(_pair, old), *map(_pair, new)]) if keep != ALL else {}
    walls = _wall_holders(connection, [each for each in new if not each.good]) if keep != ALL else {}
    going = {row.id: holders[row.resource_id, row.text_hash][0] for row in old if _is_said(row, holders)}
    gone = _drop(connection, [row for row in old if row.id in going])
    folds = [(row, going[row]) for row in gone]

    items = []
    for each in looks:
        kept, body = each.kept, each.seen.body
        if kept is None or body is None or each.seen.snapshot is None:
            continue
        others = walls.get(_wall(kept), ()) if not kept.good else holders.get(_pair(kept), ())
        held = keep != ALL and not kept.pinned and any(other != kept.id and other not in gone for other in others)
        if not held or kept.id == each.newest:
            chain = bodies.chain_of(kept.resource_id, good=kept.good)
            items.append(Item(digest=each.seen.snapshot.digest, data=body, chain=chain, lasting=not held))
        elif not kept.good:
            folds += [(kept.id, other) for other in others if other < kept.id][:1]
    put_all(connection, items, ready=ready)
    folding.fold_all(connection, folds)


def _found(connection: Connection, query: Any, name: str, wanted: Iterable[Any]) -> list[AnyRow]:
    return [row for part in chunks(dict.fromkeys(wanted)) for row in connection.execute(query, {name: part})]


def _pair(row: Any) -> tuple[int, Any]:
    return row.resource_id, row.text_hash


def _wall(kept: Any) -> tuple[int, str, int]:
    return kept.resource_id, kept.health, kept.status


def _text_holders(connection: Connection, pairs: Iterable[tuple[int, Any]]) -> dict[tuple[int, Any], list[int]]:
    """The good snapshots that keep the body of such a text, oldest first."""
    found: dict[tuple[int, Any], list[int]] = {}
    for row in _found(connection, _HOLDERS, "pairs", [pair for pair in pairs if pair[1] is not None]):
        found.setdefault(_pair(row), []).append(row.id)
    return found


def _wall_holders(connection: Connection, bad: Sequence[Kept]) -> dict[tuple[int, str, int], list[int]]:
    """The same of walls and errors, by their kind."""
    found: dict[tuple[int, str, int], list[int]] = {}
    for row in _found(connection, _WALLS, "ids", [each.resource_id for each in bad]):
        found.setdefault(_wall(row), []).append(row.id)
    return found


def _is_said(row: AnyRow, holders: Mapping[tuple[int, Any], Sequence[int]]) -> bool:
    """Whether an older page says the same: the first that showed a text is the evidence of when that was."""
    others = holders.get(_pair(row), ())
    return bool(others) and others[0] < row.id


def _drop(connection: Connection, rows: Sequence[AnyRow], *, dry: bool = False) -> set[int]:
    """Let the bodies of these snapshots go, unless others show them too or rest on them; gives those that are without.

    `dry`: those that would be.
    """
    gone: set[int] = set()
    for part in chunks(rows):
        asked = {"digests": [row.digest for row in part], "ids": [row.id for row in part]}
        digests = {"digests": asked["digests"]}
        if dry:
            kept = set(connection.execute(_KEPT, digests).scalars())
            kept -= set(connection.execute(_WOULD_DROP, asked).scalars())
        else:
            # Locked first: what another transaction has made of them is seen by the statement that follows.
            connection.execute(_LOCKED, digests).all()
            connection.execute(_DROP, asked)
            kept = set(connection.execute(_KEPT, digests).scalars())
        gone |= {row.id for row in part if row.digest not in kept}
    return gone


# ---------------------------------------------------------------- writing


def put_all(connection: Connection, items: Sequence[Item], *, ready: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep these bytes; nothing happens where they are kept already. The caller holds the locks on their resources.

    `ready`: rows by digest whose bytes are in the bucket already. They are used where the chain is as it was then.
    """
    kept = set(_scalars(connection, _KEPT_FOR_ME, "digests", [item.digest for item in items]))
    new = [item for item in items if item.digest not in kept]
    if not new:
        return
    bases = [base for item in new if (base := ready.get(item.digest, {}).get("base")) is not None]
    there = set(_scalars(connection, _KEPT_FOR_ME, "digests", bases))
    rows, away = _rows(connection, new, {key: row for key, row in ready.items() if row["base"] in (None, *there)})
    if (bucket := blobs.of(connection)) is not None:
        bucket.put_all(away)
    insert_new(connection, Body, rows)


def _scalars(connection: Connection, query: Any, name: str, wanted: Iterable[Any]) -> list[Any]:
    return [row[0] for row in _found(connection, query, name, wanted)]


def _rows(
    connection: Connection, new: Sequence[Item], ready: Mapping[str, Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], list[tuple[str, bytes]]]:
    """Their rows, and what is to be written to the bucket for them."""
    bucket = blobs.of(connection)
    last = {row.chain: row.last for row in _found(connection, _LAST_PLACES, "chains", [item.chain for item in new])}
    places = {item.digest: last.get(item.chain, -1) + 1 for item in new}
    shelf = bodies.shelf(connection, [(item.chain, places[item.digest]) for item in new if item.digest not in ready])
    rows: dict[str, Mapping[str, Any]] = {}
    away: list[tuple[str, bytes]] = []
    taken: set[tuple[int, int]] = set()
    for item in new:
        while (item.chain, places[item.digest]) in taken:
            places[item.digest] += 1
        place = places[item.digest]
        taken.add((item.chain, place))
        made = ready.get(item.digest)
        if item.digest in rows:
            continue
        if made is not None and (made["chain"], made["place"]) == (item.chain, place):
            rows[item.digest] = made
            continue
        row = bodies.row_of(connection, item.digest, item.data, (item.chain, place), lasting=item.lasting, shelf=shelf)
        if bucket is not None:
            row, name, data = blobs.to_move(row)
            away.append((name, data))
        rows[item.digest] = row
    return list(rows.values()), away


# ---------------------------------------------------------------- before the transaction


def foreseen(database: Database, looks: Sequence[Observation], *, keep: str) -> dict[str, Mapping[str, Any]]:
    """Writes bodies that these looks will most likely keep to the bucket, all at once; gives their rows.

    Before the transaction that writes the looks, so that nobody waits for these journeys. What turns out otherwise is
    left as an object that no row refers to. Without bucket nothing is done.
    """
    if not blobs.is_attached(database.engine) or all(seen.body is None for seen in looks):
        return {}
    return database.read(lambda connection: _foreseen(connection, looks, keep=keep))


def _foreseen(connection: Connection, looks: Sequence[Observation], *, keep: str) -> dict[str, Mapping[str, Any]]:
    bucket = blobs.of(connection)
    items = _coming(connection, looks)
    if bucket is None or not items:
        return {}
    chains = [item.chain for item in items]
    query = select(Resource.newest_id).where(Resource.id.in_(_IDS))
    old = _found(connection, _PASSING, "ids", _scalars(connection, query, "ids", chains)) if keep != ALL else []
    holders = _text_holders(connection, map(_pair, old))
    going = [row for row in old if _is_said(row, holders)]
    gone = _drop(connection, going, dry=True)
    without = {row.resource_id for row in going if row.id in gone}
    last = {row.chain: row.last for row in _found(connection, _LAST_PLACES, "chains", chains)}
    at = {item.digest: last.get(item.chain, -1) + 1 - (item.chain in without) for item in items}
    shelf = bodies.shelf(connection, [(item.chain, at[item.digest]) for item in items])
    ready: dict[str, Mapping[str, Any]] = {}
    away: list[tuple[str, bytes]] = []
    for item in items:
        row, name, data = blobs.to_move(
            bodies.row_of(connection, item.digest, item.data, (item.chain, at[item.digest]), lasting=True, shelf=shelf)
        )
        ready[item.digest] = row
        away.append((name, data))
    bucket.put_all(away)
    return ready


def _coming(connection: Connection, looks: Sequence[Observation]) -> list[Item]:
    """What is surely kept: good pages, which become the newest."""
    found = {
        seen.snapshot.digest: Item(digest=seen.snapshot.digest, data=seen.body, chain=seen.source)
        for seen in looks
        if seen.snapshot is not None and seen.snapshot.health is Health.OK and seen.body is not None
    }
    kept = set(_scalars(connection, _KEPT, "digests", found))
    return [item for digest, item in found.items() if digest not in kept]
