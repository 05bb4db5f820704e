"""Statements that SQLite and PostgreSQL write alike, but SQLAlchemy spells by dialect."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from storage.tables import Base

T = TypeVar("T")

CHUNK: Final = 500
"""Values in one IN list: SQLite's limit was 999 for long."""


def insert_new(
    connection: Connection, table: type[Base], rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> None:
    """Insert; a row that is there already stays as it is."""
    if rows:
        connection.execute(new_or_same(connection.dialect.name, table), rows)


def insert_or_update(connection: Connection, table: type[Base], row: Mapping[str, Any]) -> None:
    """Insert; a row with the same primary key gets these values."""
    connection.execute(upsert(connection.dialect.name, table, tuple(row)), row)


@lru_cache(maxsize=64)
def new_or_same(dialect: str, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """The statement of `insert_new`. Kept: putting one together takes longer than running it."""
    return _insert(dialect, table).on_conflict_do_nothing()


@lru_cache(maxsize=64)
def upsert(dialect: str, table: type[Base], names: tuple[str, ...]) -> postgresql.Insert | sqlite.Insert:
    """The statement of `insert_or_update` for rows with these columns. Kept as well."""
    keys = [column.name for column in table.__table__.primary_key]
    statement = _insert(dialect, table)
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _insert(dialect: str, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    every = list(values)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
