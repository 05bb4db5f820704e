"""A worker of the distributed engine: takes hosts from the queue, crawls what is due of each, and says how it went.

A host that a job broke with, or a worker died with, is crawled in a process of its own the next time: what kills it
then kills nobody else's work, and is known to be its own doing.
"""

import asyncio
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from crawler.fetch import HttpFetcher
from crawler.hosts import MAX_CRAWL_DELAY
from crawler.rendered import RenderingFetcher
from loccit.app import App
from loccit.errors import SettingsError
from loccit.exits import Exit
from loccit.fetching import Reading, with_ca
from loccit.holding import held_line
from loccit.hostpass import AT_ONCE, HostCrawler
from loccit.settings import Settings
from loccit.sitemaps import ask_sitemaps
from review.text import one_line
from storage.dispatch import Dispatch
from storage.errors import StoreError
from storage.hosts import Outcome
from storage.hoststore import HostStore
from storage.store import Store

RUN_LASTS: Final = timedelta(minutes=10)
"""A worker's looks belong to a run; a new one begins after this long, so that it is seen that the worker works."""

AGAIN: Final = 5.0
"""Seconds until a worker that lost its database tries again."""

OUTAGE: Final = 90.0
"""Who worked for so long before the queue was lost met another outage; opening it is given up after half a minute."""

_PARENT_SECONDS: Final = 1.0
_CHILD_GRACE: Final = 10.0


@dataclass(slots=True)
class Run:
    """The run that a worker's looks belong to. One process begins and ends it; its jobs add to its counts."""

    store: Store
    number: int | None = None
    began: datetime | None = None
    counts: Counter[str] = field(default_factory=Counter)

    def at(self, now: datetime) -> int:
        """The run's number; a new one where the last has gone on for long enough."""
        if self.number is None or self.began is None or not now - self.began <= RUN_LASTS:
            self.end(now)
            self.number, self.began = self.store.begin_run("crawl", now), now
        return self.number

    def end(self, now: datetime) -> None:
        if self.number is not None:
            self.store.end_run(self.number, now, "done", dict(self.counts))
            self.number, self.counts = None, Counter()


