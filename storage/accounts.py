"""Accounts, their sessions and the links that set a password. What an admin does is in the audit log.

Names are told apart without regard to case: `Ada` and `ada` are one person.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from review.people import Account, AccountId, Role, Scope, TicketKind, Token, TokenId, last_admin
from storage import audit
from storage.columns import clean, name_hash
from storage.engine import PEOPLE, Database, alone
from storage.errors import StoreError
from storage.people import Account as AccountRow
from storage.people import Session, Ticket
from storage.people import Token as TokenRow
from storage.rows import AnyRow

_STEP: Final = timedelta(minutes=1)
"""A session's last use is written when it is that old: every request would be a write else."""
_TOKEN_STEP: Final = timedelta(hours=1)


class Accounts:
    """Implements `review.people.People`. Every method is one transaction and raises StoreError alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ accounts

    def count(self) -> int:
        """How many accounts are active, invited ones included."""
        query = select(func.count()).where(AccountRow.active.is_(True))
        return self._database.read(lambda connection: connection.execute(query).scalar_one())

    def accounts(self) -> list[Account]:
        """The active ones, by name."""
        query = select(*AccountRow.__table__.c).where(AccountRow.active.is_(True))
        found = self._database.read(lambda connection: [_account(row) for row in connection.execute(query)])
        return sorted(found, key=lambda each: each.name.casefold())

    def account(self, name: str) -> Account | None:
        """The active account of that name."""
        return self._database.read(lambda connection: _find(connection, name))

    def add(self, name: str, role: Role, *, at: datetime, by: str, password_hash: str = "") -> Account:
        """A new account; one that was removed under that name begins anew. StoreError where there is one."""

        def work(connection: Connection) -> Account:
            alone(connection, PEOPLE)
            if _find(connection, name) is not None:
                raise StoreError(f"there is an account {clean(name)!r} already")
            values = {"name": name, "role": role, "active": True, "password": password_hash, "created": at}
            hashed = name_hash(name.casefold())
            again = update(AccountRow).where(AccountRow.name_hash == hashed).values(**values, seen=None)
            if not connection.execute(again).rowcount:
                connection.execute(insert(AccountRow).values(**values, name_hash=hashed, seen=None))
            _log(connection, at, by, "account added", f"{name} as {role}")
            return _known(connection, name)

        return self._database.write(work)

    def set_role(self, name: str, role: Role, *, at: datetime, by: str) -> None:
        def work(connection: Connection) -> None:
            held = _changeable(connection, name, keeps=role is Role.ADMIN)
            connection.execute(update(AccountRow).where(AccountRow.id == held.id).values(role=role))
            _log(connection, at, by, "role changed", f"{held.name}: {held.role} to {role}")

        self._database.write(work)

    def remove(self, name: str, *, at: datetime, by: str) -> None:
        """Nobody gets in by it any more, at once. The last admin stays."""

        def work(connection: Connection) -> None:
            held = _changeable(connection, name, keeps=False)
            _shut_out(connection, held.id)
            gone = update(AccountRow).where(AccountRow.id == held.id).values(active=False, password="")
            connection.execute(gone)
            _log(connection, at, by, "account removed", held.name)

        self._database.write(work)

    # ------------------------------------------------------------ passwords

    def password_hash(self, name: str) -> str:
        """ "" where there is no such account, or no password yet."""
        query = select(AccountRow.password).where(_named(name), AccountRow.active.is_(True))
        return self._database.read(lambda connection: connection.execute(query).scalar()) or ""

    def set_password(self, account: AccountId, password_hash: str, *, at: datetime) -> None:
        """Another password: every session and every link ends."""

        def work(connection: Connection) -> None:
            _shut_out(connection, account)
            connection.execute(update(AccountRow).where(AccountRow.id == account).values(password=password_hash))
            _log(connection, at, _name(connection, account), "password set", "")

        self._database.write(work)

    def rehash(self, account: AccountId, password_hash: str) -> None:
        """The same password, hashed with today's cost."""
        statement = update(AccountRow).where(AccountRow.id == account, AccountRow.password != "")
        self._database.write(lambda connection: connection.execute(statement.values(password=password_hash)))

    def ticket(self, name: str, kind: TicketKind, secret_hash: str, *, at: datetime, expires: datetime) -> None:
        """A link for an account, in the place of an older one."""

        def work(connection: Connection) -> None:
            held = _known(connection, name)
            connection.execute(delete(Ticket).where(Ticket.account_id == held.id))
            values = {"account_id": held.id, "hash": secret_hash, "kind": kind, "made": at, "expires": expires}
            connection.execute(insert(Ticket).values(values))

        self._database.write(work)

    def ticket_owner(self, secret_hash: str, *, at: datetime) -> tuple[TicketKind, Account] | None:
        """Whose link it is, while it holds."""
        return self._database.read(lambda connection: _ticket_owner(connection, secret_hash, at))

    def redeem(self, secret_hash: str, password_hash: str, *, at: datetime) -> Account | None:
        """Set the password, once; None where the link holds no longer. Every session of the account ends."""

        def work(connection: Connection) -> Account | None:
            found = _ticket_owner(connection, secret_hash, at)
            # Deleted first: of two at once, one finds it gone.
            if found is None or not connection.execute(delete(Ticket).where(Ticket.hash == secret_hash)).rowcount:
                return None
            owner = found[1]
            _shut_out(connection, owner.id)
            connection.execute(update(AccountRow).where(AccountRow.id == owner.id).values(password=password_hash))
            _log(connection, at, owner.name, "password set", f"by {found[0]} link")
            return owner

        return self._database.write(work)

    # ------------------------------------------------------------ sessions

    def open_session(self, account: AccountId, secret_hash: str, *, at: datetime, expires: datetime) -> None:
        def work(connection: Connection) -> None:
            connection.execute(delete(Session).where(Session.expires <= at))
            values = {"hash": secret_hash, "account_id": account, "opened": at, "used": at, "expires": expires}
            connection.execute(insert(Session).values(values))
            connection.execute(update(AccountRow).where(AccountRow.id == account).values(seen=at))

        self._database.write(work)

    def session(self, secret_hash: str, *, at: datetime, idle: timedelta) -> Account | None:
        """Whose session it is, while it holds."""
        query = (
            select(*AccountRow.__table__.c, Session.used)
            .join(Session, Session.account_id == AccountRow.id)
            .where(Session.hash == secret_hash, Session.expires > at, Session.used > at - idle)
            .where(AccountRow.active.is_(True))
        )
        row = self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        if row.used < at - _STEP:
            used = update(Session).where(Session.hash == secret_hash).values(used=at)
            self._write_quietly(lambda connection: connection.execute(used))
        return _account(row)

    def close_session(self, secret_hash: str) -> None:
        gone = delete(Session).where(Session.hash == secret_hash)
        self._database.write(lambda connection: connection.execute(gone))

    # ------------------------------------------------------------ tokens

    def tokens(self) -> list[Token]:
        """All of them, the newest first."""
        query = select(*TokenRow.__table__.c).order_by(TokenRow.id.desc())
        return self._database.read(lambda connection: [_token(row) for row in connection.execute(query)])

    def add_token(
        self, label: str, scope: Scope, secret_hash: str, *, by: str, at: datetime, expires: datetime | None
    ) -> Token:
        def work(connection: Connection) -> Token:
            values = {"hash": secret_hash, "label": label, "scope": scope, "by": by, "made": at, "expires": expires}
            connection.execute(insert(TokenRow).values(**values, used=None))
            _log(connection, at, by, "token made", f"{label} ({scope})")
            query = select(*TokenRow.__table__.c).where(TokenRow.hash == secret_hash)
            return _token(connection.execute(query).one())

        return self._database.write(work)

    def token(self, secret_hash: str, *, at: datetime) -> Token | None:
        """The token, while it holds."""
        query = select(*TokenRow.__table__.c).where(TokenRow.hash == secret_hash)
        row = self._database.read(lambda connection: connection.execute(query).first())
        if row is None or (row.expires is not None and row.expires <= at):
            return None
        if row.used is None or row.used < at - _TOKEN_STEP:
            used = update(TokenRow).where(TokenRow.id == row.id).values(used=at)
            self._write_quietly(lambda connection: connection.execute(used))
        return _token(row)

    def revoke_token(self, token: TokenId, *, at: datetime, by: str) -> bool:
        """Whether there was one."""
        if not 0 < token < 2**31:
            return False

        def work(connection: Connection) -> bool:
            label = connection.execute(select(TokenRow.label).where(TokenRow.id == token)).scalar()
            if not connection.execute(delete(TokenRow).where(TokenRow.id == token)).rowcount:
                return False
            _log(connection, at, by, "token revoked", label or "")
            return True

        return self._database.write(work)

    def _write_quietly(self, work: Callable[[Connection], Any]) -> None:
        """A mark of use is no reason to turn somebody away while a crawl writes."""
        try:
            self._database.write(work)
        except StoreError:
            return


