"""`scale.py simulate`: the real planning on a simulated clock and web: requests, lag, pace."""

import argparse
import heapq
import random
import resource
import statistics
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.model import ChangeRate, Verdict, VerdictKind
from crawler.plan import interval_for, next_due
from crawler.policy import Policy, Schedule
from crawler.rates import UNKNOWN, after_look

START = datetime(2026, 1, 1, tzinfo=UTC)


class Simulated:
    """Hosts, resources and workers on a clock of their own. Planning is loccit's; the rest is as the engine does it."""

    TICK = 5.0
    JOB_OVERHEAD = 0.1
    ANSWER = 0.3

    def __init__(self, options: argparse.Namespace) -> None:
        rng = self.rng = random.Random(7)
        self.options, self.schedule, self.policy = options, Schedule(), Policy()
        count = options.resources
        self.host_of = [rng.randrange(options.hosts) for _ in range(count)]
        # From several changes a day to one in ten years, most of them rarely.
        self.changes = [rng.lognormvariate(0.7, 1.6) / 365 for _ in range(count)]
        self.rate: list[ChangeRate | None] = [None] * count
        self.looked = [0.0] * count
        self.due: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for number, host in enumerate(self.host_of):
            # A store that has been at it for a while: its first looks are spread over the longest interval.
            heapq.heappush(self.due[host], (rng.random() * self.schedule.min_interval.total_seconds() * 4, number))
        self.free: dict[int, float] = {}
        self.seen: dict[int, float] = {}
        self.violations = self.looks = self.jobs = 0
        self.lags: list[float] = []
        self.busy = 0.0

    def run(self) -> None:
        end = self.options.days * 86_400.0
        slots = [0.0] * (self.options.workers * self.options.at_once)
        waiting = [(heap[0][0], host) for host, heap in self.due.items()]
        heapq.heapify(waiting)
        while waiting and waiting[0][0] < end:
            due, host = heapq.heappop(waiting)
            handed_out = (int(due / self.TICK) + 1) * self.TICK
            begin = max(handed_out, heapq.heappop(slots))
            over = self._job(host, begin)
            heapq.heappush(slots, over)
            self.busy += over - begin
            heapq.heappush(waiting, (max(self.due[host][0][0], over), host))

    def _job(self, host: int, begin: float) -> float:
        """One job of a host: what is due of it when it begins, up to a hundred."""
        now, mine, delay = begin + self.JOB_OVERHEAD, self.due[host], self.options.delay
        self.jobs += 1
        done: list[tuple[float, int]] = []
        if self.rng.random() < 0.3:
            now = self._ask(host, now, delay)  # robots.txt, where this worker has not asked within a day
        while mine and mine[0][0] <= begin and len(done) < 100:
            due, number = heapq.heappop(mine)
            now = self._ask(host, now, delay)
            if self.rng.random() < 0.05:
                self._ask(self.rng.randrange(self.options.hosts), now, delay)  # a redirect to another host
            self.lags.append(now - due)
            done.append((self._look(number, now), number))
        for each in done:
            heapq.heappush(mine, each)
        return now + self.ANSWER

    def _ask(self, host: int, now: float, delay: float) -> float:
        """A request at its host's pace, by the rule of `storage.hosts.reserve`; whether it was kept is seen apart."""
        at = max(now, self.free.get(host, 0.0))
        self.free[host] = at + delay
        before = self.seen.get(host)
        self.violations += before is not None and abs(at - before) < delay - 1e-6
        self.seen[host] = at
        return at

    def _look(self, number: int, now: float) -> float:
        self.looks += 1
        elapsed = now - self.looked[number]
        changed = self.rng.random() < 1 - 2.718281828 ** (-self.changes[number] * elapsed / 86_400)
        rate, first = self.rate[number], self.looked[number] == 0.0
        if not first:
            rate = after_look(rate or UNKNOWN, elapsed=timedelta(seconds=elapsed), changed=changed)
        self.rate[number], self.looked[number] = rate, now
        dead = self.rng.random() < 0.02
        verdict = Verdict(kind=VerdictKind.UNREACHABLE if dead else VerdictKind.OK, reason="")
        wait = interval_for(rate, cited=(), last=None, schedule=self.schedule)
        moment = START + timedelta(seconds=now)
        url = f"https://h{self.host_of[number]}.example/{number}"
        due = next_due(url, wait, verdict, (), policy=self.policy, schedule=self.schedule, now=moment)
        return (due - START).total_seconds()


def simulate(options: argparse.Namespace) -> dict[str, Any]:
    began = time.process_time()
    world = Simulated(options)
    world.run()
    lags = sorted(world.lags)
    seconds = options.days * 86_400
    return {
        "resources": options.resources,
        "hosts": options.hosts,
        "days": options.days,
        "workers": options.workers,
        "hosts_at_once_a_worker": options.at_once,
        "looks": world.looks,
        "looks_a_resource_and_month": round(world.looks / options.resources * 30 / options.days, 2),
        "looks_a_second": round(world.looks / seconds, 3),
        "jobs_a_second": round(world.jobs / seconds, 3),
        "looks_a_job": round(world.looks / world.jobs, 2),
        "lag_seconds": {
            "median": round(statistics.median(lags), 1),
            "p99": round(lags[int(0.99 * len(lags))], 1),
            "most": round(lags[-1], 1),
        },
        "violations": world.violations,
        "slots_busy": round(world.busy / (seconds * options.workers * options.at_once), 4),
        "cpu_us_a_look": round(1e6 * (time.process_time() - began) / world.looks, 1),
        "simulation_bytes_a_resource": round(
            1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / options.resources
        ),
    }
