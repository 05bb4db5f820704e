"""The fetcher: one resource to one attempt, by way of robots.txt, the host's pace, redirects and retries."""

import asyncio
import fnmatch
import hashlib
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Self

from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt

from crawler import robots
from crawler.exchange import REDIRECTS, Answer, Ask, CookieJar, Forbidden, Trouble, exchange
from crawler.guard import Guard, Resolver
from crawler.hints import retry_after
from crawler.hosts import Hosts
from crawler.model import (
    Attempt,
    Digest,
    Failed,
    FailureKind,
    Fetched,
    FetchOrder,
    Hop,
    NotModified,
    RefusalKind,
    Refused,
    Validators,
)
from crawler.policy import CrawlSettings, NetworkSettings
from crawler.ports import Clock
from crawler.refresh import onward
from crawler.transport import PooledTransport
from crawler.urls import ResourceUrl, UrlProblem, public, resource_url

MOST_SITEMAPS = 10
"""Of those that a robots.txt names, so many are told of."""

_PASSING = (FailureKind.CONNECTION_RESET, FailureKind.PROTOCOL, FailureKind.DNS_ERROR, FailureKind.NETWORK)
_PASSING_STATUS = (429, 500, 502, 503, 504)


def is_transient(attempt: Attempt, *, patience: float) -> bool:
    """Whether the same request may well succeed in a moment. Time-outs are not: they have cost enough by then.

    A Retry-After of more than `patience` seconds is not waited for: the answer stands.
    """
    match attempt:
        case Failed(kind=kind):
            return kind in _PASSING
        case Fetched(status=status) if status in _PASSING_STATUS:
            return (retry_after(attempt.header("retry-after"), attempt.at) or 0.0) <= patience
        case _:
            return False


@dataclass(slots=True, kw_only=True)
class _Chain:
    """What is carried along the redirects of one fetch. `spent` counts seconds of exchange, not of waiting a turn."""

    order: FetchOrder
    limit: int
    tries: int = 1
    cut: bool = False
    use_robots: bool = True
    max_redirects: int = 10
    hops: list[Hop] = field(default_factory=list)
    jar: CookieJar = field(default_factory=CookieJar)
    seen: set[tuple[str, str]] = field(default_factory=set)
    spent: float = 0.0