def _named(name: str) -> Any:
    return AccountRow.name_hash == name_hash(name.casefold())


def _find(connection: Connection, name: str) -> Account | None:
    query = select(*AccountRow.__table__.c).where(_named(name), AccountRow.active.is_(True))
    row = connection.execute(query).first()
    return _account(row) if row else None


def _known(connection: Connection, name: str) -> Account:
    found = _find(connection, name)
    if found is None:
        raise StoreError(f"there is no account {clean(name)!r}")
    return found


def _changeable(connection: Connection, name: str, *, keeps: bool) -> Account:
    """The account; StoreError where nobody could keep the others afterwards."""
    alone(connection, PEOPLE)
    held = _known(connection, name)
    every = select(*AccountRow.__table__.c).where(AccountRow.active.is_(True))
    if not keeps and last_admin([_account(row) for row in connection.execute(every)], held.name):
        raise StoreError(f"{held.name!r} is the only admin; make another one first")
    return held


def _name(connection: Connection, account: AccountId) -> str:
    return connection.execute(select(AccountRow.name).where(AccountRow.id == account)).scalar() or ""


def _shut_out(connection: Connection, account: AccountId) -> None:
    connection.execute(delete(Session).where(Session.account_id == account))
    connection.execute(delete(Ticket).where(Ticket.account_id == account))


def _ticket_owner(connection: Connection, secret_hash: str, at: datetime) -> tuple[TicketKind, Account] | None:
    query = (
        select(*AccountRow.__table__.c, Ticket.kind)
        .join(Ticket, Ticket.account_id == AccountRow.id)
        .where(Ticket.hash == secret_hash, Ticket.expires > at, AccountRow.active.is_(True))
    )
    row = connection.execute(query).first()
    return (TicketKind(row.kind), _account(row)) if row else None


def _log(connection: Connection, at: datetime, by: str, action: str, note: str) -> None:
    audit.append(connection, at=at, who=by, action=action, guide="", note=note)


def _account(row: AnyRow) -> Account:
    return Account(
        id=AccountId(row.id),
        name=row.name,
        role=Role(row.role),
        active=row.active,
        ready=row.password != "",
        created=row.created,
        seen=row.seen,
    )


def _token(row: AnyRow) -> Token:
    return Token(
        id=TokenId(row.id),
        label=row.label,
        scope=Scope(row.scope),
        by=row.by,
        created=row.made,
        expires=row.expires,
        used=row.used,
    )
