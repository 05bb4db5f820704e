"""What the store's history says of a link, without asking its source again. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from crawler.judge import runs_needed
from crawler.model import CitedLook, KnownSource, Verdict, VerdictKind
from crawler.policy import Policy

UNTOUCHED = Verdict(
    kind=VerdictKind.SKIPPED, reason="untouched", detail="on no changed line, and nothing is recorded of it"
)
_GOOD = (VerdictKind.OK, VerdictKind.MOVED)


def recorded_verdict(known: KnownSource, policy: Policy) -> Verdict:
    """The last verdict. A death that only one run saw is not taken for one: it may have been a bad day."""
    verdict = known.verdict
    if verdict is None:
        return UNTOUCHED
    if verdict.kind is VerdictKind.DEAD and verdict.reason != "gone-after-retries" and not _lasts(known, policy):
        detail = "dead at the last look, which is not enough for a link that was not touched"
        return replace(verdict, kind=VerdictKind.UNREACHABLE, reason="unconfirmed", detail=detail)
    return verdict


def _lasts(known: KnownSource, policy: Policy) -> bool:
    history = known.history
    if history.failures < runs_needed(policy) or history.failing_since is None or history.checked is None:
        return False
    return history.checked - history.failing_since >= timedelta(hours=policy.confirm_hours)


def is_fresh(known: KnownSource, now: datetime, max_age: timedelta | None) -> bool:
    """Whether a good verdict is young enough to stand for a new look. Only good ones are reused: what failed is asked
    again, and so is a page of which a fragment is cited that nobody has looked for; and nothing from the future is,
    which a wrong clock may have written.
    """
    verdict, checked = known.verdict, known.history.checked
    if max_age is None or verdict is None or verdict.kind not in _GOOD or checked is None:
        return False
    if any(each.fragment and each.fragment_state is None for each in known.cited):
        return False
    return timedelta(0) <= now - checked <= max_age


def recorded_looks(known: KnownSource) -> tuple[CitedLook, ...]:
    """Where the places stood after the last look."""
    return tuple(
        CitedLook(
            guide=each.guide,
            key=each.key,
            standing=each.standing,
            basis=each.basis,
            fragment=each.fragment_state,
            drift=each.standing.drift.kind if each.standing else None,
        )
        for each in known.cited
    )
