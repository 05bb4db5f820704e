"""The audit log: who decided what, when, on which evidence. Each entry's hash covers the one before."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select

from storage import bodies, marks
from storage.columns import clean, json_bytes
from storage.engine import AUDIT, alone
from storage.rows import AuditEntry, read
from storage.statements import chunks
from storage.tables import Audit, Snapshot

BEGINNING: Final = "0" * 64
"""Stands before the first entry."""
_LAST: Final = select(Audit.hash).order_by(Audit.id.desc()).limit(1)
_DIGESTS: Final = select(Snapshot.id, Snapshot.digest).where(Snapshot.id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What one entry is about. The snapshots that it names are kept for ever."""

    guide: str
    findings: Sequence[int] = ()
    snapshots: Sequence[int | None] = ()


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
    about = About(guide=guide, findings=findings, snapshots=snapshots)
    append_all(connection, [about], at=at, who=who, action=action, note=note)


def append_all(
    connection: Connection, about: Sequence[About], *, at: datetime, who: str, action: str, note: str = ""
) -> None:
    """Write one entry for each, in this order: what one person did at one moment to many guides."""
    if not about:
        return
    alone(connection, AUDIT)
    before = connection.execute(_LAST).scalar() or BEGINNING
    digests = _digests(connection, {each for one in about for each in one.snapshots if each is not None})
    written: list[dict[str, Any]] = []
    for one in about:
        named = sorted({each for each in one.snapshots if each in digests})
        entry = AuditEntry(
            id=0,
            at=at,
            who=clean(who),
            action=action,
            guide=clean(one.guide),
            note=clean(note),
            findings=tuple(one.findings),
            evidence=tuple((each, digests[each]) for each in named if each is not None),
            before=before,
            hash="",
        )
        before = seal(entry)
        written.append(
            {
                "at": at,
                "who": entry.who,
                "action": action,
                "guide": entry.guide,
                "note": entry.note,
                "findings": entry.findings,
                "evidence": entry.evidence,
                "before": entry.before,
                "hash": before,
            }
        )
    connection.execute(insert(Audit), written)
    marks.audit_grew(connection, before, len(written))


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


def _digests(connection: Connection, snapshots: Iterable[int]) -> dict[int, str]:
    """The digest of each of these snapshots, which stay from now on."""
    found: dict[int, str] = {}
    for part in chunks(sorted(snapshots)):
        bodies.pin(connection, *part)
        found |= {row.id: row.digest for row in connection.execute(_DIGESTS, {"ids": part})}
    return found
