"""The last archived copies of some pages, asked for now and not kept: for `fix --dead`, where the store has none."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta

from crawler.model import ResourceId
from crawler.ports import Clock
from loccit.archiving.asking import Asker, Budget, EnoughError, LeaveAloneError, fetcher_for, may_tell
from loccit.archiving.copies import Copy, Wanted, find_copy
from loccit.settings import Settings

_EVER = timedelta(days=36_500)


def last_copies(
    settings: Settings, urls: Iterable[str], clock: Clock, *, complain: Callable[[str], None]
) -> dict[str, str]:
    """For each of these pages that the archive has a good copy of, the copy's address.

    Within the settings' budget and time; nothing is asked where `[archive] memento` is "". `complain` is told what
    ended it early.
    """
    archive = settings.archive.memento
    wanted = [url for url in dict.fromkeys(urls) if archive and may_tell(settings, archive, url)]
    return asyncio.run(_ask(settings, wanted, clock, complain)) if wanted else {}


async def _ask(settings: Settings, urls: list[str], clock: Clock, complain: Callable[[str], None]) -> dict[str, str]:
    found: dict[str, str] = {}
    until = clock.now() + timedelta(seconds=settings.archive.time_limit)
    budget = Budget(requests=settings.archive.budget, until=until)
    async with fetcher_for(settings, clock) as fetcher:
        asker = Asker(fetcher=fetcher, clock=clock, budget=budget)
        try:
            for url in urls:
                wanted = Wanted(resource=ResourceId(0), url=url, moment=clock.now(), within=_EVER, later=False)
                if isinstance(copy := await find_copy(asker, settings, wanted), Copy):
                    found[url] = copy.url
        except EnoughError:
            complain("[archive] budget or time_limit is used up: not every dead link was asked for")
        except LeaveAloneError as error:
            complain(f"the archive wants to be left alone ({error.why}): not every dead link was asked for")
    return found
