"""The editors' side: findings, decisions, and each guide with all that is known of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, literal_column, or_, select, update

from crawler.model import DriftKind, ResourceId
from guides.model import CitationKey, GuideId
from guides.model import Guide as GuideValue
from review.model import CitationView, Finding, FindingId, FindingKind, FindingState, GuideView
from storage import audit, reverify, rows
from storage.archivetables import ArchiveCopy, ArchiveSaved, Successor
from storage.columns import clean, name_hash
from storage.errors import StoreError
from storage.ledger import snapshots_by_id
from storage.prepared import Prepared
from storage.rows import AnyRow, BasisRecord
from storage.statements import chunks
from storage.tables import Basis, Citation, Guide, Resource, Snapshot, Standing
from storage.tables import Finding as FindingTable
from storage.worktables import Work

_SHOWN = (DriftKind.WORDING, DriftKind.MATERIAL, DriftKind.UNLOCATED)
"""Drifts that become a finding once they have stood: until then they are pending."""


def _findings() -> Select[Any]:
    return (
        select(*FindingTable.__table__.c, Guide.name.label("guide_name"), Citation.key.label("citation_key"))
        .join(Guide, Guide.id == FindingTable.guide_id)
        .outerjoin(Citation, Citation.id == FindingTable.citation_id)
        .order_by(FindingTable.id)
    )


def _told() -> Select[Any]:
    """… with what archives have and where dead pages went, for whoever reads them."""
    return (
        _findings()
        .add_columns(
            Successor.url.label("successor"),
            Successor.why,
            Successor.archived,
            Successor.archived_at,
            ArchiveSaved.url.label("saved"),
            ArchiveSaved.at.label("saved_at"),
            *_copied(),
        )
        .outerjoin(Successor, and_(Successor.resource_id == FindingTable.resource_id, _IS_DEAD))
        .outerjoin(ArchiveSaved, ArchiveSaved.resource_id == FindingTable.resource_id)
        .outerjoin(
            Basis,
            and_(
                Basis.guide_id == FindingTable.guide_id,
                Basis.resource_id == FindingTable.resource_id,
                Basis.snapshot_id == FindingTable.basis_id,
            ),
        )
        .outerjoin(Snapshot, Snapshot.id == Basis.snapshot_id)
        .outerjoin(ArchiveCopy, _COPY_OF_BASIS)
    )


_IS_DEAD = and_(FindingTable.kind == FindingKind.LINK, FindingTable.severity == "dead")
_COPY_OF_BASIS = and_(
    ArchiveCopy.resource_id == Basis.resource_id, ArchiveCopy.day == Basis.verified, ArchiveCopy.outcome == "copy"
)


def _copied() -> tuple[Any, ...]:
    return (
        Basis.set_by.label("basis_by"),
        Basis.verified.label("basis_day"),
        Snapshot.at.label("basis_at"),
        ArchiveCopy.url.label("copy_url"),
        ArchiveCopy.at.label("copy_at"),
    )


def _with_masks() -> Select[Any]:
    """What a look must know besides: which changes were dismissed as noise for good."""
    return _findings().add_columns(Work.masks.label("masks")).outerjoin(Work, Work.finding_id == FindingTable.id)


# Written out: a parameter's value does not tell that the partial index holds all that is asked for.
_OPEN = _told().where(FindingTable.state == literal_column("'open'"))
_FINDING = Prepared(_told().where(FindingTable.id == bindparam("finding")))

# Put together once: that takes longer than running it, and it runs at every look.
_OF_RESOURCE = _with_masks().where(
    FindingTable.resource_id.in_(bindparam("resources", expanding=True)),
    or_(
        FindingTable.state.in_((FindingState.OPEN, FindingState.DISMISSED)),
        and_(
            FindingTable.state == FindingState.ACCEPTED,
            FindingTable.kind.in_((FindingKind.LINK, FindingKind.UNLOCATED)),
        ),
    ),
)


def findings_of(connection: Connection, resource: int) -> list[Finding]:
    """The open findings of a resource, the dismissed ones, and dead links and lost places that were let stand."""
    return findings_by_resource(connection, [resource]).get(resource, [])


def findings_by_resource(connection: Connection, resources: Iterable[int]) -> dict[int, list[Finding]]:
    """The same for many resources at once; those without any are left out."""
    found: dict[int, list[Finding]] = {}
    for part in chunks(resources):
        for row in connection.execute(_OF_RESOURCE, {"resources": part}):
            found.setdefault(row.resource_id, []).append(rows.finding_of(row))
    return found


def findings(connection: Connection, states: Sequence[FindingState], guides: Sequence[GuideId]) -> list[Finding]:
    query = _OPEN if tuple(states) == (FindingState.OPEN,) else _told().where(FindingTable.state.in_(states))
    if not guides:
        return [rows.finding_of(row) for row in connection.execute(query).all()]
    found = [
        rows.finding_of(row)
        for part in chunks(name_hash(guide) for guide in guides)
        for row in connection.execute(query.where(Guide.name_hash.in_(part)))
    ]
    return sorted(found, key=lambda each: each.id)


def finding(connection: Connection, wanted: FindingId) -> Finding | None:
    if not 0 < wanted < 2**31:
        return None
    row = _FINDING.first(connection, finding=wanted)
    return rows.finding_of(row) if row else None


# ---------------------------------------------------------------- decisions


def stet(
    connection: Connection, name: GuideId, *, on: date, at: datetime, by: str, note: str, only: FindingId | None
) -> list[Finding]:
    """See `Store.stet`."""
    query = select(Guide.id, Guide.stet_on).where(Guide.name_hash == name_hash(name)).with_for_update()
    guide = connection.execute(query).first()
    if guide is None:
        raise StoreError(f"the store knows no guide {clean(name)!r}; run loccit crawl first")
    opened = [each for each in findings(connection, (FindingState.OPEN,), (name,)) if only in (None, each.id)]
    if only is not None and not opened:
        raise StoreError(f"finding {only} is not an open finding of guide {clean(name)!r}")
    resources = _resources_of(connection, [each.id for each in opened]) if only is not None else None
    moved = _newest(connection, guide.id, resources)
    before = _bases(connection, guide.id, moved)
    reverify.move(connection, guide.id, moved, on=on, at=at, by=by)
    ids = [each.id for each in opened]
    reverify.accept(connection, ids, by=by, note=note, at=at)
    if only is None:
        latest = rows.later(on, guide.stet_on)
        connection.execute(update(Guide).where(Guide.id == guide.id).values(stet_on=latest))
    evidence = [*before, *moved.values(), *(each.now for each in opened)]
    audit.append(connection, at=at, who=by, action="stet", guide=name, note=note, findings=ids, snapshots=evidence)
    return _by_ids(connection, ids)


def decide(
    connection: Connection, wanted: FindingId, state: FindingState, *, by: str, note: str, at: datetime
) -> Finding:
    """See `Store.decide`."""
    if state is FindingState.OPEN:
        raise StoreError("a finding is decided by closing it")
    changed = connection.execute(
        update(FindingTable)
        .where(FindingTable.id == wanted, FindingTable.state == FindingState.OPEN)
        .values(state=state, by=by, note=note, closed=at, updated=at)
    ).rowcount
    now = finding(connection, wanted)
    if now is None:
        raise StoreError(f"there is no finding {wanted}")
    if changed:
        audit.append(
            connection,
            at=at,
            who=by,
            action=state.value,
            guide=now.guide,
            note=note,
            findings=[wanted],
            snapshots=[now.basis, now.now],
        )
    elif now.state is not state:
        when = f" on {now.closed:%Y-%m-%d}" if now.closed else ""
        whom = f" by {now.by}" if now.by else ""
        raise StoreError(f"finding {wanted} is not open: it was {now.state}{whom}{when}")
    return now


def _by_ids(connection: Connection, ids: Sequence[int]) -> list[Finding]:
    return [
        rows.finding_of(row)
        for part in chunks(ids)
        for row in connection.execute(_findings().where(FindingTable.id.in_(part)))
    ]


def _resources_of(connection: Connection, ids: Sequence[int]) -> list[int]:
    query = select(FindingTable.resource_id).where(FindingTable.id.in_(ids), FindingTable.resource_id.is_not(None))
    return list(connection.execute(query).scalars())  # type: ignore[arg-type]


def _newest(connection: Connection, guide: int, resources: Sequence[int] | None) -> dict[int, int]:
    """The newest good snapshot of each source of a guide, locked against a look that is being recorded."""
    cited = select(Citation.resource_id).where(Citation.guide_id == guide, Citation.active.is_(True))
    query = select(Resource.id, Resource.newest_id).where(Resource.id.in_(cited)).order_by(Resource.id)
    found = connection.execute(query.with_for_update()).all()
    return {
        row.id: row.newest_id
        for row in found
        if row.newest_id is not None and (resources is None or row.id in resources)
    }


def _bases(connection: Connection, guide: int, resources: Iterable[int]) -> list[int]:
    query = select(Basis.resource_id, Basis.snapshot_id).where(Basis.guide_id == guide)
    wanted = set(resources)
    return [row.snapshot_id for row in connection.execute(query) if row.resource_id in wanted]


# ---------------------------------------------------------------- guides with what is known of them


def basis_of(connection: Connection, guide: GuideId, resource: int) -> BasisRecord | None:
    query = (
        select(*Basis.__table__.c)
        .join(Guide, Guide.id == Basis.guide_id)
        .where(Guide.name_hash == name_hash(guide), Basis.resource_id == resource)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    snapshot = snapshots_by_id(connection, [row.snapshot_id])[row.snapshot_id]
    return BasisRecord(snapshot=snapshot, set_at=row.set_at, set_by=row.set_by, verified=row.verified)


@dataclass(slots=True, kw_only=True)
class _Known:
    """What the store knows of some guides; citations by guide and key, findings by guide."""

    stet_on: dict[str, date | None] = field(default_factory=dict)
    citations: dict[tuple[str, str], AnyRow] = field(default_factory=dict)
    open: dict[str, list[Finding]] = field(default_factory=dict)
    answered: set[tuple[str, str, str]] = field(default_factory=set)
    """Guide, key and print of states that an editor has already decided about."""


def view(connection: Connection, guides: Sequence[GuideValue]) -> list[GuideView]:
    """Each guide of the files with all that the store knows of it, in their order."""
    known = _Known()
    for part in chunks(dict.fromkeys(name_hash(guide.id) for guide in guides)):
        _gather(connection, part, known)
    return [_view(guide, known) for guide in guides]


def page_of(connection: Connection, guide: GuideValue) -> tuple[GuideView, int | None, dict[CitationKey, ResourceId]]:
    """One guide with what `view` tells of it, its number in the store, and the resources that it cites there.

    The number is None where the store does not know it yet.
    """
    known = _Known()
    row = _ONE.first(connection, hash=name_hash(guide.id))
    if row is None:
        return _view(guide, known), None, {}
    known.stet_on[row.name] = row.stet_on
    cited = _CITED_BY.all(connection, guide=row.id)
    known.citations = {(each.guide_name, each.key): each for each in cited}
    known.open[row.name] = [rows.finding_of(each) for each in _OPEN_OF_ONE.all(connection, guide=row.id)]
    if any(each.drift_kind in _SHOWN for each in cited):
        # Only a drift that waits can be one that somebody has decided about already.
        for said in _ANSWERED_OF_ONE.all(connection, guide=row.id):
            known.answered.add((said.guide_name, said.citation_key or "", said.print))
    sources = {CitationKey(each.key): ResourceId(each.resource_id) for each in cited if each.resource_id is not None}
    return _view(guide, known), row.id, sources


def _gather(connection: Connection, hashes: Sequence[str], known: _Known) -> None:
    wanted = {"hashes": hashes}
    for row in connection.execute(_STET, wanted):
        known.stet_on[row.name] = row.stet_on
    for row in connection.execute(_CITED, wanted):
        known.citations[row.guide_name, row.key] = row
    for row in connection.execute(_OPEN_OF, wanted):
        each = rows.finding_of(row)
        known.open.setdefault(each.guide, []).append(each)
    for said in connection.execute(_ANSWERED, wanted):
        known.answered.add((said.guide_name, said.citation_key or "", said.print))


def _citations() -> Select[Any]:
    return (
        select(
            Guide.name.label("guide_name"),
            Citation.key,
            Citation.url,
            Citation.fragment,
            Citation.resource_id,
            Resource.verdict,
            Resource.checked,
            Resource.last_ok,
            Standing.kind.label("drift_kind"),
            Standing.drift,
            *_copied(),
        )
        .join(Guide, Guide.id == Citation.guide_id)
        .outerjoin(Resource, Resource.id == Citation.resource_id)
        .outerjoin(Basis, and_(Basis.guide_id == Citation.guide_id, Basis.resource_id == Citation.resource_id))
        .outerjoin(Standing, and_(Standing.citation_id == Citation.id, Standing.basis_id == Basis.snapshot_id))
        .outerjoin(Snapshot, Snapshot.id == Basis.snapshot_id)
        .outerjoin(ArchiveCopy, _COPY_OF_BASIS)
        .where(Citation.active.is_(True))
    )


# Put together once: that takes longer than running them for one guide. Of what was decided only the prints are read.
_MINE = Guide.name_hash.in_(bindparam("hashes", expanding=True))
_STET = select(Guide.name, Guide.stet_on).where(_MINE)
_CITED = _citations().where(_MINE)
_OPEN_OF = _OPEN.where(_MINE)
_DECIDED = (
    select(FindingTable.print, Guide.name.label("guide_name"), Citation.key.label("citation_key"))
    .join(Guide, Guide.id == FindingTable.guide_id)
    .outerjoin(Citation, Citation.id == FindingTable.citation_id)
    .where(
        or_(FindingTable.state == FindingState.DISMISSED, FindingTable.state == FindingState.ACCEPTED),
        FindingTable.print != "",
    )
)
_ANSWERED = _DECIDED.where(_MINE)
# … and of one guide, for its page.
_ONE = Prepared(select(Guide.id, Guide.name, Guide.stet_on).where(Guide.name_hash == bindparam("hash")))
_CITED_BY = Prepared(_citations().where(Citation.guide_id == bindparam("guide")))
_OPEN_OF_ONE = Prepared(_OPEN.where(FindingTable.guide_id == bindparam("guide")))
_ANSWERED_OF_ONE = Prepared(_DECIDED.where(FindingTable.guide_id == bindparam("guide")))


def _view(guide: GuideValue, known: _Known) -> GuideView:
    name = clean(guide.id)
    opened = tuple(known.open.get(name, ()))
    waiting = {each.citation for each in opened if each.kind in (FindingKind.DRIFT, FindingKind.UNLOCATED)}
    views = []
    for citation in guide.citations:
        row = known.citations.get((name, clean(citation.key)))
        if row is None or row.url != clean(citation.url):
            # The file was edited since the last pass: nothing is known of what it cites now.
            views.append(CitationView(citation=citation, verdict=None, checked=None))
            continue
        drift = rows.drift_of_json(row.drift)
        pending = drift is not None and drift.kind in _SHOWN and row.key not in waiting
        if pending and drift is not None and (name, row.key, drift.now_print) in known.answered:
            pending = False
        views.append(
            CitationView(
                citation=citation,
                verdict=rows.verdict_of(row.verdict),
                checked=row.checked,
                last_ok=row.last_ok,
                drift=drift.kind if drift else None,
                fragment=row.fragment,
                basis_at=row.basis_at,
                copied=rows.archived_basis_of(row),
                pending=pending,
            )
        )
    verified = rows.later(guide.verified, known.stet_on.get(name))
    return GuideView(guide=guide, verified=verified, citations=tuple(views), open_findings=opened)


def sources(connection: Connection) -> int:
    """How many resources are watched."""
    return connection.execute(select(func.count()).where(Resource.next_due.is_not(None))).scalar_one()
