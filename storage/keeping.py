"""Rows as JSON and back: what a decision changes, kept so that it can be taken back."""

import base64
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table

from storage.columns import Moment, Packed
from storage.rows import AnyRow

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)


def row_json(table: Table, row: AnyRow) -> dict[str, Any]:
    return {column.name: told(getattr(row, column.name)) for column in table.c}


def row_back(table: Table, values: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in table.c:
        value = values.get(column.name)
        if isinstance(column.type, Moment):
            value = moment(value)
        elif column.type.python_type is date and isinstance(value, str) and not isinstance(column.type, Packed):
            value = date.fromisoformat(value)
        found[column.name] = value
    return found


def told(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value - _EPOCH) // _MICRO
    return value.isoformat() if isinstance(value, date) else value


def moment(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + value * _MICRO


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()
