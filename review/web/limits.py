"""How often somebody may try: counts in memory, bounded, that forget. Addresses are kept as keyed hashes alone."""

import hashlib
import ipaddress
import secrets
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_MOST_KEYS: Final = 20_000
_KEY_LIFE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `times` in any `span`."""

    times: int
    span: timedelta


class Counter:
    """Counts events by key. Safe for many threads; when it is full, what was used least lately is forgotten."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._held: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, key: str, now: datetime) -> timedelta:
        """How long until one more is within the limit; zero where it is now."""
        with self._lock:
            held = self._recent(key, now)
            if len(held) < self._limit.times:
                return timedelta()
            return held[0] + self._limit.span - now

    def count(self, key: str, now: datetime) -> None:
        """One more."""
        with self._lock:
            held = self._recent(key, now)
            held.append(now)
            while len(held) > self._limit.times:
                held.popleft()
            self._held[key] = held
            self._held.move_to_end(key)
            while len(self._held) > _MOST_KEYS:
                self._held.popitem(last=False)

    def give_back(self, key: str) -> None:
        """One less: the newest did no harm."""
        with self._lock:
            if self._held.get(key):
                self._held[key].pop()

    def forget(self, key: str) -> None:
        with self._lock:
            self._held.pop(key, None)

    def _recent(self, key: str, now: datetime) -> deque[datetime]:
        held = self._held.get(key)
        if held is None:
            return deque()
        while held and held[0] <= now - self._limit.span:
            held.popleft()
        if not held:
            del self._held[key]
        return held


class Veil:
    """Addresses as keyed hashes. The key is random, lives in memory alone, and is another one every day."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._since: datetime | None = None
        self._lock = threading.Lock()

    def __call__(self, address: str, now: datetime) -> str:
        with self._lock:
            if self._since is None or now - self._since > _KEY_LIFE:
                self._key, self._since = secrets.token_bytes(32), now
            key = self._key
        return hashlib.blake2b(neighbourhood(address).encode("utf-8", "replace"), key=key, digest_size=16).hexdigest()


def neighbourhood(address: str) -> str:
    """Whom an address stands for: itself, or of IPv6 the /64 that one household has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:80]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
