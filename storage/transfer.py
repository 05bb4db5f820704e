"""All that a store holds into another one that is empty, whichever databases they are: a copy, or a change of database.

Read in one view of the database, so that it is as the store was at one moment, whatever is written meanwhile; written
in one transaction, whole or not at all. Bytes are carried over as they are, damaged ones too.
"""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, delete, func, insert, select, text, update

from storage import archivetables, hosttables, migrate, people, worktables
from storage.columns import Hash, Packed
from storage.engine import Database
from storage.errors import StoreError
from storage.tables import Base, Body, Lease, Mark

TABLES: Final = (archivetables, hosttables, people, worktables)
"""Modules that have tables beside `storage.tables`: known to `Base` once they are imported."""

_PASSING: Final = (Lease.__table__,)
"""What says who works at this moment: nobody does in a copy."""

_ROWS: Final = 500
_BODIES: Final = 50


def transfer(source: Database, target: Database) -> int:
    """Copy everything; gives the number of rows. `target` is made or brought up to date first.

    Raises StoreError where it holds anything already (nothing is changed then), or a row cannot be written.
    """
    migrate.upgrade(target)
    with source.reading() as reading:
        return target.write(lambda writing: _copied(reading, writing, target.name))


def _copied(reading: Connection, writing: Connection, name: str) -> int:
    tables = [table for table in Base.metadata.sorted_tables if table not in _PASSING]
    for table in tables:
        if table is not Mark.__table__ and writing.execute(select(*table.primary_key).limit(1)).first() is not None:
            raise StoreError(
                f"store {name}: it holds something already (in its table {table.name!r}); nothing was changed: name an "
                "empty one"
            )
    # The store is the same one wherever it is: its bucket knows it by this.
    writing.execute(delete(Mark))
    done = 0
    for table in tables:
        raw = _raw(table)
        statement = insert(raw)
        for rows in _read(reading, table, raw):
            writing.execute(statement, rows)
            done += len(rows)
    writing.execute(update(hosttables.Host).values(queued=None))
    if writing.dialect.name == "postgresql":
        _number_on(writing, tables)
    return done


def _raw(table: Table) -> Table:
    """The same table, whose packed values and hashes are the bytes that they are stored as."""
    columns: list[Column[Any]] = [
        Column(each.name, LargeBinary() if isinstance(each.type, (Hash, Packed)) else each.type, key=each.key)
        for each in table.columns
    ]
    return Table(table.name, MetaData(), *columns)


def _read(reading: Connection, table: Table, raw: Table) -> Iterator[list[dict[str, Any]]]:
    query = select(*raw.columns)
    if table is Body.__table__:
        # What others rest on comes before them, and bodies are large.
        query = query.order_by(raw.c.chain.nulls_first(), raw.c.place, raw.c.digest)
    size = _BODIES if table is Body.__table__ else _ROWS
    found = reading.execution_options(yield_per=size).execute(query)
    for part in found.mappings().partitions(size):
        yield [dict(row) for row in part]


def _number_on(writing: Connection, tables: list[Table]) -> None:
    """New rows get numbers after those that were brought along."""
    for table in tables:
        column = table.autoincrement_column
        if column is None:
            continue
        last = writing.execute(select(func.max(column))).scalar()
        sequence = writing.execute(
            text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": f'"{table.name}"', "column": column.name}
        ).scalar()
        if last is not None and sequence is not None:
            known = {"sequence": sequence, "last": last}
            writing.execute(text("SELECT setval(CAST(:sequence AS regclass), :last)"), known)