class HttpFetcher:
    """Fetches over HTTP. `hosts` holds the pace of every host and is shared with whoever orders the work.

    Raises `ValueError` or `OSError` when made with a network setting that cannot be used; fetching raises nothing.
    """

    def __init__(
        self, crawl: CrawlSettings, network: NetworkSettings, clock: Clock, *, resolver: Resolver | None = None
    ) -> None:
        self._crawl = crawl
        self._clock = clock
        self.hosts = Hosts(crawl, clock)
        self._guard = Guard(allow=network.allow, connect_to=network.connect_to, resolver=resolver)
        self._transport = PooledTransport(network, self._guard, per_host=max(1, crawl.per_host))
        self._robots = robots.Robots(user_agent=crawl.user_agent, clock=clock, ask=self._ask_robots)

    @property
    def transport(self) -> PooledTransport:
        """Every connection is made through it, and so through the guard."""
        return self._transport

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()
        self._guard.close()

    async def fetch(self, order: FetchOrder) -> Attempt:
        """One attempt at a resource: the last of its tries, redirects followed and recorded."""
        url = resource_url(order.url)
        if isinstance(url, UrlProblem):
            return self._refused(public(order.url), url.kind, url.detail)
        if any(fnmatch.fnmatchcase(url.href, glob) for glob in self._crawl.skip):
            return self._refused(url.href, RefusalKind.SKIPPED, "left out by [crawl] skip")
        result = await self._follow(url, order, 1)
        if order.attempt > 1 or self._crawl.retries < 1 or not self._is_passing(result):
            return result
        counter = itertools.count(2)

        async def again() -> Attempt:
            return await self._follow(url, order, next(counter))

        return await self._retried(again)

    async def sitemaps(self, url: str) -> tuple[str, ...] | None:
        """The site maps that the robots.txt of a URL's origin names; None where the host does not answer, or is not
        to be asked now. robots.txt is asked at most once for this and for pages.
        """
        address = resource_url(url)
        if isinstance(address, UrlProblem) or not self._crawl.respect_robots:
            return ()
        rules = await self._robots.rules(address)
        if rules.failed is not None or rules.passing:
            return None
        return tuple(rules.parsed.sitemaps)[:MOST_SITEMAPS] if rules.parsed is not None else ()

    def _is_passing(self, attempt: Attempt) -> bool:
        return is_transient(attempt, patience=self._crawl.max_retry_after)

    async def _retried(self, again: Callable[[], Awaitable[Attempt]]) -> Attempt:
        await self._clock.sleep(self._wait_before(1))
        retrying = AsyncRetrying(
            retry=retry_if_result(self._is_passing),
            stop=stop_after_attempt(self._crawl.retries),
            wait=lambda state: self._wait_before(state.attempt_number + 1),
            sleep=self._clock.sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        result: Attempt = await retrying(again)
        return result

    def _wait_before(self, retry: int) -> float:
        """Doubling, with jitter, so that the tries of many pages of one host do not come in step."""
        return self._crawl.retry_wait * 2.0 ** (retry - 1) * random.uniform(0.75, 1.25)  # noqa: S311

    async def _follow(self, url: ResourceUrl, order: FetchOrder, tries: int) -> Attempt:
        settings = self._crawl
        chain = _Chain(order=order, limit=settings.max_bytes, tries=tries, max_redirects=settings.max_redirects)
        chain.use_robots = settings.respect_robots
        return await self._run(url, chain)

    async def _ask_robots(self, address: str) -> Attempt:
        url = resource_url(address)
        assert isinstance(url, ResourceUrl)  # it is the origin of one that was read before
        chain = _Chain(order=FetchOrder(url=address), limit=robots.MAX_BYTES, cut=True, use_robots=False)
        chain.max_redirects = robots.MAX_REDIRECTS
        return await self._run(url, chain)

    async def _run(self, start: ResourceUrl, chain: _Chain) -> Attempt:
        """Follow redirects by hand, checking each, until something ends the chain."""
        url = start
        while True:
            step = await self._step(url, chain)
            if not isinstance(step, ResourceUrl):
                return replace(step, url=start.href, hops=tuple(chain.hops))
            url = step

    async def _step(self, url: ResourceUrl, chain: _Chain) -> Attempt | ResourceUrl:
        """One hop: a final attempt, or where to go next."""
        if chain.use_robots and (obstacle := await self._robots_obstacle(url, chain)):
            return obstacle
        if status := self.hosts.given_up(url.pace):
            kind = RefusalKind.RATE if status == 429 else RefusalKind.UNAVAILABLE
            return self._refused(url.href, kind, f"its host answered {status} again and again: not asked")
        marker = (url.href, chain.jar.header(url))
        if marker in chain.seen or len(chain.hops) > chain.max_redirects:
            why = "the redirects form a loop" if marker in chain.seen else f"more than {chain.max_redirects} redirects"
            return self._failed(url, chain, Trouble(kind=FailureKind.REDIRECT_LOOP, detail=why, connected=True))
        chain.seen.add(marker)
        outcome = await self._exchange(url, chain)
        match outcome:
            case Forbidden(detail=detail):
                return self._refused(url.href, RefusalKind.ADDRESS, detail)
            case Trouble():
                return self._failed(url, chain, outcome)
            case Answer(status=status) if status in REDIRECTS and outcome.header("location") and chain.order.follow:
                return self._redirected(url, chain, outcome)
            case Answer():
                return self._sent_on(url, chain, outcome) or self._attempt(url, chain, outcome)

    async def _exchange(self, url: ResourceUrl, chain: _Chain) -> Answer | Trouble | Forbidden:
        order = chain.order
        asked_before = bool(chain.hops) or order.attempt > 1
        loop = asyncio.get_running_loop()
        async with self.hosts.turn(url.pace):
            start = loop.time()
            ask = Ask(
                url=url,
                seconds=self._crawl.timeout - chain.spent,
                max_bytes=chain.limit,
                validators=Validators() if asked_before else order.validators,
                fresh=order.fresh,
                accept_datetime=order.accept_datetime,
                cut=chain.cut,
            )
            agent = self._crawl.user_agent
            outcome = await exchange(self._transport, ask, user_agent=agent, jar=chain.jar)
            if isinstance(outcome, Trouble) and outcome.stale:
                # A kept connection that the server closed meanwhile says nothing about the page.
                outcome = await exchange(self._transport, replace(ask, fresh=True), user_agent=agent, jar=chain.jar)
            chain.spent += loop.time() - start
        if isinstance(outcome, Answer):
            wish = retry_after(outcome.header("retry-after"), self._clock.now())
            self.hosts.answered(url.pace, outcome.status, wish, page=url.href)
            chain.jar.take(url, outcome.headers)
        return outcome

    async def _robots_obstacle(self, url: ResourceUrl, chain: _Chain) -> Attempt | None:
        rules = await self._robots.rules(url, turn=(chain.order.attempt, chain.tries))
        self.hosts.set_crawl_delay(url.pace, rules.crawl_delay)
        if rules.failed is not None:
            if chain.order.past_robots and rules.failed.connected:
                return None
            return replace(rules.failed, url=url.href, at=self._clock.now())
        if not rules.allows(url.href, self._robots.agent):
            refused = self._refused(url.href, RefusalKind.ROBOTS, rules.why or "robots.txt")
            return replace(refused, passing=rules.passing)
        return None

    def _redirected(self, url: ResourceUrl, chain: _Chain, answer: Answer) -> Attempt | ResourceUrl:
        location = answer.header("location")
        target = resource_url(location, url.href)
        if isinstance(target, UrlProblem):
            chain.hops.append(Hop(status=answer.status, url=url.href, target=public(location)))
            return self._refused(url.href, target.kind, f"redirected: {target.detail}")
        chain.hops.append(Hop(status=answer.status, url=url.href, target=target.href))
        return target

    def _sent_on(self, url: ResourceUrl, chain: _Chain, answer: Answer) -> ResourceUrl | None:
        """Where a page without a redirect's status sends its reader; one that leads in a circle is a page."""
        if not 200 <= answer.status < 300 or chain.cut or not chain.order.follow or chain.order.accept_datetime:
            return None
        refresh, kind = answer.header("refresh"), answer.header("content-type")
        target = onward(url.href, refresh=refresh, content_type=kind, body=answer.body)
        if target is None or any(target.href == seen for seen, _ in chain.seen):
            return None
        chain.hops.append(Hop(status=answer.status, url=url.href, target=target.href))
        return target

    def _attempt(self, url: ResourceUrl, chain: _Chain, answer: Answer) -> Attempt:
        conditional = chain.order.attempt == 1 and not chain.hops and chain.order.validators != Validators()
        if answer.status == 304 and conditional:
            return NotModified(
                url=url.href,
                final_url=url.href,
                headers=answer.headers,
                at=self._clock.now(),
                elapsed_ms=chain.spent * 1000,
            )
        return Fetched(
            url=url.href,
            final_url=url.href,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            digest=Digest(hashlib.sha256(answer.body).hexdigest()),
            at=self._clock.now(),
            elapsed_ms=chain.spent * 1000,
            tls_expires=answer.tls_expires,
        )

    def _failed(self, url: ResourceUrl, chain: _Chain, trouble: Trouble) -> Failed:
        return Failed(
            url=url.href,
            kind=trouble.kind,
            detail=trouble.detail,
            at=self._clock.now(),
            elapsed_ms=chain.spent * 1000,
            connected=trouble.connected or bool(chain.hops),
        )

    def _refused(self, url: str, kind: RefusalKind, detail: str) -> Refused:
        return Refused(url=url, kind=kind, detail=detail, at=self._clock.now())
