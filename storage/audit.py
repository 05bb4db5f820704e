"""The audit log: who decided what, when, on which evidence. Each entry's hash covers the one before."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from storage import bodies, marks
from storage.columns import clean, json_bytes
from storage.engine import AUDIT, alone
from storage.rows import AuditEntry, read
from storage.tables import Audit, Snapshot

BEGINNING: Final = "0" * 64
"""Stands before the first entry."""


def append(
    connection: Connection,
    *,
    at: datetime,
    who: str,
    action: str,
    guide: str,
    note: str = "",
    findings: Sequence[int] = (),
    snapshots: Sequence[int | None] = (),
) -> None:
    """Write one entry. The snapshots that it names are kept for ever."""
    alone(connection, AUDIT)
    last = connection.execute(select(Audit.hash).order_by(Audit.id.desc()).limit(1)).scalar()
    named = sorted({each for each in snapshots if each is not None})
    bodies.pin(connection, *named)
    entry = AuditEntry(
        id=0,
        at=at,
        who=clean(who),
        action=action,
        guide=clean(guide),
        note=clean(note),
        findings=tuple(findings),
        evidence=_evidence(connection, named),
        before=last or BEGINNING,
        hash="",
    )
    row: dict[str, Any] = {
        "at": at,
        "who": entry.who,
        "action": action,
        "guide": entry.guide,
        "note": entry.note,
        "findings": entry.findings,
        "evidence": entry.evidence,
        "before": entry.before,
        "hash": seal(entry),
    }
    connection.execute(insert(Audit), row)
    marks.audit_grew(connection, row["hash"])


def seal(entry: AuditEntry) -> str:
    """SHA-256 over the hash of the entry before and everything that this one says."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [entry.before, at, entry.who, entry.action, entry.guide, entry.note, entry.findings, entry.evidence]
    return hashlib.sha256(json_bytes(said)).hexdigest()


def entries(connection: Connection) -> list[AuditEntry]:
    """All entries, oldest first."""
    return [
        AuditEntry(
            id=row.id,
            at=row.at,
            who=row.who,
            action=row.action,
            guide=row.guide,
            note=row.note,
            findings=read(row.findings, tuple[int, ...], ()),
            evidence=read(row.evidence, tuple[tuple[int, str], ...], ()),
            before=row.before,
            hash=row.hash,
        )
        for row in connection.execute(select(*Audit.__table__.c).order_by(Audit.id))
    ]


def first_broken(log: Sequence[AuditEntry]) -> AuditEntry | None:
    """The first entry that was changed, or before which one was taken out; None where the log is whole."""
    before = BEGINNING
    for entry in log:
        if entry.before != before or seal(entry) != entry.hash:
            return entry
        before = entry.hash
    return None


def _evidence(connection: Connection, snapshots: Sequence[int]) -> tuple[tuple[int, str], ...]:
    query = select(Snapshot.id, Snapshot.digest).where(Snapshot.id.in_(snapshots)).order_by(Snapshot.id)
    return tuple((row.id, row.digest) for row in connection.execute(query)) if snapshots else ()
