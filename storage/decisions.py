"""Decisions about findings: checked against what the decider saw, and written with what takes them back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, bindparam, insert, literal_column, select, update

from guides.model import GuideId
from review.casework import (
    Action,
    Conflict,
    ConflictError,
    DecisionError,
    DecisionId,
    Expected,
    FileChange,
    Work,
)
from review.model import FindingId, FindingKind, FindingState, Mask
from storage import audit, desk, queue, reverify, rows
from storage.columns import name_hash
from storage.keeping import row_json, text, told
from storage.rows import AnyRow
from storage.statements import chunks, insert_new
from storage.tables import Basis, Citation, Finding, Guide, Resource, Snapshot, Standing
from storage.worktables import Decision, DecisionOf
from storage.worktables import Work as WorkTable

_PLACES: Final = (FindingKind.DRIFT, FindingKind.UNLOCATED, FindingKind.UNCOMPARED)
_FINDING: Final = Finding.__table__.c

# Put together once: a decision may be about thousands of guides, and meanwhile a crawl cannot write to SQLite.
_RESOURCES: Final[BindParameter[Any]] = bindparam("resources", expanding=True)
_OPEN_OF: Final = select(Finding.id).where(
    Finding.guide_id == bindparam("guide"),
    Finding.state == literal_column("'open'"),
    Finding.kind.in_(_PLACES),
    Finding.resource_id.in_(_RESOURCES),
)
_GOOD_OF: Final = select(Snapshot.id).where(
    Snapshot.id.in_(bindparam("snapshots", expanding=True)), Snapshot.good.is_(True)
)
_NEWEST_OF: Final = (
    select(Resource.id, Resource.newest_id).where(Resource.id.in_(_RESOURCES)).order_by(Resource.id).with_for_update()
)
_BASES_OF: Final = select(*Basis.__table__.c).where(
    Basis.guide_id == bindparam("guide"), Basis.resource_id.in_(_RESOURCES)
)
_STANDINGS_OF: Final = (
    select(*Standing.__table__.c)
    .join(Citation, Citation.id == Standing.citation_id)
    .where(Citation.guide_id == bindparam("guide"), Citation.resource_id.in_(_RESOURCES))
)


@dataclass(slots=True, kw_only=True)
class _Before:
    """What a decision is about to change, as JSON holds it."""

    findings: list[dict[str, Any]] = field(default_factory=list)
    work: list[dict[str, Any]] = field(default_factory=list)
    bases: list[dict[str, Any]] = field(default_factory=list)
    moved: list[list[int]] = field(default_factory=list)
    """Guide, resource and snapshot of each basis that the decision made."""
    standings: list[dict[str, Any]] = field(default_factory=list)
    guides: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, str]] = field(default_factory=list)


# ---------------------------------------------------------------- the four decisions


def let_stand(
    connection: Connection,
    expected: Sequence[Expected],
    *,
    verify: Sequence[GuideId],
    on: date,
    at: datetime,
    by: str,
    note: str,
    files: Sequence[FileChange],
    written: str,
) -> DecisionId:
    """See `Bench.let_stand`. `verify`: the guides of which nothing else is open."""
    found = _expected(connection, expected)
    before = _remember(connection, found, files)
    places = [row for row in found if row.kind in _PLACES and row.resource_id is not None]
    seen = {row.id for row in found}
    for guide, own in _by_guide(places).items():
        wanted = _targets(connection, own)
        _refuse_unseen(connection, guide, wanted, seen)
        _keep_bases(connection, before, guide, wanted)
        reverify.move(connection, guide, wanted, on=on, at=at, by=by)
        before.moved += [[guide, resource, snapshot] for resource, snapshot in wanted.items()]
    for row in connection.execute(select(Guide.id, Guide.stet_on).where(Guide.name_hash.in_(_hashes(verify)))):
        before.guides.append({"id": row.id, "stet_on": row.stet_on.isoformat() if row.stet_on else None})
        connection.execute(update(Guide).where(Guide.id == row.id).values(stet_on=rows.later(on, row.stet_on)))
    _close(connection, found, FindingState.ACCEPTED, by=by, note=note, at=at)
    evidence: dict[int, set[int]] = {}
    for guide, _, snapshot in before.moved:
        evidence.setdefault(guide, set()).add(snapshot)
    for each in before.bases:
        evidence.setdefault(each["guide_id"], set()).add(each["snapshot_id"])
    return _written(connection, Action.STET, found, before, at=at, by=by, note=note, written=written, evidence=evidence)


def dismiss(
    connection: Connection, expected: Sequence[Expected], *, masks: Sequence[Mask], at: datetime, by: str, note: str
) -> DecisionId:
    found = _expected(connection, expected)
    before = _remember(connection, found, ())
    _close(connection, found, FindingState.DISMISSED, by=by, note=note, at=at)
    if masks:
        _note(connection, found, masks=queue.plain_masks(masks))
    return _written(connection, Action.DISMISS, found, before, at=at, by=by, note=note)


def assign(
    connection: Connection,
    expected: Sequence[Expected],
    *,
    to: str,
    needs_edit: bool,
    at: datetime,
    by: str,
    note: str,
) -> DecisionId:
    found = _expected(connection, expected)
    before = _remember(connection, found, ())
    _note(connection, found, assignee=to, needs_edit=needs_edit, note=note, by=by, at=at)
    for part in chunks(row.id for row in found):
        connection.execute(update(Finding).where(Finding.id.in_(part)).values(updated=_after(found, at)))
    action = Action.NEEDS_EDIT if needs_edit else Action.ASSIGN
    said = ": ".join(filter(None, (to, note)))
    return _written(connection, action, found, before, at=at, by=by, note=said)


def replaced(
    connection: Connection,
    expected: Sequence[Expected],
    *,
    at: datetime,
    by: str,
    note: str,
    files: Sequence[FileChange],
    written: str,
) -> DecisionId:
    found = _expected(connection, expected)
    before = _remember(connection, found, files)
    _close(connection, found, FindingState.RESOLVED, by=by, note=note, at=at)
    return _written(connection, Action.REPLACE, found, before, at=at, by=by, note=note, written=written)


# ---------------------------------------------------------------- what was seen, and what is


def _expected(connection: Connection, expected: Sequence[Expected]) -> list[AnyRow]:
    """The findings, locked. Raises ConflictError where one is not as it was seen."""
    seen = {each.finding: each.updated for each in expected}
    if not seen:
        raise DecisionError("No finding was chosen.")
    found: dict[int, AnyRow] = {}
    for part in chunks(sorted(seen)):
        query = select(*_FINDING, Guide.name.label("guide_name")).join(Guide, Guide.id == Finding.guide_id)
        query = query.where(Finding.id.in_(part)).order_by(Finding.id).with_for_update(of=Finding)
        found |= {row.id: row for row in connection.execute(query)}
    missing = [number for number in seen if number not in found]
    if missing:
        raise DecisionError(f"There is no finding {missing[0]}.")
    changed = [
        number
        for number, row in found.items()
        if row.state != FindingState.OPEN or row.updated > seen[FindingId(number)]
    ]
    if changed:
        raise ConflictError(tuple(filter(None, (_conflict(connection, number) for number in changed[:50]))))
    return list(found.values())


def _conflict(connection: Connection, number: int) -> Conflict | None:
    finding = desk.finding(connection, FindingId(number))
    return Conflict(finding=finding, work=work_of(connection, number)) if finding else None


def work_of(connection: Connection, number: int) -> Work:
    row = connection.execute(select(*WorkTable.__table__.c).where(WorkTable.finding_id == number)).first()
    return queue.work_of(row) if row else Work()


def _refuse_unseen(connection: Connection, guide: int, wanted: dict[int, int], seen: set[int]) -> None:
    """A basis is the whole source's: it would take other findings about it along, unseen."""
    asked = {"guide": guide, "resources": list(wanted)}
    others = [number for number in connection.execute(_OPEN_OF, asked).scalars() if number not in seen]
    if others:
        named = ", ".join(f"#{number}" for number in others[:5])
        raise DecisionError(
            f"The same source has another open finding for this guide ({named}). Look at them together: "
            "letting one stand would let the other stand unseen."
        )


