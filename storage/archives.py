"""What is asked of web archives and of dead pages' hosts, and what they answered: each question once, resumable.

An answer is kept whatever it is; `again` says when a question may be asked anew, and nothing is asked before.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, func, or_, select

from crawler.model import Digest, ResourceId, Snapshot
from review.model import FindingKind, FindingState, Suggested
from storage import bodies, imports, rows
from storage.archivetables import ArchiveCopy, ArchiveRest, ArchiveSaved, Successor
from storage.columns import name_hash
from storage.engine import Database
from storage.ledger import snapshots_by_id
from storage.sources import of_host
from storage.statements import chunks, insert_or_update
from storage.tables import Basis, Citation, Finding, Guide, Resource
from storage.tables import Snapshot as SnapshotTable

NEGLIGIBLE: Final = timedelta(days=1)
"""A basis that was seen so soon after the verified day is as good as an archive's."""
MOST_NEIGHBOURS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Asked of an archive: this page as it was at the end of this day. `tries`: how often that failed."""

    resource: ResourceId
    url: str
    day: date
    guides: tuple[str, ...]
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`again`: when to ask anew, None for never."""

    resource: ResourceId
    day: date
    outcome: str
    url: str = ""
    at: datetime | None = None
    detail: str = ""
    tries: int = 0
    again: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadPage:
    """A page that an open finding calls dead. `lived`: when it was seen alive last, or its guide verified, if known."""

    resource: ResourceId
    url: str
    lived: datetime | None
    died: datetime
    last: Snapshot | None
    ask_host: bool
    ask_archive: bool
    tries: int
    archive_tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaved:
    """A page that an archive is to be asked to save; `waiting` since then, where it was asked to already."""

    resource: ResourceId
    url: str
    page: Snapshot
    tries: int = 0
    waiting: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    until: datetime
    failures: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many questions were answered, and how many wait to be asked (again)."""

    copies: int
    answered: int


class Archives:
    """Every method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def questions(self, now: datetime) -> list[Question]:
        """Which pages are wanted as of which verified days and may be asked for now, the latest days first."""
        return self._database.read(lambda connection: _questions(connection, now))

    def answered(self, answer: Answer, *, at: datetime) -> None:
        row = {
            "resource_id": answer.resource,
            "day": answer.day,
            "asked": at,
            "outcome": answer.outcome,
            "url": answer.url,
            "at": answer.at,
            "detail": answer.detail,
            "tries": answer.tries,
            "again": answer.again,
        }
        self._database.write(lambda connection: insert_or_update(connection, ArchiveCopy, row))

    def figures(self) -> Asked:
        def work(connection: Connection) -> Asked:
            query = select(ArchiveCopy.outcome, func.count().label("number")).group_by(ArchiveCopy.outcome)
            found = {row.outcome: row.number for row in connection.execute(query)}
            return Asked(copies=found.get("copy", 0), answered=sum(found.values()))

        return self._database.read(work)

    # ------------------------------------------------------------ dead pages

    def dead(self, now: datetime) -> list[DeadPage]:
        """The pages of open dead links of which something may be asked now, those that died last first."""
        return self._database.read(lambda connection: _dead(connection, now))

    def moved_to(
        self, resource: ResourceId, *, url: str, why: str, tries: int, again: datetime | None, at: datetime
    ) -> None:
        """Where a dead page is now, "" for nowhere known."""
        row = {"asked": at, "url": url, "why": why, "tries": tries, "again": again}
        self._database.write(lambda connection: _put_successor(connection, resource, row))

    def archived(
        self, resource: ResourceId, *, url: str, copied: datetime | None, tries: int, again: datetime | None
    ) -> None:
        """The last archived copy of a dead page, "" for none known."""
        row = {"archived": url, "archived_at": copied, "archive_tries": tries, "archive_again": again}
        self._database.write(lambda connection: _put_successor(connection, resource, row))

    def neighbours(self, url: str, host: str) -> list[tuple[str, Snapshot]]:
        """Other pages of a host with their newest good snapshots, as far as bodies are kept; the last seen first."""
        return self._database.read(lambda connection: _neighbours(connection, url, host))

    def suggestions(self, urls: Iterable[str]) -> dict[str, Suggested]:
        """What is known of where these resources' pages are now, by their URLs; of those of which something is."""
        return self._database.read(lambda connection: _suggestions(connection, urls))

    # ------------------------------------------------------------ saving

    def unsaved(self, now: datetime, *, since: datetime) -> list[Unsaved]:
        """Pages that are cited since then and alive, and that no archive was asked to save (or that may be again)."""
        return self._database.read(lambda connection: _unsaved(connection, now, since))

    def saved(
        self,
        resource: ResourceId,
        *,
        at: datetime,
        url: str,
        copied: datetime | None,
        detail: str,
        tries: int,
        again: datetime | None,
    ) -> None:
        row = {
            "resource_id": resource,
            "asked": at,
            "url": url,
            "at": copied,
            "detail": detail,
            "tries": tries,
            "again": again,
        }
        self._database.write(lambda connection: insert_or_update(connection, ArchiveSaved, row))

    # ------------------------------------------------------------ an archive that wants to be left alone

    def rest(self, archive: str) -> Rest | None:
        query = select(ArchiveRest.until, ArchiveRest.failures, ArchiveRest.why).where(ArchiveRest.archive == archive)
        row = self._database.read(lambda connection: connection.execute(query).first())
        return Rest(until=row.until, failures=row.failures, why=row.why) if row else None

    def leave_alone(self, archive: str, rest: Rest) -> None:
        row = {"archive": archive, "until": rest.until, "failures": rest.failures, "why": rest.why}
        self._database.write(lambda connection: insert_or_update(connection, ArchiveRest, row))


