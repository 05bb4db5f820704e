"""Who may do what: accounts, roles, tokens, and what a password must be. Pure but for its random secrets."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NewType, Protocol

from review.text import one_line

AccountId = NewType("AccountId", int)
TokenId = NewType("TokenId", int)

MIN_PASSWORD: Final = 10
"""Characters. NIST SP 800-63B asks for 8 at least and for no rules of composition."""
MAX_PASSWORD: Final = 1_000
"""Characters; more would only make hashing slow."""
MAX_NAME: Final = 60
MAX_LABEL: Final = 80

_NAME: Final = re.compile(r"[^\s/\\:;,\"'<>&?#%=]+(?: [^\s/\\:;,\"'<>&?#%=]+)*")
_PREFIX: Final = "lct_"
"""Begins every API token, so that scanners of leaked secrets can know one."""


class Role(StrEnum):
    """Each may do what the ones before it may: look, decide, keep accounts and tokens."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def include(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        order = tuple(Role)
        return order.index(self) >= order.index(other)


class Scope(StrEnum):
    """What a token opens: feeds and badges (it may stand in a URL), reading the API, deciding through it."""

    FEED = "feed"
    READ = "read"
    DECIDE = "decide"


class TicketKind(StrEnum):
    """A link that sets a password once: the first one of a new account, or another one."""

    INVITE = "invite"
    RESET = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person. Without `ready` no password was set yet (an invitation is out); without `active` nobody gets in."""

    id: AccountId
    name: str
    role: Role
    active: bool
    ready: bool
    created: datetime
    seen: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A program's key. The store holds its hash alone; `label` says what it is for, `by` who made it."""

    id: TokenId
    label: str
    scope: Scope
    by: str
    created: datetime
    expires: datetime | None = None
    used: datetime | None = None
    """When it was last used, by the hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """How long a login holds: `idle` without a request, `whole` in any case."""

    idle: timedelta = timedelta(hours=12)
    whole: timedelta = timedelta(days=14)


class People(Protocol):
    """What the web application needs from outside to know people: see `storage.accounts.Accounts`."""

    def count(self) -> int: ...

    def accounts(self) -> list[Account]: ...

    def account(self, name: str) -> Account | None: ...

    def add(self, name: str, role: Role, *, at: datetime, by: str, password_hash: str = "") -> Account: ...

    def set_role(self, name: str, role: Role, *, at: datetime, by: str) -> None: ...

    def remove(self, name: str, *, at: datetime, by: str) -> None: ...

    def password_hash(self, name: str) -> str: ...

    def set_password(self, account: AccountId, password_hash: str, *, at: datetime) -> None: ...

    def rehash(self, account: AccountId, password_hash: str) -> None: ...

    def ticket(self, name: str, kind: TicketKind, secret_hash: str, *, at: datetime, expires: datetime) -> None: ...

    def ticket_owner(self, secret_hash: str, *, at: datetime) -> tuple[TicketKind, Account] | None: ...

    def redeem(self, secret_hash: str, password_hash: str, *, at: datetime) -> Account | None: ...

    def open_session(self, account: AccountId, secret_hash: str, *, at: datetime, expires: datetime) -> None: ...

    def session(self, secret_hash: str, *, at: datetime, idle: timedelta) -> Account | None: ...

    def close_session(self, secret_hash: str) -> None: ...

    def tokens(self) -> list[Token]: ...

    def add_token(
        self, label: str, scope: Scope, secret_hash: str, *, by: str, at: datetime, expires: datetime | None
    ) -> Token: ...

    def token(self, secret_hash: str, *, at: datetime) -> Token | None: ...

    def revoke_token(self, token: TokenId, *, at: datetime, by: str) -> bool: ...


def new_secret() -> str:
    """256 random bits, as 43 characters that may stand in a URL and a cookie."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """A token as it is shown once."""
    return _PREFIX + new_secret()


def hash_of(secret: str) -> str:
    """What the store keeps of a random secret. A plain hash will do: 256 random bits cannot be tried out."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def csrf_of(secret: str) -> str:
    """What the forms of a session carry: made from its secret, which no other site and no page knows."""
    return hmac.digest(secret.encode("utf-8", "replace"), b"loccit form", "sha256").hex()


def same(left: str, right: str) -> bool:
    """Compared in a time that does not tell where they differ."""
    return hmac.compare_digest(left.encode("utf-8", "replace"), right.encode("utf-8", "replace"))


def name_mistake(name: str) -> str:
    """What is wrong with an account's name, in a sentence; "" for a good one."""
    if not name or name != one_line(name):
        return "a name is one line of visible characters"
    if len(name) > MAX_NAME:
        return f"a name has {MAX_NAME} characters at most"
    if not _NAME.fullmatch(name):
        return "a name has letters, digits, single spaces and marks like . - _ @"
    return ""


def password_mistake(password: str, name: str = "") -> str:
    """What is wrong with a new password, in a sentence; "" for a good one."""
    if len(password) < MIN_PASSWORD:
        return f"a password has {MIN_PASSWORD} characters at least"
    if len(password) > MAX_PASSWORD:
        return f"a password has {MAX_PASSWORD} characters at most"
    folded = password.casefold()
    if name and folded.replace(name.casefold(), "") == "":
        return "a password is not one's name"
    if len(set(folded)) < 5 or folded in _WORN:
        return "this password is among the first that anybody would try"
    return ""


def label_of(text: str) -> str:
    """A token's label as it is kept: one line."""
    return one_line(text, MAX_LABEL)


def opens(held: Scope, needed: Scope) -> bool:
    """DECIDE reads too. FEED opens feeds and badges alone, and nothing else opens them: it may stand in a URL, where a
    key to more must never be.
    """
    return held is needed or (held is Scope.DECIDE and needed is Scope.READ)


def last_admin(accounts: Iterable[Account], name: str) -> bool:
    """Whether without this one no active account could keep the others."""
    admins = [each.name for each in accounts if each.active and each.role is Role.ADMIN]
    return [each.casefold() for each in admins] == [name.casefold()]


_WORN: Final = frozenset(
    {
        *("password12", "password123", "password1234", "password12345", "passw0rd123", "1234567890", "0123456789"),
        *("12345678910", "123456789012", "1234567890a", "qwertyuiop", "qwertyuiop123", "qwerty12345", "qwerty123456"),
        *(
            "letmein1234",
            "iloveyou123",
            "administrator",
            "welcome123",
            "welcome1234",
            "changeme123",
            "trustno1trustno1",
        ),
        *("correcthorsebatterystaple", "correct horse battery staple", "loccitloccit", "abcdefghij", "abcdefghijk"),
        *("1q2w3e4r5t", "1q2w3e4r5t6y", "1qaz2wsx3edc", "zaq12wsxcde3", "asdfghjkl123", "q1w2e3r4t5", "superman123"),
    }
)
