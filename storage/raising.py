"""Writes the findings that a look opens, brings up to date and closes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update

from review.model import CloseFinding, FindingState, OpenFinding
from storage import bodies, rows
from storage.statements import insert_new
from storage.tables import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedRow:
    """A citation as a look needs it."""

    id: int
    guide_id: int
    url: str
    fragment: str | None


def close(connection: Connection, op: CloseFinding, at: datetime) -> None:
    """End a finding; one that somebody has decided about meanwhile stays as it is."""
    connection.execute(
        update(Finding)
        .where(Finding.id == op.finding, Finding.state == FindingState.OPEN)
        .values(state=op.state, note=op.note, closed=at, updated=at)
    )


def open_or_update(
    connection: Connection, op: OpenFinding, citation: CitedRow, *, resource: int, snapshot: int | None, at: datetime
) -> None:
    """Bring the open finding of this citation and kind up to date, or open one. `snapshot` is what the look saw."""
    now = op.now if op.now is not None else snapshot
    bodies.pin(connection, op.basis, now)
    said = {
        "severity": op.severity,
        "summary": op.summary,
        "changes": rows.plain(op.changes),
        "claims": rows.plain(op.claims),
        "print": op.print,
        "basis_id": op.basis,
        "now_id": now,
        "updated": at,
    }
    still_open = (Finding.citation_id == citation.id, Finding.kind == op.kind, Finding.state == FindingState.OPEN)
    if connection.execute(update(Finding).where(*still_open).values(said)).rowcount:
        return
    row = {
        **said,
        "guide_id": citation.guide_id,
        "citation_id": citation.id,
        "resource_id": resource,
        "kind": op.kind,
        "state": FindingState.OPEN,
        "url": citation.url,
        "opened": at,
        "closed": None,
        "by": "",
        "note": "",
    }
    insert_new(connection, Finding, row)
