"""Fetching, wired: a sweeper over a fetcher of its own, and a pass with it. Apart from `wiring`, for start-up time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from crawler.fetch import HttpFetcher
from crawler.health import page_health
from crawler.model import Fetched, PageHealth
from crawler.page import read
from crawler.policy import CrawlSettings, NetworkSettings, Policy
from crawler.ports import Clock
from crawler.sweep import PoliteSweeper
from loccit.passes import Advance, PassPlan, PassResult, run_pass
from loccit.settings import Settings
from storage.store import Store


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
