"""The tables of the work by host: which hosts have something due, and when each may be asked again."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Hash
from storage.tables import Base

_WAITING = text("queued IS NULL AND due IS NOT NULL")


class Host(Base):
    """One host, by the name whose pace its resources keep to.

    `due` is no later than the earliest `next_due` of its resources (on PostgreSQL a trigger sees to that), NULL where
    nothing of it is watched. `queued`: since when a job for it is with the queue. `failures`: jobs in a row that died
    or broke with it. It is left alone until `held_until`.
    """

    __tablename__ = "host"
    __table_args__ = (
        # What is handed out next is found without a look at what is not due, or with the queue already.
        Index("ix_host_waiting", "urgent", "due", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_hash: Mapped[str] = mapped_column(Hash(), unique=True)
    due: Mapped[datetime | None]
    urgent: Mapped[bool]
    queued: Mapped[datetime | None]
    failures: Mapped[int]
    held_until: Mapped[datetime | None]
    trouble: Mapped[str]


class Pace(Base):
    """When a host may be asked next, whoever asks. Apart from `host`: it is written before every request."""

    __tablename__ = "pace"

    name_hash: Mapped[str] = mapped_column(Hash(), primary_key=True)
    free_at: Mapped[datetime]