class Worker:
    """Takes and does jobs until it is cancelled. To be used as an asynchronous context."""

    def __init__(self, app: App, store: Store, *, hosts: int, child: bool = False) -> None:
        """`hosts`: how many are crawled at once. `child`: it was begun for one host alone."""
        self._app, self._store, self._hosts, self._child = app, store, hosts, child
        self._settings: Settings = app.settings
        self._dispatch: Dispatch = store.dispatch
        self._run = Run(store)
        self._counting = asyncio.Lock()
        self._fetcher: HttpFetcher | None = None
        self._crawler: HostCrawler | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Worker":
        settings = self._settings
        try:
            fetcher = HttpFetcher(settings.crawl, with_ca(settings.network, settings.root), self._app.clock)
        except (ValueError, OSError) as error:
            raise SettingsError(f"[network]: {error}") from None
        fetcher.hosts.share(self._reserve, self._rest)
        self._fetcher, clock, reading = fetcher, self._app.clock, Reading()
        await self._stack.enter_async_context(fetcher)
        rendering = RenderingFetcher(fetcher, settings.crawl, clock, reading.ahead)
        await self._stack.enter_async_context(rendering)
        self._crawler = HostCrawler(
            settings=settings, clock=clock, fetcher=rendering, reading=reading, told=self._app.looked
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        with suppress(StoreError):
            await asyncio.to_thread(self._run.end, self._app.clock.now())

    async def work(self) -> None:
        """Take jobs until cancelled; then those under way have `[schedule] grace` left."""
        schedule = self._settings.schedule
        heartbeat = schedule.heartbeat.total_seconds()
        queue = self._dispatch.app(self.job)
        async with queue.open_async():
            await queue.run_worker_async(
                name="loccit",
                concurrency=self._hosts,
                install_signal_handlers=False,
                shutdown_graceful_timeout=schedule.grace.total_seconds(),
                delete_jobs="always",
                update_heartbeat_interval=heartbeat,
                stalled_worker_timeout=1e9,  # the scheduler buries the dead, once it has seen to their jobs
                fetch_job_polling_interval=min(5.0, heartbeat),
            )

    # ------------------------------------------------------------ one job

    async def job(self, host: int, name: str) -> None:
        """Crawl one host, and say how it went. Raises nothing: what happened stands in the host's row."""
        outcome, trouble = Outcome.BROKE, ""
        try:
            alone = not self._child and await asyncio.to_thread(self._dispatch.failures, host) > 0
            outcome, trouble = await (self._in_child(host) if alone else self._here(host, name))
        except asyncio.CancelledError:
            outcome = Outcome.STOPPED
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
        except StoreError as error:
            # The store's trouble, not the host's: what was not recorded is still due.
            outcome = Outcome.STOPPED
            self._app.complain(f"{name}: {error}")
        except Exception as error:  # noqa: BLE001
            # A bug that this host brought out: loudly, and not at the others' cost.
            trouble = f"{type(error).__name__}: {one_line(str(error), 200)}"
            self._app.complain(f"{name}: the job broke: {trouble}")
        if not self._child:
            await asyncio.shield(asyncio.ensure_future(self._end(host, name, outcome, trouble)))

    async def _here(self, host: int, name: str) -> tuple[Outcome, str]:
        assert self._crawler is not None
        assert self._fetcher is not None
        async with self._counting:
            run = await asyncio.to_thread(self._run.at, self._app.clock.now())
        store = HostStore(self._dispatch, host, run=run, limit=AT_ONCE)
        try:
            result = await self._crawler.crawl(store, name)
            if not result.undecided:
                await ask_sitemaps(store, self._fetcher, self._settings, self._app.clock, only=host)
        finally:
            self._run.counts.update(store.counts)
            if (lag := self._fetcher.hosts.leave(name)) > 0:
                await asyncio.shield(asyncio.ensure_future(self._rest(name, lag)))
        self._app.passed(result.seconds, outage=result.outage)
        return (Outcome.OUTAGE, "the network of its worker was down") if result.undecided else (Outcome.DONE, "")

    async def _end(self, host: int, name: str, outcome: Outcome, trouble: str) -> None:
        try:
            held = await asyncio.to_thread(self._dispatch.end, host, outcome, self._app.clock.now(), trouble)
        except StoreError as error:
            self._app.complain(f"{name}: {error}; it is handed out again in a while")
            return
        if held is not None:
            self._app.complain(held_line(held))

    async def _reserve(self, host: str, gap: float) -> float:
        longest = 10 * max(self._settings.crawl.delay, MAX_CRAWL_DELAY, self._settings.crawl.max_retry_after)
        return await asyncio.to_thread(self._dispatch.reserve, host, gap, longest=longest)

    async def _rest(self, host: str, pause: float) -> None:
        with suppress(StoreError):  # It is kept to here all the same.
            await asyncio.to_thread(self._dispatch.delay, host, pause)

    # ------------------------------------------------------------ in a process of its own

    async def _in_child(self, host: int) -> tuple[Outcome, str]:
        arguments = ["--quiet", *(["--config", str(self._app.config)] if self._app.config else [])]
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "loccit.main", "worker", *arguments, "--alone", str(host)),
            cwd=self._app.cwd,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), _CHILD_GRACE)
            except TimeoutError:
                child.kill()
            raise
        if code < 0:
            return Outcome.BROKE, f"it killed the process that crawled it ({signal.Signals(-code).name})"
        ends = {Exit.OK: Outcome.DONE, Exit.INCONCLUSIVE: Outcome.OUTAGE, Exit.USAGE: Outcome.STOPPED}
        outcome = next((end for number, end in ends.items() if number == code), Outcome.BROKE)
        return outcome, "" if outcome is not Outcome.BROKE else "its job broke in a process of its own"

    async def alone(self, host: int) -> Exit:
        """What such a process does: one host, until it is done or whoever began it is gone."""
        name = await asyncio.to_thread(self._dispatch.name, host)
        working = asyncio.ensure_future(self._here(host, name))
        watching = asyncio.ensure_future(_until_orphaned(working.cancel))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
        try:
            outcome, _ = await working
        except asyncio.CancelledError:
            return Exit.USAGE
        finally:
            watching.cancel()
        return Exit.OK if outcome is Outcome.DONE else Exit.INCONCLUSIVE


async def _until_orphaned(tell: Callable[[], object]) -> None:
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 (nobody tells)
        await asyncio.sleep(_PARENT_SECONDS)
    tell()


async def keep_working(begin: Callable[[], Awaitable[None]], app: App, stopped: asyncio.Event) -> None:
    """Work until told to stop; begin again where the database was lost. An outage is told of once."""
    # They say the same at each attempt, with a traceback; what ends a job stands in its host's row.
    for name in ("procrastinate", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    loop, told = asyncio.get_running_loop(), False
    while not stopped.is_set():
        began = loop.time()
        working = asyncio.ensure_future(begin())
        stopping = asyncio.ensure_future(stopped.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
        try:
            await working
        except asyncio.CancelledError:
            pass
        except Exception as error:  # noqa: BLE001
            # Procrastinate's and the driver's errors are many; all of them mean that the queue was lost.
            if not told or loop.time() - began > OUTAGE:
                app.complain(f"the queue was lost ({type(error).__name__}); trying again every {AGAIN:g} s")
            told = True
        stopping.cancel()
        if not stopped.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), AGAIN)
