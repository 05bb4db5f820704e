"""Passes: when they began, how they ended."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage.rows import AnyRow, RunRecord, read
from storage.tables import Run


def begin(connection: Connection, kind: str, at: datetime) -> int:
    return connection.execute(insert(Run).values(kind=kind, started=at).returning(Run.id)).scalar_one()


def end(connection: Connection, run: int, at: datetime, outcome: str, counts: Mapping[str, int]) -> None:
    connection.execute(update(Run).where(Run.id == run).values(finished=at, outcome=outcome, counts=dict(counts)))


def last(connection: Connection, kind: str | None) -> RunRecord | None:
    """The run that began last."""
    query = select(*Run.__table__.c).order_by(Run.id.desc()).limit(1)
    row = connection.execute(query if kind is None else query.where(Run.kind == kind)).first()
    return _record(row) if row else None


def _record(row: AnyRow) -> RunRecord:
    return RunRecord(
        id=row.id,
        kind=row.kind,
        started=row.started,
        finished=row.finished,
        outcome=row.outcome,
        counts=read(row.counts, dict[str, int], {}),
    )
