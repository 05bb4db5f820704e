"""Many resources, politely: hosts interleaved, the doubtful asked again, and an outage of our own recognised.

What is clearly decided is given out at once. What may be dead, or bad luck, is tried again later, spread out; it is
given out at the very end, when it is known whether this machine's own network was up.
"""

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from hashlib import sha256

from crawler.hostqueue import HostQueue
from crawler.hosts import Hosts
from crawler.model import (
    Attempt,
    Digest,
    Failed,
    Fetched,
    FetchOrder,
    PageHealth,
    RefusalKind,
    Refused,
    VerdictKind,
    Visit,
)
from crawler.outage import HostResult, is_answer, is_outage
from crawler.policy import CrawlSettings, Policy
from crawler.ports import Clock, Fetcher
from crawler.signs import Sign, is_doubtful, sign_of
from crawler.suspects import LikenessOf, Question, Step, Suspects
from crawler.urls import host_key

HealthOf = Callable[[Fetched], PageHealth | None]

WINDOW = 10_000
"""Orders read ahead, so that a long stretch of one host does not hide the hosts behind it."""

READ_AT_ONCE = 250
HELD_BYTES = 32 * 1024 * 1024
"""Bodies of undecided visits that are kept until the end; beyond, they are let go."""

MORE_IF_THEY_DIFFER = 2
"""Attempts beyond the policy's, where a fault in between kept the others from being enough."""

CANARIES = 3

SILENT_WAIT = 1.5
"""Seconds until the second round where nothing at all answered in the first: enough to tell a hiccup from an outage."""

_OF_A_HOST = (RefusalKind.ROBOTS, RefusalKind.RATE, RefusalKind.UNAVAILABLE)
"""Refusals that rest on what a host has answered."""

_LOOPBACK = ("127.", "[::1]", "localhost")
_HTML = ("", "text/html", "application/xhtml+xml", "application/xml", "text/xml")
_NOTHING = Digest(sha256(b"").hexdigest())


@dataclass(slots=True, kw_only=True, eq=False)
class _Case:
    """One resource under way: the order, and what its attempts gave so far."""

    order: FetchOrder
    host: str
    attempts: list[Attempt] = field(default_factory=list)
    healths: list[PageHealth | None] = field(default_factory=list)
    silent_at: int = 0
    dead: int = 0
    """How many attempts spoke for death."""
    question: "Question[_Case] | None" = None
    """It is no resource but something that its host has to be asked about others."""

    def visit(self, *, outage: bool = False) -> Visit:
        return Visit(
            url=self.order.url,
            attempts=tuple(self.attempts),
            health=self.healths[-1],
            healths=tuple(self.healths),
            outage=outage,
        )


