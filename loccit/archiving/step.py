"""The archive step: after a crawl, or by itself with `loccit archive`. Optional, bounded, and taken up again next time.

What is asked: the last copies of dead pages, pages to save, and pages as they were when guides were verified. Never
more than one request at a time, no more than the budget, nothing while the archive wants to be left alone. What is
known already is not asked again. Then dead pages' own hosts are asked where the pages are now.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from crawler.ports import Clock
from loccit.archiving.asking import Asker, Budget, EnoughError, LeaveAloneError, fetcher_for, may_tell, rest_after
from loccit.archiving.bases import Based, again, ask_bases
from loccit.archiving.copies import Copy, Wanted, find_copy
from loccit.archiving.saving import NEW, save_pages
from loccit.archiving.tracing import trace_pages
from loccit.settings import Settings
from storage.archives import DeadPage, Question, Rest
from storage.store import Store

_EVER: Final = timedelta(days=36_500)
_SHARE: Final = 4
"""Dead pages and pages to save each get no more than this part of the budget: many old dates do not starve them."""
_LEAST: Final = 6
_WATCH_SECONDS: Final = 0.5


@dataclass(slots=True, kw_only=True)
class Stepped:
    """What a step did. `resting`: the archive was left alone, or wants to be from now on. `enough`: more is left."""

    requests: int = 0
    based: Based = field(default_factory=Based)
    archived: int = 0
    traced: int = 0
    saved: int = 0
    resting: Rest | None = None
    enough: bool = False

    @property
    def idle(self) -> bool:
        """Whether there was nothing to ask, or to tell of."""
        return not (self.requests or self.traced or self.enough or self.resting)


def archive_step(
    settings: Settings,
    store: Store,
    clock: Clock,
    *,
    budget: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Stepped:
    """Ask what may be asked now. `budget` instead of the settings' one. Raises StoreError and SettingsError alone."""
    told = Stepped()
    requests = settings.archive.budget if budget is None else budget

    async def go() -> None:
        working = asyncio.create_task(_step(settings, store, clock, told, requests, stopped))
        while not working.done():
            await asyncio.wait([working], timeout=_WATCH_SECONDS)
            if stopped() and not working.done():
                # What was asked last is asked again another time; everything before it is written.
                working.cancel()
                await asyncio.wait([working])
        if working.cancelled():
            told.enough = True
        else:
            working.result()

    asyncio.run(go())
    return told


async def _step(
    settings: Settings, store: Store, clock: Clock, told: Stepped, requests: int, stopped: Callable[[], bool]
) -> None:
    started = clock.now()
    limit = timedelta(seconds=settings.archive.time_limit)
    dead = store.archives.dead(started)
    if settings.archive.memento and requests:
        archive = settings.archive.memento
        rest = store.archives.rest(archive)
        if rest is None or rest.until <= started:
            budget = Budget(requests=requests, until=started + limit, stopped=stopped)
            await _ask_archive(settings, store, clock, told, dead, budget, rest)
            told.requests = budget.spent
        elif _has_work(settings, store, clock, dead):
            told.resting = rest
    if settings.archive.suggest and not stopped():
        until = clock.now() + limit
        told.traced = await trace_pages(store, settings, clock, dead, enough=lambda: stopped() or clock.now() >= until)


def _has_work(settings: Settings, store: Store, clock: Clock, dead: list[DeadPage]) -> bool:
    return bool(_askable(settings, dead) or _questions(settings, store, clock) or _unsaved(settings, store, clock))


def _askable(settings: Settings, dead: list[DeadPage]) -> list[DeadPage]:
    return [each for each in dead if each.ask_archive and may_tell(settings, settings.archive.memento, each.url)]


def _unsaved(settings: Settings, store: Store, clock: Clock) -> bool:
    now = clock.now()
    return settings.archive.save and bool(store.archives.unsaved(now, since=now - NEW))


def _questions(settings: Settings, store: Store, clock: Clock) -> list[Question]:
    archive = settings.archive.memento
    return [each for each in store.archives.questions(clock.now()) if may_tell(settings, archive, each.url)]


async def _ask_archive(
    settings: Settings,
    store: Store,
    clock: Clock,
    told: Stepped,
    dead: list[DeadPage],
    budget: Budget,
    rest: Rest | None,
) -> None:
    gone, questions = _askable(settings, dead), _questions(settings, store, clock)
    saving = _unsaved(settings, store, clock)
    if not (gone or questions or saving):
        return
    archive = settings.archive.memento
    async with fetcher_for(settings, clock) as fetcher:
        asker = Asker(fetcher=fetcher, clock=clock, budget=budget)
        try:
            await _part(asker, lambda: _last_copies(asker, store, settings, gone, told))
            if saving:
                await _part(asker, lambda: _save(asker, store, settings, told))
            await ask_bases(asker, store, settings, questions, told.based)
        except EnoughError:
            told.enough = True
        except LeaveAloneError as error:
            failures = (rest.failures if rest else 0) + 1
            wait = rest_after(failures - 1) if error.wait is None else max(error.wait, timedelta(minutes=1))
            told.resting = Rest(until=clock.now() + wait, failures=failures, why=error.why)
            store.archives.leave_alone(archive, told.resting)
            return
    if rest is not None and rest.failures and asker.heard:
        store.archives.leave_alone(archive, Rest(until=clock.now(), failures=0, why=""))


async def _part(asker: Asker, work: Callable[[], Awaitable[None]]) -> None:
    """Work within a share of the budget; only where nothing at all is left is it enough."""
    budget, whole = asker.budget, asker.budget.requests
    budget.requests = min(whole, budget.spent + max(_LEAST, whole // _SHARE))
    try:
        await work()
    except EnoughError:
        if budget.spent >= whole or asker.clock.now() >= budget.until or budget.stopped():
            raise
    finally:
        budget.requests = whole


async def _save(asker: Asker, store: Store, settings: Settings, told: Stepped) -> None:
    told.saved = await save_pages(asker, store, settings)


async def _last_copies(asker: Asker, store: Store, settings: Settings, dead: list[DeadPage], told: Stepped) -> None:
    """The archived copies of dead pages, the nearest before each was last known to be alive."""
    for page in dead:
        wanted = Wanted(resource=page.resource, url=page.url, moment=page.lived or page.died, within=_EVER, later=False)
        found = await find_copy(asker, settings, wanted)
        if isinstance(found, Copy):
            store.archives.archived(page.resource, url=found.url, copied=found.at, tries=0, again=None)
            told.archived += 1
        else:
            wait = again(found.outcome, page.archive_tries)
            tries = page.archive_tries + 1
            store.archives.archived(page.resource, url="", copied=None, tries=tries, again=asker.clock.now() + wait)
