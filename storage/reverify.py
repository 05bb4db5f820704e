"""Moves bases because somebody verified a guide: with `stet`, or by a date written into the guide's file."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, delete, exists, select, update

from review.model import FindingKind, FindingState
from storage import audit, bodies, rows
from storage.rows import AnyRow
from storage.statements import insert_or_update
from storage.tables import Basis, Body, Citation, Fetch, Finding, Resource, Snapshot, Standing

IN_FILE = "verified in the guide's file"
_KEPT = exists().where(Body.digest == Snapshot.digest)
_GOOD = (
    select(Snapshot.id, Fetch.at, Snapshot.text_hash, _KEPT.label("kept"))
    .join(Fetch, Fetch.snapshot_id == Snapshot.id)
    .where(Snapshot.good.is_(True))
    .limit(1)
)
_FORGET = delete(Standing).where(
    Standing.citation_id.in_(
        select(Citation.id).where(
            Citation.guide_id == bindparam("guide"), Citation.resource_id == bindparam("resource")
        )
    ),
    Standing.basis_id != bindparam("snapshot"),
)
"""Put together once: a decision may move thousands of bases."""
ABOUT_PLACES = (FindingKind.DRIFT, FindingKind.UNLOCATED, FindingKind.UNCOMPARED)


def verified_in_file(connection: Connection, guide: int, name: str, on: date, at: datetime) -> None:
    """The guide's file says a later date than its bases: they become what the sources said on that day.

    Where the basis moved, the open drift findings are accepted: the editor saw the page as it is now the basis.
    """
    if on > at.date() + timedelta(days=1):
        # A slip of the pen, told elsewhere, must not accept anything; a day's grace is for time zones.
        return
    query = select(Basis.resource_id, Basis.snapshot_id, Basis.verified).where(Basis.guide_id == guide)
    stale = [row for row in connection.execute(query) if row.verified is None or row.verified < on]
    moved: dict[int, int] = {}
    for row in stale:
        snapshot = as_of(connection, row.resource_id, rows.end_of(on))
        if snapshot is None or snapshot == row.snapshot_id:
            connection.execute(
                update(Basis).where(Basis.guide_id == guide, Basis.resource_id == row.resource_id).values(verified=on)
            )
        else:
            move(connection, guide, {row.resource_id: snapshot}, on=on, at=at, by=IN_FILE)
            moved[row.resource_id] = snapshot
    if not moved:
        return
    findings = _open(connection, guide, moved)
    accept(connection, findings, by="", note=IN_FILE, at=at)
    audit.append(
        connection,
        at=at,
        who="",
        action="verified-in-file",
        guide=name,
        note=f"verified: {on.isoformat()}",
        findings=findings,
        snapshots=list(moved.values()),
    )


def on_that_day(connection: Connection, guide: int, on: date, at: datetime) -> None:
    """A guide that is new here cites sources that are known: what they said on its day is what it was verified against.

    `on`: the date in its file. A source without a good snapshot gets its basis at its first look.
    """
    if on > at.date() + timedelta(days=1):
        return
    cited = (
        select(Citation.resource_id)
        .join(Resource, Resource.id == Citation.resource_id)
        .outerjoin(Basis, and_(Basis.guide_id == Citation.guide_id, Basis.resource_id == Citation.resource_id))
        .where(
            Citation.guide_id == guide,
            Citation.active.is_(True),
            Resource.newest_id.is_not(None),
            Basis.guide_id.is_(None),
        )
    )
    resources = [each for each in connection.execute(cited).scalars() if each is not None]
    snapshots = {each: as_of(connection, each, rows.end_of(on)) for each in resources}
    known = {resource: snapshot for resource, snapshot in snapshots.items() if snapshot is not None}
    move(connection, guide, known, on=on, at=at, by=IN_FILE)


def as_of(connection: Connection, resource: int, moment: datetime) -> int | None:
    """The good snapshot that was served last at or before the moment, else the first one after it."""
    found = served_before(connection, resource, moment) or served_after(connection, resource, moment)
    return None if found is None else int(found.id)


def served_before(connection: Connection, resource: int, moment: datetime) -> "AnyRow | None":
    """The good page that was served last at or before the moment (`id`, `at`), of those whose body is kept.

    What a guide is measured from has to be read. Where the body of the very page was let go, another page with the same
    text stands for it, else the one before it: what changed in between is told rather than missed.
    """
    # As a look does: nobody lets a body go meanwhile.
    connection.execute(select(Resource.newest_id).where(Resource.id == resource).with_for_update()).first()
    query = _GOOD.where(Fetch.resource_id == resource, Fetch.at <= moment).order_by(Fetch.at.desc())
    found = connection.execute(query).first()
    if found is None or found.kept:
        return found
    kept = query.where(_KEPT)
    same = kept.where(Snapshot.text_hash == found.text_hash)
    return connection.execute(same).first() or connection.execute(kept).first()


def served_after(connection: Connection, resource: int, moment: datetime) -> "AnyRow | None":
    """The same, of those after the moment, the first."""
    query = _GOOD.where(Fetch.resource_id == resource, Fetch.at > moment, _KEPT)
    return connection.execute(query.order_by(Fetch.at)).first()


def move(connection: Connection, guide: int, snapshots: dict[int, int], *, on: date, at: datetime, by: str) -> None:
    """Make these snapshots (by resource) the guide's bases. What was measured against other ones is forgotten."""
    for resource, snapshot in snapshots.items():
        row = {
            "guide_id": guide,
            "resource_id": resource,
            "snapshot_id": snapshot,
            "set_at": at,
            "set_by": by,
            "verified": on,
        }
        insert_or_update(connection, Basis, row)
        connection.execute(_FORGET, {"guide": guide, "resource": resource, "snapshot": snapshot})
    bodies.pin(connection, *snapshots.values())


def accept(connection: Connection, findings: Sequence[int], *, by: str, note: str, at: datetime) -> None:
    if findings:
        connection.execute(
            update(Finding)
            .where(Finding.id.in_(findings), Finding.state == FindingState.OPEN)
            .values(state=FindingState.ACCEPTED, by=by, note=note, closed=at, updated=at)
        )


def _open(connection: Connection, guide: int, resources: Iterable[int]) -> list[int]:
    query = select(Finding.id).where(
        Finding.guide_id == guide,
        Finding.state == FindingState.OPEN,
        Finding.kind.in_(ABOUT_PLACES),
        Finding.resource_id.in_(list(resources)),
    )
    return list(connection.execute(query.order_by(Finding.id)).scalars())
