"""Archived copies of dead pages: asks the configured TimeGate (RFC 7089) for the one it has."""

import asyncio
from collections.abc import Iterable

from crawler.fetch import HttpFetcher
from crawler.model import Fetched, FetchOrder, Health
from crawler.ports import Clock
from crawler.urls import ResourceUrl, resource_url
from loccit.errors import SettingsError
from loccit.fetching import health_of, with_ca
from loccit.settings import Settings


def archived_copies(settings: Settings, urls: Iterable[str], clock: Clock) -> dict[str, str]:
    """For each of these pages that the archive has a copy of, the copy's address. Nothing is asked where
    `[archive] memento` is "".
    """
    wanted = list(dict.fromkeys(urls))
    if not settings.archive.memento or not wanted:
        return {}
    return asyncio.run(_ask(settings, wanted, clock))


async def _ask(settings: Settings, urls: list[str], clock: Clock) -> dict[str, str]:
    try:
        fetcher = HttpFetcher(settings.crawl, with_ca(settings.network, settings.root), clock)
    except (ValueError, OSError) as error:
        raise SettingsError(f"[network]: {error}") from None
    found: dict[str, str] = {}
    async with fetcher:
        # One after the other: an archive is a single host, and is not to be hurried.
        for url in urls:
            asked = settings.archive.memento + url
            answer = await fetcher.fetch(FetchOrder(url=asked))
            if isinstance(answer, Fetched) and (copy := _copy(answer, asked, url)):
                found[url] = copy
    return found


def _copy(answer: Fetched, asked: str, url: str) -> str:
    """The address of an archived copy: on the archive's own host, of that page, and itself a page."""
    there, here = resource_url(answer.final_url), resource_url(asked)
    if answer.status != 200 or not isinstance(there, ResourceUrl) or not isinstance(here, ResourceUrl):
        return ""
    rest = url.partition("://")[2].rstrip("/")
    if there.host != here.host or there.href == here.href or rest not in there.target:
        return ""
    health = health_of(answer)
    return there.href if health is None or health.health is Health.OK else ""
