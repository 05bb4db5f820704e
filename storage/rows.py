"""Rows ↔ values, and nothing else.

What is stored as JSON is read tolerantly: fields that a newer loccit added are passed over, and a value that cannot be
read any more counts as not known (all of it can be made again by the next look).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final, TypeAlias, TypeVar

import msgspec
from sqlalchemy import Row

from crawler.model import (
    Change,
    ChangeRate,
    Digest,
    Drift,
    DriftKind,
    Health,
    LinkHistory,
    Snapshot,
    SnapshotId,
    Standing,
    Validators,
    Verdict,
)
from guides.model import (
    Anchor,
    CitationKey,
    Claim,
    Css,
    GuideId,
    Heading,
    MainContent,
    Place,
    Quote,
    Role,
    Statement,
    TextRange,
    XPath,
)
from review.model import (
    ArchivedBasis,
    Finding,
    FindingId,
    FindingKind,
    FindingState,
    Mask,
    ReaderReport,
    Suggested,
)

T = TypeVar("T")
D = TypeVar("D")

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"

_PLACES: Mapping[str, type[Place]] = {
    "main": MainContent,
    "css": Css,
    "xpath": XPath,
    "heading": Heading,
    "quote": Quote,
    "anchor": Anchor,
    "text": TextRange,
}
ARCHIVE: Final = "archive"
"""Who set a basis that is an archived page."""
_ROLES = frozenset(Role)
_PLACE_KINDS = {cls: kind for kind, cls in _PLACES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One line of a resource's timeline. `snapshot` is what was served, where something was."""

    at: datetime
    verdict: str
    reason: str
    status: int | None
    snapshot: SnapshotId | None
    elapsed_ms: int
    attempts: int
    run: int | None
    digest: Digest | None = None
    """What was served, where it differs from the snapshot in nothing that can be seen (its body is not kept)."""
    headers: tuple[tuple[str, str], ...] = ()
    """… and its headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One pass. Without `finished` it is under way, or was killed."""

    id: int
    kind: str
    started: datetime
    finished: datetime | None
    outcome: str | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRecord:
    """The snapshot that a guide was verified against for one resource: set when, by whom, for which verified date."""

    snapshot: Snapshot
    set_at: datetime
    set_by: str
    verified: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRecord:
    """Who holds a lease (machine, process and a mark of its own), since when and until when at least."""

    name: str
    holder: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One decision. `evidence` are the snapshots it rests on, as (id, digest of the body)."""

    id: int
    at: datetime
    who: str
    action: str
    guide: str
    note: str
    findings: tuple[int, ...]
    evidence: tuple[tuple[int, str], ...]
    before: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    """A Drift without its place: a union of places cannot be told apart without their `kind`."""

    kind: DriftKind
    algorithm: str
    reason: str = ""
    changes: tuple[Change, ...] = ()
    before_print: str = ""
    now_print: str = ""


def read(data: Any, kind: type[T], default: D) -> T | D:
    """The stored JSON as a value; `default` where there is none or it cannot be read."""
    if data is None:
        return default
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError:
        return default


def plain(value: Any) -> Any:
    """A value as JSON holds it."""
    return msgspec.to_builtins(value)


def place_json(place: Place | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"kind": _PLACE_KINDS[type(place)], **plain(place)}


def place_of_json(data: Any) -> Place | None:
    kind = _PLACES.get(data.get("kind", "")) if isinstance(data, dict) else None
    if kind is None:
        return None
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError:
        return None


def drift_json(drift: Drift) -> dict[str, Any]:
    return {**plain(drift), "relocated": place_json(drift.relocated)}


def drift_of_json(data: Any) -> Drift | None:
    measured = read(data, _Measured, None)
    if measured is None:
        return None
    return Drift(
        kind=measured.kind,
        algorithm=measured.algorithm,
        reason=measured.reason,
        changes=measured.changes,
        before_print=measured.before_print,
        now_print=measured.now_print,
        relocated=place_of_json(data.get("relocated")),
    )


def verdict_of(data: Any) -> Verdict | None:
    return read(data, Verdict, None)


def rate_of(data: Any) -> ChangeRate | None:
    return read(data, ChangeRate, None)


def claim_of(data: Any) -> Claim | None:
    return read(data, Claim, None)


def role_of(written: str) -> Role:
    return Role(written) if written in _ROLES else Role.CITATION


def statements_of(data: Any) -> tuple[Statement, ...]:
    return read(data, tuple[Statement, ...], ())


def history_of(row: AnyRow) -> LinkHistory:
    return LinkHistory(
        checked=row.checked,
        last_ok=row.last_ok,
        failing_since=row.failing_since,
        failures=row.failures,
        unreachable_since=row.unreachable_since,
    )


def validators_of(row: AnyRow) -> Validators:
    return Validators(etag=row.etag, last_modified=row.last_modified)


def snapshot_of(row: AnyRow) -> Snapshot:
    return Snapshot(
        id=SnapshotId(row.id),
        digest=Digest(row.digest),
        at=row.at,
        last_seen=row.last_seen,
        status=row.status,
        final_url=row.final_url,
        headers=read(row.headers, tuple[tuple[str, str], ...], ()),
        health=read(row.health, Health, Health.ERROR_PAGE),
    )


def standing_of(row: AnyRow) -> Standing | None:
    drift = drift_of_json(row.drift)
    if drift is None:
        return None
    return Standing(
        drift=drift,
        basis=SnapshotId(row.basis_id),
        now=None if row.now_id is None else SnapshotId(row.now_id),
        since=row.since,
        now_since=row.now_since,
        sightings=row.sightings,
        place=place_of_json(row.place),
    )


def finding_of(row: AnyRow) -> Finding:
    told = _named(row)
    basis, now = told["basis_id"], told["now_id"]
    return Finding(
        id=FindingId(told["id"]),
        kind=_KINDS_OF_FINDING[told["kind"]],
        state=_STATES[told["state"]],
        severity=told["severity"],
        guide=GuideId(told["guide_name"]),
        citation=CitationKey(told["citation_key"] or ""),
        url=told["url"],
        opened=told["opened"],
        updated=told["updated"],
        summary=told["summary"],
        changes=read(told["changes"], _CHANGES, ()),
        claims=read(told["claims"], _CLAIMS, ()),
        print=told["print"],
        basis=None if basis is None else SnapshotId(basis),
        now=None if now is None else SnapshotId(now),
        closed=told["closed"],
        by=told["by"],
        note=told["note"],
        masks=read(told.get("masks"), _MASKS, ()),
        reports=read(told["reports"], _REPORTS, ()),
        suggested=_suggested(told),
        copied=_archived_basis(told),
    )


def _named(row: AnyRow) -> dict[str, Any]:
    # A row looks each name up anew; a queue has hundreds of rows with dozens of them.
    return dict(zip(row._fields, row, strict=True))


_KINDS_OF_FINDING: Final = {each.value: each for each in FindingKind}
_STATES: Final = {each.value: each for each in FindingState}
# Made once: what stands in brackets is put together anew each time that it is come by.
_CHANGES, _CLAIMS, _MASKS, _REPORTS = tuple[Change, ...], tuple[Claim, ...], tuple[Mask, ...], tuple[ReaderReport, ...]


def archived_basis_of(row: AnyRow) -> ArchivedBasis | None:
    """From `basis_by`, `basis_day`, `basis_at` (when it was first seen), `copy_url` and `copy_at` (from an
    archive); None where no archived page is the basis.

    It is one, too, where loccit itself saw a page that says what an archive has from before.
    """
    return _archived_basis(_named(row))


def _archived_basis(told: Mapping[str, Any]) -> ArchivedBasis | None:
    seen, copied, day = told.get("basis_at"), told.get("copy_at"), told.get("basis_day")
    same = copied is not None and seen is not None and seen <= copied
    moment = copied or seen
    if moment is None or day is None or not (same or told.get("basis_by") == ARCHIVE):
        return None
    return ArchivedBasis(at=moment, days=(day - moment.date()).days, url=told.get("copy_url") or "")


def suggested_of(row: AnyRow) -> Suggested | None:
    """From `successor`, `why`, `archived`, `archived_at`, `saved` and `saved_at`: a page that was saved on our
    request is an archived copy, too. None where they say nothing.
    """
    return _suggested(_named(row))


def _suggested(told: Mapping[str, Any]) -> Suggested | None:
    archived, at = told.get("archived"), told.get("archived_at")
    if not archived:
        archived, at = told.get("saved"), told.get("saved_at")
    if not told.get("successor") and not archived:
        return None
    return Suggested(
        url=told.get("successor") or "", why=told.get("why") or "", archived=archived or "", archived_at=at
    )


def end_of(day: date) -> datetime:
    """The last moment of a day, in UTC."""
    return datetime.combine(day, time.max, UTC)


def later(*days: date | None) -> date | None:
    return max((day for day in days if day is not None), default=None)
