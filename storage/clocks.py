"""Times that a clock wrote which was ahead, or longer intervals than today's: brought back to where they are reached.

Without this, a machine that once ran two years ahead would leave alone for two years what it looked at then.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, or_, select, update

from storage.hosts import LONGEST_HOLD
from storage.hosttables import Host
from storage.tables import Resource

SLACK: Final = timedelta(hours=1)
"""So far apart may the clocks of several machines be."""

_PARTS: Final = 24
"""Into so many parts is the time divided over which the sources are spread."""


def reach(connection: Connection, now: datetime, longest: timedelta) -> None:
    """Nothing is due later than `longest` from now: links in doubt at once, the others evenly over that time.

    No host is left alone, or taken for handed out, because of a time that cannot be right.
    """
    late = Resource.next_due > now + longest + SLACK
    if connection.execute(select(Resource.id).where(late).limit(1)).first() is not None:
        doubt = or_(Resource.failing_since.is_not(None), Resource.unreachable_since.is_not(None))
        connection.execute(update(Resource).where(late, doubt).values(next_due=now))
        for part in range(_PARTS):
            soon = now + longest * (part / _PARTS)
            connection.execute(update(Resource).where(late, Resource.id % _PARTS == part).values(next_due=soon))
    connection.execute(update(Host).where(Host.held_until > now + LONGEST_HOLD + SLACK).values(held_until=None))
    connection.execute(update(Host).where(Host.queued > now + SLACK).values(queued=None))
