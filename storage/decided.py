"""Reading decisions back: the log, and what was decided about a finding or a guide."""

from typing import Any

from sqlalchemy import Connection, bindparam, select

from guides.model import GuideId
from review.casework import Action, Decision, DecisionId
from review.model import FindingId
from storage import rows
from storage.prepared import Prepared
from storage.rows import AnyRow
from storage.worktables import Decision as DecisionTable
from storage.worktables import DecisionOf


def decisions(connection: Connection, *, skip: int, limit: int) -> list[Decision]:
    """Newest first."""
    query = _light().order_by(DecisionTable.id.desc()).offset(skip).limit(limit)
    return [value_of(row) for row in connection.execute(query)]


def decision(connection: Connection, wanted: int) -> Decision | None:
    if not 0 < wanted < 2**31:
        return None
    row = connection.execute(_light().where(DecisionTable.id == wanted)).first()
    return value_of(row) if row else None


def of_finding(connection: Connection, finding: int) -> tuple[Decision, ...]:
    return tuple(value_of(row) for row in _OF_FINDING.all(connection, finding=finding))


def of_guide(connection: Connection, guide: int, *, limit: int = 50) -> tuple[Decision, ...]:
    return tuple(value_of(row) for row in _OF_GUIDE.all(connection, guide=guide, many=limit))


def _light() -> Any:
    return select(*(column for column in DecisionTable.__table__.c if column.name != "restore"))


def value_of(row: AnyRow) -> Decision:
    return Decision(
        id=DecisionId(row.id),
        at=row.at,
        by=row.by,
        action=Action(row.action),
        findings=rows.read(row.findings, tuple[FindingId, ...], ()),
        guides=rows.read(row.guides, tuple[GuideId, ...], ()),
        note=row.note,
        written=row.written,
        undone=row.undone,
        undone_by=row.undone_by,
    )


# Put together once: that takes longer than running them.
_OF_FINDING = Prepared(
    _light()
    .join(DecisionOf, DecisionOf.decision_id == DecisionTable.id)
    .where(DecisionOf.finding_id == bindparam("finding"))
    .order_by(DecisionTable.id)
)
_OF_GUIDE = Prepared(
    _light()
    .where(DecisionTable.id.in_(select(DecisionOf.decision_id).where(DecisionOf.guide_id == bindparam("guide"))))
    .order_by(DecisionTable.id.desc())
    .limit(bindparam("many"))
)
