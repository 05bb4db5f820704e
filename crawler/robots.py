"""Whether a site allows a page to be fetched (RFC 9309), asked once per origin and remembered for a while."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

from crawler.model import Attempt, Failed, FailureKind, Fetched, NotModified, Refused
from crawler.ports import Clock
from crawler.urls import ResourceUrl

MAX_BYTES = 500 * 1024
"""RFC 9309, section 2.5: at least 500 KiB are parsed; what comes after is not."""

MAX_REDIRECTS = 5
"""RFC 9309, section 2.3.1.2."""

LIFETIME = timedelta(hours=24)
"""RFC 9309, section 2.4: not used for longer than a day."""

SOON = timedelta(minutes=1)
"""How long an answer that may pass (5xx, no answer) is remembered: pages that come later in a run get another chance,
and a dead host's pages still share one time-out a minute.
"""

MAX_ORIGINS = 2_000

_AGENT_LINE = re.compile(r"^\s*user[- ]?agent\s*:?\s*([^#\s]*)", re.IGNORECASE)

Turn = tuple[int, int]
"""Which attempt of a run at a page, and which try within it."""

_NO_ANSWER = (FailureKind.REDIRECT_LOOP, FailureKind.TOO_LARGE, FailureKind.BOMB, FailureKind.PROTOCOL)
"""The host is there but serves no robots.txt that could be read: "unavailable", as with a 4xx."""

Asker = Callable[[str], Awaitable[Attempt]]
"""Fetches a robots.txt, redirects included, its body cut at `MAX_BYTES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one origin's robots.txt says. `failed`: there was no answer at all, and so there is none for its pages."""

    allow_all: bool = True
    why: str = ""
    parsed: Protego | None = None
    crawl_delay: float | None = None
    failed: Failed | None = None
    passing: bool = False
    """Disallowed only for now: the next turn asks again."""

    def allows(self, href: str, agent: str) -> bool:
        return self.parsed.can_fetch(href, agent) if self.parsed is not None else self.allow_all


@dataclass(slots=True, kw_only=True)
class _Entry:
    rules: Rules
    expires: datetime
    asked: Turn


class Robots:
    """The rules of each origin, with an expiry of their own; one request per origin however many pages wait for it."""

    def __init__(self, *, user_agent: str, clock: Clock, ask: Asker) -> None:
        self.agent = product_token(user_agent)
        self._clock = clock
        self._ask = ask
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._locks: dict[str, asyncio.Lock] = {}

    async def rules(self, url: ResourceUrl, *, turn: Turn = (1, 1)) -> Rules:
        """The rules for a URL's origin.

        No answer at all is remembered for a short while, but a later `turn` at a page asks again, once for all the
        pages that have come to that turn: a dead host's pages share a time-out instead of having one each.
        """
        entry = self._fresh(url.origin, turn)
        if entry is not None:
            return entry.rules
        lock = self._locks.setdefault(url.origin, asyncio.Lock())
        try:
            async with lock:
                entry = self._fresh(url.origin, turn) or await self._fetch(url, turn)
                return entry.rules
        finally:
            if not lock.locked():
                self._locks.pop(url.origin, None)

    def _fresh(self, origin: str, turn: Turn) -> _Entry | None:
        entry = self._entries.get(origin)
        if entry is None or entry.expires <= self._clock.now():
            return None
        self._entries.move_to_end(origin)
        return None if (entry.rules.failed or entry.rules.passing) and entry.asked < turn else entry

    async def _fetch(self, url: ResourceUrl, turn: Turn) -> _Entry:
        rules, lifetime = rules_of(await self._ask(f"{url.origin}/robots.txt"), self.agent)
        entry = self._entries[url.origin] = _Entry(rules=rules, expires=self._clock.now() + lifetime, asked=turn)
        while len(self._entries) > MAX_ORIGINS:
            self._entries.popitem(last=False)
        return entry


def product_token(user_agent: str) -> str:
    """The name by which robots.txt calls us: the first word of the user agent, without its version."""
    return re.split(r"[/\s]", user_agent.strip(), maxsplit=1)[0] or "loccit"


def rules_of(answer: Attempt, agent: str) -> tuple[Rules, timedelta]:
    """What an answer to /robots.txt means, and for how long (RFC 9309, section 2.3.1)."""
    match answer:
        case Failed(kind=kind) if kind in _NO_ANSWER:
            return Rules(), SOON
        case Failed():
            return Rules(allow_all=False, failed=answer), SOON
        case Refused():
            return Rules(), SOON
        case NotModified():
            return Rules(), LIFETIME
        case Fetched(status=status) if status >= 500 or status == 429:
            # "unreachable": disallowed for now. 429 asks for less, not for more (Google treats it as 5xx too).
            return Rules(allow_all=False, why=f"robots.txt answers {status}", passing=True), SOON
        case Fetched(status=status) if not 200 <= status < 300:
            return Rules(), LIFETIME
        case Fetched(body=body):
            return _parsed(body, agent), LIFETIME
        case _:
            raise AssertionError(answer)


def _parsed(body: bytes, agent: str) -> Rules:
    text = body[:MAX_BYTES].decode("utf-8-sig", "replace")
    if text.lstrip()[:1] == "<":  # an HTML page in its place says nothing
        return Rules()
    parsed = Protego.parse(_relevant(text, agent.lower()))
    return Rules(parsed=parsed, crawl_delay=parsed.crawl_delay(agent), why="robots.txt")


def _relevant(text: str, agent: str) -> str:
    """Other crawlers' groups under one name: the parser's cost grows with the square of the names in a group."""
    lines = []
    for line in text.splitlines():
        found = _AGENT_LINE.match(line)
        name = found[1].lower().strip("*") if found else ""
        lines.append("User-agent: another" if found and name and not agent.startswith(name) else line)
    return "\n".join(lines)
