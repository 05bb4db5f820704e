"""One polite request at a time to an archive, within a budget; what it answers when it wants to be left alone is heard.

All requests go through the fetcher that every other page goes through: the same guard, robots.txt and limits of size.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from crawler.fetch import HttpFetcher
from crawler.hints import retry_after
from crawler.model import Attempt, Failed, FailureKind, Fetched, FetchOrder, RefusalKind, Refused
from crawler.ports import Clock
from crawler.reserved import is_public_host
from crawler.urls import ResourceUrl, resource_url
from loccit.errors import SettingsError
from loccit.fetching import with_ca
from loccit.settings import Settings

PATIENCE: Final = 2
"""So many questions in a row without any answer: the archive is left alone."""
FIRST_REST: Final = timedelta(minutes=15)
LONGEST_REST: Final = timedelta(days=1)
OF_THE_PAGE: Final = (FailureKind.TOO_LARGE, FailureKind.BOMB)
"""Failures that say nothing about the archive."""


class EnoughError(Exception):
    """No more is to be asked in this run: budget or time are used up, or somebody said stop."""


class LeaveAloneError(Exception):
    """The archive is not to be asked for `wait`; `why` in a few words. None: for as long as its failures ask for."""

    def __init__(self, why: str, wait: timedelta | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.wait = wait


@dataclass(slots=True, kw_only=True)
class Budget:
    """What may be asked in one run."""

    requests: int
    until: datetime
    stopped: Callable[[], bool] = lambda: False
    spent: int = 0


@dataclass(slots=True, kw_only=True)
class Asker:
    """Asks for addresses of an archive. Redirects are answers: an archive keeps them as pages were."""

    fetcher: HttpFetcher
    clock: Clock
    budget: Budget
    failures: int = 0
    """Questions in a row that had no answer."""
    heard: bool = field(default=False)
    """Whether the archive has answered anything at all."""

    async def ask(self, url: str, *, at: datetime | None = None) -> Attempt:
        """One request; `at`: as of that moment (Accept-Datetime). Raises EnoughError and LeaveAloneError."""
        budget = self.budget
        if budget.spent >= budget.requests or self.clock.now() >= budget.until or budget.stopped():
            raise EnoughError
        budget.spent += 1
        answer = await self.fetcher.fetch(FetchOrder(url=url, follow=False, accept_datetime=at, attempt=2))
        self._hear(answer)
        return answer

    def _hear(self, answer: Attempt) -> None:
        match answer:
            case Fetched() if answer.header("memento-datetime"):
                # Whatever its status, it is what the page answered at that time.
                self.failures, self.heard = 0, True
            case Fetched(status=status) if status in (429, 503):
                wish = retry_after(answer.header("retry-after"), answer.at)
                wait = None if wish is None else timedelta(seconds=min(wish, LONGEST_REST.total_seconds()))
                raise LeaveAloneError(f"it answers {status}", wait)
            case Refused(kind=RefusalKind.ROBOTS) if not answer.passing:
                raise LeaveAloneError("its robots.txt forbids it", LONGEST_REST)
            case Fetched(status=status) if status < 500:
                self.failures, self.heard = 0, True
            case Failed(kind=kind) if kind in OF_THE_PAGE:
                self.failures, self.heard = 0, True
            case _:
                self.failures += 1
                if self.failures >= PATIENCE:
                    raise LeaveAloneError(why_not(answer))


def why_not(answer: Attempt) -> str:
    """Why there is no page, in a few words."""
    match answer:
        case Fetched(status=status):
            return f"it answers {status}"
        case Failed(kind=kind):
            return f"no answer ({kind})"
        case Refused(kind=kind):
            return f"not asked ({kind})"
        case _:
            return "no answer"


def fetcher_for(settings: Settings, clock: Clock) -> HttpFetcher:
    """A fetcher with an archive's pace: one request at a time, none tried again at once. Raises SettingsError."""
    crawl = replace(
        settings.crawl, concurrency=1, per_host=1, delay=settings.archive.delay, retries=0, skip=(), max_redirects=5
    )
    try:
        return HttpFetcher(crawl, with_ca(settings.network, settings.root), clock)
    except (ValueError, OSError) as error:
        raise SettingsError(f"[network]: {error}") from None


def rest_after(failures: int) -> timedelta:
    """How long an archive is left alone after so many runs in a row that it did not answer: doubling."""
    return min(FIRST_REST * (1 << min(failures, 10)), LONGEST_REST)


def may_tell(settings: Settings, archive: str, url: str) -> bool:
    """Whether an archive may be asked about a page: of one out in the world only about public hosts.

    What is in an office's own network is nobody's business, and no public archive has it. An archive that is itself in
    that network (or is reached by `[network] connect_to`) may be asked about everything.
    """
    return not _is_public(settings, archive) or _is_public(settings, url)


def _is_public(settings: Settings, url: str) -> bool:
    parsed = resource_url(url)
    if not isinstance(parsed, ResourceUrl):
        return False
    return is_public_host(parsed.host) and parsed.key not in {name.lower() for name in settings.network.connect_to}
