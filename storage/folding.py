"""Lets go of what says nothing new: of a page that shows a known text again, digest and headers stay with the look.

A page whose bytes differ at every fetch (a nonce, a counter) would otherwise leave a snapshot each time. When the
next one comes, its row is folded into the older snapshot with the same visible text: the looks that saw it point there,
with their own digest, and their headers against the older one's.
"""

from typing import Any, Final

from sqlalchemy import Connection, LargeBinary, bindparam, case, cast, delete, exists, or_, select, update

from storage import bodies
from storage.headers import pack_headers
from storage.rows import AnyRow
from storage.tables import Fetch, Snapshot, Standing

_ROW: Final = select(*Snapshot.__table__.c).where(Snapshot.id == bindparam("row"))
_REFERRED = select(exists().where(or_(Standing.now_id == bindparam("row"), Standing.basis_id == bindparam("row"))))
_LOOKS = (
    update(Fetch)
    .where(
        Fetch.resource_id == bindparam("resource"),
        Fetch.at >= bindparam("since"),
        Fetch.snapshot_id == bindparam("row"),
    )
    .values(
        snapshot_id=bindparam("into"),
        digest=bindparam("its_digest"),
        # Once is enough, and one statement: PostgreSQL writes the row anew each time.
        headers=case(
            (Fetch.at == bindparam("since"), cast(bindparam("its_headers"), LargeBinary)), else_=cast(None, LargeBinary)
        ),
    )
)
_SEEN = update(Snapshot).where(Snapshot.id == bindparam("into")).values(last_seen=bindparam("seen"))
_GONE = delete(Snapshot).where(Snapshot.id == bindparam("row"))


def let_go(connection: Connection, snapshot: int) -> None:
    """The snapshot is no longer the newest: drop its body where it was kept for being that alone, and fold it."""
    row = _row(connection, snapshot)
    if row is None or row.pinned or row.text_hash is None or not row.good:
        return
    # The first page that showed a text keeps its body: it is the evidence of when that was.
    holder = bodies.text_holder(connection, row.resource_id, row.text_hash, besides=snapshot, before=True)
    if holder is not None and bodies.drop(connection, row.digest, snapshot=snapshot):
        fold(connection, row, holder)


def fold_wall(connection: Connection, snapshot: int) -> None:
    """A wall or an error of a kind that is kept already."""
    row = _row(connection, snapshot)
    if row is None or row.pinned or row.good:
        return
    holder = bodies.bad_holder(connection, row.resource_id, row.health, row.status, besides=snapshot)
    if holder is not None and holder < snapshot and not bodies.kept(connection, row.digest):
        fold(connection, row, holder)


def fold(connection: Connection, row: AnyRow, holder: int) -> bool:
    """Leave digest and headers of a snapshot with its looks, and the rest to `holder`; gives whether that was done."""
    into = _row(connection, holder)
    if into is None or into.final_url != row.final_url or connection.execute(_REFERRED, {"row": row.id}).scalar():
        return False
    key: dict[str, Any] = {"resource": row.resource_id, "since": row.at}
    headers = pack_headers(row.headers, row.at, into.headers, into.at) if row.headers != into.headers else None
    looks = {**key, "row": row.id, "into": holder, "its_digest": row.digest, "its_headers": headers}
    connection.execute(_LOOKS, looks)
    connection.execute(_SEEN, {"into": holder, "seen": max(into.last_seen, row.last_seen)})
    connection.execute(_GONE, {"row": row.id})
    return True


def folded_into(connection: Connection, resource: int, digest: str) -> int | None:
    """The snapshot that stands for one with this digest, which was folded since somebody read of it."""
    query = select(Fetch.snapshot_id).where(Fetch.resource_id == resource, Fetch.digest == digest)
    return connection.execute(query.order_by(Fetch.at.desc()).limit(1)).scalar()


def _row(connection: Connection, snapshot: int) -> "AnyRow | None":
    return connection.execute(_ROW, {"row": snapshot}).first()