class PoliteSweeper:
    """Sweeps over a fetcher. `health` looks at the bodies of HTML answers (None: nobody does).

    `likeness` reads what an answer looks like: with it, a host is asked once for an address that cannot exist as soon
    as one of its pages may be its "not found" (None: no host is asked).

    Raises what a faulty fetcher, `health` or `likeness` raises; closing the generator cancels what is under way.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        crawl: CrawlSettings,
        policy: Policy,
        clock: Clock,
        health: HealthOf | None = None,
        likeness: LikenessOf | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._crawl = crawl
        self._policy = policy
        self._clock = clock
        self._health = health
        self._likeness = likeness

    async def sweep(self, orders: Iterable[FetchOrder]) -> AsyncGenerator[Visit, None]:
        """Visit every resource once. At most `WINDOW` orders and `concurrency` fetches are held at a time."""
        suspects: Suspects[_Case] | None = Suspects(self._likeness) if self._likeness is not None else None
        run = _Sweep(self._fetcher, self._crawl, self._policy, self._clock, self._health, suspects, iter(orders))
        try:
            async with aclosing(run.visits()) as visits:
                async for visit in visits:
                    yield visit
        finally:
            await run.close()


class _Sweep:
    """One sweep. Times are seconds on the clock's own scale, so that a test's clock may run faster."""

    def __init__(
        self,
        fetcher: Fetcher,
        crawl: CrawlSettings,
        policy: Policy,
        clock: Clock,
        health: HealthOf | None,
        suspects: Suspects[_Case] | None,
        orders: Iterator[FetchOrder],
    ) -> None:
        self._fetcher, self._policy, self._clock, self._health = fetcher, policy, clock, health
        self._suspects = suspects
        shared = getattr(fetcher, "hosts", None)
        paced = isinstance(shared, Hosts)
        hosts = shared if isinstance(shared, Hosts) else Hosts(crawl, clock)
        # A fetch that waits (for a retry, a redirect's host) holds no slot of a fetcher that paces hosts itself. Where
        # nothing is waited for, more at once would only heap up answers that nobody has looked at.
        self._slots = max(1, crawl.concurrency) * (4 if paced and crawl.delay else 1)
        self._orders: Iterator[FetchOrder] | None = orders
        self._queue: HostQueue[_Case] = HostQueue(per_host=crawl.per_host, ready_in=hosts.ready_in, gap=hosts.gap)
        self._again: list[tuple[float, int, _Case]] = []
        self._undecided: list[_Case] = []
        self._held = 0
        self._numbers = itertools.count(1)
        self._active = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._done: asyncio.Queue[tuple[_Case, Attempt | BaseException] | None] = asyncio.Queue()
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = float("inf")
        self._reached = 0.0
        self._results: dict[str, HostResult] = {}
        self._heard_at = 0
        self._canaries: deque[tuple[str, FetchOrder]] = deque(maxlen=CANARIES)

    async def visits(self) -> AsyncGenerator[Visit, None]:
        while True:
            self._read_ahead()
            self._start()
            if not self._active and self._done.empty() and not self._more():
                break
            if self._is_silent():
                break
            outcome = await self._next()
            for visit in self._settle(*outcome) if outcome is not None else ():
                yield visit
        outage = self._undecided != [] and await self._is_outage()
        for case in self._undecided:
            yield case.visit(outage=outage)

    async def close(self) -> None:
        tasks = [*self._tasks, *([self._alarm] if self._alarm else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ------------------------------------------------------------ what is to be done

    def _more(self) -> bool:
        return bool(self._orders is not None or len(self._queue) or self._again)

    def _read_ahead(self) -> None:
        for _ in range(READ_AT_ONCE):
            if self._orders is None or len(self._queue) >= WINDOW:
                return
            order = next(self._orders, None)
            if order is None:
                self._orders = None
                return
            # What has no host waits for no host.
            case = _Case(order=order, host=host_key(order.url) or f"?{next(self._numbers)}")
            self._queue.add(case.host, case)

    def _start(self) -> None:
        now = self._now()
        while self._again and self._again[0][0] <= now:
            case = heapq.heappop(self._again)[2]
            self._queue.add(case.host, case)
        while self._active < self._slots and (found := self._queue.take(now)) is not None:
            self._active += 1
            task = asyncio.create_task(self._fetch(found[1]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _fetch(self, case: _Case) -> None:
        number = len(case.attempts) + 1
        order = case.order
        if number > 1:
            order = replace(order, attempt=number, fresh=number >= self._policy.confirm)
        silent = order.history.unreachable_since
        if silent is not None and self._clock.now() - silent >= self._policy.unreachable:
            # It would be called gone: not before the page itself was asked for.
            order = replace(order, past_robots=True)
        try:
            self._done.put_nowait((case, await self._fetcher.fetch(order)))
        except Exception as error:  # noqa: BLE001 (a fault of ours: it is raised where the sweep is read)
            self._done.put_nowait((case, error))

    # ------------------------------------------------------------ waiting

    def _now(self) -> float:
        return max(self._clock.now().timestamp(), self._reached)

    async def _next(self) -> tuple[_Case, Attempt | BaseException] | None:
        """The next attempt that is complete, or None when there may be something to start."""
        reading = self._orders is not None and len(self._queue) < WINDOW and self._active < self._slots
        if reading and self._done.empty():
            await asyncio.sleep(0)
            return None if self._done.empty() else self._done.get_nowait()
        dues = [self._again[0][0]] if self._again else []
        if self._active < self._slots and (at := self._queue.next_at()) is not None:
            dues.append(at)
        if dues:
            self._set_alarm(min(dues))
        return await self._done.get()

    def _set_alarm(self, at: float) -> None:
        if self._alarm is not None and not self._alarm.done():
            if self._alarm_at <= at:
                return
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.create_task(self._ring(at))

    async def _ring(self, at: float) -> None:
        await self._clock.sleep(max(0.0, at - self._now()))
        # A clock that sleeps without moving has had its sleep all the same.
        self._reached = max(self._reached, at)
        self._done.put_nowait(None)

    # ------------------------------------------------------------ what came of it

    def _settle(self, case: _Case, outcome: Attempt | BaseException) -> list[Visit]:
        """Take an attempt in: the visits that it decides. Others wait, for another attempt or for what a host shows."""
        self._active -= 1
        self._queue.done(case.host, asked=not isinstance(outcome, Refused))
        if isinstance(outcome, BaseException):
            raise outcome
        if case.question is not None and self._suspects is not None:
            return self._cleared(self._suspects.told(case.question, outcome))
        health = self._look(outcome)
        if self._suspects is not None and health is not None and self._suspects.wants(outcome, health):
            assert isinstance(outcome, Fetched)  # nothing else is a suspect
            return self._cleared(self._suspects.hold(case.host, case, outcome, health))
        visit = self._take(case, outcome, health)
        return [visit] if visit is not None else []

    def _cleared(self, step: "Step[_Case]") -> list[Visit]:
        cleared, question = step
        if question is not None:
            asking = _Case(order=FetchOrder(url=question.url), host=question.host, question=question)
            self._queue.add(question.host, asking, first=True)
        visits = [self._take(one.case, one.answer, one.health) for one in cleared]
        return [visit for visit in visits if visit is not None]

    def _take(self, case: _Case, outcome: Attempt, health: PageHealth | None) -> Visit | None:
        sign = sign_of(outcome, health)
        doubtful = is_doubtful(outcome, sign) or (self._walls_off_a_death(case, sign) and isinstance(outcome, Fetched))
        case.dead += sign.kind is VerdictKind.DEAD
        self._note(case, outcome, doubtful=doubtful)
        final = self._is_final(case)
        case.attempts.append(self._lightened(outcome, final=final) if doubtful else outcome)
        case.healths.append(health)
        if not doubtful:
            return case.visit()
        if final:
            self._undecided.append(case)
            return None
        wait = self._policy.confirm_wait * 2.0 ** (len(case.attempts) - 1)
        heapq.heappush(self._again, (self._now() + wait, next(self._numbers), case))
        return None

    def _walls_off_a_death(self, case: _Case, sign: Sign) -> bool:
        """A wall where death was seen, now or in earlier runs, may be a passing one: ask again."""
        return sign.kind is VerdictKind.BLOCKED and (case.dead > 0 or case.order.history.failing_since is not None)

    def _is_silent(self) -> bool:
        """Whether it is our network, and known already: two rounds are over, and nothing at all has answered.

        After the first such round the second is brought forward, so that nobody waits long to hear of an outage.
        """
        if self._active or not self._again or self._orders is not None or len(self._queue) or not self._done.empty():
            return False
        if any(result.answered for result in self._results.values()) or not is_outage(list(self._results.values())):
            return False
        cases = [case for _, _, case in self._again]
        if all(len(case.attempts) > 1 for case in cases):
            self._undecided += cases
            self._again.clear()
            return True
        soon = self._now() + min(SILENT_WAIT, self._policy.confirm_wait)
        self._again = [(min(at, soon), number, case) for at, number, case in self._again]
        heapq.heapify(self._again)
        return False

    def _is_final(self, case: _Case) -> bool:
        """Whether the attempt that has just come was the last.

        Answers that differ, from each other or from the death that earlier runs saw, are asked for once or twice more.
        """
        number, confirm = len(case.attempts) + 1, self._policy.confirm
        seen = case.dead > 0 or case.order.history.failing_since is not None
        differ = seen and case.dead < min(number, confirm)
        return number >= confirm + (MORE_IF_THEY_DIFFER if differ else 0)

    def _look(self, attempt: Attempt) -> PageHealth | None:
        if self._health is None or not isinstance(attempt, Fetched) or not attempt.body:
            return None
        kind = attempt.header("content-type").partition(";")[0].strip().lower()
        return self._health(attempt) if kind in _HTML else None

    def _lightened(self, attempt: Attempt, *, final: bool) -> Attempt:
        """Without a body that nobody will read: only a success's last one may be wanted as evidence."""
        if not isinstance(attempt, Fetched) or not attempt.body:
            return attempt
        if final and 200 <= attempt.status < 300 and self._held + len(attempt.body) <= HELD_BYTES:
            self._held += len(attempt.body)
            return attempt
        return replace(attempt, body=b"", digest=_NOTHING, dropped=True)

    # ------------------------------------------------------------ is it us?

    def _note(self, case: _Case, attempt: Attempt, *, doubtful: bool) -> None:
        if isinstance(attempt, Refused) and attempt.kind not in _OF_A_HOST:
            return
        loopback = case.host.startswith(_LOOPBACK)
        before = self._results.get(case.host) or HostResult(host=case.host)
        known_good = case.order.history.last_ok is not None and case.order.history.failing_since is None
        self._results[case.host] = before.plus(attempt, known_good=known_good, loopback=loopback)
        number = next(self._numbers)
        if not is_answer(attempt, loopback=loopback):
            case.silent_at = number if isinstance(attempt, Failed) else 0
            return
        case.silent_at = 0
        self._heard_at = number
        if not doubtful and not loopback and case.host not in [host for host, _ in self._canaries]:
            self._canaries.append((case.host, case.order))

    async def _is_outage(self) -> bool:
        """By what every host gave; and where several fell silent last of all, by asking again one that had answered."""
        if is_outage(list(self._results.values())):
            return True
        silent = {case.host: case.silent_at for case in self._undecided if case.silent_at}
        if len(silent) < 2 or self._heard_at > max(silent.values()):
            return False
        canaries = [order for host, order in self._canaries if host not in silent]
        for order in canaries:
            if is_answer(await self._fetcher.fetch(replace(order, attempt=2)), loopback=False):
                return False
        return bool(canaries)