def _questions(connection: Connection, now: datetime) -> list[Question]:
    query = (
        select(
            Guide.name,
            Guide.verified,
            Guide.stet_on,
            Citation.resource_id,
            Resource.url,
            Basis.set_by,
            func.min(SnapshotTable.at).label("since"),
        )
        .join(Citation, Citation.guide_id == Guide.id)
        .join(Resource, Resource.id == Citation.resource_id)
        .outerjoin(Basis, and_(Basis.guide_id == Guide.id, Basis.resource_id == Citation.resource_id))
        .outerjoin(SnapshotTable, SnapshotTable.id == Basis.snapshot_id)
        .where(Citation.active.is_(True), Guide.active.is_(True))
        .group_by(Guide.name, Guide.verified, Guide.stet_on, Citation.resource_id, Resource.url, Basis.set_by)
    )
    asked = {
        (row.resource_id, row.day): row
        for row in connection.execute(
            select(ArchiveCopy.resource_id, ArchiveCopy.day, ArchiveCopy.tries, ArchiveCopy.again)
        )
    }
    wanted: dict[tuple[int, date], tuple[str, list[str]]] = {}
    for row in connection.execute(query):
        day = rows.later(row.verified, row.stet_on)
        if day is None or day > now.date() or row.set_by not in (None, *imports.BY_LOCCIT):
            continue
        if row.since is not None and row.since - rows.end_of(day) < NEGLIGIBLE:
            continue
        before = asked.get((row.resource_id, day))
        if before is None or (before.again is not None and before.again <= now):
            wanted.setdefault((row.resource_id, day), (row.url, []))[1].append(row.name)
    return [
        Question(
            resource=ResourceId(resource),
            url=url,
            day=day,
            guides=tuple(guides),
            tries=asked[resource, day].tries if (resource, day) in asked else 0,
        )
        for (resource, day), (url, guides) in sorted(
            wanted.items(), key=lambda each: (-each[0][1].toordinal(), each[0])
        )
    ]


def _dead(connection: Connection, now: datetime) -> list[DeadPage]:
    query = (
        select(
            Resource.id,
            Resource.url,
            Resource.last_ok,
            Resource.newest_id,
            func.coalesce(Resource.failing_since, Resource.unreachable_since, func.min(Finding.opened)).label("died"),
            func.max(Guide.verified).label("verified"),
            Successor.tries,
            Successor.again,
            Successor.asked,
            Successor.archive_tries,
            Successor.archive_again,
            Successor.archived,
        )
        .join(Finding, Finding.resource_id == Resource.id)
        .join(Guide, Guide.id == Finding.guide_id)
        .outerjoin(Successor, Successor.resource_id == Resource.id)
        .where(Finding.state == FindingState.OPEN, Finding.kind == FindingKind.LINK, Finding.severity == "dead")
        .group_by(Resource.id, Successor.resource_id)
        .order_by(func.coalesce(Resource.failing_since, Resource.unreachable_since, func.min(Finding.opened)).desc())
    )
    found = connection.execute(query).all()
    held = snapshots_by_id(connection, [row.newest_id for row in found if row.newest_id is not None])
    return [each for row in found if (each := _dead_page(row, held, now)).ask_host or each.ask_archive]


