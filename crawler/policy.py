"""Frozen settings of fetching and judging: the tables [crawl], [network], [policy] and [schedule] of loccit.toml.

Times are seconds unless the name says otherwise.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from guides.model import Render


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    user_agent: str = "loccit/0.1 (+https://example.org/about-our-crawler)"
    concurrency: int = 64
    per_host: int = 2
    delay: float = 0.5
    timeout: float = 30.0
    max_bytes: int = 10_000_000
    retries: int = 2
    respect_robots: bool = True
    render: Render = Render.AUTO
    skip: tuple[str, ...] = ()
    """Globs of URLs that are never fetched (verdict `skipped`)."""
    retry_wait: float = 1.0
    """Wait before the first retry of a transient failure; doubles, with jitter."""
    max_redirects: int = 10
    max_retry_after: float = 60.0
    """A longer Retry-After is not waited for: the answer stands for this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    allow: tuple[str, ...] = ()
    connect_to: dict[str, str] = field(default_factory=dict)
    ca_file: str = ""
    proxy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    max_age_days: int = 365
    confirm: int = 3
    unreachable_days: float = 7
    settle_hours: float = 24
    fail_on: tuple[str, ...] = ("dead", "invalid")
    confirm_wait: float = 5.0
    """Wait before a failing link is tried again within a run; doubles with each attempt."""
    confirm_hours: float = 12
    """A link that was alive before is called dead by a crawl only when it has failed for this long."""

    @property
    def settle(self) -> timedelta:
        return timedelta(hours=self.settle_hours)

    @property
    def unreachable(self) -> timedelta:
        return timedelta(days=self.unreachable_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    every: timedelta = timedelta(hours=6)
    min_interval: timedelta = timedelta(hours=12)
    max_interval: timedelta = timedelta(days=30)
    grace: timedelta = timedelta(seconds=8)
    """How long a pass may go on when it is told to stop. (Containers are killed after ten seconds by default.)"""
