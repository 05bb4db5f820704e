"""Findings page by page, for the API and the feeds: a page costs the same however many there are."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from guides.model import GuideId
from review.model import Finding, FindingKind, FindingState
from storage import rows
from storage.columns import name_hash
from storage.statements import chunks
from storage.tables import Citation, Guide
from storage.tables import Finding as FindingTable

_FOUND = (
    select(*FindingTable.__table__.c, Guide.name.label("guide_name"), Citation.key.label("citation_key"))
    .join(Guide, Guide.id == FindingTable.guide_id)
    .outerjoin(Citation, Citation.id == FindingTable.citation_id)
)


def after(
    connection: Connection,
    last: int,
    limit: int,
    *,
    states: Sequence[FindingState],
    kinds: Sequence[FindingKind] = (),
    severity: str = "",
    guide: GuideId | None = None,
) -> list[Finding]:
    """The next `limit` findings whose number is larger than `last`."""
    query = _FOUND.where(FindingTable.id > last, FindingTable.state.in_(states))
    if kinds:
        query = query.where(FindingTable.kind.in_(kinds))
    if severity:
        query = query.where(FindingTable.severity == severity)
    if guide is not None:
        query = query.where(Guide.name_hash == name_hash(guide))
    query = query.order_by(FindingTable.id).limit(limit)
    return [rows.finding_of(row) for row in connection.execute(query)]


def newest(connection: Connection, limit: int, *, guides: Sequence[GuideId] | None = None) -> list[Finding]:
    """The open findings (of these guides, where given) that were opened last, newest first."""
    latest = (FindingTable.opened.desc(), FindingTable.id.desc())
    query = _FOUND.where(FindingTable.state == FindingState.OPEN).order_by(*latest)
    if guides is None:
        return [rows.finding_of(row) for row in connection.execute(query.limit(limit))]
    found = [
        rows.finding_of(row)
        for part in chunks(name_hash(guide) for guide in guides)
        for row in connection.execute(query.where(Guide.name_hash.in_(part)).limit(limit))
    ]
    return sorted(found, key=lambda each: (each.opened, each.id), reverse=True)[:limit]
