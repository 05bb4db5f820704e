"""Statements that every page asks: put into SQL once for each kind of database, run by its driver, rows by name.

SQLAlchemy's way through a statement that it knows takes some ten times as long as SQLite takes to answer it. What it
does for the values is done here as well, by the same types; errors are its own.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Select, exc

Processor: TypeAlias = Callable[[Any], Any]
Statement: TypeAlias = "Select[*tuple[Any, ...]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """A statement for one kind of database. `names`: parameters in the order of the driver, where it goes by order.

    `asked`: those that whoever runs it gives; `given` are the others' values, which stand in the statement.
    `before` makes the driver's values of ours.
    """

    text: str
    names: tuple[str, ...] | None
    asked: frozenset[str]
    given: Mapping[str, Any]
    before: Mapping[str, Processor]
    row: Callable[[Any], Any]


class Prepared:
    """A SELECT whose parameters are single values. Safe for many threads."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._made: dict[str, _Made] = {}
        self._after: dict[str, tuple[tuple[int, Processor], ...]] = {}

    def all(self, connection: Connection, **values: Any) -> list[Any]:
        """Its rows, inside the transaction that `connection` has begun. Raises what `Connection.execute` raises."""
        dialect = connection.dialect
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = _made(self._statement, dialect)
        found, kinds = _run(connection, made, values, told=dialect.name not in self._after)
        if kinds is not None:
            self._after[dialect.name] = _after(self._statement, dialect, kinds)
        if after := self._after[dialect.name]:
            found = [_processed(row, after) for row in found]
        return [made.row(row) for row in found]

    def first(self, connection: Connection, **values: Any) -> Any:
        """The first row; None where there is none."""
        return next(iter(self.all(connection, **values)), None)


def _made(statement: Statement, dialect: Dialect) -> _Made:
    compiled = statement.compile(dialect=dialect)
    if compiled.post_compile_params:
        raise TypeError("a list in a statement that is prepared: each list would be another statement")
    before: dict[str, Processor] = {}
    for name, bound in compiled.binds.items():
        processor = bound.type.dialect_impl(dialect).bind_processor(dialect)
        if processor is not None:
            before[name] = processor
    names = [column.name for column in statement.selected_columns]
    named: Any = namedtuple
    order = compiled.positiontup
    return _Made(
        text=compiled.string,
        names=None if order is None else tuple(order),
        asked=frozenset(name for name, bound in compiled.binds.items() if bound.required),
        given={name: before[name](value) if name in before else value for name, value in compiled.params.items()},
        before=before,
        row=named("Row", names)._make,
    )


def _after(statement: Statement, dialect: Dialect, kinds: Sequence[Any]) -> tuple[tuple[int, Processor], ...]:
    """What makes our values of the driver's, by the column. `kinds`: the driver's own types of the columns."""
    return tuple(
        (at, processor)
        for at, (column, kind) in enumerate(zip(statement.selected_columns, kinds, strict=True))
        if (processor := column.type.dialect_impl(dialect).result_processor(dialect, kind)) is not None
    )


def _run(
    connection: Connection, made: _Made, values: Mapping[str, Any], *, told: bool
) -> tuple[list[Any], list[Any] | None]:
    """The driver's rows; where it is to be `told`, its types of the columns as well."""
    if values.keys() != made.asked:
        raise TypeError(f"the statement asks for {sorted(made.asked)}, not for {sorted(values)}")
    given = dict(made.given)
    for name, value in values.items():
        given[name] = made.before[name](value) if name in made.before else value
    sent: Any = given if made.names is None else tuple([given[name] for name in made.names])
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    try:
        cursor.execute(made.text, sent)
        kinds = [column[1] for column in cursor.description or ()] if told else None
        return list(cursor.fetchall()), kinds
    except dialect.loaded_dbapi.Error as error:
        gone = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
        if gone:
            connection.invalidate(error)
        raise exc.DBAPIError.instance(
            made.text, None, error, dialect.loaded_dbapi.Error, connection_invalidated=gone, dialect=dialect
        ) from error
    finally:
        cursor.close()


def _processed(row: Any, after: tuple[tuple[int, Processor], ...]) -> list[Any]:
    values = list(row)
    for at, processor in after:
        values[at] = processor(values[at])
    return values
