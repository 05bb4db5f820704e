"""What the archive step means: sources whose guides are measured from archived pages now are looked at again at once.

So that it is told on the first day which guides were stale before loccit came. And what the step did, for people.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from crawler.model import DriftKind
from guides.model import GuideId
from loccit.app import App
from loccit.archiving.step import Stepped, archive_step
from loccit.fetching import pass_over
from loccit.leasing import CRAWL, busy_line, leased
from loccit.passes import PassPlan, PassResult
from loccit.progress import Bar
from loccit.telling import SHOWN
from review.model import OpenFinding
from review.text import count, one_line
from storage.imports import Moved
from storage.store import Store

ARCHIVE: Final = "archive"
"""The lease: an archive is asked one question at a time, however many processes work on a store."""
_LOOKS: Final = 2
"""A difference from an archived page is shown when it was seen so often (see `review.triage.settled`)."""
_DIFFERENT: Final = (DriftKind.WORDING, DriftKind.MATERIAL, DriftKind.UNLOCATED)


def follow_up(
    app: App, store: Store, *, budget: int | None = None, stopped: Callable[[], bool] = lambda: False
) -> Iterator[str]:
    """Take the step, look again, and say what came of it, line by line; nothing where there was nothing to do."""
    with leased(store, ARCHIVE, app.clock) as other:
        if other is not None:
            yield busy_line("archive step", other)
            return
        told = archive_step(app.settings, store, app.clock, budget=budget, stopped=stopped)
        yield from step_lines(told)
        if told.based.moved and not stopped():
            yield from _look_again(app, store, told.based.moved, stopped)


def _look_again(app: App, store: Store, moved: Sequence[Moved], stopped: Callable[[], bool]) -> Iterator[str]:
    """Two looks at most. Another crawl that is under way is not disturbed: it, or the next one, does the same."""
    urls, guides = frozenset(each.url for each in moved), frozenset(GuideId(each.guide) for each in moved)
    with leased(store, CRAWL, app.clock) as other:
        if other is not None:
            return
        for _ in range(_LOOKS):
            result = _pass(app, store, urls, guides, stopped)
            yield from _opened(result)
            urls = frozenset(_unsettled(result))
            if not urls or stopped():
                return


def _pass(
    app: App, store: Store, urls: frozenset[str], guides: frozenset[GuideId], stopped: Callable[[], bool]
) -> PassResult:
    settings = app.settings
    plan = PassPlan(
        kind="archive",
        policy=settings.policy,
        schedule=settings.schedule,
        everything=True,
        guides=guides,
        urls=urls,
    )
    with Bar("looking again", quiet=app.quiet) as bar:
        return pass_over(settings, store, plan, app.clock, on_start=bar.start, stopped=stopped)


def _unsettled(result: PassResult) -> Iterator[str]:
    told = {url for url, op in result.ops if isinstance(op, OpenFinding)}
    for url, look in result.looks.items():
        if url not in told and any(each.drift in _DIFFERENT for each in look.cited):
            yield url


def _opened(result: PassResult) -> Iterator[str]:
    opened = [(url, op) for url, op in result.ops if isinstance(op, OpenFinding)]
    for url, op in opened[:SHOWN]:
        yield f"  {op.severity}: {one_line(op.guide)}: {one_line(op.summary)}  {one_line(url)}"
    if len(opened) > SHOWN:
        yield f"  … and {len(opened) - SHOWN} more"


def step_lines(told: Stepped) -> Iterator[str]:
    """What the step did."""
    if told.idle:
        return
    based = told.based
    parts = [f"{count(based.copies, 'page')} as of the verified day"] if based.copies else []
    parts += [f"{count(told.archived, 'last copy', 'last copies')} of dead pages"] if told.archived else []
    parts += [f"{count(told.saved, 'page')} saved"] if told.saved else []
    parts += [f"{count(based.failed, 'question')} without an answer"] if based.failed else []
    if told.requests:
        yield f"archive: {count(told.requests, 'request')}: {', '.join(parts) or 'nothing found'}"
    if told.traced:
        yield f"{count(told.traced, 'dead page')} found at another address"
    moved = len({each.guide for each in based.moved})
    if moved:
        yield f"  {count(moved, 'guide')} measured from archived pages now, which are nearer to the verified day"
    if told.resting is not None:
        until = told.resting.until.astimezone().strftime("%Y-%m-%d %H:%M")
        yield f"archive: left alone until {until}: {one_line(told.resting.why)}"
    elif based.left and told.enough:
        yield f"  {count(based.left, 'question')} left for the next runs"
