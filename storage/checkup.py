"""What can be said of a store without changing it: whether it can be read, its revision, leases, last crawl."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url

from storage import runs
from storage.engine import Database, create, in_file
from storage.migrate import HEAD, found_revision
from storage.rows import LeaseRecord, RunRecord
from storage.tables import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`revision` is None where there is no store yet; leases and the last crawl are told where it is `head`."""

    name: str
    revision: str | None
    head: str = HEAD
    file: Path | None = None
    """Of a store in a file."""
    leases: tuple[LeaseRecord, ...] = ()
    last_crawl: RunRecord | None = None


def standing(url: str, *, root: Path) -> Standing:
    """How the store at `url` stands. Makes neither file nor table. Raises StoreError where it cannot be read."""
    file = store_file(url, root)
    if file is not None and not file.exists():
        return Standing(name=str(file), revision=None, file=file)
    database = create(url, root=root) if file is None else in_file(file.resolve(), read_only=True)
    try:
        return _standing(database, file)
    finally:
        database.close()


def store_file(url: str, root: Path) -> Path | None:
    """The file of a store that is in one. Raises StoreError for what is no database address."""
    try:
        parsed = make_url(url)
    except Exception:  # noqa: BLE001 (told by whoever makes the database of it)
        return None
    plain = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    if not plain or str(parsed.database).startswith("file:"):
        return None
    return root / str(parsed.database)


def _standing(database: Database, file: Path | None) -> Standing:
    with database.reading() as connection:
        revision = found_revision(connection, database.name)
    if revision != HEAD:
        return Standing(name=database.name, revision=revision, file=file)
    with database.reading() as connection:
        held = connection.execute(select(*Lease.__table__.c).order_by(Lease.name)).all()
        last = runs.last(connection, "crawl")
    leases = tuple(LeaseRecord(name=row.name, holder=row.holder, since=row.since, until=row.until) for row in held)
    return Standing(name=database.name, revision=revision, file=file, leases=leases, last_crawl=last)
