"""Work waiting by host: which host may be asked next, without ever holding one host's pace against another."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Work = TypeVar("Work")

LATE = 0.1
"""The part of a pause by which work may come late without putting off what comes after it."""

MAX_WAITS = 20
"""After so many postponements the work is given out all the same; the pace of its host still holds it."""


def interleaved(work: Iterable[Work], host_of: Callable[[Work], str]) -> Iterator[Work]:
    """Each host's first piece, then each one's second, and so on: a long stretch of one host hides nobody."""
    waiting: dict[str, deque[Work]] = {}
    for piece in work:
        waiting.setdefault(host_of(piece), deque()).append(piece)
    turn = deque(waiting.values())
    del waiting
    while turn:
        mine = turn.popleft()
        yield mine.popleft()
        if mine:
            turn.append(mine)


class HostQueue(Generic[Work]):
    """Queues by host, served in turn. `per_host` is how many of one host may be out at once.

    `ready_in` says how many seconds a host still wants to be left alone, `gap` how long it wants between two requests.
    """

    def __init__(self, *, per_host: int, ready_in: Callable[[str], float], gap: Callable[[str], float]) -> None:
        self._per_host = max(1, per_host)
        self._ready_in = ready_in
        self._gap = gap
        self._waiting: dict[str, deque[Work]] = {}
        self._turn: deque[str] = deque()
        self._later: list[tuple[float, str]] = []
        self._due: dict[str, float] = {}
        self._planned: dict[str, float] = {}
        self._waits: dict[str, int] = {}
        self._placed: set[str] = set()
        self._out: dict[str, int] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, host: str, work: Work, *, first: bool = False) -> None:
        """Queue a piece of work; `first`: before what waits already, because some of that hangs on it."""
        waiting = self._waiting.setdefault(host, deque())
        if first:
            waiting.appendleft(work)
        else:
            waiting.append(work)
        self._size += 1
        self._place(host)

    def take(self, now: float) -> tuple[str, Work] | None:
        """The next piece of work whose host may be asked at `now` (seconds, of any clock); None if there is none."""
        while self._later and self._later[0][0] <= now:
            at, host = heapq.heappop(self._later)
            if self._due.get(host) == at:
                del self._due[host]
                self._planned[host] = at
                self._turn.append(host)
        while self._turn:
            host = self._turn.popleft()
            self._placed.discard(host)
            lag = self._ready_in(host)
            if 0.001 < lag < float("inf") and self._waits.get(host, 0) < MAX_WAITS:
                self._waits[host] = self._waits.get(host, 0) + 1
                self._postpone(host, now + lag)
                continue
            return host, self._serve(host, now)
        return None

    def done(self, host: str, *, asked: bool = True) -> None:
        """A piece of this host's work came back; where the host was not asked at all, the next need not wait."""
        self._out[host] -= 1
        if not self._out[host]:
            del self._out[host]
        if not asked and self._due.pop(host, None) is not None:
            self._turn.append(host)
        self._place(host)

    def next_at(self) -> float | None:
        """When a host that wants to be left alone may be asked again, if one is waiting for that."""
        return self._later[0][0] if self._later else None

    def _serve(self, host: str, now: float) -> Work:
        waiting = self._waiting[host]
        work = waiting.popleft()
        self._size -= 1
        self._waits.pop(host, None)
        if not waiting:
            del self._waiting[host]
        self._out[host] = self._out.get(host, 0) + 1
        gap = self._gap(host)
        planned = self._planned.pop(host, now)
        if gap > 0 and self._open(host):
            # Counted from when it should have started: the host's pace sees to it that nothing starts too soon.
            self._postpone(host, (planned if now - planned <= gap * LATE else now) + gap)
        else:
            self._place(host)
        return work

    def _open(self, host: str) -> bool:
        return host in self._waiting and self._out.get(host, 0) < self._per_host

    def _place(self, host: str) -> None:
        if host not in self._placed and self._open(host):
            self._placed.add(host)
            self._turn.append(host)

    def _postpone(self, host: str, at: float) -> None:
        self._placed.add(host)
        self._due[host] = at
        heapq.heappush(self._later, (at, host))
