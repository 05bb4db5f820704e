"""The crawler's side: what is due, and what is known of a resource before a look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from crawler.made import Made
from crawler.model import (
    Cited,
    Digest,
    FetchOrder,
    Health,
    KnownSource,
    LinkHistory,
    ResourceId,
    Snapshot,
    SnapshotId,
    Validators,
)
from crawler.sections import place_of
from crawler.urls import ResourceUrl, resource_url
from guides.model import CitationKey, Css, GuideId, Render, Statement, XPath
from storage import bodies, rows
from storage.columns import name_hash
from storage.errors import StoreError
from storage.headers import unpack_headers
from storage.rows import AnyRow, Look
from storage.statements import chunks
from storage.tables import Basis, Citation, Fetch, Guide, Memory, Resource, Standing
from storage.tables import Snapshot as SnapshotTable

_SNAPSHOT = SnapshotTable.__table__.c
_FEW = 300
"""So many rows are looked at for pages that are alive; nearly all are."""
_NO_VALIDATORS, _NO_HISTORY = Validators(), LinkHistory()

# Put together once: that takes longer than running them, and they run at every look.
_RESOURCE = (
    select(*Resource.__table__.c, Memory.data.label("memory"))
    .outerjoin(Memory, Memory.resource_id == Resource.id)
    .where(Resource.id.in_(bindparam("resources", expanding=True)))
)
_SNAPSHOTS = select(*_SNAPSHOT).where(SnapshotTable.id.in_(bindparam("ids", expanding=True)))
_CITATIONS = (
    select(
        Citation.resource_id,
        Citation.guide_id,
        Citation.key,
        Citation.url,
        Citation.role,
        Citation.place.label("written_place"),
        Citation.claim,
        Citation.fragment,
        Basis.snapshot_id.label("basis_snapshot"),
        Basis.set_at.label("basis_set_at"),
        Basis.set_by.label("basis_set_by"),
        Standing.drift,
        Standing.basis_id,
        Standing.now_id,
        Standing.since,
        Standing.now_since,
        Standing.sightings,
        Standing.place,
    )
    .outerjoin(Basis, and_(Basis.guide_id == Citation.guide_id, Basis.resource_id == Citation.resource_id))
    # One that was measured against another basis than today's says nothing any more.
    .outerjoin(
        Standing,
        and_(
            Standing.citation_id == Citation.id,
            or_(Basis.snapshot_id.is_(None), Standing.basis_id == Basis.snapshot_id),
        ),
    )
    .where(Citation.resource_id.in_(bindparam("resources", expanding=True)), Citation.active.is_(True))
    .order_by(Citation.id)
)
# Apart: many citations of a batch are of the same few guides, whose statements are long.
_GUIDES = select(Guide.id, Guide.name, Guide.verified, Guide.stet_on, Guide.statements).where(
    Guide.id.in_(bindparam("ids", expanding=True))
)


_PLACES = (
    select(Citation.resource_id, Citation.place, Memory.data)
    .outerjoin(Memory, Memory.resource_id == Citation.resource_id)
    .where(
        Citation.resource_id.in_(bindparam("resources", expanding=True)),
        Citation.active.is_(True),
        Citation.place.is_not(None),
    )
)
_ORDERS = select(
    Resource.id,
    Resource.url,
    Resource.render,
    Resource.next_due,
    Resource.checked,
    Resource.last_ok,
    Resource.failing_since,
    Resource.failures,
    Resource.unreachable_since,
    Resource.etag,
    Resource.last_modified,
).order_by(Resource.next_due, Resource.id)


def due(
    connection: Connection, now: datetime, *, everything: bool, guides: Iterable[GuideId] | None
) -> list[tuple[ResourceId, FetchOrder]]:
    """What is to be fetched, the longest overdue first."""
    query = _ORDERS.where(Resource.next_due.is_not(None) if everything else Resource.next_due <= now)
    if guides is None:
        found: Sequence[AnyRow] = connection.execute(query).all()
    else:
        by_id = {row.id: row for part in _cited_by(guides) for row in connection.execute(query.where(part))}
        found = sorted(by_id.values(), key=lambda row: (row.next_due, row.id))
    return _orders(connection, found)


def due_of_host(connection: Connection, host: int, now: datetime, *, limit: int) -> list[tuple[ResourceId, FetchOrder]]:
    """What is to be fetched of one host, the longest overdue first, up to `limit`."""
    found = connection.execute(_ORDERS.where(Resource.host_id == host, Resource.next_due <= now).limit(limit)).all()
    return _orders(connection, found)


def alive_elsewhere(connection: Connection, host: int, *, share: float, limit: int = 3) -> list[FetchOrder]:
    """Pages of other hosts, one each, that were alive when they were last looked at.

    `share` (0 to 1) says whereabouts in the store, so that not always the same ones are asked.
    """
    last = connection.execute(select(func.max(Resource.id))).scalar() or 0
    for start in dict.fromkeys((int(share * last), 0)):
        some = select(Resource.id).where(Resource.id >= start).order_by(Resource.id).limit(_FEW)
        alive = (Resource.last_ok == Resource.checked, Resource.next_due.is_not(None), Resource.host_id != host)
        query = _ORDERS.add_columns(Resource.host_id).where(Resource.id.in_(some.scalar_subquery()), *alive)
        by_host = {row.host_id: row for row in connection.execute(query)}
        if by_host:
            return [order for _, order in _orders(connection, list(by_host.values())[:limit])]
    return []


def known(connection: Connection, resource: ResourceId) -> KnownSource:
    """All that is known of a resource. Raises StoreError where there is none of that number."""
    found = known_of(connection, [resource]).get(resource)
    if found is None:
        raise StoreError(f"there is no resource {resource} in the store")
    return found


def known_of(connection: Connection, resources: Iterable[ResourceId]) -> dict[ResourceId, KnownSource]:
    """All that is known of these resources, in as few statements as one would take; of those that there are."""
    found: dict[ResourceId, KnownSource] = {}
    for part in chunks(dict.fromkeys(resources)):
        asked = {"resources": part}
        mine = connection.execute(_RESOURCE, asked).all()
        citations: dict[int, list[AnyRow]] = {}
        wanted = {row.newest_id for row in mine}
        for each in connection.execute(_CITATIONS, asked):
            citations.setdefault(each.resource_id, []).append(each)
            wanted.add(each.basis_snapshot)
        held = snapshots_by_id(connection, [each for each in wanted if each is not None])
        guides = _guides(connection, {each.guide_id for cited in citations.values() for each in cited})
        for row in mine:
            cited = tuple(_cited(each, guides[each.guide_id], held) for each in citations.get(row.id, ()))
            found[ResourceId(row.id)] = _known(row, cited, held)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _CitingGuide:
    """What a citation carries of its guide."""

    name: GuideId
    verified: date | None
    statements: tuple[Statement, ...]


def _guides(connection: Connection, ids: Iterable[int]) -> dict[int, _CitingGuide]:
    return {
        row.id: _CitingGuide(
            name=GuideId(row.name),
            verified=rows.later(row.verified, row.stet_on),
            statements=rows.statements_of(row.statements),
        )
        for part in chunks(ids)
        for row in connection.execute(_GUIDES, {"ids": part})
    }


def _known(row: AnyRow, cited: tuple[Cited, ...], held: dict[int, Snapshot]) -> KnownSource:
    return KnownSource(
        id=ResourceId(row.id),
        url=row.url,
        history=rows.history_of(row),
        validators=rows.validators_of(row),
        verdict=rows.verdict_of(row.verdict),
        memory=row.memory if isinstance(row.memory, dict) else {},
        newest=held.get(row.newest_id),
        cited=cited,
        interval_hours=row.interval_hours,
        rate=rows.rate_of(row.rate),
    )


def snapshots(connection: Connection, resource: ResourceId, *, good_only: bool) -> list[Snapshot]:
    """The snapshots of a resource, oldest first."""
    query = select(*_SNAPSHOT).where(SnapshotTable.resource_id == resource)
    if good_only:
        query = query.where(SnapshotTable.good.is_(True))
    query = query.order_by(SnapshotTable.at, SnapshotTable.id)
    return [rows.snapshot_of(row) for row in connection.execute(query)]


def snapshot(connection: Connection, wanted: SnapshotId) -> Snapshot:
    """Raises StoreError where there is none of that number."""
    found = snapshots_by_id(connection, [wanted]).get(wanted)
    if found is None:
        raise StoreError(f"there is no snapshot {wanted} in the store")
    return found


def snapshots_by_id(connection: Connection, ids: Iterable[int]) -> dict[int, Snapshot]:
    return {
        row.id: rows.snapshot_of(row) for part in chunks(ids) for row in connection.execute(_SNAPSHOTS, {"ids": part})
    }


def resources(connection: Connection) -> list[tuple[ResourceId, str]]:
    """Every resource with its URL."""
    query = select(Resource.id, Resource.url).order_by(Resource.id)
    return [(ResourceId(row.id), row.url) for row in connection.execute(query)]


def evidence(connection: Connection) -> dict[str, Digest]:
    """The digest of each resource's newest good page, by its URL."""
    query = select(Resource.url, SnapshotTable.digest).join(SnapshotTable, SnapshotTable.id == Resource.newest_id)
    return {row.url: Digest(row.digest) for row in connection.execute(query)}