def _targets(connection: Connection, found: Sequence[AnyRow]) -> dict[int, int]:
    """Which snapshot becomes the basis: what the editor saw, where it was a good page, else the newest good one."""
    seen = {row.resource_id: row.now_id for row in found}
    good = set()
    ids = [each for each in seen.values() if each is not None]
    if ids:
        good = set(connection.execute(_GOOD_OF, {"snapshots": ids}).scalars())
    newest = {row.id: row.newest_id for row in connection.execute(_NEWEST_OF, {"resources": list(seen)})}
    targets = {resource: now if now in good else newest.get(resource) for resource, now in seen.items()}
    return {resource: snapshot for resource, snapshot in targets.items() if snapshot is not None}


# ---------------------------------------------------------------- writing


def _remember(connection: Connection, found: Sequence[AnyRow], files: Sequence[FileChange]) -> _Before:
    before = _Before()
    for row in found:
        names = ("id", "state", "by", "note", "closed", "updated")
        before.findings.append({name: told(getattr(row, name)) for name in names})
    for part in chunks(row.id for row in found):
        query = select(*WorkTable.__table__.c).where(WorkTable.finding_id.in_(part))
        before.work += [row_json(WorkTable.__table__, row) for row in connection.execute(query)]  # type: ignore[arg-type]
    before.files = [{"name": each.name, "before": text(each.before), "after": text(each.after)} for each in files]
    return before


