"""A copy of the store as it is at one moment, made while others read and write it."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import Connection, text

from storage.engine import Database
from storage.errors import StoreError


def backup(database: Database, target: Path) -> int:
    """Copy a SQLite store to a file, whole or not at all; gives its size in bytes.

    Raises StoreError where the file cannot be written, is the store itself, or the copy is not sound; and for
    PostgreSQL, which has a program of its own for this.
    """
    if database.engine.dialect.name != "sqlite":
        raise StoreError(
            f"store {database.name}: PostgreSQL makes its own copies; run pg_dump --format=custom --file={target.name} "
            "with the same address (it is consistent while a crawl runs), and pg_restore to go back to it"
        )
    own = database.engine.url.database
    if own and target.exists() and Path(own.removeprefix("file:").partition("?")[0]).exists():
        with suppress(OSError):
            if target.samefile(own.removeprefix("file:").partition("?")[0]):
                raise StoreError(f"{target} is the store itself; name another file")
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with database.reading() as connection:
            _copy(connection, draft)
        with draft.open("rb") as copied:
            os.fsync(copied.fileno())
        draft.replace(target)
        return target.stat().st_size
    except sqlite3.Error as error:
        raise StoreError(f"{target}: the copy cannot be made ({error}); what was there before is untouched") from error
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        for leftover in (draft, *(draft.with_name(draft.name + end) for end in ("-wal", "-shm", "-journal"))):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def _copy(connection: Connection, draft: Path) -> None:
    # What this transaction sees is what is copied: it has to begin with a read.
    connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar()
    source = connection.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)
    with closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
        # One file, without a log beside it that somebody might forget to copy along.
        copy.execute("PRAGMA journal_mode = DELETE")
        said = copy.execute("PRAGMA quick_check(1)").fetchone()
    if said is None or said[0] != "ok":
        raise StoreError(f"the copy is not sound ({said[0] if said else 'no answer'}); run loccit fsck")
