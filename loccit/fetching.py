"""Fetching, wired: a sweeper over a fetcher of its own, and a pass with it. Apart from `wiring`, for start-up time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from crawler.fetch import HttpFetcher
from crawler.health import page_health
from crawler.missing import Likeness, likeness
from crawler.model import Fetched, PageHealth
from crawler.page import Page
from crawler.policy import NetworkSettings
from crawler.ports import Clock
from crawler.rendered import RenderingFetcher
from crawler.shelf import PageShelf
from crawler.sweep import PoliteSweeper
from loccit.errors import LoccitError, SettingsError
from loccit.passes import Advance, PassPlan, PassResult, Told, nobody, run_pass
from loccit.ports import PassStore
from loccit.settings import Settings

_WATCH_SECONDS: Final = 0.2
_AHEAD: Final = 1024


class PassCutOffError(LoccitError):
    """A pass was told to stop, and had not finished in the time that it had left."""

    def __init__(self) -> None:
        super().__init__("stopped in the middle of the pass: what was looked at is recorded, the rest is still due")


_Judged = tuple[str, str, str, int, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the sweeper wants to know of bodies. Pages go by way of a shelf, on which the pass finds them again."""

    shelf: PageShelf = field(default_factory=PageShelf)
    _judged: dict[_Judged, PageHealth | None] = field(default_factory=dict)
    """What was judged ahead, until it is asked for, by all that judging asks of an answer."""

    def ahead(self, answer: Fetched) -> PageHealth | None:
        """The same as `health`, asked before the sweeper does: to know whether a page needs a browser."""
        found = self.health(answer)
        while len(self._judged) >= _AHEAD:
            self._judged.pop(next(iter(self._judged)))
        self._judged[_judged(answer)] = found
        return found

    def health(self, answer: Fetched) -> PageHealth | None:
        """Whether an answer's body is the page that was asked for."""
        if (key := _judged(answer)) in self._judged:
            return self._judged.pop(key)
        page = self.shelf.take(answer)
        found = _health(page, answer)
        self.shelf.put(answer, page)
        return found

    def likeness(self, answer: Fetched) -> Likeness | None:
        """What an answer looks like, to be compared with what its host shows for nothing."""
        if not answer.body:
            return None
        page = self.shelf.take(answer)
        found = likeness(answer, page, _health(page, answer))
        self.shelf.put(answer, page)
        return found


def _judged(answer: Fetched) -> _Judged:
    return answer.digest, answer.url, answer.final_url, answer.status, answer.headers


def health_of(answer: Fetched) -> PageHealth | None:
    """Whether an answer's body is the page that was asked for; where nobody looks at the page afterwards."""
    return Reading().health(answer)


def _health(page: Page, answer: Fetched) -> PageHealth:
    return page_health(page, status=answer.status, url=answer.url, final_url=answer.final_url, headers=answer.headers)


def pass_over(
    settings: Settings,
    store: PassStore,
    plan: PassPlan,
    clock: Clock,
    on_start: Callable[[int], Advance] = lambda _total: lambda _where: None,
    *,
    stopped: Callable[[], bool] = lambda: False,
    told: Told = nobody,
    afterwards: Callable[[HttpFetcher, PassResult], Awaitable[None]] | None = None,
) -> PassResult:
    """One pass, from a place without an event loop. `afterwards`: what is to be asked with the same fetcher.

    When `stopped` says so, it has `[schedule] grace` left. Raises PassCutOffError where that was not enough: what was
    looked at by then is recorded, and the rest is still due.
    """

    async def go() -> PassResult:
        working = asyncio.create_task(work())
        watching = asyncio.create_task(_cut_off(working, stopped, settings.schedule.grace.total_seconds()))
        try:
            return await working
        except asyncio.CancelledError:
            if not stopped():
                raise
            raise PassCutOffError from None
        finally:
            watching.cancel()

    async def work() -> PassResult:
        try:
            fetcher = HttpFetcher(settings.crawl, with_ca(settings.network, settings.root), clock)
        except (ValueError, OSError) as error:
            raise SettingsError(f"[network]: {error}") from None
        reading = Reading()
        async with fetcher, RenderingFetcher(fetcher, settings.crawl, clock, reading.ahead) as rendering:
            sweeping = PoliteSweeper(
                rendering, settings.crawl, settings.policy, clock, health=reading.health, likeness=reading.likeness
            )
            page_of = reading.shelf.take
            result = await run_pass(store, sweeping, plan, clock, page_of=page_of, on_start=on_start, told=told)
            if afterwards is not None:
                await afterwards(fetcher, result)
            return result

    return asyncio.run(go())


async def _cut_off(working: "asyncio.Task[PassResult]", stopped: Callable[[], bool], grace: float) -> None:
    while not stopped():  # noqa: ASYNC110 (it is set by a signal handler, outside the loop)
        await asyncio.sleep(_WATCH_SECONDS)
    await asyncio.sleep(grace)
    working.cancel()


def with_ca(network: NetworkSettings, root: Path) -> NetworkSettings:
    """`ca_file` is relative to the configuration's folder."""
    return replace(network, ca_file=str(root / network.ca_file)) if network.ca_file else network