def _keep_bases(connection: Connection, before: _Before, guide: int, wanted: dict[int, int]) -> None:
    asked = {"guide": guide, "resources": list(wanted)}
    before.bases += [row_json(Basis.__table__, row) for row in connection.execute(_BASES_OF, asked)]  # type: ignore[arg-type]
    measured = connection.execute(_STANDINGS_OF, asked)
    before.standings += [row_json(Standing.__table__, row) for row in measured]  # type: ignore[arg-type]


def _close(
    connection: Connection, found: Sequence[AnyRow], state: FindingState, *, by: str, note: str, at: datetime
) -> None:
    for part in chunks(row.id for row in found):
        changed = {"state": state, "by": by, "note": note, "closed": at, "updated": _after(found, at)}
        connection.execute(update(Finding).where(Finding.id.in_(part)).values(changed))


def _after(found: Sequence[AnyRow], at: datetime) -> datetime:
    """Later than anything that was seen of them, though the clock stood still or went back."""
    seen: list[datetime] = [row.updated for row in found]
    return max([at, *(each + timedelta(microseconds=1) for each in seen)])


def _note(connection: Connection, found: Sequence[AnyRow], **values: Any) -> None:
    """What is noted of findings; what is not said stays."""
    blank = {"assignee": "", "needs_edit": False, "note": "", "by": "", "at": None, "masks": None}
    for part in chunks(row.id for row in found):
        mine = WorkTable.finding_id.in_(part)
        noted = set(connection.execute(select(WorkTable.finding_id).where(mine)).scalars())
        connection.execute(update(WorkTable).where(mine).values(values))
        new = [{"finding_id": each, **blank, **values} for each in part if each not in noted]
        insert_new(connection, WorkTable, new)


def _written(
    connection: Connection,
    action: Action,
    found: Sequence[AnyRow],
    before: _Before,
    *,
    at: datetime,
    by: str,
    note: str,
    written: str = "",
    evidence: Mapping[int, Iterable[int]] | None = None,
) -> DecisionId:
    ids = [row.id for row in found]
    names = list(dict.fromkeys(row.guide_name for row in found))
    row = {
        "at": at,
        "by": by,
        "action": action.value,
        "note": note,
        "written": written,
        "findings": ids,
        "guides": names,
        "restore": rows.plain(before_json(before)),
        "undone": None,
        "undone_by": "",
    }
    made = connection.execute(insert(Decision), row).inserted_primary_key
    assert made is not None
    number = DecisionId(made[0])
    links = [{"finding_id": each.id, "decision_id": number, "guide_id": each.guide_id} for each in found]
    connection.execute(insert(DecisionOf), links)
    log(connection, action.value, found, at=at, by=by, note=note, evidence=evidence)
    return number


def log(
    connection: Connection,
    action: str,
    found: Sequence[AnyRow],
    *,
    at: datetime,
    by: str,
    note: str,
    evidence: Mapping[int, Iterable[int]] | None = None,
) -> None:
    """One entry for each guide, with its own evidence: a guide's history is read by its name."""
    about = []
    for guide, mine in _by_guide(found).items():
        named = {each for row in mine for each in (row.basis_id, row.now_id)} | set((evidence or {}).get(guide, ()))
        ids = [row.id for row in mine]
        about.append(audit.About(guide=mine[0].guide_name, findings=ids, snapshots=list(named)))
    audit.append_all(connection, about, at=at, who=by, action=action, note=note)


def _by_guide(found: Iterable[AnyRow]) -> dict[int, list[AnyRow]]:
    guides: dict[int, list[AnyRow]] = {}
    for row in found:
        guides.setdefault(row.guide_id, []).append(row)
    return guides


def before_json(before: _Before) -> dict[str, Any]:
    return {
        "findings": before.findings,
        "work": before.work,
        "bases": before.bases,
        "moved": before.moved,
        "standings": before.standings,
        "guides": before.guides,
        "files": before.files,
    }


def _hashes(names: Sequence[GuideId]) -> list[str]:
    return [name_hash(name) for name in names]
