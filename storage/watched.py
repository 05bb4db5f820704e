"""What whoever watches loccit asks of the store: is it there and up to date, is there a scheduler, how much is due."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select, text

from review.model import FindingState
from storage import hosts, jobs
from storage.engine import Database
from storage.migrate import HEAD, VERSION_TABLE
from storage.tables import Finding, Lease

_SCHEDULE: Final = "schedule"
"""The name of the lease that the one scheduler at work holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Whether the store is of this loccit's revision, and until when a scheduler holds its lease."""

    migrated: bool
    scheduler: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """What is counted at one moment. `queue` is None where workers have never been at it."""

    due: hosts.DueFigures
    findings: Mapping[str, int]
    """Open ones by severity."""
    sources: int
    """As the database estimates them, where counting would take long."""
    size: int
    """Bytes of the database."""
    queue: jobs.Depth | None


class Watched:
    """Reads alone. Every method is one transaction and raises StoreError alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ready(self) -> Ready:
        return self._database.read(_ready)

    def figures(self, now: datetime, *, heartbeat: float) -> StoreFigures:
        """`heartbeat`: seconds between two of a worker's."""
        return self._database.read(lambda connection: _figures(connection, now, heartbeat))


def _ready(connection: Connection) -> Ready:
    revision = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    until = connection.execute(select(Lease.until).where(Lease.name == _SCHEDULE)).scalar()
    return Ready(migrated=revision == HEAD, scheduler=until)


def _figures(connection: Connection, now: datetime, heartbeat: float) -> StoreFigures:
    counted = select(Finding.severity, func.count()).where(Finding.state == FindingState.OPEN)
    postgres = connection.dialect.name == "postgresql"
    size, sources = (
        ("SELECT pg_database_size(current_database())", "SELECT reltuples FROM pg_class WHERE relname = 'resource'")
        if postgres
        else (
            "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            "SELECT count(*) FROM resource",
        )
    )
    queue = postgres and jobs.is_prepared(connection)
    return StoreFigures(
        due=hosts.figures(connection, now),
        findings={row[0]: row[1] for row in connection.execute(counted.group_by(Finding.severity))},
        sources=max(0, int(connection.execute(text(sources)).scalar() or 0)),
        size=int(connection.execute(text(size)).scalar() or 0),
        queue=jobs.depth(connection, heartbeat=heartbeat) if queue else None,
    )
