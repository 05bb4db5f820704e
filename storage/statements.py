"""Statements that SQLite and PostgreSQL write alike, but SQLAlchemy spells by dialect."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


def insert_or_update(connection: Connection, table: type[Base], row: Mapping[str, Any]) -> None:
    """Insert; a row with the same primary key gets these values."""
    keys = [column.name for column in table.__table__.primary_key]
    statement = _insert(connection, table)
    changed = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), row)


def _insert(connection: Connection, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    every = list(values)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