def timeline(connection: Connection, resource: ResourceId, *, limit: int) -> list[Look]:
    """The last looks at a resource, newest first."""
    query = (
        select(*Fetch.__table__.c, SnapshotTable.headers.label("whole"), SnapshotTable.at.label("whole_at"))
        .outerjoin(SnapshotTable, SnapshotTable.id == Fetch.snapshot_id)
        .where(Fetch.resource_id == resource)
        .order_by(Fetch.at.desc())
        .limit(limit)
    )
    return [
        Look(
            at=row.at,
            verdict=row.verdict,
            reason=row.reason,
            status=row.status,
            snapshot=None if row.snapshot_id is None else SnapshotId(row.snapshot_id),
            elapsed_ms=row.elapsed_ms,
            attempts=row.attempts,
            run=row.run_id,
            digest=None if row.digest is None else Digest(row.digest),
            headers=_own_headers(row),
        )
        for row in connection.execute(query)
    ]


def past(connection: Connection, resource: ResourceId, *, limit: int = 100) -> list[tuple[datetime, Snapshot]]:
    """The last looks that showed the good page of a resource, oldest first, as far as its bodies are kept."""
    seen = [look for look in timeline(connection, resource, limit=limit) if look.snapshot is not None]
    there = snapshots_by_id(connection, {look.snapshot for look in seen if look.snapshot is not None})
    kept = {
        number: one for number, one in there.items() if one.health is Health.OK and bodies.kept(connection, one.digest)
    }
    return [
        (look.at, kept[look.snapshot]) for look in reversed(seen) if look.snapshot is not None and look.snapshot in kept
    ]


