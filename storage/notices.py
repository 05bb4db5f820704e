"""What was told to whom. A notice is claimed before it is sent and marked after: at least once, and hardly ever twice.

A process that dies between the two leaves a claim that runs out; then it is sent again. Two processes at once never
send the same one, since only one of them can claim it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select, update

from storage.engine import PEOPLE, Database, alone
from storage.people import Notice
from storage.statements import chunks, insert_new

LEASE: Final = timedelta(minutes=10)
"""How long a claim holds: longer than any sending takes."""
KEEP: Final = timedelta(days=400)
_FIRST_WAIT: Final = timedelta(minutes=5)
_LONGEST_WAIT: Final = timedelta(hours=6)


class Notices:
    """Every method is one transaction. Keys are digests in hexadecimal."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self, keys: Sequence[str]) -> set[str]:
        """Which of these were sent."""
        return self._database.read(lambda connection: _in_state(connection, keys, ("sent",)))

    def claim(self, keys: Sequence[str], kind: str, *, at: datetime) -> list[str]:
        """Those of the keys that are to be sent now, by the caller alone: new ones, and ones to be tried again."""

        def work(connection: Connection) -> list[str]:
            alone(connection, PEOPLE)
            held: dict[str, datetime | None] = {}
            for part in chunks(keys):
                query = select(Notice.key, Notice.state, Notice.again).where(Notice.key.in_(part))
                held |= {row.key: None if row.state == "sent" else row.again for row in connection.execute(query)}
            due = [key for key in dict.fromkeys(keys) if key not in held or _past(held[key], at)]
            claimed = {"state": "sending", "again": at + LEASE}
            for part in chunks(due):
                connection.execute(update(Notice).where(Notice.key.in_(part)).values(claimed))
            new = [key for key in due if key not in held]
            insert_new(connection, Notice, [{"key": key, "kind": kind, "tries": 0, "at": at, **claimed} for key in new])
            connection.execute(delete(Notice).where(Notice.at < at - KEEP, Notice.kind == "digest"))
            return due

        return self._database.write(work)

    def sent(self, keys: Sequence[str], kind: str, *, at: datetime) -> None:
        """They were sent, or need not be any more."""

        def work(connection: Connection) -> None:
            row = {"kind": kind, "state": "sent", "tries": 0, "at": at, "again": None}
            insert_new(connection, Notice, [{"key": key, **row} for key in dict.fromkeys(keys)])
            for part in chunks(keys):
                done = {"state": "sent", "again": None, "at": at}
                connection.execute(update(Notice).where(Notice.key.in_(part)).values(done))

        self._database.write(work)

    def failed(self, keys: Sequence[str], *, at: datetime) -> None:
        """They could not be sent: once more after a while, longer each time."""

        def work(connection: Connection) -> None:
            for part in chunks(keys):
                query = select(Notice.key, Notice.tries).where(Notice.key.in_(part))
                for row in connection.execute(query).all():
                    wait = min(_FIRST_WAIT * 2 ** min(row.tries, 12), _LONGEST_WAIT)
                    values = {"state": "failed", "tries": row.tries + 1, "again": at + wait}
                    connection.execute(update(Notice).where(Notice.key == row.key).values(values))

        self._database.write(work)


def _past(again: datetime | None, at: datetime) -> bool:
    return again is not None and again <= at


def _in_state(connection: Connection, keys: Sequence[str], states: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for part in chunks(keys):
        query = select(Notice.key).where(Notice.key.in_(part), Notice.state.in_(states))
        found |= set(connection.execute(query).scalars())
    return found
