"""The tables of people and programs: accounts, sessions, links that set a password, tokens. Secrets as hashes only."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Hash
from storage.tables import Base


class Account(Base):
    """A person. `password` is an Argon2 hash, "" until one is set. Removed ones stay, inactive: the log names them."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_hash: Mapped[str] = mapped_column(Hash(), unique=True)
    role: Mapped[str]
    active: Mapped[bool]
    password: Mapped[str]
    created: Mapped[datetime]
    seen: Mapped[datetime | None]


class Session(Base):
    """One login. `used` is brought up to date by the minute, not at every request."""

    __tablename__ = "session"

    hash: Mapped[str] = mapped_column(Hash(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    opened: Mapped[datetime]
    used: Mapped[datetime]
    expires: Mapped[datetime] = mapped_column(index=True)


class Ticket(Base):
    """A link that sets a password once. One for each account: a newer one takes the older one's place."""

    __tablename__ = "ticket"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(Hash(), unique=True)
    kind: Mapped[str]
    made: Mapped[datetime]
    expires: Mapped[datetime]


class Token(Base):
    """A program's key. Revoked ones are deleted; the audit log keeps that they were."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(Hash(), unique=True)
    label: Mapped[str]
    scope: Mapped[str]
    by: Mapped[str]
    made: Mapped[datetime]
    expires: Mapped[datetime | None]
    used: Mapped[datetime | None]


class Notice(Base):
    """What was told to whom. `state`: `sending` (claimed until `again`), `failed` (next try at `again`), `sent`.

    `key` is a digest of what is told and of its target: neither addresses nor their passwords are kept here.
    """

    __tablename__ = "notice"

    key: Mapped[str] = mapped_column(Hash(), primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    tries: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    again: Mapped[datetime | None]
