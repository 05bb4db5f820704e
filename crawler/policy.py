"""Frozen settings of fetching and judging: the tables [crawl], [network], [policy] and [schedule] of loccit.toml.

Times are seconds unless the name says otherwise.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from guides.model import Render


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    user_agent: str = "loccit/0.1 (+https://example.org/about-our-crawler)"
    """Who asks: a name, and an address where a site's owner learns about it and reaches you."""
    concurrency: int = 64
    """Requests under way in all."""
    per_host: int = 2
    """Requests under way to one host."""
    delay: float = 0.5
    """Between two requests to one host; longer where robots.txt or the host itself asks for it."""
    timeout: float = 30.0
    """Of one fetch as a whole, redirects and body included."""
    max_bytes: int = 10_000_000
    """Of one body, decompressed. A larger page is `unreachable`, `too-large`; of a larger download (a film, an archive)
    only the beginning is read."""
    retries: int = 2
    """How often a transient failure (reset, time-out, 5xx) is tried again at once."""
    respect_robots: bool = True
    """Whether robots.txt (RFC 9309) is asked and heeded. Switch it off only for sites that are yours."""
    render: Render = Render.AUTO
    """Whether pages are loaded in a real browser: `never`, `auto` (where a page is empty without scripts), `always`."""
    browser: str = ""
    """The Chromium to load pages in; "" looks in the usual places. None is ever downloaded."""
    browser_pages: int = 2
    """Pages that are open in it at once."""
    browser_memory: int = 2_000
    """MB that it may take in all; the largest page is closed when it takes more."""
    browser_sandbox: bool = True
    """Chromium's own sandbox. It cannot be had by root, nor in some containers: there, switching it off is a risk."""
    screenshots: bool = False
    """Whether a picture of each page that was loaded in the browser is kept with its snapshot."""
    skip: tuple[str, ...] = ()
    """Globs of URLs that are never fetched (verdict `skipped`)."""
    retry_wait: float = 1.0
    """Wait before the first retry of a transient failure; doubles, with jitter."""
    max_redirects: int = 10
    """Hops after which a chain is given up as `redirect-loop`."""
    max_retry_after: float = 60.0
    """A longer Retry-After is not waited for: the answer stands for this run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    allow: tuple[str, ...] = ()
    """Private networks that may be fetched all the same: `["127.0.0.0/8", "10.1.0.0/16"]`."""
    connect_to: dict[str, str] = field(default_factory=dict)
    """Where connections to a name really go, like curl's `--connect-to`: `{"www.example.org:443" =
    "10.1.2.3:8443"}`.
    """
    ca_file: str = ""
    """A file of certificate authorities (PEM) that are trusted beside the usual ones."""
    proxy: str = ""
    """An HTTP proxy for all requests: `http://proxy.example.org:3128`. Targets are vetted all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    max_age_days: int = 365
    """A verified date older than this has expired."""
    confirm: int = 3
    """Attempts that must agree before a link is called dead."""
    unreachable_days: float = 7
    """A link that has been unreachable this long is dead (`gone-after-retries`)."""
    settle_hours: float = 24
    """A change is shown once it has stood this long: a third of all changes are taken back within a day. 0: at once."""
    fail_on: tuple[str, ...] = ("dead", "invalid")
    """What makes `check` fail: verdicts, drifts, `missing-fragment`, `stale`."""
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


class Engine(StrEnum):
    """Who fetches what is due: the scheduler's own process, or workers on any number of machines."""

    LOCAL = "local"
    WORKERS = "workers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    every: timedelta = timedelta(hours=6)
    """How often the scheduler looks for what is due."""
    min_interval: timedelta = timedelta(hours=12)
    """A source is looked at no more often than this …"""
    max_interval: timedelta = timedelta(days=30)
    """… and no less often than this; in between as often as its own history of changes asks for."""
    sitemaps: bool = True
    """Whether hosts are asked, once a day at most, for their site maps: a page that is said to have changed since its
    last look is looked at sooner."""
    grace: timedelta = timedelta(seconds=8)
    """How long a pass may go on when it is told to stop. (Containers are killed after ten seconds by default.)"""
    engine: Engine = Engine.LOCAL
    """`local`: the scheduler crawls itself. `workers`: it hands hosts to workers, on any number of machines."""
    heartbeat: timedelta = timedelta(seconds=10)
    """How often a worker says that it is alive; after three that were missed its work is given to others."""
    listen: str = ""
    """`address:port` on which the scheduler and a worker answer /healthz, /readyz and /metrics; "": nowhere."""
