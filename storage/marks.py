"""What a store knows of itself: which one it is, and where its audit log ends."""

from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from storage.statements import insert_or_update
from storage.tables import Audit, Mark

_STORE, _AUDIT_END = "store", "audit"
_VALUE: Final = select(Mark.value).where(Mark.name == bindparam("name"))


def store_name(connection: Connection) -> str:
    """Tells this store from every other one; a copy of it has the same. Made when its tables were."""
    return str(connection.execute(_VALUE, {"name": _STORE}).scalar_one())


def audit_end(connection: Connection) -> tuple[int, str] | None:
    """How many entries the audit log has at least, and the hash of the last of them; None where there are none."""
    told = connection.execute(_VALUE, {"name": _AUDIT_END}).scalar()
    number, _, last = str(told or "").partition(" ")
    return (int(number), last) if number.isascii() and number.isdecimal() and last else None


def audit_grew(connection: Connection, last: str, many: int = 1) -> None:
    """So many entries, the last with this hash, were written to the audit log's end by whoever holds its lock."""
    before = audit_end(connection)
    number = (
        connection.execute(select(func.count()).select_from(Audit)).scalar_one() if before is None else before[0] + many
    )
    insert_or_update(connection, Mark, {"name": _AUDIT_END, "value": f"{number} {last}"})