def _own_headers(row: AnyRow) -> tuple[tuple[str, str], ...]:
    """The headers of a look that a snapshot only stands for."""
    if row.digest is None:
        return ()
    told = row.whole if row.headers is None else unpack_headers(row.headers, row.at, row.whole, row.whole_at or row.at)
    return rows.read(told, tuple[tuple[str, str], ...], ())


def _cited_by(guides: Iterable[GuideId]) -> Iterable[Any]:
    for part in chunks(name_hash(guide) for guide in guides):
        cited = (
            select(Citation.resource_id)
            .join(Guide, Guide.id == Citation.guide_id)
            .where(Guide.name_hash.in_(part), Citation.active.is_(True), Citation.resource_id.is_not(None))
        )
        yield Resource.id.in_(cited)


def _orders(connection: Connection, found: Sequence[AnyRow]) -> list[tuple[ResourceId, FetchOrder]]:
    selected: dict[int, bool] = {}
    for part in chunks(row.id for row in found):
        for each in connection.execute(_PLACES, {"resources": part}):
            if isinstance(rows.place_of_json(each.place), Css | XPath):
                memory = each.data if isinstance(each.data, dict) else {}
                selected[each.resource_id] = memory.get("made") == Made.EMBEDDED
    return [(ResourceId(row.id), _order(row, selected)) for row in found]


def _order(row: AnyRow, selected: dict[int, bool]) -> FetchOrder:
    """`selected`: what a selector is applied to, and whether it was last read from a page's data.

    That was before a selector named a place in it: "not modified" would let it stand.
    """
    history, whole = rows.history_of(row), selected.get(row.id, False)
    return FetchOrder(
        url=row.url,
        # Shared where there is nothing to tell, for there may be hundreds of thousands of orders.
        validators=_NO_VALIDATORS if whole or not (row.etag or row.last_modified) else rows.validators_of(row),
        history=_NO_HISTORY if history == _NO_HISTORY else history,
        render=rows.read(row.render, Render, Render.AUTO),
        selected=row.id in selected,
    )


def _cited(row: AnyRow, guide: _CitingGuide, held: dict[int, Snapshot]) -> Cited:
    address = resource_url(row.url)
    written = rows.place_of_json(row.written_place)
    return Cited(
        guide=guide.name,
        key=CitationKey(row.key),
        place=place_of(row.url, written),
        fragment=address.whole_fragment if isinstance(address, ResourceUrl) else "",
        claim=rows.claim_of(row.claim),
        statements=guide.statements,
        verified=rows.end_of(guide.verified) if guide.verified else None,
        basis=held.get(row.basis_snapshot),
        standing=rows.standing_of(row),
        fragment_state=row.fragment,
        role=rows.role_of(row.role),
        archived_at=row.basis_set_at if row.basis_set_by == rows.ARCHIVE else None,
    )
