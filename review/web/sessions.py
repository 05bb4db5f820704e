"""Who asks: by the cookie of a login, or by a header that a trusted proxy sets. And checking a password.

The order of trust: a proxy's word counts only where the connection itself comes from a configured address; a session is
a random secret of which the store holds a hash; without accounts and proxies everybody on this machine is let in.
"""

import ipaddress
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import argon2
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Scope

from review.people import Account, People, Role, SessionRules, hash_of, name_mistake, new_secret
from review.web.limits import Counter, Limit, Veil
from review.web.security import LOCAL, NOBODY, Known, User, cookie_name, is_loopback, peer_of

SESSION: Final = "loccit_session"
_AT_ONCE: Final = 2
"""Passwords hashed at the same time: each takes 64 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyTrust:
    """Which addresses may say who asks, in which header, and the role of who has no account here."""

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    user_header: str = ""
    role: Role | None = None

    def covers(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None)
        return any((mapped or parsed) in network for network in self.networks)


def networks_of(words: Sequence[str]) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Addresses and networks as they are written in the settings. Raises ValueError."""
    return tuple(ipaddress.ip_network(word, strict=False) for word in words)


class Passwords:
    """Argon2id with the costs of RFC 9106's second choice. An unknown account takes as long as a wrong password."""

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody = self.hashed(new_secret())

    def hashed(self, password: str) -> str:
        with self._slots:
            return self._hasher.hash(password.encode("utf-8", "replace"))

    def fits(self, stored: str, password: str) -> bool:
        """`stored` may be "" (nobody, or no password yet): as much work is done, and the answer is no."""
        with self._slots:
            try:
                right = self._hasher.verify(stored or self._nobody, password.encode("utf-8", "replace"))
            except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
                return False
        return right and bool(stored)

    def outdated(self, stored: str) -> bool:
        return self._hasher.check_needs_rehash(stored)


@dataclass(kw_only=True)
class Door:
    """Implements `review.web.security.Doorkeeper`. `open`: no login is asked for while there are no accounts."""

    people: People
    now: Callable[[], datetime]
    open: bool = False
    secure: bool = False
    proxy: ProxyTrust = field(default_factory=ProxyTrust)
    rules: SessionRules = field(default_factory=SessionRules)
    passwords: Passwords = field(default_factory=Passwords)
    veil: Veil = field(default_factory=Veil)
    by_account: Counter = field(default_factory=lambda: Counter(Limit(times=30, span=timedelta(hours=1))))
    by_pair: Counter = field(default_factory=lambda: Counter(Limit(times=6, span=timedelta(minutes=15))))
    by_address: Counter = field(default_factory=lambda: Counter(Limit(times=40, span=timedelta(minutes=15))))

    def know(self, scope: Scope) -> Known:
        headers = Headers(scope=scope)
        peer = peer_of(scope)
        trusted = self.proxy.covers(peer)
        address = _client(headers, peer, self.proxy) if trusted else peer
        if self.proxy.user_header and trusted:
            user = self._by_proxy(headers)
            if user is not None:
                return Known(user=user, address=address)
        secret = Request(scope).cookies.get(cookie_name(SESSION, self.secure), "")
        if secret and len(secret) <= 100:
            account = self.people.session(hash_of(secret), at=self.now(), idle=self.rules.idle)
            if account is not None:
                return Known(user=_user(account, "session"), address=address, seed=secret)
        if _direct(headers, peer) and self.is_open():
            return Known(user=LOCAL, address=address)
        return Known(user=NOBODY, address=address)

    def is_open(self) -> bool:
        """Whether a browser on this machine is let in without a login."""
        return self.open and self.people.count() == 0

    def _by_proxy(self, headers: Headers) -> User | None:
        said = headers.getlist(self.proxy.user_header)
        if len(said) != 1 or name_mistake(said[0]):
            return None
        account = self.people.account(said[0])
        if account is not None:
            return _user(account, "proxy")
        return None if self.proxy.role is None else User(name=said[0], role=self.proxy.role, way="proxy")

    # ------------------------------------------------------------ logging in

    def too_many(self, name: str, address: str) -> timedelta:
        """How long this address, or anybody, has to wait before the next try at this account."""
        now, who, place = self.now(), name.casefold()[:100], self.veil(address, self.now())
        return max(
            self.by_account.wait(who, now), self.by_pair.wait(f"{who} {place}", now), self.by_address.wait(place, now)
        )

    def check(self, name: str, password: str, address: str) -> Account | None:
        """The account, where the password is right. A failure counts against the account and the address.

        It is counted before the password is hashed: of many tries at once, all but the first few are refused.
        """
        now, who, place = self.now(), name.casefold()[:100], self.veil(address, self.now())
        pair = f"{who} {place}"
        for counter, key in ((self.by_account, who), (self.by_pair, pair), (self.by_address, place)):
            counter.count(key, now)
        stored = self.people.password_hash(name)
        right = self.passwords.fits(stored, password)
        account = self.people.account(name) if right else None
        if account is None:
            return None
        self.by_account.give_back(who)
        self.by_address.give_back(place)
        self.by_pair.forget(pair)
        if self.passwords.outdated(stored):
            self.people.rehash(account.id, self.passwords.hashed(password))
        return account

    def enter(self, account: Account) -> str:
        """A new session; gives its secret."""
        secret = new_secret()
        now = self.now()
        self.people.open_session(account.id, hash_of(secret), at=now, expires=now + self.rules.whole)
        return secret

    def leave(self, request: Request) -> None:
        """End the session of this browser, and only that one."""
        secret = request.cookies.get(cookie_name(SESSION, self.secure), "")
        if secret:
            self.people.close_session(hash_of(secret))


def why_closed(host: str, *, accounts: int, names: Sequence[str], proxy: ProxyTrust) -> str:
    """Why the pages must not be opened at this address, in one sentence; "" where they may be."""
    if accounts or (proxy.networks and proxy.user_header):
        return ""
    if not is_loopback(host):
        return f"{host} can be reached from other machines, and there are no accounts: nobody could log in"
    others = [name for name in names if not is_loopback(name)]
    if others:
        return f"the pages are reached as {others[0]}, and there are no accounts: everybody there could decide"
    return ""


def _user(account: Account, way: str) -> User:
    return User(name=account.name, role=account.role, way=way, account=account.id)


def _client(headers: Headers, peer: str, proxy: ProxyTrust) -> str:
    """The nearest address in X-Forwarded-For that is none of our proxies': what stands left of it anybody can write."""
    hops = [part.strip() for part in ",".join(headers.getlist("x-forwarded-for")).split(",") if part.strip()]
    for hop in reversed(hops[-20:]):
        if not proxy.covers(hop):
            return hop[:80]
    return peer


def _direct(headers: Headers, peer: str) -> bool:
    """Whether a browser on this machine asks by itself, and not through a proxy that lets the world in."""
    handed_on = any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip", "x-forwarded-host"))
    return not handed_on and (peer == "" or is_loopback(peer))
