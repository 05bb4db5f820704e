"""Raw bodies: each stored once under its SHA-256, against an earlier one of its resource, checked at every reading.

With `keep = "texts"` the body of a snapshot is kept when its visible text is new for the resource, while it is the
newest good one (a basis may have to be made of it), and for ever when something refers to it (`pinned`). Of pages that
are not the page (walls, errors) one body of each kind is evidence enough. See `storage.folding` for the others.
"""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, delete, exists, func, select, tuple_, update

from storage import blobs, deltas
from storage.errors import StoreError
from storage.rows import AnyRow
from storage.statements import chunks, insert_new
from storage.tables import Body, Resource, Snapshot

# Locked against being let go by another crawl before this transaction's snapshot is there to be seen.
_KEPT_FOR_ME = select(Body.size).where(Body.digest == bindparam("digest")).with_for_update(read=True, key_share=True)
_KEPT = select(Body.size).where(Body.digest == bindparam("digest"))
_LINK = select(Body.digest, Body.size, Body.encoding, Body.base, Body.data).where(Body.digest == bindparam("digest"))
_AT = select(Body.chain, Body.place, Body.digest, Body.size, Body.encoding, Body.base, Body.data).where(
    tuple_(Body.chain, Body.place).in_(bindparam("places", expanding=True))
)
_LAST_PLACE = select(func.max(Body.place)).where(Body.chain == bindparam("chain"))
_AT_OR_BEFORE = (
    select(Body.digest)
    .where(
        Body.chain == bindparam("chain"),
        Body.place <= bindparam("place"),
        Body.place >= bindparam("key"),
    )
    .order_by(Body.place.desc())
    .limit(1)
)
_PIN = (
    update(Snapshot)
    .where(Snapshot.id.in_(bindparam("ids", expanding=True)), Snapshot.pinned.is_(False))
    .values(pinned=True)
)
_WITH_TEXT = (
    select(Snapshot.id)
    .join(Body, Body.digest == Snapshot.digest)
    .where(
        Snapshot.resource_id == bindparam("resource"),
        Snapshot.text_hash == bindparam("text"),
        Snapshot.good.is_(True),
    )
    .order_by(Snapshot.id)
    .limit(1)
)
_HELD = _WITH_TEXT.where(Snapshot.id != bindparam("row"))
_HELD_BEFORE = _WITH_TEXT.where(Snapshot.id < bindparam("row"))
_BAD = (
    select(Snapshot.id)
    .join(Body, Body.digest == Snapshot.digest)
    .where(
        Snapshot.resource_id == bindparam("resource"),
        Snapshot.good.is_(False),
        Snapshot.health == bindparam("health"),
        Snapshot.status == bindparam("status"),
        Snapshot.id != bindparam("row"),
    )
    .order_by(Snapshot.id)
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A body as stored. `data` is None where its object is gone from the bucket."""

    digest: str
    size: int
    encoding: str
    base: str | None
    data: bytes | None = field(repr=False)

    def unpacked(self, base: bytes | None) -> bytes | None:
        """The bytes, unchecked; None where they are damaged or not there."""
        return None if self.data is None else deltas.decompress(self.data, self.encoding, self.size, base)


NOTHING: Final[Mapping[str, Link]] = MappingProxyType({})


def chain_of(resource: int, *, good: bool) -> int:
    """The chain that a body of this resource joins: pages rest on pages, walls and errors on their like."""
    return resource if good else -resource


def put(connection: Connection, digest: str, data: bytes, *, chain: int, lasting: bool = True) -> None:
    """Keep these bytes; nothing happens where they are kept already. `digest` must be theirs.

    `lasting`: they are not about to be let go again. The caller holds the lock on the chain's resource.
    See `storage.shelving` for many at once.
    """
    if connection.execute(_KEPT_FOR_ME, {"digest": digest}).first() is not None:
        return
    last = connection.execute(_LAST_PLACE, {"chain": chain}).scalar()
    at = (chain, 0 if last is None else last + 1)
    row = row_of(connection, digest, data, at, lasting=lasting, shelf=shelf(connection, [at]))
    if (bucket := blobs.of(connection)) is not None:
        row, name, packed = blobs.to_move(row)
        bucket.put(name, packed)
    insert_new(connection, Body, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Bodies as stored, at places that new ones may rest on: by place, and by digest."""

    at: Mapping[tuple[int, int], str]
    links: Mapping[str, Link]


def shelf(connection: Connection, places: Iterable[tuple[int, int]]) -> Shelf:
    """What new bodies at these places (chain, place) rest on, and what those rest on, asked for at once."""
    return _fetched(connection, {(chain, before) for chain, place in places for before in _way(place)})


def _way(place: int) -> Iterator[int]:
    """The places that the skip list leads over from this one, to the beginning of the chain."""
    before = deltas.rests_on(place)
    while before is not None:
        yield before
        before = deltas.rests_on(before)


def _fetched(connection: Connection, places: Collection[tuple[int, int]]) -> Shelf:
    rows = [row for part in chunks(sorted(places)) for row in connection.execute(_AT, {"places": part})]
    links = _links(connection, rows)
    return Shelf(at={(row.chain, row.place): row.digest for row in rows}, links={link.digest: link for link in links})


def row_of(
    connection: Connection, digest: str, data: bytes, at: tuple[int, int], *, lasting: bool, shelf: Shelf
) -> dict[str, Any]:
    """The row of a new body at this place of its chain, all of its bytes in it."""
    _check(digest, data)
    base, encoding, packed = _against(connection, data, at, shelf, lasting=lasting)
    return {
        "digest": digest,
        "size": len(data),
        "encoding": encoding,
        "base": base,
        "data": packed,
        "chain": at[0],
        "place": at[1],
    }


def _check(digest: str, data: bytes) -> None:
    if deltas.digest_of(data) != digest:
        raise StoreError(f"a body was to be stored under {digest}, which is not its digest; nothing was recorded")


_Read: TypeAlias = dict[str, tuple[int, bytes]]
"""Bodies that were read a moment ago: how many it took to read each, and its bytes, unchecked."""


def _against(
    connection: Connection, data: bytes, at: tuple[int, int], shelf: Shelf, *, lasting: bool
) -> tuple[str | None, str, bytes]:
    """What the body at this place rests on, if on anything, and its encoding and bytes."""
    read: _Read = {}
    chain, place = at
    base, bytes_of_base = _base(connection, chain, place, read, shelf)
    encoding, packed, needed = deltas.compress(data, bytes_of_base, lasting=lasting)
    # Each of those near is read over others: from a bucket that would take longer than it is worth.
    if deltas.rests_on(place) is None or not deltas.is_much(len(packed), len(data)) or blobs.of(connection):
        return base if needed else None, encoding, packed
    best = deltas.trial(data, bytes_of_base) if bytes_of_base else len(packed)
    nearest: tuple[str, bytes] | None = None
    for digest, known in _near(connection, chain, place, read, shelf):
        tried = deltas.trial(data, known) if digest != base else best
        if tried < best:
            best, nearest = tried, (digest, known)
            if not deltas.is_much(best, len(data)):
                break
    if nearest is not None:
        again = deltas.compress(data, nearest[1], lasting=lasting)
        if again[2] and len(again[1]) < len(packed):
            base, (encoding, packed, needed) = nearest[0], again
    return base if needed else None, encoding, packed


def _near(connection: Connection, chain: int, place: int, read: _Read, known: Shelf) -> Iterator[tuple[str, bytes]]:
    """The last bodies before this place that are sound, and near enough to the beginning of the chain."""
    since = max(place - place % deltas.KEY_EVERY, place - deltas.NEAR)
    places = [(chain, each) for each in range(place - 1, since - 1, -1)]
    wanted = {*places, *((chain, before) for _, each in places for before in _way(each))}
    more = _fetched(connection, wanted - known.at.keys())
    at, links = {**known.at, **more.at}, {**known.links, **more.links}
    for each in places:
        depth, data = _sound(connection, at[each], read, links) if each in at else (0, None)
        if data is not None and depth < deltas.DEEPEST:
            yield at[each], data


def _base(connection: Connection, chain: int, place: int, read: _Read, shelf: Shelf) -> tuple[str | None, bytes | None]:
    """What the skip list has the body at this place rest on; nothing where that is damaged: what is new must not be."""
    before = deltas.rests_on(place)
    if before is None:
        return None, None
    digest = shelf.at.get((chain, before))
    if digest is None:
        key = {"chain": chain, "place": before, "key": place - place % deltas.KEY_EVERY}
        digest = connection.execute(_AT_OR_BEFORE, key).scalar()
    if digest is None:
        return None, None
    depth, data = _sound(connection, digest, read, shelf.links)
    return (None, None) if data is None or depth >= deltas.LONGEST // 2 else (digest, data)


def _sound(connection: Connection, digest: str, read: _Read, there: Mapping[str, Link]) -> tuple[int, bytes | None]:
    """How many bodies it takes to read this one, and its bytes; no bytes where it is damaged. What is in `read` is not
    read again, and what is `there` is not asked for."""
    links = links_of(connection, digest, known=read, there=there)
    depth, data = read[links[-1].base] if links and links[-1].base in read else (0, None)
    if digest in read:
        depth, data = read[digest]
    elif not links or (links[-1].base is not None and data is None):
        return 0, None
    for link in reversed(links):
        data = link.unpacked(data)
        if data is None:
            return 0, None
        depth += 1
        read[link.digest] = (depth, data)
    return (depth, data) if data is not None and deltas.digest_of(data) == digest else (0, None)


def kept(connection: Connection, digest: str) -> bool:
    return connection.execute(_KEPT, {"digest": digest}).first() is not None


def get(connection: Connection, digest: str) -> bytes:
    """The bytes under `digest`. Raises StoreError where they are not kept, or are damaged (and says whose they are)."""
    links = links_of(connection, digest)
    if not links:
        raise StoreError(f"the body {digest} is not kept{_whose(connection, digest)}")
    data = unrolled(links)
    if data is None or deltas.digest_of(data) != digest:
        culprit = first_damaged(links)
        cause = "" if culprit == digest else f": it rests on the body {culprit}, which is damaged"
        raise StoreError(
            f"the stored body {digest} is damaged{_whose(connection, digest)}{cause}; go back to a backup, or verify "
            "the guides that cite it anew"
        )
    return data


def links_of(
    connection: Connection, digest: str, *, known: Container[str] = (), there: Mapping[str, Link] = NOTHING
) -> list[Link]:
    """What it takes to read a body: itself, the one that it rests on, and so on, up to one that is known already.

    Empty where it is not kept. What is `there` is not asked for.
    """
    found: list[Link | AnyRow] = []
    wanted: str | None = digest
    while wanted is not None and wanted not in known and len(found) <= deltas.LONGEST:
        each = there.get(wanted) or connection.execute(_LINK, {"digest": wanted}).first()
        if each is None:
            break
        found.append(each)
        wanted = each.base
    asked = iter(_links(connection, [each for each in found if not isinstance(each, Link)]))
    return [each if isinstance(each, Link) else next(asked) for each in found]


def _links(connection: Connection, rows: Sequence[AnyRow]) -> list[Link]:
    return [
        Link(digest=row.digest, size=row.size, encoding=encoding, base=row.base, data=data)
        for row, (encoding, data) in zip(rows, blobs.fetched(connection, rows), strict=True)
    ]


def link_of(connection: Connection, digest: str) -> Link | None:
    """The body alone, as stored."""
    row = connection.execute(_LINK, {"digest": digest}).first()
    return None if row is None else _links(connection, [row])[0]


def unrolled(links: Sequence[Link]) -> bytes | None:
    """The bytes of the first link, unchecked; None where one of them cannot be read or is missing."""
    if not links or links[-1].base is not None:
        return None
    data: bytes | None = None
    for link in reversed(links):
        data = link.unpacked(data)
        if data is None:
            return None
    return data


def first_damaged(links: Sequence[Link]) -> str:
    """The digest of the body at which reading these links goes wrong."""
    if links[-1].base is not None:
        return str(links[-1].base)
    data: bytes | None = None
    for link in reversed(links):
        data = link.unpacked(data)
        if data is None or deltas.digest_of(data) != link.digest:
            return str(link.digest)
    return str(links[0].digest)


def _whose(connection: Connection, digest: str) -> str:
    query = (
        select(Resource.url, Snapshot.at, Snapshot.id)
        .join(Snapshot, Snapshot.resource_id == Resource.id)
        .where(Snapshot.digest == digest)
        .order_by(Snapshot.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    return f" (snapshot {row.id} of {row.url}, first seen {row.at:%Y-%m-%d})" if row else ""


def text_holder(
    connection: Connection, resource: int, text_hash: str, *, besides: int, before: bool = False
) -> int | None:
    """Another good snapshot of the resource with this visible text that keeps its body (`before`: an older one)."""
    key = {"resource": resource, "text": text_hash, "row": besides}
    return connection.execute(_HELD_BEFORE if before else _HELD, key).scalar()


def drop(connection: Connection, digest: str, *, snapshot: int) -> bool:
    """Let the body of this snapshot go, unless others show it too or rest on it; gives whether it is gone."""
    # Locked first: what another transaction has made of it is seen by the statement that follows.
    connection.execute(select(Body.size).where(Body.digest == digest).with_for_update()).first()
    others = exists().where(Snapshot.digest == digest, Snapshot.id != snapshot)
    rests_on_it = exists().where(Body.base == digest)
    connection.execute(delete(Body).where(Body.digest == digest, ~others, ~rests_on_it))
    return not kept(connection, digest)


def pin(connection: Connection, *snapshots: int | None) -> None:
    """Something refers to these snapshots: their bodies stay."""
    ids = [each for each in snapshots if each is not None]
    if ids:
        connection.execute(_PIN, {"ids": ids})
