"""What a page's scripts ask for while it is rendered: fetched by us, through the same guard and under limits.

The browser itself never connects to anything. A request that is refused here simply fails for the page.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from crawler.exchange import REDIRECTS, Answer, Ask, CookieJar, Forbidden, Trouble, exchange
from crawler.hints import retry_after
from crawler.hosts import Hosts
from crawler.model import Validators
from crawler.policy import CrawlSettings
from crawler.ports import Clock
from crawler.transport import PooledTransport
from crawler.urls import ResourceUrl, host_key, resource_url, same_site

MOST_REQUESTS: Final = 200
"""Of one page. Pages of documentation ask for 10 to 80 scripts and answers."""

MOST_BYTES: Final = 3
"""Of one page's answers in all, as a multiple of `max_bytes`."""

MOST_SENT: Final = 500_000
PER_HOST: Final = 6
"""Requests of rendered pages under way to one host: what browsers allow themselves (HTTP/1.1)."""

CACHED_BYTES: Final = 32 * 1024 * 1024
CACHED_SECONDS: Final = 600.0

_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
_REFUSED_TYPES: Final = (
    "image",
    "media",
    "font",
    "texttrack",
    "eventsource",
    "websocket",
    "manifest",
    "ping",
    "cspviolationreport",
)
_NOT_SENT: Final = (
    *("host", "connection", "content-length", "accept-encoding", "transfer-encoding", "keep-alive", "te", "trailer"),
    *("upgrade", "expect", "user-agent"),
)
_NOT_HANDED_ON: Final = (
    *("connection", "content-length", "content-encoding", "transfer-encoding", "keep-alive", "trailer", "upgrade"),
    *("alt-svc", "link", "refresh", "content-disposition", "report-to", "nel", "reporting-endpoints"),
    *("strict-transport-security", "clear-site-data"),
)
_OF_ONE_ORIGIN: Final = ("authorization", "cookie", "origin")
_SCRIPTS: Final = ("javascript", "ecmascript", "text/css", "wasm")

ASIDE: Final = (
    *("google-analytics.com", "googletagmanager.com", "doubleclick.net", "googlesyndication.com", "facebook.net"),
    *("hotjar.com", "segment.com", "segment.io", "mixpanel.com", "amplitude.com", "fullstory.com", "clarity.ms"),
    *("newrelic.com", "nr-data.net", "sentry.io", "bugsnag.com", "datadoghq.com", "optimizely.com", "matomo.cloud"),
    *(
        "cookielaw.org",
        "onetrust.com",
        "cookiebot.com",
        "usercentrics.eu",
        "didomi.io",
        "trustarc.com",
        "quantcast.com",
    ),
    *("consentmanager.net", "privacy-center.org", "iubenda.com", "osano.com", "intercom.io"),
)
"""Counting visits, and asking for consent: none of it is a page's content, and a robot's visit is none to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request of a page, as the browser tells of it; header names in lower case."""

    method: str
    url: str
    kind: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(slots=True, kw_only=True)
class Scripts:
    """Scripts that several pages of a run ask for, fetched once. They are kept for minutes, and never beyond a run."""

    _held: OrderedDict[str, tuple[float, Answer]] = field(default_factory=OrderedDict)
    _size: int = 0

    def get(self, url: str, now: float) -> Answer | None:
        until, answer = self._held.get(url, (0.0, None))
        if answer is not None and now >= until:
            del self._held[url]  # so that its successor finds the place free
            self._size -= len(answer.body)
            return None
        return answer

    def put(self, url: str, answer: Answer, now: float) -> None:
        control = answer.header("cache-control").lower()
        kind = answer.header("content-type").lower()
        varies = set(answer.header("vary").lower().replace(" ", "").split(",")) - {"", "accept-encoding", "origin"}
        may = not ("no-store" in control or "private" in control or varies or answer.header("set-cookie"))
        if answer.status != 200 or not may or not any(word in kind for word in _SCRIPTS) or url in self._held:
            return
        self._held[url] = now + CACHED_SECONDS, answer
        self._size += len(answer.body)
        while self._size > CACHED_BYTES:
            _, (_, gone) = self._held.popitem(last=False)
            self._size -= len(gone.body)


class Network:
    """What all pages of a run share: connections, the pace of hosts, and scripts."""

    def __init__(self, transport: PooledTransport, hosts: Hosts, crawl: CrawlSettings, clock: Clock) -> None:
        self.transport, self.hosts, self.crawl, self.clock = transport, hosts, crawl, clock
        self.scripts = Scripts()
        self.slots: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_HOST))


