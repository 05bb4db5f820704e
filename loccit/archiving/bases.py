"""Bases for old dates: the archived page nearest to the day on which a guide was verified, before loccit came."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from crawler.page import read as read_page
from crawler.replaced import languages
from loccit.archiving.asking import Asker, may_tell
from loccit.archiving.copies import Copy, Nothing, Outcome, Wanted, find_copy
from loccit.settings import Settings
from loccit.taking import MISREAD, is_misread
from storage.archives import Answer, Question
from storage.errors import StoreError
from storage.imports import Moved
from storage.rows import end_of
from storage.store import Store

_AGAIN: Final = {
    Outcome.NONE: timedelta(days=14),
    Outcome.FAR: timedelta(days=60),
    Outcome.UNUSABLE: timedelta(days=60),
    Outcome.EXCLUDED: timedelta(days=90),
    Outcome.FAILED: timedelta(hours=6),
}
"""After which time a question without a copy for its answer is asked again, doubling with every time."""
LONGEST: Final = timedelta(days=180)


@dataclass(slots=True, kw_only=True)
class Based:
    """What came of the questions. `left` were not asked, `failed` not answered; `moved` are guides that are measured
    from an archived page now.
    """

    asked: int = 0
    copies: int = 0
    failed: int = 0
    left: int = 0
    moved: list[Moved] = field(default_factory=list)


def again(outcome: Outcome, tries: int) -> timedelta:
    """How long an answer without a copy holds."""
    return min(_AGAIN[outcome] * (1 << min(tries, 10)), LONGEST)


async def ask_bases(asker: Asker, store: Store, settings: Settings, questions: list[Question], told: Based) -> None:
    """Ask until there is no more to ask; every answer is written at once. Raises what `Asker.ask` raises.

    What was done by then is in `told`.
    """
    archive = settings.archive.memento
    wanted = [each for each in questions if may_tell(settings, archive, each.url)]
    told.left = len(wanted)
    if not wanted:
        return
    started = asker.clock.now()
    run = store.begin_run("archive", started)
    outcome = "interrupted"
    try:
        for question in wanted:
            if not _is_settled(question, told):
                await _ask(asker, store, settings, question, run, told)
            told.left -= 1
        outcome = "done"
    finally:
        store.end_run(run, asker.clock.now(), outcome, {"asked": told.asked, "copies": told.copies})


def _is_settled(question: Question, told: Based) -> bool:
    """Whether the copy for another day of the same page was right for its guides, too."""
    return {(guide, question.url) for guide in question.guides} <= {(each.guide, each.url) for each in told.moved}


async def _ask(asker: Asker, store: Store, settings: Settings, question: Question, run: int, told: Based) -> None:
    wanted = Wanted(
        resource=question.resource,
        url=question.url,
        moment=end_of(question.day),
        within=timedelta(days=settings.archive.max_distance_days),
    )
    found = await find_copy(asker, settings, wanted)
    if isinstance(found, Copy) and (detail := _unfit(store, found)):
        found = Nothing(outcome=Outcome.UNUSABLE, detail=detail, at=found.at)
    now = asker.clock.now()
    if isinstance(found, Copy):
        told.copies += 1
        # The page, then what it means, then that the question is answered: whoever is killed in between asks again.
        taken = store.take([found.page], run=run)
        told.moved += store.rebase([question.resource], run=run, note=found.url[:500], at=now, taken=taken)
    elif found.outcome is Outcome.FAILED:
        told.failed += 1
    store.archives.answered(_answer(question, found, now), at=now)
    told.asked += 1


def _unfit(store: Store, copy: Copy) -> str:
    """Why a copy that is the page cannot be what its guides are measured from."""
    if is_misread(store, copy.page):
        return MISREAD
    if tongues := _other_language(store, copy):
        return f"it came in another language than the page has now ({tongues[0]}, {tongues[1]})"
    return ""


def _other_language(store: Store, copy: Copy) -> tuple[str, str] | None:
    """The two languages where the archive, which asks from another country, was shown another edition of the page."""
    newest = store.known(copy.page.resource).newest
    if newest is None or copy.page.body is None:
        return None
    try:
        body = store.body(newest.digest)
    except StoreError:
        return None
    kind = next((value for name, value in copy.page.headers if name == "content-type"), "")
    archived = read_page(copy.page.body, content_type=kind, url=copy.page.final_url)
    return languages(archived, read_page(body, content_type=newest.content_type, url=newest.final_url))


def _answer(question: Question, found: Copy | Nothing, now: datetime) -> Answer:
    if isinstance(found, Copy):
        return Answer(resource=question.resource, day=question.day, outcome=Outcome.COPY, url=found.url, at=found.at)
    return Answer(
        resource=question.resource,
        day=question.day,
        outcome=found.outcome,
        at=found.at,
        detail=found.detail,
        tries=question.tries + 1,
        again=now + again(found.outcome, question.tries),
    )
