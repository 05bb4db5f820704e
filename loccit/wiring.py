"""Ports meet implementations."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from crawler.fetch import HttpFetcher
from crawler.health import page_health
from crawler.model import Fetched, PageHealth
from crawler.page import read
from crawler.policy import CrawlSettings, NetworkSettings, Policy
from crawler.ports import Clock
from crawler.sweep import PoliteSweeper
from crawler.urls import ResourceUrl, resource_url
from guides.load import load
from guides.model import Library
from loccit.passes import Advance, PassPlan, PassResult, run_pass
from loccit.settings import Settings
from storage.store import Store


def read_guides(settings: Settings, today: date, paths: Sequence[str] = ()) -> Library:
    """The guides of the configuration, or of `paths` where a command line names some."""
    return load(settings.root, settings.guides, today=today, paths=paths)


def open_store(settings: Settings, *, in_memory: bool = False) -> Store:
    """The configured store, created and migrated where need be. `in_memory`: one that is forgotten (`--no-state`)."""
    url = "sqlite://" if in_memory else settings.store.url
    return Store.open(url, keep=settings.store.keep, root=settings.root)


def key_of(raw: str) -> str | None:
    """The resource that a URL in a guide names; None where it names none that can be fetched."""
    parsed = resource_url(raw)
    return parsed.url if isinstance(parsed, ResourceUrl) else None


def sync(store: Store, library: Library, at: datetime, *, complete: bool = True) -> None:
    """Tell the store which guides there are. With `complete`, others are retired, unless some file was unreadable.

    A guide that is broken today is not a guide that was withdrawn: its findings and bases wait for it.
    """
    unreadable = any(problem.fatal for problem in library.problems)
    store.sync(library.guides, key=key_of, at=at, complete=complete and not unreadable)


def health_of(answer: Fetched) -> PageHealth | None:
    """Whether an answer's body is the page that was asked for."""
    page = read(answer.body, content_type=answer.header("content-type"), url=answer.final_url)
    return page_health(page, status=answer.status, url=answer.url, final_url=answer.final_url, headers=answer.headers)


@asynccontextmanager
async def sweeper(
    crawl: CrawlSettings, network: NetworkSettings, policy: Policy, clock: Clock
) -> AsyncIterator[PoliteSweeper]:
    """A sweeper over a fetcher of its own, closed at the end."""
    async with HttpFetcher(crawl, network, clock) as fetcher:
        yield PoliteSweeper(fetcher, crawl, policy, clock, health=health_of)


def pass_over(
    settings: Settings,
    store: Store,
    plan: PassPlan,
    clock: Clock,
    on_start: Callable[[int], Advance] = lambda _total: lambda _where: None,
) -> PassResult:
    """One pass, from a place without an event loop."""

    async def go() -> PassResult:
        async with sweeper(
            settings.crawl, with_ca(settings.network, settings.root), settings.policy, clock
        ) as sweeping:
            return await run_pass(store, sweeping, plan, clock, on_start=on_start)

    return asyncio.run(go())


def with_ca(network: NetworkSettings, root: Path) -> NetworkSettings:
    """`ca_file` is relative to the configuration's folder."""
    return replace(network, ca_file=str(root / network.ca_file)) if network.ca_file else network
