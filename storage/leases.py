"""Leases: what only one process may do at a time, on whatever machine. The caller holds the transaction.

A lease runs out by itself, so that a machine that was switched off holds nobody up for long. Its holder renews it while
it works. Who loses one by having slept does no harm by going on: two crawls at once double nothing in the store, they
only ask the sources twice.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, or_, select, update

from storage.rows import LeaseRecord
from storage.statements import insert_new
from storage.tables import Lease


def take(
    connection: Connection, name: str, holder: str, *, at: datetime, lasts: timedelta, dead: str = ""
) -> LeaseRecord | None:
    """Take or renew a lease; None where it is ours now, else whose it is.

    `dead`: a holder that is known to be gone; its lease does not count any more.
    """
    row = {"name": name, "holder": holder, "since": at, "until": at + lasts}
    insert_new(connection, Lease, row)
    mine = Lease.holder == holder
    # One that runs out too far from now was written by a clock that was ahead.
    over = or_(Lease.until <= at, Lease.until > at + 2 * lasts, Lease.holder == dead)
    renewed = update(Lease).where(Lease.name == name, mine).values(until=at + lasts)
    if connection.execute(renewed).rowcount:
        return None
    stolen = update(Lease).where(Lease.name == name, over).values(holder=holder, since=at, until=at + lasts)
    if connection.execute(stolen).rowcount:
        return None
    held = connection.execute(select(*Lease.__table__.c).where(Lease.name == name)).first()
    return LeaseRecord(name=name, holder=held.holder, since=held.since, until=held.until) if held else None


def release(connection: Connection, name: str, holder: str) -> None:
    connection.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
