"""The open findings as the editors' queue needs them: light, many at once, and only what changed since."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, LargeBinary, func, literal_column, select, type_coerce

from crawler.groups import signatures
from crawler.model import Change, Drift, DriftKind, ResourceId
from guides.model import CitationKey, GuideId
from review.casework import Entry, Stamp, Work
from review.model import FindingId, FindingKind, FindingState, Mask
from storage.columns import unpack
from storage.rows import AnyRow, read
from storage.statements import chunks
from storage.tables import Audit, Citation, Finding, Guide
from storage.worktables import Decision
from storage.worktables import Work as WorkTable

_TEXT: Final = 700
"""Characters of changes and claims that a search looks through."""

_LIGHT = (
    select(
        Finding.id,
        Finding.kind,
        Finding.severity,
        Finding.state,
        Finding.resource_id,
        Finding.url,
        Finding.opened,
        Finding.updated,
        Finding.summary,
        Finding.print,
        type_coerce(Finding.changes, LargeBinary).label("changes"),
        type_coerce(Finding.claims, LargeBinary).label("claims"),
        Guide.name.label("guide_name"),
        Citation.key.label("citation_key"),
        WorkTable.assignee,
        WorkTable.needs_edit,
        WorkTable.note,
        WorkTable.by,
        WorkTable.at,
    )
    .join(Guide, Guide.id == Finding.guide_id)
    .outerjoin(Citation, Citation.id == Finding.citation_id)
    .outerjoin(WorkTable, WorkTable.finding_id == Finding.id)
)
_OPEN = Finding.state == literal_column("'open'")
_STAMP = select(
    select(func.max(Finding.updated)).scalar_subquery().label("updated"),
    select(func.max(Finding.id)).scalar_subquery().label("last"),
    select(func.count()).select_from(Finding).where(_OPEN).scalar_subquery().label("open"),
    select(func.max(Audit.id)).scalar_subquery().label("decided"),
    select(func.max(Decision.id)).scalar_subquery().label("decisions"),
)


def stamp(connection: Connection) -> Stamp:
    row = connection.execute(_STAMP).one()
    return Stamp(updated=row.updated, last=row.last or 0, open=row.open or 0, decided=row.decided or 0)


def entries(connection: Connection, since: datetime | None) -> tuple[list[Entry], list[FindingId]]:
    """See `Bench.entries`."""
    query = _LIGHT.where(_OPEN) if since is None else _LIGHT.where(Finding.updated >= since)
    found: list[Entry] = []
    gone: list[FindingId] = []
    for row in connection.execute(query):
        if row.state == FindingState.OPEN:
            found.append(entry_of(row))
        else:
            gone.append(FindingId(row.id))
    return found, gone


def entries_of(connection: Connection, ids: Sequence[int]) -> list[Entry]:
    """Of these findings, those that are open."""
    return [
        entry_of(row)
        for part in chunks(ids)
        for row in connection.execute(_LIGHT.where(Finding.id.in_(part), _OPEN).order_by(Finding.id))
    ]


def entry_of(row: AnyRow) -> Entry:
    changes = bytes(row.changes or b"")
    claims = unpack(bytes(row.claims)) if row.claims else None
    claims = [each.get("text", "") for each in claims if isinstance(each, dict)] if isinstance(claims, list) else []
    marks, words = _told(changes, row.kind, row.severity)
    if row.kind == FindingKind.LINK:
        marks = _link_marks(row.print)
    return Entry(
        id=FindingId(row.id),
        kind=row.kind,
        severity=row.severity,
        guide=GuideId(row.guide_name),
        citation=CitationKey(row.citation_key or ""),
        resource=None if row.resource_id is None else ResourceId(row.resource_id),
        url=row.url,
        opened=row.opened,
        updated=row.updated,
        summary=row.summary,
        claims=len(claims),
        change=_change_of(row, changes),
        marks=marks,
        text="\n".join((row.summary, words, *claims))[: 2 * _TEXT],
        work=work_of(row),
    )


def _change_of(row: AnyRow, changes: bytes) -> str:
    """The same source with the same change is one; a reader's report stands alone, as does what has no source."""
    if row.resource_id is None or row.kind == FindingKind.READER_REPORT:
        return f"finding {row.id}"
    said = changes if row.kind == FindingKind.DRIFT and len(changes) > 2 else row.print.encode("utf-8", "replace")
    return f"change {row.resource_id} {row.kind} {row.severity} {blake2b(said, digest_size=12).hexdigest()}"


@lru_cache(maxsize=50_000)
def _told(changes: bytes, kind: str, severity: str) -> tuple[frozenset[str], str]:
    """In which ways a page changed, and the words of it; remembered, since guides share what sources say."""
    if kind == FindingKind.UNLOCATED:
        drift = Drift(kind=DriftKind.UNLOCATED, algorithm="")
        return signatures(drift), ""
    if kind != FindingKind.DRIFT:
        return frozenset(), ""
    made = read(unpack(changes), tuple[Change, ...], ()) if changes else ()
    words = "\n".join(part for each in made[:6] for part in (each.before[:200], each.after[:200]) if part)[:_TEXT]
    try:
        of_kind = DriftKind(severity)
    except ValueError:
        return frozenset(), words
    return signatures(Drift(kind=of_kind, algorithm="", changes=made[:8])), words


def _link_marks(told: str) -> frozenset[str]:
    """A host that is gone, or has moved as a whole, is one matter; single pages that are missing are many."""
    kind, _, rest = told.partition(" ")
    if kind == "dead" and rest.partition(" ")[0] in ("dns-nxdomain", "parked-domain"):
        return frozenset((f"gone-{rest.partition(' ')[0]}",))
    return frozenset()


def work_of(row: AnyRow) -> Work:
    if row.assignee is None:
        return Work()
    return Work(assignee=row.assignee, needs_edit=row.needs_edit, note=row.note, by=row.by, at=row.at)


def masks_of(data: Any) -> tuple[Mask, ...]:
    return read(data, tuple[Mask, ...], ())


def plain_masks(masks: Sequence[Mask]) -> Any:
    return msgspec.to_builtins(tuple(masks))
