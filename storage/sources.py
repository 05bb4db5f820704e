"""Sources as the editors' pages show them: timelines, snapshots, who cites them, and what was found."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, literal_column, or_, select

from crawler.model import Digest, ResourceId, Snapshot, SnapshotId
from crawler.urls import host_key
from guides.model import CitationKey, GuideId
from guides.model import Guide as GuideValue
from review.casework import (
    Case,
    Evidence,
    GuideRecord,
    LookLine,
    SnapshotLine,
    SourceLine,
    SourceUse,
    SourceView,
)
from review.model import Finding as FindingValue
from review.model import FindingId, FindingState, GuideView
from storage import bodies, decided, desk, queue, rows
from storage.columns import name_hash
from storage.hosttables import Host
from storage.ledger import snapshots_by_id
from storage.prepared import Prepared
from storage.tables import Basis, Body, Citation, Fetch, Finding, Guide, Resource, Standing
from storage.tables import Snapshot as SnapshotTable
from storage.worktables import Work as WorkTable

_LOOKS = 400
_SNAPSHOTS = 500
_FINDINGS = 100
_USES = 500
_HOSTS = 500

# Put together once: that takes longer than running them.
_CASE = Prepared(
    select(
        Finding.resource_id,
        Resource.verdict,
        WorkTable.assignee,
        WorkTable.needs_edit,
        WorkTable.note,
        WorkTable.by,
        WorkTable.at,
        WorkTable.masks,
    )
    .outerjoin(Resource, Resource.id == Finding.resource_id)
    .outerjoin(WorkTable, WorkTable.finding_id == Finding.id)
    .where(Finding.id == bindparam("finding"))
)
_TOLD_OF = (
    desk._findings()  # noqa: SLF001
    .where(Finding.resource_id == bindparam("resource"))
    .order_by(None)
    .order_by(Finding.id.desc())
    .limit(_FINDINGS)
)
_ABOUT = Prepared(_TOLD_OF)
_PAST = Prepared(_TOLD_OF.where(Finding.state != FindingState.OPEN, Finding.changes.is_not(None)))
_EVIDENCE = Prepared(
    select(
        Basis.resource_id,
        Resource.url,
        Basis.snapshot_id,
        SnapshotTable.digest,
        SnapshotTable.at,
        Basis.set_at,
        Basis.set_by,
        Basis.verified,
    )
    .join(Resource, Resource.id == Basis.resource_id)
    .join(SnapshotTable, SnapshotTable.id == Basis.snapshot_id)
    .where(Basis.guide_id == bindparam("guide"))
    .order_by(Basis.resource_id)
    .limit(200)
)

_SOURCE = Prepared(select(*Resource.__table__.c).where(Resource.id == bindparam("resource")))
_LOOKED = Prepared(
    select(Fetch.at, Fetch.verdict, Fetch.reason, Fetch.status, Fetch.snapshot_id, Fetch.elapsed_ms)
    .where(Fetch.resource_id == bindparam("resource"))
    .order_by(Fetch.at.desc())
    .limit(_LOOKS)
)
_SERVED = Prepared(
    select(
        SnapshotTable.id,
        SnapshotTable.digest,
        SnapshotTable.at,
        SnapshotTable.last_seen,
        SnapshotTable.status,
        SnapshotTable.good,
        SnapshotTable.health,
        Body.digest.is_not(None).label("kept"),
    )
    .outerjoin(Body, Body.digest == SnapshotTable.digest)
    .where(SnapshotTable.resource_id == bindparam("resource"))
    .order_by(SnapshotTable.at.desc(), SnapshotTable.id.desc())
    .limit(_SNAPSHOTS)
)
_USED = Prepared(
    select(
        Guide.name.label("guide_name"),
        Guide.title.label("guide_title"),
        Citation.key,
        Citation.number,
        Citation.title,
        Citation.active,
        Standing.kind,
        Basis.snapshot_id,
    )
    .join(Guide, Guide.id == Citation.guide_id)
    .outerjoin(Basis, and_(Basis.guide_id == Citation.guide_id, Basis.resource_id == Citation.resource_id))
    .outerjoin(Standing, and_(Standing.citation_id == Citation.id, Standing.basis_id == Basis.snapshot_id))
    .where(Citation.resource_id == bindparam("resource"), Citation.active.is_(True))
    .order_by(Guide.name, Citation.id)
    .limit(_USES)
)
_MASKED = Prepared(
    select(WorkTable.finding_id, WorkTable.masks)
    .join(Finding, Finding.id == WorkTable.finding_id)
    .where(
        Finding.resource_id == bindparam("resource"),
        WorkTable.masks.is_not(None),
        Finding.state == FindingState.DISMISSED,
    )
)


def case(connection: Connection, wanted: FindingId) -> Case | None:
    """See `Bench.case`."""
    finding = desk.finding(connection, wanted)
    if finding is None:
        return None
    row = _CASE.first(connection, finding=wanted)
    ids = [each for each in (finding.basis, finding.now) if each is not None]
    held = snapshots_by_id(connection, ids) if ids else {}
    return Case(
        finding=finding,
        work=queue.work_of(row),
        resource=None if row.resource_id is None else ResourceId(row.resource_id),
        before=held.get(finding.basis) if finding.basis is not None else None,
        now=held.get(finding.now) if finding.now is not None else None,
        verdict=rows.verdict_of(row.verdict),
        history=decided.of_finding(connection, wanted),
        masks=queue.masks_of(row.masks),
        past=_past(connection, finding, row.resource_id),
    )


def _past(connection: Connection, finding: FindingValue, resource: int | None) -> tuple[FindingValue, ...]:
    if resource is None or not finding.changes or finding.state is not FindingState.OPEN:
        return ()
    return tuple(rows.finding_of(row) for row in _PAST.all(connection, resource=resource))


def source(connection: Connection, wanted: ResourceId) -> SourceView | None:
    """See `Bench.source`."""
    if not 0 < wanted < 2**31:
        return None
    row = _SOURCE.first(connection, resource=wanted)
    if row is None:
        return None
    return SourceView(
        id=ResourceId(row.id),
        url=row.url,
        title=row.title,
        verdict=rows.verdict_of(row.verdict),
        checked=row.checked,
        next_due=row.next_due,
        interval_hours=row.interval_hours,
        failing_since=row.failing_since,
        looks=_looks(connection, wanted),
        snapshots=_snapshots(connection, wanted),
        uses=_uses(connection, wanted),
        findings=findings_about(connection, wanted),
        masks=_masks(connection, wanted),
    )


def _looks(connection: Connection, resource: int) -> tuple[LookLine, ...]:
    return tuple(
        LookLine(
            at=row.at,
            verdict=row.verdict,
            reason=row.reason,
            status=row.status,
            snapshot=None if row.snapshot_id is None else SnapshotId(row.snapshot_id),
            elapsed_ms=row.elapsed_ms,
        )
        for row in _LOOKED.all(connection, resource=resource)
    )


def _snapshots(connection: Connection, resource: int) -> tuple[SnapshotLine, ...]:
    found = [
        SnapshotLine(
            id=SnapshotId(row.id),
            digest=Digest(row.digest),
            at=row.at,
            last_seen=row.last_seen,
            status=row.status,
            good=row.good,
            kept=bool(row.kept),
            health=row.health,
        )
        for row in _SERVED.all(connection, resource=resource)
    ]
    return tuple(reversed(found))


def _uses(connection: Connection, resource: int) -> tuple[SourceUse, ...]:
    return tuple(
        SourceUse(
            guide=GuideId(row.guide_name),
            title=row.guide_title,
            citation=CitationKey(row.key),
            number=row.number,
            name=row.title,
            drift=row.kind or "",
            basis=None if row.snapshot_id is None else SnapshotId(row.snapshot_id),
            active=row.active,
        )
        for row in _USED.all(connection, resource=resource)
    )


def findings_about(connection: Connection, resource: int) -> tuple[FindingValue, ...]:
    """See `Bench.findings_about`."""
    return tuple(rows.finding_of(row) for row in _ABOUT.all(connection, resource=resource))


def _masks(connection: Connection, resource: int) -> tuple[Any, ...]:
    found = _MASKED.all(connection, resource=resource)
    return tuple((row.finding_id, mask) for row in found for mask in queue.masks_of(row.masks))


def source_lines(connection: Connection, *, host: str, text: str, skip: int, limit: int) -> list[SourceLine]:
    """See `Bench.source_lines`."""
    ids = _ids_of_lines(connection, host=host, text=text, skip=skip, limit=limit)
    opened = (
        select(func.count())
        .where(Finding.resource_id == Resource.id, Finding.state == literal_column("'open'"))
        .scalar_subquery()
    )
    cited = (
        select(func.count(Citation.guide_id.distinct()))
        .where(Citation.resource_id == Resource.id, Citation.active.is_(True))
        .scalar_subquery()
    )
    query = select(
        Resource.id,
        Resource.url,
        Resource.title,
        Resource.verdict,
        Resource.checked,
        Resource.next_due,
        opened.label("opened"),
        cited.label("cited"),
    )
    query = query.where(Resource.id.in_(ids)).order_by(Resource.url, Resource.id)
    return [
        SourceLine(
            id=ResourceId(row.id),
            url=row.url,
            title=row.title,
            verdict=_verdict_word(row.verdict),
            checked=row.checked,
            next_due=row.next_due,
            open=row.opened,
            guides=row.cited,
        )
        for row in connection.execute(query)
    ]


def _ids_of_lines(connection: Connection, *, host: str, text: str, skip: int, limit: int) -> list[int]:
    """Which resources are listed. Apart from what is told of them: a database counts before it sorts and cuts."""
    query = select(Resource.id).where(Resource.next_due.is_not(None))
    if host:
        query = query.where(Resource.host_id.in_(_hosts_called(connection, host)))
    for word in text.split()[:8]:
        like = f"%{_escaped(word.lower())}%"
        found = func.lower(Resource.url).like(like, escape="\\")
        query = query.where(or_(found, func.lower(Resource.title).like(like, escape="\\")))
    query = query.order_by(Resource.url, Resource.id).offset(skip).limit(limit)
    return list(connection.execute(query).scalars())


def _hosts_called(connection: Connection, host: str) -> list[int]:
    """A host by its name, with or without `www.`, at whatever port."""
    shown = f"[{host}]" if ":" in host else host
    names = {host_key(f"http://{prefix}{shown}") for prefix in ("", "www.")} - {""}
    ports = [Host.name.like(f"{_escaped(name)}:%", escape="\\") for name in names]
    query = select(Host.id).where(or_(Host.name_hash.in_([name_hash(name) for name in names]), *ports))
    return list(connection.execute(query.limit(_HOSTS)).scalars())


def of_host(host: str) -> list[str]:
    """Patterns for LIKE: the addresses of a host, with or without `www.`; the escape character is a back-slash."""
    name = _escaped(host)
    return [
        f"{scheme}://{prefix}{name}{rest}"
        for scheme in ("https", "http")
        for prefix in ("", "www.")
        for rest in ("/%", ":%", "")
    ]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _verdict_word(data: Any) -> str:
    verdict = rows.verdict_of(data)
    return verdict.kind.value if verdict else ""


def snapshot_body(connection: Connection, wanted: SnapshotId) -> tuple[Snapshot, ResourceId, bytes] | None:
    """See `Bench.snapshot_body`."""
    if not 0 < wanted < 2**62:
        return None
    row = connection.execute(select(*SnapshotTable.__table__.c).where(SnapshotTable.id == wanted)).first()
    if row is None:
        return None
    kept = select(Body.digest).where(Body.digest == row.digest)
    digest = connection.execute(kept).scalar()
    if digest is None and row.text_hash is not None:
        same = (
            select(SnapshotTable.digest)
            .join(Body, Body.digest == SnapshotTable.digest)
            .where(SnapshotTable.resource_id == row.resource_id, SnapshotTable.text_hash == row.text_hash)
            .limit(1)
        )
        digest = connection.execute(same).scalar()
    if digest is None:
        return None
    return rows.snapshot_of(row), ResourceId(row.resource_id), bodies.get(connection, Digest(digest))


def page_of(connection: Connection, guide: GuideValue) -> tuple[GuideView, GuideRecord]:
    """See `Bench.page_of`."""
    view, number, cited = desk.page_of(connection, guide)
    if number is None:
        return view, GuideRecord()
    decisions = decided.of_guide(connection, number)
    return view, GuideRecord(sources=tuple(cited.items()), decisions=decisions, evidence=_evidence(connection, number))


def _evidence(connection: Connection, guide: int) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            resource=ResourceId(row.resource_id),
            url=row.url,
            snapshot=SnapshotId(row.snapshot_id),
            digest=Digest(row.digest),
            at=row.at,
            set_at=row.set_at,
            by=row.set_by,
            verified=row.verified,
        )
        for row in _EVIDENCE.all(connection, guide=guide)
    )


def next_due(connection: Connection) -> datetime | None:
    return connection.execute(select(func.min(Resource.next_due))).scalar()
