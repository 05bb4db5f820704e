"""Lets go of what says nothing new: of a page that shows a known text again, digest and headers stay with the look.

A page whose bytes differ at every fetch (a nonce, a counter) would otherwise leave a snapshot each time. When the
next one comes, its row is folded into the older snapshot with the same visible text: the looks that saw it point there,
with their own digest, and their headers against the older one's.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, LargeBinary, bindparam, case, cast, delete, or_, select, update

from storage import bodies
from storage.headers import pack_headers
from storage.rows import AnyRow
from storage.statements import chunks
from storage.tables import Fetch, Snapshot, Standing

_IDS: Final[BindParameter[Any]] = bindparam("ids", expanding=True)
_ROWS: Final = select(*Snapshot.__table__.c).where(Snapshot.id.in_(_IDS))
_REFERRED = select(Standing.now_id, Standing.basis_id).where(
    or_(Standing.now_id.in_(_IDS), Standing.basis_id.in_(_IDS))
)
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


def fold(connection: Connection, row: AnyRow, holder: int) -> None:
    """Leave digest and headers of a snapshot with its looks, and the rest to `holder`; not where it is referred to."""
    fold_all(connection, [(row.id, holder)])


def fold_all(connection: Connection, pairs: Sequence[tuple[int, int]]) -> None:
    """The same for many: each with the older snapshot that stands for it from now on. None comes twice."""
    if not pairs:
        return
    numbers = sorted({number for pair in pairs for number in pair})
    rows = {row.id: row for part in chunks(numbers) for row in connection.execute(_ROWS, {"ids": part})}
    folded = [number for number, _ in pairs]
    referred = {each for part in chunks(folded) for row in connection.execute(_REFERRED, {"ids": part}) for each in row}
    going = [
        (rows[number], rows[holder])
        for number, holder in pairs
        if number in rows
        and holder in rows
        and number not in referred
        and not rows[number].pinned
        and rows[holder].final_url == rows[number].final_url
    ]
    if going:
        connection.execute(_LOOKS, [_look(row, into) for row, into in going])
        seen = [{"into": into.id, "seen": max(into.last_seen, row.last_seen)} for row, into in going]
        connection.execute(_SEEN, seen)
        connection.execute(_GONE, [{"row": row.id} for row, _ in going])


def _look(row: AnyRow, into: AnyRow) -> dict[str, Any]:
    headers = pack_headers(row.headers, row.at, into.headers, into.at) if row.headers != into.headers else None
    return {
        "resource": row.resource_id,
        "since": row.at,
        "row": row.id,
        "into": into.id,
        "its_digest": row.digest,
        "its_headers": headers,
    }


def folded_into(connection: Connection, resource: int, digest: str) -> int | None:
    """The snapshot that stands for one with this digest, which was folded since somebody read of it."""
    query = select(Fetch.snapshot_id).where(Fetch.resource_id == resource, Fetch.digest == digest)
    return connection.execute(query.order_by(Fetch.at.desc()).limit(1)).scalar()


def _row(connection: Connection, snapshot: int) -> "AnyRow | None":
    return connection.execute(_ROWS, {"ids": [snapshot]}).first()