class PageRequests:
    """The requests of one page. `waiting` are under way; `lost` says what of the page's own site did not come."""

    def __init__(self, network: Network, *, page: str, user_agent: str, styled: bool, until: float) -> None:
        """`styled`: style sheets are wanted, too (for a picture). `until`: when all must be over (the loop's time)."""
        self._network, self._page, self._agent = network, page, user_agent
        self._styled, self._until = styled, until
        self.count = 0
        self.waiting = 0
        self.bytes = 0
        self.lost = ""
        self.exhausted = asyncio.Event()
        """Set when the page has asked for too much: it is not worth an answer any more."""

    async def answer(self, asked: Asked) -> Answer | None:
        """The answer that the page gets; None where the request fails for it."""
        if asked.kind in _REFUSED_TYPES or is_aside(asked.url):
            return None
        if asked.kind == "stylesheet" and not self._styled:
            # An empty one, so that what waits for it goes on.
            return Answer(status=200, headers=(("content-type", "text/css"),), body=b"")
        self.count += 1
        if self.count > MOST_REQUESTS:
            self.exhausted.set()
            self._lose(asked, f"it asked for more than {MOST_REQUESTS} things")
            return None
        if asked.method not in _METHODS or len(asked.body) > MOST_SENT:
            return None
        self.waiting += 1
        try:
            return await self._fetched(asked)
        finally:
            self.waiting -= 1

    async def _fetched(self, asked: Asked) -> Answer | None:
        now = asyncio.get_running_loop().time()
        if asked.method == "GET" and (held := self._network.scripts.get(asked.url, now)) is not None:
            return held
        outcome = await self._follow(asked)
        if isinstance(outcome, str):
            self._lose(asked, outcome)
            return None
        self.bytes += len(outcome.body)
        if outcome.status == 429 or outcome.status >= 500:
            self._lose(asked, f"its data could not be had (answer {outcome.status})")
        if asked.method == "GET":
            self._network.scripts.put(asked.url, outcome, now)
        kept = tuple((name, value) for name, value in outcome.headers if name not in _NOT_HANDED_ON)
        return Answer(status=outcome.status, headers=kept, body=outcome.body)

    def _lose(self, asked: Asked, why: str) -> None:
        """Without something of its own site the page may not be whole; what others failed to give is no matter."""
        if not self.lost and (same_site(self._page, asked.url) or _domain(self._page) == _domain(asked.url)):
            self.lost = why

    async def _follow(self, asked: Asked) -> Answer | str:
        url = resource_url(asked.url)
        method, body, headers = asked.method, asked.body, _sendable(asked.headers)
        for _ in range(1 + self._network.crawl.max_redirects):
            if not isinstance(url, ResourceUrl):
                return "it asked for an address that cannot be fetched"
            outcome = await self._exchange(url, method, body, headers)
            if isinstance(outcome, Forbidden):
                return f"it asked for what may not be fetched: {outcome.detail}"
            if isinstance(outcome, Trouble):
                return f"its data could not be had: {outcome.detail}"
            if outcome.status not in REDIRECTS or not outcome.header("location"):
                return outcome
            target = resource_url(outcome.header("location"), url.href)
            if isinstance(target, ResourceUrl) and target.key != url.key:
                headers = tuple(each for each in headers if each[0] not in _OF_ONE_ORIGIN)
            if outcome.status == 303 or (outcome.status in (301, 302) and method == "POST"):
                method, body = "GET", b""
            url = target
        return "its data could not be had: too many redirects"

    async def _exchange(
        self, url: ResourceUrl, method: str, body: bytes, headers: tuple[tuple[str, str], ...]
    ) -> Answer | Trouble | Forbidden:
        network = self._network
        loop = asyncio.get_running_loop()
        room = MOST_BYTES * network.crawl.max_bytes - self.bytes
        async with network.slots[url.pace]:
            if network.hosts.given_up(url.pace):
                return Forbidden(detail="its host asked to be left alone")
            ask = Ask(
                url=url,
                seconds=self._until - loop.time(),
                max_bytes=max(1, min(network.crawl.max_bytes, room)),
                validators=Validators(),
                method=method,
                headers=headers,
                content=body,
            )
            outcome = await exchange(network.transport, ask, user_agent=self._agent, jar=CookieJar())
            if isinstance(outcome, Trouble) and outcome.stale and method != "POST":
                outcome = await exchange(network.transport, ask, user_agent=self._agent, jar=CookieJar())
        if isinstance(outcome, Answer) and outcome.status == 429:
            network.hosts.answered(url.pace, 429, retry_after(outcome.header("retry-after"), network.clock.now()))
        return outcome


def _host(url: str) -> str:
    return host_key(url).rpartition(":")[0]


def _domain(url: str) -> str:
    """The last two labels of a host: help.example.org and api.example.org have one owner, more often than not."""
    return ".".join(_host(url).split(".")[-2:])


def is_aside(url: str) -> bool:
    """Whether an address belongs to a service that counts visits or asks for consent."""
    host = _host(url)
    return any(host == name or host.endswith(f".{name}") for name in ASIDE)


def _sendable(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    kept = ((name.lower(), value) for name, value in list(headers.items())[:60])
    return tuple(
        (name, value)
        for name, value in kept
        if name not in _NOT_SENT
        and not name.startswith((":", "sec-", "proxy-"))
        and name.isascii()
        and value.isascii()
        and value.isprintable()
        and len(value) <= 8_000
    )
