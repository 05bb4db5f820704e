"""What crawling needs from outside: a fetcher, and a ledger that remembers."""

from collections.abc import AsyncGenerator, Iterable
from datetime import datetime
from typing import Protocol

from crawler.model import Attempt, Digest, FetchOrder, KnownSource, ResourceId, Snapshot, Visit
from guides.model import GuideId


class Clock(Protocol):
    """Where time comes from; a demo and a test hand in their own."""

    def now(self) -> datetime: ...

    async def sleep(self, seconds: float) -> None: ...


class Fetcher(Protocol):
    """One exchange, redirects and the retries of transient failures included."""

    async def fetch(self, order: FetchOrder) -> Attempt: ...


class Sweeper(Protocol):
    """Many resources, politely; a visit is yielded as soon as it is decided."""

    def sweep(self, orders: Iterable[FetchOrder]) -> AsyncGenerator[Visit, None]: ...


class Ledger(Protocol):
    """The crawler's side of the store. Raises nothing but the store's own errors."""

    def due(
        self, now: datetime, *, everything: bool = False, guides: frozenset[GuideId] | None = None
    ) -> list[tuple[ResourceId, FetchOrder]]:
        """What is to be fetched (cited by `guides`, where given), the longest overdue first."""
        ...

    def known(self, resource: ResourceId) -> KnownSource: ...

    def body(self, digest: Digest) -> bytes:
        """The raw body, checked against its digest."""
        ...

    def snapshots(self, resource: ResourceId, *, good_only: bool = True) -> list[Snapshot]:
        """The stored snapshots of a resource, oldest first."""
        ...
