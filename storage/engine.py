"""From a URL to a database that keeps its promises, and its transactions.

SQLite runs in WAL with `synchronous = FULL`: NORMAL would be as safe when a process is killed, but may lose the last
commits when the power fails, and a decision of an editor is never to be lost. It costs one fsync a commit; a crawl
groups its looks (`Store.batch`).
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.pool import StaticPool

from storage.errors import RETRIED, StoreError, lost, sqlstate, translated, unanswered

T = TypeVar("T")

BUSY_SECONDS: Final = 30.0
_WAITS: Final = (0.0, 0.1, 0.5, 2.0, 4.0, 8.0)
"""Seconds before something is done again: a server that is started anew is back within a few."""
_WRITES: Final = "loccit_writes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An engine with the two kinds of transaction that the store knows. `name` is for messages, without password."""

    engine: Engine
    name: str
    guard: AbstractContextManager[Any] = field(default_factory=nullcontext)
    """A database in memory is one connection, which threads must take in turn."""

    folder: Path | None = None
    """Where the file is; told apart by it is a disk that is full from one that fails."""
    answered: threading.Event = field(default_factory=threading.Event)
    """A connection was made before: one that cannot be made now may be made in a moment."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view, whatever is written meanwhile."""
        with self.guard, translated(self.name, self.folder), self._view() as connection:
            yield connection

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` reads in one consistent view. It is done again where the connection was lost."""

        def once() -> T:
            with self._view() as connection:
                return work(connection)

        return self._again(once)

    def write(self, work: Callable[[Connection], T]) -> T:
        """All that `work` does, or nothing. It is done again where the database gave it up for another one's sake."""

        def once() -> T:
            with self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
                self.answered.set()
                return work(connection)

        return self._again(once)

    @contextmanager
    def _view(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                self.answered.set()
                yield connection

    def _again(self, once: Callable[[], T]) -> T:
        with self.guard, translated(self.name, self.folder):
            for wait in _WAITS:
                try:
                    return once()
                except exc.DBAPIError as error:
                    # Whatever is written is put so that doing it twice is doing it once: a connection that was lost at
                    # the commit leaves open whether it was done.
                    if not self._passing(error):
                        raise
                    time.sleep(wait)
            return once()

    def _passing(self, error: exc.DBAPIError) -> bool:
        """Whether it may be otherwise in a moment."""
        return lost(error) or sqlstate(error) in RETRIED or (self.answered.is_set() and unanswered(error))

    def close(self) -> None:
        self.engine.dispose()


def create(url: str, *, root: Path | None = None, busy_seconds: float = BUSY_SECONDS) -> Database:
    """The database at `url` (a relative SQLite path is relative to `root`). Makes the folder; connects later.

    Raises StoreError where the URL names no database that loccit can use.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(parsed, busy_seconds)
    return _sqlite(parsed, root, busy_seconds)


def in_file(path: Path, *, read_only: bool = False) -> Database:
    """The SQLite database in this file, whatever its name; an absolute path. Connects later."""
    if read_only:
        url = URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"})
        engine = create_engine(url)
        _listen_sqlite(engine, BUSY_SECONDS, wal=False)
        return Database(engine=engine, name=str(path))
    return _sqlite(URL.create("sqlite", database=str(path)), None, BUSY_SECONDS)


def _parse(url: str) -> URL:
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    try:
        parsed = make_url(url)
    except (exc.ArgumentError, ValueError):
        # Not shown: what does not parse may hold a password.
        raise StoreError(
            "store.url is no database address; for example sqlite:///.loccit/loccit.db "
            "or postgresql+psycopg://user@host/name"
        ) from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"store.url: {parsed.drivername} is not supported; use sqlite or postgresql+psycopg")
    return parsed


def _sqlite(url: URL, root: Path | None, busy_seconds: float) -> Database:
    if url.database in (None, "", ":memory:"):
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        _listen_sqlite(engine, busy_seconds, wal=False)
        return Database(engine=engine, name="in memory", guard=threading.RLock())
    assert url.database is not None
    name = url.database
    folder: Path | None = None
    if not name.startswith("file:"):
        path = (root or Path.cwd()) / name
        folder = path.parent
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise StoreError(f"store {name}: its folder cannot be made ({reason}); see store.url") from None
        if path.is_dir():
            raise StoreError(f"store {name}: this is a folder; name a file in store.url, or move it away")
        url = url.set(database=str(path))
    engine = create_engine(url, connect_args={"timeout": busy_seconds})
    _listen_sqlite(engine, busy_seconds, wal=True)
    return Database(engine=engine, name=name, folder=folder)


def _listen_sqlite(engine: Engine, busy_seconds: float, *, wal: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions by itself, but never for reading and never IMMEDIATE: we do.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        connection.execute("PRAGMA foreign_keys = ON")
        if wal:
            _wal(connection, busy_seconds)
            connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail, not wait, where another one wrote in between.
        if connection.get_execution_options().get(_WRITES):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # This one asks nothing of the file, so that it cannot fail; every page begins with it.
            connection.connection.cursor().execute("BEGIN").close()


def _wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Turn on WAL. SQLite does not wait by itself where two processes do so for a new file at the same moment."""
    until = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not (error.sqlite_errorname or "").startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _postgres(url: URL, busy_seconds: float) -> Database:
    logging.getLogger("psycopg").addFilter(_is_news)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except (ImportError, exc.NoSuchModuleError):
        raise StoreError(
            "store.url names PostgreSQL, but its driver is not installed; install loccit[postgres]"
        ) from None

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {int(busy_seconds * 1000)}")
        connection.commit()

    return Database(engine=engine, name=url.render_as_string(hide_password=True))


def _is_news(record: logging.LogRecord) -> bool:
    """Not what psycopg says of its own clearing up after a lost connection: that is raised, and told in one line."""
    return not str(record.msg).startswith("error ignored")


def alone(connection: Connection, what: int) -> None:
    """Wait until no other transaction holds `what`, and hold it to the end of this one.

    SQLite has one writer anyway; PostgreSQL has locks by number.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:what)"), {"what": 0x10CC1700 + what})


SYNC, PEOPLE, AUDIT, MIGRATE, QUEUE = 1, 4, 2, 3, 5
"""What is held with `alone`; whoever needs several takes them in this order."""
