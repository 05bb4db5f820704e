"""Fetches a list of URLs with loccit's transport and nothing else: what `check` is measured against.

    python benchmarks/bare.py URLS CONCURRENCY

The body is read and decoded; nobody looks at it. Prints how many answered 200.
"""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from crawler.exchange import Answer, Ask, CookieJar, exchange
from crawler.guard import Guard
from crawler.model import Validators
from crawler.policy import NetworkSettings
from crawler.transport import PooledTransport
from crawler.urls import ResourceUrl, resource_url


def interleaved(urls: list[str]) -> Iterator[str]:
    """A list whose hosts stand in rows, in turn, as a crawler would ask them."""
    by_host: dict[str, list[str]] = {}
    for url in urls:
        by_host.setdefault(url.split("/")[2], []).append(url)
    for turn in range(max(map(len, by_host.values()), default=0)):
        for mine in by_host.values():
            yield from mine[turn : turn + 1]


async def fetch_all(urls: list[str], concurrency: int) -> int:
    network = NetworkSettings(allow=("127.0.0.0/8",))
    guard = Guard(allow=network.allow)
    transport = PooledTransport(network, guard, per_host=concurrency)
    work = interleaved(urls)
    good = 0

    async def worker() -> None:
        nonlocal good
        for raw in work:
            url = resource_url(raw)
            assert isinstance(url, ResourceUrl)
            ask = Ask(url=url, seconds=30, max_bytes=10_000_000, validators=Validators())
            outcome = await exchange(transport, ask, user_agent="bare/1", jar=CookieJar())
            good += isinstance(outcome, Answer) and outcome.status == 200

    await asyncio.gather(*(worker() for _ in range(concurrency)))
    await transport.aclose()
    guard.close()
    return good


if __name__ == "__main__":
    print(asyncio.run(fetch_all(Path(sys.argv[1]).read_text("utf-8").split(), int(sys.argv[2]))))
