"""Pictures of pages that were loaded in a browser: each stands beside a body, and goes when that has gone."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, exists, insert, select

from crawler.model import Observation, SnapshotId
from storage.tables import Body, Picture, Snapshot

MOST: int = 2_000_000
"""Bytes; a larger picture is not kept."""

_KEPT = exists().where(Body.digest == Picture.digest)


def keep(connection: Connection, looks: Iterable[Observation]) -> None:
    """Keep the pictures of what has just been stored. The caller holds the transaction and has written the bodies."""
    for seen in looks:
        if seen.screenshot is None or seen.snapshot is None or len(seen.screenshot) > MOST:
            continue
        digest = seen.snapshot.digest
        connection.execute(delete(Picture).where(Picture.resource_id == seen.source, ~_KEPT))
        connection.execute(delete(Picture).where(Picture.digest == digest))
        if connection.execute(select(Body.size).where(Body.digest == digest)).first() is not None:
            row = {"digest": digest, "resource_id": seen.source, "image": seen.screenshot}
            connection.execute(insert(Picture).values(row))


def picture(connection: Connection, snapshot: SnapshotId) -> bytes | None:
    """The picture of a snapshot, where there is one."""
    query = select(Picture.image).join(Snapshot, Snapshot.digest == Picture.digest).where(Snapshot.id == snapshot)
    found = connection.execute(query).scalar()
    return None if found is None else bytes(found)


def sweep(connection: Connection) -> None:
    """Let go of pictures whose body has gone."""
    connection.execute(delete(Picture).where(~_KEPT))
