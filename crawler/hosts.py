"""The pace of each host: how many requests at once, how far apart, and how much slower when it asks for that."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from crawler.policy import CrawlSettings
from crawler.ports import Clock

MAX_CRAWL_DELAY = 30.0
"""A longer Crawl-delay is honoured up to here: a host could otherwise hold a run for days."""

FIRST_BACK_OFF = 1.0
MAX_HOSTS = 20_000
_SLOW_DOWN = (429, 503)

LATE = 0.1
"""A request that starts late by up to this part of the pause, because we were busy, does not put off those after it."""

Reserve: TypeAlias = Callable[[str, float], Awaitable[float]]
"""Takes the next moment at which a host may be asked, whichever machine asks: from the host and the pause that it wants
after that moment to the seconds until then.
"""

Ended: TypeAlias = Callable[[str, float], Awaitable[None]]
"""Told of a request that took long: nobody asks that host for so many seconds from now on."""

TRIES = 3
"""So often a moment is taken: whoever comes late for one, because the machine was busy, takes another."""

PATIENCE = 10
"""So many answers of 429 in a row, each after a longer pause: the host is left alone for the rest of the run."""

PAGES = 10
"""So many different pages in a row that answer 503: the same. One page may be broken by itself."""


@dataclass(slots=True, kw_only=True)
class _Pace:
    """One host. `free` is the next moment at which a request may start; `penalty` is waited on top of the delay."""

    slots: asyncio.Semaphore
    free: datetime | None = None
    crawl_delay: float = 0.0
    penalty: float = 0.0
    turned_away: int = 0
    failing: set[str] = field(default_factory=set)
    """Pages that answered 503 since any other answer came."""
    withheld: int = 0
    """Requests that were not sent since the host was given up for its 503."""
    active: int = 0
    waiting: int = field(default=0)


class Hosts:
    """Paces by `host:port`. Waiting for a host never holds one of the slots for requests under way in all."""

    def __init__(self, crawl: CrawlSettings, clock: Clock) -> None:
        self._crawl = crawl
        self._clock = clock
        self._all = asyncio.Semaphore(max(1, crawl.concurrency))
        self._paces: OrderedDict[str, _Pace] = OrderedDict()
        self._reserve: Reserve | None = None
        self._ended: Ended | None = None

    def share(self, reserve: Reserve, ended: Ended) -> None:
        """Keep to a pace that other machines keep to as well.

        The pause is then counted from a request's end where nothing else of the host is under way: a connection takes
        its time, and a host that was reached late would see the next request too soon.
        """
        self._reserve, self._ended = reserve, ended

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Wait for one's turn at a host; the request is made within."""
        pace = self._pace(key)
        pace.waiting += 1
        try:
            async with pace.slots:
                await self._wait(pace)
                if self._reserve is not None and self._gap(pace) > 0:
                    await self._wait_with_others(key, pace, self._reserve)
                async with self._all:
                    pace.active += 1
                    began = self._clock.now()
                    try:
                        yield
                    finally:
                        pace.active -= 1
                if self._ended is not None and not pace.active:
                    await self._pause_after(key, pace, began, self._ended)
        finally:
            pace.waiting -= 1

    def ready_in(self, key: str) -> float:
        """Seconds until a request to this host would start at once; infinity while its slots are taken."""
        pace = self._paces.get(key)
        if pace is None or _given_up(pace):
            return 0.0
        if pace.waiting >= max(1, self._crawl.per_host):
            return float("inf")
        return self._lag(pace)

    def gap(self, key: str) -> float:
        """Seconds that a host wants between the starts of two requests."""
        pace = self._paces.get(key)
        if pace is not None and _given_up(pace):
            return 0.0  # nothing is sent any more
        return self._crawl.delay if pace is None else self._gap(pace)

    def answered(self, key: str, status: int, retry_after: float | None, *, page: str = "") -> None:
        """Learn from an answer: 429 and 503 slow the host down, doubling each time; others let it recover by halves."""
        pace = self._pace(key)
        if status == 429:
            pace.turned_away += 1
        elif status == 503:
            pace.failing.add(page)
        else:
            pace.turned_away = 0
            pace.failing.clear()
            pace.withheld = 0
        if status in _SLOW_DOWN:
            doubled = max(FIRST_BACK_OFF * min(1.0, self._crawl.delay or 0.1), pace.penalty * 2)
            pace.penalty = min(doubled, self._crawl.max_retry_after)
            pause = min(max(retry_after or 0.0, pace.penalty), self._crawl.max_retry_after)
            until = self._clock.now() + timedelta(seconds=pause)
            pace.free = max(pace.free or until, until)
        else:
            pace.penalty = pace.penalty / 2 if pace.penalty > 0.05 else 0.0

    def given_up(self, key: str) -> int:
        """The status with which a host has asked to be left alone so often that it is; 0 where it has not.

        Asked before each request. Where the pages of one part of a site are broken, the others are not: the first,
        second, fourth, eighth … request is let through all the same, and another answer ends it.
        """
        pace = self._paces.get(key)
        status = 0 if pace is None else _given_up(pace)
        if pace is not None and status == 503:
            pace.withheld += 1
            if pace.withheld.bit_count() == 1:
                return 0
        return status

    def leave(self, key: str) -> float:
        """Forget what a host said in this run; gives the seconds for which it still wants to be left alone."""
        pace = self._paces.get(key)
        if pace is None:
            return 0.0
        lag = self._lag(pace)
        if not pace.waiting:
            del self._paces[key]
        return lag

    def set_crawl_delay(self, key: str, seconds: float | None) -> None:
        self._pace(key).crawl_delay = min(max(seconds or 0.0, 0.0), MAX_CRAWL_DELAY)

    def _pace(self, key: str) -> _Pace:
        pace = self._paces.get(key)
        if pace is None:
            pace = self._paces[key] = _Pace(slots=asyncio.Semaphore(max(1, self._crawl.per_host)))
            self._forget()
        self._paces.move_to_end(key)
        return pace

    def _forget(self) -> None:
        """Let go of hosts that nobody waits for, the longest unused first, so memory stays flat over many hosts."""
        while len(self._paces) > MAX_HOSTS:
            key, pace = next(iter(self._paces.items()))
            if pace.waiting:
                return
            del self._paces[key]

    async def _wait(self, pace: _Pace) -> None:
        gap = self._gap(pace)
        lag = self._lag(pace)
        if gap > 0:
            now = self._clock.now()
            late = (now - pace.free).total_seconds() if pace.free is not None and lag <= 0 else 0.0
            start = lag if late > gap * LATE else lag - late
            pace.free = now + timedelta(seconds=start + gap)
        if lag > 0:
            await self._clock.sleep(lag)

    async def _wait_with_others(self, key: str, pace: _Pace, reserve: Reserve) -> None:
        for _ in range(TRIES):
            gap, before = self._gap(pace), self._clock.now()
            lag = await reserve(key, gap)  # Counted from when it was answered, of which we may hear late.
            if lag > 0:
                await self._clock.sleep(lag)
            now = self._clock.now()
            pace.free = max(pace.free or now, now + timedelta(seconds=gap))
            if (now - before).total_seconds() - lag <= gap * LATE:
                return

    async def _pause_after(self, key: str, pace: _Pace, began: datetime, ended: Ended) -> None:
        gap, now = self._gap(pace), self._clock.now()
        if gap > 0 and (now - began).total_seconds() > gap * LATE:
            pace.free = max(pace.free or now, now + timedelta(seconds=gap))
            await ended(key, gap)

    def _gap(self, pace: _Pace) -> float:
        return max(self._crawl.delay, pace.crawl_delay) + pace.penalty

    def _lag(self, pace: _Pace) -> float:
        if pace.free is None:
            return 0.0
        lag = (pace.free - self._clock.now()).total_seconds()
        # A clock that was set back must not hold a host for hours.
        longest = max(self._crawl.delay, pace.crawl_delay, self._crawl.max_retry_after) * (pace.waiting + 1)
        return min(max(lag, 0.0), longest)


def _given_up(pace: _Pace) -> int:
    if pace.turned_away >= PATIENCE:
        return 429
    return 503 if len(pace.failing) >= PAGES else 0
