"""The tables of what web archives answered, and of where dead pages may have gone."""

from datetime import date, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import Base


class ArchiveCopy(Base):
    """What an archive answered when it was asked for a page as it was on a day. Without `again` for good.

    `at` and `url` are the copy's moment and address, where there is one that is of use.
    """

    __tablename__ = "archive_copy"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    asked: Mapped[datetime]
    outcome: Mapped[str]
    url: Mapped[str]
    at: Mapped[datetime | None]
    detail: Mapped[str]
    tries: Mapped[int]
    again: Mapped[datetime | None]


class ArchiveSaved(Base):
    """A page that an archive was asked to save. Without `again` it is saved, or is not to be asked for any more."""

    __tablename__ = "archive_saved"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    asked: Mapped[datetime]
    url: Mapped[str]
    at: Mapped[datetime | None]
    detail: Mapped[str]
    tries: Mapped[int]
    again: Mapped[datetime | None]


class ArchiveRest(Base):
    """An archive that is left alone until then: it asked for that, or did not answer."""

    __tablename__ = "archive_rest"

    archive: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    failures: Mapped[int]
    why: Mapped[str]


class Successor(Base):
    """Where the page of a dead link is now (`url`, "" for nowhere known; `why` says how that is known), and its last
    archived copy.

    `again` and `archive_again` say when to look anew, `archive_again` is NULL for a copy that was found.
    """

    __tablename__ = "successor"

    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"), primary_key=True, autoincrement=False)
    asked: Mapped[datetime | None]
    url: Mapped[str]
    why: Mapped[str]
    tries: Mapped[int]
    again: Mapped[datetime | None]
    archived: Mapped[str]
    archived_at: Mapped[datetime | None]
    archive_tries: Mapped[int]
    archive_again: Mapped[datetime | None]
