"""Raw bodies: compressed, stored once under their SHA-256, checked against it whenever they are read.

With `keep = "texts"` the body of a snapshot is kept when its visible text is new for the resource, while it is the
newest good one (a basis may have to be made of it), and for ever when something refers to it (`pinned`). Of pages that
are not the page (walls, errors) one body of each kind is evidence enough. All other snapshots keep digest and headers.
"""

import hashlib
from typing import Final

import zstandard
from sqlalchemy import Connection, bindparam, delete, exists, select, update

from storage.errors import StoreError
from storage.statements import insert_new
from storage.tables import Body, Resource, Snapshot

LEVEL: Final = 6
"""zstd's level: of 3, 6, 9 the last whose cost stays under that of hashing and parsing the page."""

RAW, ZSTD = "raw", "zstd"

_KEPT = select(Body.size).where(Body.digest == bindparam("digest"))
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
    .limit(1)
)
_HELD = _WITH_TEXT.where(Snapshot.id != bindparam("row"))
_HELD_BEFORE = _WITH_TEXT.where(Snapshot.id < bindparam("row"))


def put(connection: Connection, digest: str, data: bytes) -> None:
    """Keep these bytes; nothing happens where they are kept already. `digest` must be theirs."""
    if hashlib.sha256(data).hexdigest() != digest:
        raise StoreError(f"a body was to be stored under {digest}, which is not its digest; nothing was recorded")
    if kept(connection, digest):
        return
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(data)
    smaller = len(packed) < len(data)
    row = {
        "digest": digest,
        "size": len(data),
        "encoding": ZSTD if smaller else RAW,
        "base": None,
        "data": packed if smaller else data,
    }
    insert_new(connection, Body, row)


def kept(connection: Connection, digest: str) -> bool:
    return connection.execute(_KEPT, {"digest": digest}).first() is not None


def get(connection: Connection, digest: str) -> bytes:
    """The bytes under `digest`. Raises StoreError where they are not kept, or are damaged (and says whose they are)."""
    row = connection.execute(select(Body.size, Body.encoding, Body.data).where(Body.digest == digest)).first()
    if row is None:
        raise StoreError(f"the body {digest} is not kept{_whose(connection, digest)}")
    data = _unpacked(bytes(row.data), row.encoding, row.size)
    if data is None or hashlib.sha256(data).hexdigest() != digest:
        raise StoreError(
            f"the stored body {digest} is damaged{_whose(connection, digest)}; go back to a backup, or verify the "
            "guides that cite it anew"
        )
    return data


def _unpacked(data: bytes, encoding: str, size: int) -> bytes | None:
    if encoding == RAW:
        return data
    if encoding != ZSTD or size < 0:
        return None
    try:
        # A damaged frame may claim any size: what was recorded is the limit.
        if zstandard.frame_content_size(data) != size:
            return None
        return zstandard.ZstdDecompressor().decompress(data)
    except (zstandard.ZstdError, MemoryError):
        return None


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


def text_is_held(connection: Connection, resource: int, text_hash: str, *, besides: int, before: bool = False) -> bool:
    """Whether another good snapshot of the resource with this visible text (`before`: an older one) keeps its body."""
    key = {"resource": resource, "text": text_hash, "row": besides}
    return connection.execute(_HELD_BEFORE if before else _HELD, key).first() is not None


def bad_is_held(connection: Connection, resource: int, health: str, status: int, *, besides: int) -> bool:
    """Whether the body of another snapshot of this resource shows the same kind of wall or error."""
    query = (
        select(Snapshot.id)
        .join(Body, Body.digest == Snapshot.digest)
        .where(
            Snapshot.resource_id == resource,
            Snapshot.good.is_(False),
            Snapshot.health == health,
            Snapshot.status == status,
            Snapshot.id != besides,
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None


def let_go(connection: Connection, snapshot: int) -> None:
    """The snapshot is no longer the newest: drop its body where it was kept for being that alone."""
    row = connection.execute(
        select(Snapshot.resource_id, Snapshot.digest, Snapshot.text_hash, Snapshot.pinned).where(
            Snapshot.id == snapshot
        )
    ).first()
    if row is None or row.pinned or row.text_hash is None:
        return
    # The first page that showed a text keeps its body: it is the evidence of when that was.
    if not text_is_held(connection, row.resource_id, row.text_hash, besides=snapshot, before=True):
        return
    others = exists().where(Snapshot.digest == row.digest, Snapshot.id != snapshot)
    rests_on_it = exists().where(Body.base == row.digest)
    connection.execute(delete(Body).where(Body.digest == row.digest, ~others, ~rests_on_it))


def pin(connection: Connection, *snapshots: int | None) -> None:
    """Something refers to these snapshots: their bodies stay."""
    ids = [each for each in snapshots if each is not None]
    if ids:
        connection.execute(_PIN, {"ids": ids})
