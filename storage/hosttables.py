"""The tables of the work by host: which have something due, when each may be asked, what its site map is worth."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import BIG_ID, Hash
from storage.tables import Base

_WAITING = text("queued IS NULL AND due IS NOT NULL")


class Host(Base):
    """One host, by the name whose pace its resources keep to.

    `due` is no later than the earliest `next_due` of its resources (on PostgreSQL a trigger sees to that), NULL where
    nothing of it is watched. `urgent`: a link of it is in doubt, or somebody waits for it. `queued`: since when a job
    for it is with the queue. `failures`: jobs in a row that died or broke with it. It is left alone until `held_until`.
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


class Sitemap(Base):
    """What is known of a host's site map (see `crawler.lastmod.SitemapRecord`); it is not asked for before `again`."""

    __tablename__ = "sitemap"

    host_id: Mapped[int] = mapped_column(ForeignKey("host.id"), primary_key=True, autoincrement=False)
    again: Mapped[datetime]
    hits: Mapped[int]
    misses: Mapped[int]
    fruitless: Mapped[int]
    lies: Mapped[int]


class SitemapClaim(Base):
    """A page that was brought forward because a site map said (`said`: when we read it) that it had changed.

    `newest_id`: its newest snapshot then. The next good look shows whether it was so, and the claim goes.
    """

    __tablename__ = "sitemap_claim"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    host_id: Mapped[int] = mapped_column(index=True)
    said: Mapped[datetime]
    newest_id: Mapped[int | None] = mapped_column(BIG_ID)
