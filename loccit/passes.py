"""One pass over the sources: sweep, observe, triage, record.

Fetching is asynchronous; everything after it runs in one worker thread at a time, so the store has one writer.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crawler.model import CitedLook, FetchOrder, ResourceId, Snapshot, Verdict, Visit
from crawler.observe import observe
from crawler.page import Page
from crawler.page import read as read_page
from crawler.policy import Policy, Schedule
from crawler.ports import Clock, Sweeper
from guides.model import GuideId
from loccit.recorded import is_fresh, recorded_looks, recorded_verdict
from review.model import FindingOp
from review.triage import triage
from storage.store import Store

FLUSH_SECONDS = 2.0
"""A kill costs at most the looks of this time; they are made again by the next pass."""

PAGES_KEPT = 8
"""Stored pages kept parsed while a resource is looked at: its bases, which its citations mostly share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassPlan:
    """What a pass looks at. `kind` names the run in the store (`crawl`, `check`)."""

    kind: str
    policy: Policy
    schedule: Schedule
    everything: bool = False
    guides: frozenset[GuideId] | None = None
    on_the_spot: bool = False
    urls: frozenset[str] | None = None
    """Only these resources are fetched; what is recorded of the others stands."""
    max_age: timedelta | None = None
    """A good verdict that is younger is taken for a new look."""


@dataclass(slots=True, kw_only=True)
class PassResult:
    """What a pass did; `looks` are by URL. `outage`: our own network was down."""

    started: datetime
    finished: datetime
    seconds: float = 0.0
    due: int = 0
    outage: bool = False
    undecided: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    looks: dict[str, "Look"] = field(default_factory=dict)
    recorded: dict[str, "Look"] = field(default_factory=dict)
    """What was known before, where the plan names `urls` or a `max_age`; what is not fetched has it in `looks`."""
    ops: list[tuple[str, FindingOp]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is kept of an observation once it is recorded: no bodies, so that memory stays flat."""

    verdict: Verdict
    cited: tuple[CitedLook, ...]


Advance = Callable[[str], None]


async def run_pass(
    store: Store,
    sweeper: Sweeper,
    plan: PassPlan,
    clock: Clock,
    *,
    on_start: Callable[[int], Advance] = lambda _total: lambda _where: None,
) -> PassResult:
    """Look at what is due. `on_start` is told how many and gives what is called after each one."""
    started, began = clock.now(), time.perf_counter()
    due = await asyncio.to_thread(store.due, started, everything=plan.everything, guides=plan.guides)
    recorded: dict[str, Look] = {}
    if plan.urls is not None or plan.max_age is not None:
        due, recorded, looks = await asyncio.to_thread(_remember, store, due, plan, started)
    else:
        looks = {}
    run = await asyncio.to_thread(store.begin_run, plan.kind, started)
    result = PassResult(started=started, finished=started, due=len(due), looks=looks, recorded=recorded)
    resources = {order.url: resource for resource, order in due}
    advance = on_start(len(due))
    outcome = "interrupted"
    try:
        with store.batch():
            flushed = began
            async with aclosing(sweeper.sweep(order for _, order in due)) as visits:
                async for visit in visits:
                    if visit.outage:
                        result.outage = True
                        result.undecided += 1
                    else:
                        now = clock.now()
                        await asyncio.to_thread(_look, store, resources[visit.url], visit, plan, now, result)
                    if time.perf_counter() - flushed > FLUSH_SECONDS:
                        await asyncio.to_thread(store.flush)
                        flushed = time.perf_counter()
                    advance(visit.url)
        outcome = "outage" if result.outage else "done"
    finally:
        result.finished, result.seconds = clock.now(), time.perf_counter() - began
        store.end_run(run, result.finished, outcome, dict(result.verdicts))
    return result


def _remember(
    store: Store, due: list[tuple[ResourceId, FetchOrder]], plan: PassPlan, now: datetime
) -> tuple[list[tuple[ResourceId, FetchOrder]], dict[str, Look], dict[str, Look]]:
    """What is to be fetched after all, what is recorded of everything, and the recorded looks that stand."""
    rest: list[tuple[ResourceId, FetchOrder]] = []
    recorded: dict[str, Look] = {}
    standing: dict[str, Look] = {}
    for resource, order in due:
        known = store.known(resource)
        look = Look(verdict=recorded_verdict(known, plan.policy), cited=recorded_looks(known))
        recorded[order.url] = look
        untouched = plan.urls is not None and order.url not in plan.urls
        if untouched or is_fresh(known.verdict, known.history, now, plan.max_age):
            standing[order.url] = look
        else:
            rest.append((resource, order))
    return rest, recorded, standing


def _look(store: Store, resource: ResourceId, visit: Visit, plan: PassPlan, now: datetime, result: PassResult) -> None:
    known = store.known(resource)
    observation = observe(
        known,
        visit,
        read=_reader(store),
        policy=plan.policy,
        schedule=plan.schedule,
        now=now,
        on_the_spot=plan.on_the_spot,
    )
    ops = triage(observation, known, store.findings_of(resource), plan.policy)
    store.record(observation, ops)
    result.verdicts[observation.verdict.kind] += 1
    result.ops += [(known.url, op) for op in ops]
    result.looks[known.url] = Look(verdict=observation.verdict, cited=observation.cited)


def _reader(store: Store) -> Callable[[Snapshot], Page]:
    pages: dict[str, Page] = {}

    def read(snapshot: Snapshot) -> Page:
        if snapshot.digest not in pages:
            if len(pages) >= PAGES_KEPT:
                pages.pop(next(iter(pages)))
            body = store.body(snapshot.digest)
            pages[snapshot.digest] = read_page(body, content_type=snapshot.content_type, url=snapshot.final_url)
        return pages[snapshot.digest]

    return read
