"""Taking a decision back: findings, bases, dates and notes are again what they were before it."""

import base64
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, literal_column, or_, select, update

from review.casework import Action, DecisionError, DecisionId, FileChange
from review.model import FindingState
from storage import bodies, decisions
from storage.columns import clean
from storage.keeping import moment, row_back
from storage.rows import AnyRow
from storage.statements import chunks, insert_or_update
from storage.tables import Basis, Citation, Finding, Guide, Snapshot, Standing
from storage.worktables import Decision, DecisionOf
from storage.worktables import Work as WorkTable

_FINDING: Final = Finding.__table__.c


def undo(connection: Connection, wanted: DecisionId, *, at: datetime, by: str) -> tuple[FileChange, ...]:
    """See `Bench.undo`."""
    row = connection.execute(select(*Decision.__table__.c).where(Decision.id == wanted).with_for_update()).first()
    if row is None:
        raise DecisionError("There is no such decision.")
    if row.undone is not None:
        raise DecisionError("This decision was taken back already.")
    kept = row.restore if isinstance(row.restore, dict) else None
    if kept is None:
        raise DecisionError("What this decision changed is no longer known, so it cannot be taken back.")
    found = _untouched(connection, row, kept)
    _restore_bases(connection, kept, row.at)
    for each in kept["guides"]:
        day = date.fromisoformat(each["stet_on"]) if each["stet_on"] else None
        connection.execute(update(Guide).where(Guide.id == each["id"]).values(stet_on=day))
    _restore_findings(connection, found, kept, at=at)
    _restore_work(connection, [each.id for each in found], kept)
    connection.execute(update(Decision).where(Decision.id == wanted).values(undone=at, undone_by=by))
    note = f"{row.action} of {row.at:%Y-%m-%d %H:%M} UTC by {clean(row.by)}"
    decisions.log(connection, Action.UNDO.value, found, at=at, by=by, note=note)
    return _files(kept)


def files_of(connection: Connection, wanted: DecisionId) -> tuple[FileChange, ...]:
    """See `Bench.files_of`."""
    if not 0 < wanted < 2**31:
        return ()
    kept = connection.execute(select(Decision.restore).where(Decision.id == wanted)).scalar()
    return _files(kept) if isinstance(kept, dict) else ()


def _files(kept: dict[str, Any]) -> tuple[FileChange, ...]:
    return tuple(
        FileChange(name=each["name"], before=base64.b64decode(each["before"]), after=base64.b64decode(each["after"]))
        for each in kept.get("files", ())
    )


def _untouched(connection: Connection, decision: AnyRow, kept: dict[str, Any]) -> list[AnyRow]:
    """The findings as the decision left them. Raises DecisionError where a later decision rests on it."""
    ids = [each["id"] for each in kept["findings"]]
    found: list[AnyRow] = []
    for part in chunks(ids):
        query = select(*_FINDING, Guide.name.label("guide_name")).join(Guide, Guide.id == Finding.guide_id)
        found += connection.execute(query.where(Finding.id.in_(part)).with_for_update(of=Finding)).all()
    for part in chunks(ids):
        later = (
            select(Decision.id, Decision.by, Decision.at)
            .join(DecisionOf, DecisionOf.decision_id == Decision.id)
            .where(DecisionOf.finding_id.in_(part), Decision.id > decision.id, Decision.undone.is_(None))
            .limit(1)
        )
        newer = connection.execute(later).first()
        if newer is not None:
            raise DecisionError(
                f"{clean(newer.by)} decided again on {newer.at:%Y-%m-%d, %H:%M} UTC; take that decision back first."
            )
    if decision.action in (Action.ASSIGN, Action.NEEDS_EDIT):
        return found
    for row in found:
        if row.closed != decision.at:
            raise DecisionError(f"Finding {row.id} has changed since; this decision can no longer be taken back.")
    return found


def _restore_bases(connection: Connection, kept: dict[str, Any], decided: datetime) -> None:
    for guide, resource, snapshot in kept["moved"]:
        here = (Basis.guide_id == guide, Basis.resource_id == resource)
        now = connection.execute(select(Basis.snapshot_id).where(*here)).scalar()
        if now is None:
            raise DecisionError(
                "The guide has another name since, or cites another source; this decision can no longer be taken back."
            )
        if now != snapshot:
            raise DecisionError("The guide was verified again since; take that back first.")
        connection.execute(delete(Basis).where(*here))
        mine = select(Citation.id).where(Citation.guide_id == guide, Citation.resource_id == resource)
        connection.execute(delete(Standing).where(Standing.citation_id.in_(mine)))
    for each in kept["bases"]:
        row = row_back(Basis.__table__, each)  # type: ignore[arg-type]
        insert_or_update(connection, Basis, row)
        bodies.pin(connection, row["snapshot_id"])
    for each in kept["standings"]:
        row = row_back(Standing.__table__, each)  # type: ignore[arg-type]
        # What it was measured on may have been folded since (and SQLite gives its number to another one); then the
        # next look measures it again.
        if _is_there(connection, row["now_id"], decided):
            insert_or_update(connection, Standing, row)


def _is_there(connection: Connection, snapshot: int | None, decided: datetime) -> bool:
    there = select(Snapshot.id).where(Snapshot.id == snapshot, Snapshot.at <= decided)
    return snapshot is None or connection.execute(there).first() is not None


def _restore_findings(connection: Connection, found: Sequence[AnyRow], kept: dict[str, Any], *, at: datetime) -> None:
    before = {each["id"]: each for each in kept["findings"]}
    restored = []
    for row in found:
        old = before[row.id]
        values = {"state": old["state"], "by": old["by"], "note": old["note"], "closed": moment(old["closed"])}
        asked = {"own": row.id, "cited": row.citation_id, "guide": row.guide_id, "said": row.print, "of": row.kind}
        again = connection.execute(_AGAIN, asked).scalar()
        if again is not None:
            note = f"It came again as finding {again}"
            values = {"state": FindingState.RESOLVED, "by": row.by, "note": note, "closed": row.closed}
        restored.append({"own": row.id, **values, "updated": max(at, row.updated + timedelta(microseconds=1))})
    if restored:
        connection.execute(_RESTORE, restored)


# Put together once: a decision may be about thousands.
_AGAIN = select(Finding.id).where(
    Finding.citation_id.is_not_distinct_from(bindparam("cited")),
    Finding.guide_id == bindparam("guide"),
    or_(Finding.citation_id.is_not(None), Finding.print == bindparam("said")),
    Finding.kind == bindparam("of"),
    Finding.state == literal_column("'open'"),
    Finding.id != bindparam("own"),
)
_RESTORE = (
    update(Finding.__table__)  # type: ignore[arg-type]
    .where(Finding.id == bindparam("own"))
    .values({name: bindparam(name) for name in ("state", "by", "note", "closed", "updated")})
)


def _restore_work(connection: Connection, ids: Sequence[int], kept: dict[str, Any]) -> None:
    for part in chunks(ids):
        connection.execute(delete(WorkTable).where(WorkTable.finding_id.in_(part)))
    for each in kept["work"]:
        insert_or_update(connection, WorkTable, row_back(WorkTable.__table__, each))  # type: ignore[arg-type]
