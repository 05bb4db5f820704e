"""After a pass: asks hosts' site maps which cited pages have changed since they were looked at.

Through the crawl's own fetcher, and so at the hosts' pace, by their robots.txt, through the guard and under its limits.
What is said is judged by `crawler.lastmod`. A host that does not answer, or answers nonsense, is asked another day.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from crawler.fetch import HttpFetcher
from crawler.lastmod import SitemapDecision, decide, disbelieved, is_believed, is_made_up
from crawler.model import Fetched, FetchOrder
from crawler.policy import Schedule
from crawler.ports import Clock
from crawler.sitemaps import Lastmod, SiteMap, lastmods, likeliest, read_sitemap
from crawler.urls import ResourceUrl, resource_url, same_site
from loccit.settings import Settings
from storage.sitemaps import SitemapHost
from storage.store import Store

FILES: Final = 3
"""Site maps of one host and day."""

HOSTS: Final = 500
"""Hosts asked after one pass at most; the others' turn comes after the next ones."""

SECONDS: Final = 60.0
"""… and for so long at most."""

_AT_ONCE: Final = 4
_WATCH_SECONDS: Final = 0.2


async def ask_sitemaps(
    store: Store,
    fetcher: HttpFetcher,
    settings: Settings,
    clock: Clock,
    *,
    only: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> int:
    """Ask the hosts (`only` one, where given) whose turn it is; gives how many pages are due sooner for it.

    Raises StoreError alone. Ends soon after it is `stopped`; a host that was being asked then has its turn next day.
    """
    if not settings.schedule.sitemaps or stopped():
        return 0
    hosts = iter(await asyncio.to_thread(store.sitemaps.hosts, clock.now(), limit=HOSTS, only=only))
    maps = _Maps(fetcher, settings, clock)
    sooner = 0

    async def work() -> None:
        nonlocal sooner
        for host in hosts:
            sooner += await _ask_host(store, maps, host, settings.schedule, clock)

    working = {asyncio.create_task(work()) for _ in range(1 if only is not None else _AT_ONCE)}
    try:
        until = asyncio.get_running_loop().time() + SECONDS
        while working and not stopped() and asyncio.get_running_loop().time() < until:
            done, working = await asyncio.wait(working, timeout=_WATCH_SECONDS, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
    return sooner


async def _ask_host(store: Store, maps: "_Maps", number: int, schedule: Schedule, clock: Clock) -> int:
    now = clock.now()
    host = await asyncio.to_thread(store.sitemaps.begin, number, now)
    if host is None or not host.pages:
        return 0
    if not is_believed(host.record):
        decision = disbelieved(host.record, now)
    else:
        decision = await _decision(maps, host, schedule, now)
    return await asyncio.to_thread(store.sitemaps.end, number, decision, clock.now())


async def _decision(maps: "_Maps", host: SitemapHost, schedule: Schedule, now: datetime) -> SitemapDecision:
    told = await maps.of(host)
    if told is None:
        return disbelieved(host.record, now)
    return decide(host.record, host.pages, told, schedule=schedule, now=now)


class _Maps:
    """The site maps of hosts, a few files of each."""

    def __init__(self, fetcher: HttpFetcher, settings: Settings, clock: Clock) -> None:
        self._fetcher, self._clock = fetcher, clock
        self._max_bytes = settings.crawl.max_bytes

    async def of(self, host: SitemapHost) -> dict[str, Lastmod] | None:
        """When the host's pages changed last, as it says; None where its times are made up."""
        origin = _main_origin([page.url for page in host.pages])
        named = await self._fetcher.sitemaps(f"{origin}/")
        if named is None:
            return {}
        wanted = [page.url for page in host.pages]
        since = min(page.checked for page in host.pages)
        waiting = [each for each in named if same_site(each, origin)] or [f"{origin}/sitemap.xml"]
        found: dict[str, Lastmod] = {}
        for _ in range(FILES):
            if not waiting or len(found) == len(wanted):
                break
            read = await self._read(waiting.pop(0), origin)
            if read.maps:
                children = await asyncio.to_thread(likeliest, read, wanted, since=since)
                waiting = [each for each in children if same_site(each, origin)][:FILES] + waiting
            elif await asyncio.to_thread(is_made_up, read.entries, self._clock.now()):
                return None
            else:
                found |= await asyncio.to_thread(lastmods, read.entries, wanted)
        return found

    async def _read(self, url: str, origin: str) -> SiteMap:
        # As a second attempt: nothing is tried again.
        answer = await self._fetcher.fetch(FetchOrder(url=url, attempt=2))
        if not isinstance(answer, Fetched) or answer.status != 200 or not same_site(answer.final_url, origin):
            return SiteMap()
        return await asyncio.to_thread(read_sitemap, answer.body, max_bytes=self._max_bytes)


def _main_origin(urls: list[str]) -> str:
    """Where most of a host's pages are."""
    parsed = (resource_url(url) for url in urls)
    origins = Counter(url.origin for url in parsed if isinstance(url, ResourceUrl))
    return origins.most_common(1)[0][0] if origins else ""
