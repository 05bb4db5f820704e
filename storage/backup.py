"""A copy of the store as it is at one moment, made while others read and write it, and a store out of such a copy.

A copy is always a SQLite file: of a SQLite store as SQLite copies itself, of one on PostgreSQL row by row out of one
view of it. So it needs no program of the server's, and is a store itself, wherever it is taken.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, text

from storage import migrate
from storage.engine import Database, in_file
from storage.errors import StoreError
from storage.transfer import transfer


def backup(database: Database, target: Path) -> int:
    """Copy a store to a file, whole or not at all; gives its size in bytes.

    Raises StoreError where the file cannot be written, is the store itself, or the copy is not sound.
    """
    own = database.engine.url.database if database.engine.dialect.name == "sqlite" else None
    if own and target.exists() and Path(own.removeprefix("file:").partition("?")[0]).exists():
        with suppress(OSError):
            if target.samefile(own.removeprefix("file:").partition("?")[0]):
                raise StoreError(f"{target} is the store itself; name another file")
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if database.engine.dialect.name == "sqlite":
            with database.reading() as connection:
                _copy(connection, draft)
        else:
            _collect(database, draft)
        _finish(draft)
        draft.replace(target)
        return target.stat().st_size
    except sqlite3.Error as error:
        raise StoreError(f"{target}: the copy cannot be made ({error}); what was there before is untouched") from error
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        _remove(draft)


def _copy(connection: Connection, draft: Path) -> None:
    # What this transaction sees is what is copied: it has to begin with a read.
    connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar()
    source = connection.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)
    with closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)


def _collect(database: Database, draft: Path) -> None:
    copy = in_file(draft.absolute())
    try:
        transfer(database, copy)
    finally:
        copy.close()


def restore(file: Path, target: Database) -> int:
    """Fill an empty store with a copy (see `backup`), also one of an older loccit; gives the number of rows.

    Raises StoreError where the file holds no store, or the target is not empty: nothing is changed then.
    """
    if not file.is_file():
        raise StoreError(f"{file}: there is no such file")
    with _readable(file.absolute()) as source:
        return transfer(source, target)


@contextmanager
def _readable(file: Path) -> Iterator[Database]:
    """The copy, as it is where it is a store of this loccit; else a copy of it that was brought up to date."""
    copy = in_file(file, read_only=True)
    try:
        current = migrate.is_current(copy)
        if current:
            yield copy
    finally:
        copy.close()
    if current:
        return
    with tempfile.TemporaryDirectory(prefix="loccit-restore-") as folder:
        newer = in_file(Path(folder, "copy.db"))
        try:
            with (
                closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as old,
                closing(sqlite3.connect(Path(folder, "copy.db"))) as new,
            ):
                old.backup(new)
            migrate.upgrade(newer)
            yield newer
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{file}: it cannot be brought up to date ({error}); it is untouched") from error
        finally:
            newer.close()


def _finish(draft: Path) -> None:
    with closing(sqlite3.connect(draft)) as copy:
        # One file, without a log beside it that somebody might forget to copy along.
        copy.execute("PRAGMA journal_mode = DELETE")
        said = copy.execute("PRAGMA quick_check(1)").fetchone()
    if said is None or said[0] != "ok":
        raise StoreError(f"the copy is not sound ({said[0] if said else 'no answer'}); run loccit fsck")
    with draft.open("rb") as copied:
        os.fsync(copied.fileno())


def _remove(path: Path) -> None:
    for leftover in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))):
        with suppress(OSError):
            leftover.unlink(missing_ok=True)
