"""Mends what `storage.fsck` finds and can be mended without inventing evidence. The caller holds the transaction.

What can be made again is made again; what can be fetched again is let go, and fetched again by the next pass. A body
that a basis, a finding or a decision rests on is neither: it stays as it is, for a backup to replace.

Where much is lost at once, a bucket that was emptied or a disk that comes and goes is likelier than so many damages:
then nothing is let go unless somebody says that it is lost for good.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, exists, select, update

from storage import bodies
from storage.fsck import Damage, Kind, referred
from storage.tables import Body, Fetch, Resource, Snapshot

FEW: Final = 8
"""Of so many damaged bodies nobody is asked, unless they are most of what is in a bucket."""

SHARE: Final = 10
"""More than one body in so many is too much to let go of unasked."""


def too_much(found: Sequence[Damage], *, kept: int, in_bucket: int) -> str:
    """Why nothing of this is let go unasked; "" where it may be. `kept`, `in_bucket`: how many bodies there are."""
    bad = [each for each in found if each.kind is Kind.BODY]
    gone = sum(each.object_gone for each in bad)
    if gone * 2 > in_bucket or (len(bad) > FEW and len(bad) * SHARE > kept):
        what = f"{len(bad)} of {kept} pages cannot be read"
        where = f", of which {gone} are not in the bucket" if gone else ""
        return (
            f"{what}{where}: that is more likely a bucket or a disk that can be brought back than so many damages; "
            "bring it back, or go back to a backup; if they are lost for good, add --accept-loss"
        )
    return ""


def repair(connection: Connection, found: list[Damage], at: datetime) -> set[int]:
    """Gives the places in `found` of what is whole again. Things are done in an order in which each helps the next."""
    mended: set[int] = set()
    for kind in (Kind.DATABASE, Kind.PIN, Kind.BODY, Kind.LOOK):
        # Of bodies the last first: what rests on another one goes before it.
        for number in reversed([number for number, each in enumerate(found) if each.kind is kind]):
            if _mend(connection, found[number]):
                mended.add(number)
    # Also those whose body was just let go.
    _point_at_what_is_there(connection, at)
    return mended | {number for number, each in enumerate(found) if each.kind is Kind.NEWEST}


def _mend(connection: Connection, damage: Damage) -> bool:
    match damage.kind:
        case Kind.DATABASE if damage.key == "integrity":
            connection.exec_driver_sql("REINDEX")
            return bool(connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok")
        case Kind.PIN:
            bodies.pin(connection, int(damage.key))
            return True
        case Kind.BODY:
            return _let_go(connection, damage.key)
        case Kind.LOOK if damage.key != "headers":
            lost = Fetch.snapshot_id == int(damage.key)
            connection.execute(update(Fetch).where(lost).values(snapshot_id=None))
            return True
        case _:
            return False


def _let_go(connection: Connection, digest: str) -> bool:
    """Take out a body that cannot be read, unless something refers to it for good, or rests on it."""
    needed = exists().where(Snapshot.digest == digest, Snapshot.pinned.is_(True) | referred(Snapshot.id))
    rests_on_it = exists().where(Body.base == digest)
    connection.execute(delete(Body).where(Body.digest == digest, ~needed, ~rests_on_it))
    return not bodies.kept(connection, digest)


def _point_at_what_is_there(connection: Connection, at: datetime) -> None:
    """A resource whose newest page is gone gets the one before it, and is fetched again, whatever the server says."""
    own = (
        select(Snapshot.id)
        .where(
            Snapshot.resource_id == Resource.id,
            Snapshot.good.is_(True),
            exists().where(Body.digest == Snapshot.digest),
        )
        .order_by(Snapshot.last_seen.desc(), Snapshot.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    there = (
        exists()
        .where(Snapshot.id == Resource.newest_id, Snapshot.resource_id == Resource.id, Body.digest == Snapshot.digest)
        .correlate(Resource)
    )
    lost = (Resource.newest_id.is_not(None), ~there)
    due = update(Resource).where(*lost, Resource.next_due.is_not(None)).values(next_due=at)
    connection.execute(due)
    connection.execute(update(Resource).where(*lost).values(newest_id=own, etag="", last_modified=""))
