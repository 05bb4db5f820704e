"""One fetch of a server on loopback, with settings that make it quick."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from crawler_farm import Behaviour, QuickClock, running

from crawler.fetch import HttpFetcher
from crawler.model import (
    Attempt,
    Failed,
    FetchOrder,
    Refused,
)
from crawler.policy import CrawlSettings, NetworkSettings

QUICK = CrawlSettings(delay=0.0, timeout=2.0, retries=0, retry_wait=0.01, max_bytes=200_000, max_retry_after=0.05)
LOOPBACK = NetworkSettings(allow=("127.0.0.0/24", "::1/128"))
PAGE = b"<p>" + b"delete your account " * 500


async def nowhere(host: str, port: int) -> Sequence[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


async def get(
    url: str,
    *,
    crawl: CrawlSettings = QUICK,
    network: NetworkSettings = LOOPBACK,
    order: FetchOrder | None = None,
    resolver: Callable[[str, int], Awaitable[Sequence[str]]] = nowhere,
) -> Attempt:
    async with HttpFetcher(crawl, network, QuickClock(), resolver=resolver) as fetcher:
        return await fetcher.fetch(order or FetchOrder(url=url))


def visit(behaviour: Behaviour, *, target: str = "/page", **options: object) -> Attempt:
    async def go() -> Attempt:
        async with running({target: behaviour}) as farm:
            return await get(farm.url(target), **options)  # type: ignore[arg-type]

    return asyncio.run(go())


def kind(attempt: Attempt) -> str:
    return str(attempt.kind) if isinstance(attempt, Failed | Refused) else type(attempt).__name__