def _dead_page(row: rows.AnyRow, held: Mapping[int, Snapshot], now: datetime) -> DeadPage:
    last = held.get(row.newest_id) if row.newest_id is not None else None
    lived = row.last_ok or (last.last_seen if last is not None else None)
    if lived is None and row.verified is not None and row.verified <= now.date():
        lived = rows.end_of(row.verified)
    return DeadPage(
        resource=ResourceId(row.id),
        url=row.url,
        lived=lived,
        died=row.died,
        last=last,
        ask_host=last is not None and (row.asked is None or (row.again is not None and row.again <= now)),
        ask_archive=not row.archived and (row.archive_again is None or row.archive_again <= now),
        tries=row.tries or 0,
        archive_tries=row.archive_tries or 0,
    )


def _put_successor(connection: Connection, resource: ResourceId, row: Mapping[str, Any]) -> None:
    there = select(Successor).where(Successor.resource_id == resource)
    new = {
        "resource_id": resource,
        "asked": None,
        "url": "",
        "why": "",
        "tries": 0,
        "again": None,
        "archived": "",
        "archived_at": None,
        "archive_tries": 0,
        "archive_again": None,
    }
    held = connection.execute(there.with_only_columns(*Successor.__table__.c)).first()
    insert_or_update(connection, Successor, {**new, **(dict(held._mapping) if held else {}), **row})  # noqa: SLF001


def _neighbours(connection: Connection, url: str, host: str) -> list[tuple[str, Snapshot]]:
    query = (
        select(Resource.url, Resource.newest_id, SnapshotTable.digest)
        .join(SnapshotTable, SnapshotTable.id == Resource.newest_id)
        .where(or_(*(Resource.url.like(each, escape="\\") for each in of_host(host))), Resource.url != url)
        .order_by(SnapshotTable.last_seen.desc())
        .limit(4 * MOST_NEIGHBOURS)
    )
    found = [row for row in connection.execute(query) if bodies.kept(connection, Digest(row.digest))]
    held = snapshots_by_id(connection, [row.newest_id for row in found[:MOST_NEIGHBOURS]])
    return [(row.url, held[row.newest_id]) for row in found[:MOST_NEIGHBOURS] if row.newest_id in held]


def _suggestions(connection: Connection, urls: Iterable[str]) -> dict[str, Suggested]:
    query = (
        select(
            Resource.url.label("asked_url"),
            Successor.url.label("successor"),
            Successor.why,
            Successor.archived,
            Successor.archived_at,
            ArchiveSaved.url.label("saved"),
            ArchiveSaved.at.label("saved_at"),
        )
        .outerjoin(Successor, Successor.resource_id == Resource.id)
        .outerjoin(ArchiveSaved, ArchiveSaved.resource_id == Resource.id)
        .where(or_(Successor.resource_id.is_not(None), ArchiveSaved.resource_id.is_not(None)))
    )
    found: dict[str, Suggested] = {}
    for part in chunks(name_hash(url) for url in dict.fromkeys(urls)):
        for row in connection.execute(query.where(Resource.url_hash.in_(part))):
            if said := rows.suggested_of(row):
                found[row.asked_url] = said
    return found


def _unsaved(connection: Connection, now: datetime, since: datetime) -> list[Unsaved]:
    query = (
        select(Resource.id, Resource.url, Resource.newest_id, Resource.verdict, ArchiveSaved.tries, ArchiveSaved.asked)
        .outerjoin(ArchiveSaved, ArchiveSaved.resource_id == Resource.id)
        .where(
            Resource.added >= since,
            Resource.next_due.is_not(None),
            Resource.newest_id.is_not(None),
            Resource.last_ok.is_not(None),
            Resource.last_ok == Resource.checked,
            or_(ArchiveSaved.resource_id.is_(None), ArchiveSaved.again <= now),
        )
        .order_by(Resource.added.desc(), Resource.id)
    )
    found: Sequence[rows.AnyRow] = connection.execute(query).all()
    held = snapshots_by_id(connection, [row.newest_id for row in found])
    return [
        Unsaved(
            resource=ResourceId(row.id),
            url=row.url,
            page=held[row.newest_id],
            tries=row.tries or 0,
            waiting=row.asked,
        )
        for row in found
        if row.newest_id in held
    ]
