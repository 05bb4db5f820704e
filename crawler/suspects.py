"""Pages that may be their host's "not found": held until the host has been asked what that looks like. No IO.

A host is asked once in a run (again only where that fails) for an address that cannot exist, and for its home page only
where a page is like that.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from crawler.missing import Likeness, home_of, is_suspect, may_be_missing, missing_evidence, nowhere
from crawler.model import Attempt, Fetched, Health, PageHealth
from crawler.signs import GONE

LikenessOf = Callable[[Fetched], Likeness | None]
Case = TypeVar("Case")

HELD_BYTES = 16 * 1024 * 1024
"""Bodies that wait for their host's answer; beyond, pages are taken as they are."""

MISSING, HOME = "missing", "home"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[Case]):
    """What a host is to be asked: `url` for the page that `part` names."""

    host: str
    part: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared(Generic[Case]):
    """A suspect about which all is known: its health now says what it is."""

    case: Case
    answer: Fetched
    health: PageHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held(Generic[Case]):
    case: Case
    answer: Fetched
    health: PageHealth
    likeness: Likeness


@dataclass(slots=True, kw_only=True)
class _Host(Generic[Case]):
    """What a host showed so far. A part that was asked for without use is None."""

    shown: dict[str, Likeness | None] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    held: list[_Held[Case]] = field(default_factory=list)


Step = tuple[list[Cleared[Case]], Question[Case] | None]


class Suspects(Generic[Case]):
    """The suspects of one run and what their hosts showed. `likeness` reads an answer's body."""

    def __init__(self, likeness: LikenessOf) -> None:
        self._likeness = likeness
        self._hosts: dict[str, _Host[Case]] = {}
        self._bytes = 0

    def wants(self, attempt: Attempt, health: PageHealth) -> bool:
        """Whether an attempt is to be held and handed to `hold`."""
        return isinstance(attempt, Fetched) and is_suspect(attempt, health) and self._bytes < HELD_BYTES

    def hold(self, host: str, case: Case, answer: Fetched, health: PageHealth) -> Step[Case]:
        """Take a suspect in: those that are cleared by it, and what its host has to be asked for them."""
        seen = self._likeness(answer)
        if seen is None:
            return [Cleared(case=case, answer=answer, health=health)], None
        state = self._hosts.setdefault(host, _Host())
        state.held.append(_Held(case=case, answer=answer, health=health, likeness=seen))
        self._bytes += len(answer.body)
        return self._step(host, state)

    def told(self, question: Question[Case], attempt: Attempt) -> Step[Case]:
        """Take the answer to a question in."""
        state = self._hosts[question.host]
        answered = isinstance(attempt, Fetched) and (200 <= attempt.status < 300 or attempt.status in GONE)
        seen = self._likeness(attempt) if isinstance(attempt, Fetched) and answered else None
        if (seen is None or seen.built) and state.asked[question.part] < (3 if seen is None else 2):
            # A time-out, a wall or an error page is no answer to the question, and may have been bad luck.
            state.asked[question.part] += 1
            return [], question
        state.shown[question.part] = seen
        return self._step(question.host, state)

    def _step(self, host: str, state: _Host[Case]) -> Step[Case]:
        if MISSING not in state.shown:
            return [], self._ask(host, state, MISSING, nowhere(state.held[0].answer.url))
        missing, question = state.shown[MISSING], None
        cleared: list[Cleared[Case]] = []
        waiting: list[_Held[Case]] = []
        for one in state.held:
            if missing is not None and HOME not in state.shown and may_be_missing(one.likeness, missing):
                waiting.append(one)
                question = question or self._ask(host, state, HOME, home_of(one.answer.url))
                continue
            self._bytes -= len(one.answer.body)
            evidence = missing_evidence(one.likeness, missing, state.shown.get(HOME)) if missing is not None else ""
            health = PageHealth(health=Health.SOFT_404, evidence=evidence) if evidence else one.health
            cleared.append(Cleared(case=one.case, answer=one.answer, health=health))
        state.held = waiting
        return cleared, question

    def _ask(self, host: str, state: _Host[Case], part: str, url: str) -> Question[Case] | None:
        if state.asked[part]:
            return None
        state.asked[part] += 1
        return Question(host=host, part=part, url=url)
