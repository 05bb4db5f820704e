"""Pages out of archives that others made: they become looks and snapshots, and bases where they are nearer to the day.

What loccit saw itself is never written over: an archived page joins the timeline at the moment at which it was
recorded. The caller holds the transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from crawler.model import Digest, ResourceId
from storage import audit, bodies, folding, reverify, rows
from storage.columns import bounded, name_hash
from storage.rows import AnyRow
from storage.statements import insert_new
from storage.tables import Basis, Citation, Fetch, Guide, Resource, Snapshot

BY: Final = rows.ARCHIVE
BY_LOCCIT: Final = ("crawl", BY, reverify.IN_FILE)
"""Bases that follow the verified day; any other one was set by a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """A good page of a resource, as an archive has it. Without `body` it is one that was given before, served again.

    `embedded`: its text is out of the JSON in it, and its markup of our making.
    """

    resource: ResourceId
    at: datetime
    status: int
    digest: Digest
    final_url: str
    headers: tuple[tuple[str, str], ...]
    reason: str
    text_digest: str = ""
    body: bytes | None = None
    embedded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A guide that is now verified against an archived page, seen first on `day`."""

    guide: str
    url: str
    at: datetime


def take(connection: Connection, page: Archived, *, run: int, keep: str) -> bool:
    """Write one page; False where it is there already, or (a page that is served again) was never taken."""
    locked = select(Resource.newest_id).where(Resource.id == page.resource).with_for_update()
    resource = connection.execute(locked).first()
    there = select(Fetch.at).where(Fetch.resource_id == page.resource, Fetch.at == page.at)
    if resource is None or connection.execute(there).first() is not None:
        return False
    found = _known(connection, page)
    folded = found is not None and found.digest != page.digest
    if found is None and page.body is None:
        return False
    number = _seen_again(connection, found, page) if found is not None else _new(connection, page)
    _look(connection, page, number, run=run, folded=folded)
    newest = resource.newest_id
    if _is_newer(connection, newest, page.at):
        connection.execute(update(Resource).where(Resource.id == page.resource).values(newest_id=number))
        # Until now it may have been kept for being the newest alone.
        number, newest = newest, number
    if keep != "all" and number is not None and number != newest:
        folding.let_go(connection, number)
    return True


def _known(connection: Connection, page: Archived) -> "AnyRow | None":
    """The snapshot with this content, or the one that stands for it."""
    columns = (Snapshot.id, Snapshot.digest, Snapshot.at, Snapshot.last_seen)
    same = select(*columns).where(
        Snapshot.resource_id == page.resource, Snapshot.digest == page.digest, Snapshot.status == bounded(page.status)
    )
    found = connection.execute(same).first()
    if found is not None:
        return found
    holder = folding.folded_into(connection, page.resource, page.digest)
    return connection.execute(select(*columns).where(Snapshot.id == holder)).first() if holder is not None else None


def _seen_again(connection: Connection, found: AnyRow, page: Archived) -> int:
    seen = {"at": min(found.at, page.at), "last_seen": max(found.last_seen, page.at)}
    connection.execute(update(Snapshot).where(Snapshot.id == found.id).values(seen))
    return int(found.id)


def _new(connection: Connection, page: Archived) -> int:
    assert page.body is not None
    bodies.put(connection, page.digest, page.body, chain=bodies.chain_of(page.resource, good=True))
    row: dict[str, Any] = {
        "resource_id": page.resource,
        "digest": page.digest,
        "text_hash": name_hash(page.text_digest) if page.text_digest else None,
        "at": page.at,
        "last_seen": page.at,
        "status": bounded(page.status) or 0,
        "good": True,
        "pinned": False,
        "health": "ok",
        "final_url": page.final_url,
        "headers": page.headers,
    }
    return connection.execute(insert(Snapshot).values(row).returning(Snapshot.id)).scalar_one()


def _look(connection: Connection, page: Archived, snapshot: int, *, run: int, folded: bool) -> None:
    row = {
        "resource_id": page.resource,
        "at": page.at,
        "run_id": run,
        "snapshot_id": snapshot,
        "status": bounded(page.status),
        "elapsed_ms": 0,
        "attempts": 1,
        "verdict": "ok",
        "reason": page.reason,
        "digest": page.digest if folded else None,
        "headers": None,
    }
    insert_new(connection, Fetch, row)


def _is_newer(connection: Connection, newest: int | None, at: datetime) -> bool:
    if newest is None:
        return True
    seen = connection.execute(select(Snapshot.last_seen).where(Snapshot.id == newest)).scalar()
    return seen is None or seen < at


# ---------------------------------------------------------------- what guides are verified against


def rebase(
    connection: Connection, resources: Iterable[ResourceId], *, run: int, note: str, at: datetime, taken: int = 0
) -> list[Moved]:
    """Guides get the page as it was on the day on which they were verified, where the archive has it and loccit came
    later. One entry of the audit log says which archive it was (`note`), with those pages as evidence; none where
    nothing moved and nothing was `taken`.
    """
    moved: list[Moved] = []
    evidence: list[int] = []
    for resource in resources:
        for guide in _verified(connection, resource, at):
            snapshot = _nearer(connection, resource, guide)
            if snapshot is None:
                continue
            reverify.move(connection, guide.id, {resource: snapshot.id}, on=_day(guide), at=at, by=BY)
            evidence.append(snapshot.id)
            moved.append(Moved(guide=guide.name, url=guide.url, at=snapshot.at))
    if moved or taken:
        audit.append(
            connection, at=at, who=BY, action="import", guide="", note=f"run {run}: {note}", snapshots=evidence
        )
    return moved


def _day(guide: AnyRow) -> Any:
    return rows.later(guide.verified, guide.stet_on)


def _verified(connection: Connection, resource: int, at: datetime) -> Sequence[AnyRow]:
    """The guides that cite it and have a verified date that is none of the future, with the first sight of their
    basis."""
    query = (
        select(
            Guide.id,
            Guide.name,
            Guide.verified,
            Guide.stet_on,
            Resource.url,
            func.max(Basis.set_by).label("set_by"),
            func.min(Snapshot.at).label("since"),
        )
        .join(Citation, Citation.guide_id == Guide.id)
        .join(Resource, Resource.id == Citation.resource_id)
        .outerjoin(Basis, (Basis.guide_id == Guide.id) & (Basis.resource_id == Citation.resource_id))
        .outerjoin(Snapshot, Snapshot.id == Basis.snapshot_id)
        .where(Citation.resource_id == resource, Citation.active.is_(True))
        .group_by(Guide.id, Guide.name, Guide.verified, Guide.stet_on, Resource.url)
        .order_by(Guide.id)
    )
    # A day's grace is for time zones.
    latest = at.date() + timedelta(days=1)
    return [row for row in connection.execute(query) if (day := _day(row)) is not None and day <= latest]


def _nearer(connection: Connection, resource: int, guide: AnyRow) -> "AnyRow | None":
    """The page that was served last before the guide was verified, if that is nearer to that day than its basis is;
    else the first one after that day, if it came before the basis.

    A basis from before that day is what an editor has looked at, or loccit itself: it stays. So does one that somebody
    set by a decision, whatever the day: they saw the page.
    """
    moment = rows.end_of(_day(guide))
    if guide.set_by not in (None, *BY_LOCCIT) or (guide.since is not None and guide.since <= moment):
        return None
    before = reverify.served_before(connection, resource, moment)
    if before is not None and (guide.since is None or moment - before.at <= guide.since - moment):
        return before
    after = reverify.served_after(connection, resource, moment)
    return after if after is not None and (guide.since is None or after.at < guide.since) else None
