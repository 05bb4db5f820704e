"""What can go wrong with the store, as sentences for people. Foreign errors are translated at this one edge."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import exc


class StoreError(Exception):
    """The store cannot do what was asked; the message says why and what to do. Nothing was half written."""


class StoreBusyError(StoreError):
    """Somebody else is writing to the store, and went on for longer than the busy time-out."""


class BucketError(StoreError):
    """The bucket that holds the bodies does not answer, or does not let us in."""


class WrongBucketError(BucketError):
    """The bucket is another store's, or holds nothing of this one."""


class StoreNewerError(StoreError):
    """The store was made by a newer loccit than this one."""


_BUSY: Final = (
    "another loccit is writing to it and did not finish in time; nothing was changed: try again when it is done"
)
_FULL: Final = "the disk is full; what was recorded before is safe: free some space and run this again"
_STUNTED: Final = (
    "its file may not grow any further (a quota, or a limit on the size of files); what was recorded before is safe: "
    "raise the limit and run this again"
)
_FAILED: Final = "the disk failed while it was read or written; what was recorded before is kept: look at the disk"
_LITTLE: Final = 1 << 17
"""Bytes that are left on a disk when SQLite finds no room any more: it asks for less than this at a time."""
_READ_ONLY: Final = "it is read-only here; make the file and its folder writable, or name another one in store.url"
_CLOSED: Final = "the connection to the database was lost; nothing was half written: run this again"

_SQLITE: Final = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": _READ_ONLY,
    "SQLITE_CANTOPEN": "it cannot be opened; look at the path in store.url and at the rights of its folder",
    "SQLITE_NOTADB": "this file is no database; name another file in store.url, or move this one away",
    "SQLITE_CORRUPT": "the database file is damaged; keep a copy of it and go back to a backup",
    "SQLITE_IOERR": _FAILED,
    "SQLITE_TOOBIG": "one record is larger than the database accepts",
}

_POSTGRES: Final = {
    "53100": _FULL,
    "53200": "the database server is out of memory; try again later",
    "53300": "the database server accepts no more connections; try again later",
    "55P03": _BUSY,
    "40P01": _BUSY,
    "40001": _BUSY,
    "25006": "the database server is read-only",
    "28P01": "the database server does not accept this password",
    "28000": "the database server does not accept this user",
    "3D000": "there is no such database; create it, or name another one in store.url",
    "42501": "the database user may not do this; grant it the rights to create and change tables",
    "57P01": _CLOSED,
    "57P02": _CLOSED,
    "57P03": "the database server is starting or stopping; try again in a moment",
}

RETRIED: Final = frozenset({"40P01", "40001", "23503"})
"""PostgreSQL gave this transaction up for another one's sake (23503: that one let go of a row that this one refers
to): done again, it can succeed."""


def sqlstate(error: exc.DBAPIError) -> str:
    """PostgreSQL's five-letter code, or ""."""
    return getattr(error.orig, "sqlstate", None) or ""


def sqlite_name(error: exc.DBAPIError) -> str:
    """SQLite's name of the error without its extension (`SQLITE_BUSY_SNAPSHOT` → `SQLITE_BUSY`), or ""."""
    name = getattr(error.orig, "sqlite_errorname", None) or ""
    return "_".join(name.split("_")[:2])


def lost(error: exc.DBAPIError) -> bool:
    """Whether the connection itself is gone."""
    return error.connection_invalidated or sqlstate(error)[:2] == "08" or sqlstate(error) in {"57P01", "57P02"}


def unanswered(error: exc.DBAPIError) -> bool:
    """Whether the server did not answer, or is just starting: only PostgreSQL's driver fails without a code."""
    if sqlstate(error) == "57P03":
        return True
    return isinstance(error, exc.OperationalError) and hasattr(error.orig, "sqlstate") and not sqlstate(error)


@contextmanager
def translated(name: str, folder: Path | None = None) -> Iterator[None]:
    """Database errors inside become `StoreError`; `name` is the store as people know it (no password in it).

    `folder`: where the store's file is, if it is one.
    """
    try:
        yield
    except exc.DBAPIError as error:
        raise _story(name, error, folder) from error
    except UnicodeDecodeError as error:
        # SQLite quotes what it has read in its own messages, and the driver chokes on it.
        raise StoreError(f"store {name}: {_SQLITE['SQLITE_CORRUPT']}") from error
    except exc.TimeoutError as error:
        raise StoreBusyError(f"store {name}: all connections to it are in use; try again") from error


def _story(name: str, error: exc.DBAPIError, folder: Path | None) -> StoreError:
    state, sqlite = sqlstate(error), sqlite_name(error)
    told = _SQLITE.get(sqlite) or _POSTGRES.get(state)
    if told == _FAILED:
        told = _of_disk(error, folder)
    if told is None and (lost(error) or unanswered(error)):
        first = str(error.orig).strip().splitlines()
        told = f"no connection to the database ({first[0] if first else 'no reason given'})"
    if told is None:
        first = str(error.orig).strip().splitlines()
        told = f"the database refused: {first[0] if first else type(error.orig).__name__}"
    kind = StoreBusyError if told == _BUSY else StoreError
    return kind(f"store {name}: {told}")


def _of_disk(error: exc.DBAPIError, folder: Path | None) -> str:
    """SQLite says "input/output error" also of a disk that is full, and of a file that may not grow."""
    try:
        if folder is not None and shutil.disk_usage(folder).free < _LITTLE:
            return _FULL
    except OSError:
        return _FAILED
    # The disk itself had room: what a write still fails for is a limit, or a quota that is not told of otherwise.
    return _STUNTED if _limited() and "WRITE" in str(getattr(error.orig, "sqlite_errorname", "")) else _FAILED


def _limited() -> bool:
    """Whether this process may make files only so large."""
    try:
        import resource
    except ImportError:  # not on Windows
        return False
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY
