"""From all attempts and the link's history to a verdict, and to the history that the next run will see. Pure.

What is definitive has to be seen often and long enough, because a living link called dead costs more than a dead one
noticed a day later. "Cannot tell" (walls, time-outs, server errors) neither raises nor resets what speaks for death.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from crawler.model import (
    Attempt,
    Fetched,
    LinkHistory,
    NotModified,
    PageHealth,
    RefusalKind,
    Refused,
    Verdict,
    VerdictKind,
    Visit,
)
from crawler.policy import Policy
from crawler.signs import Sign, sign_of
from crawler.urls import public

JUST_ALIVE = timedelta(hours=24)
"""A link seen alive within this time (or twice the policy's `confirm_hours`) is not called dead on the spot."""

MIN_RUNS = 2

CERTIFICATE_SOON = timedelta(days=14)
"""A certificate that runs out within this time is told of: most are renewed 30 days before (Let's Encrypt's advice)."""
CERTIFICATE = "the certificate expires on"
"""How a detail warns of it."""

_MAY_BE_GONE = frozenset(
    {
        "timeout",
        "connect-refused",
        "connection-reset",
        "network-unreachable",
        "dns-error",
        "dns-nxdomain",
        "http-5xx",
    }
)
"""Only these, lasting, become `gone-after-retries`: with a bad certificate or a huge file the server is there."""


_LEFT_ALONE = (RefusalKind.RATE, RefusalKind.UNAVAILABLE)


def judge(visit: Visit, history: LinkHistory, policy: Policy, now: datetime, *, on_the_spot: bool = False) -> Verdict:
    """What became of a link. `on_the_spot`: someone waits for the answer (CI), later runs will not confirm it."""
    verdict = _judge(visit, history, policy, now, on_the_spot=on_the_spot)
    if verdict.kind in (VerdictKind.OK, VerdictKind.MOVED) and expires_soon(verdict, now):
        assert verdict.tls_expires is not None  # it expires soon
        warning = f"{CERTIFICATE} {verdict.tls_expires:%Y-%m-%d}"
        return replace(verdict, detail=f"{verdict.detail}; {warning}" if verdict.detail else warning)
    return verdict


def runs_needed(policy: Policy) -> int:
    """In how many runs a link that was alive must fail. A policy that leaves no time between them asks for one."""
    return MIN_RUNS if policy.confirm_hours > 0 else 1


def expires_soon(verdict: Verdict, now: datetime) -> bool:
    """Whether the certificate behind a verdict is about to run out."""
    return verdict.tls_expires is not None and verdict.tls_expires - now < CERTIFICATE_SOON


def _judge(visit: Visit, history: LinkHistory, policy: Policy, now: datetime, *, on_the_spot: bool) -> Verdict:
    if visit.outage:
        detail = "this machine's network was down: nothing was concluded"
        return _verdict(visit, visit.last, Sign(kind=VerdictKind.UNREACHABLE, reason="network-outage", detail=detail))
    signs = signs_of(visit)
    # One good answer outweighs any number of failures: the page is there.
    for attempt, sign in reversed(list(zip(visit.attempts, signs, strict=True))):
        if sign.good:
            return _verdict(visit, attempt, sign)
    if stood := _stands(visit, signs, history, policy):
        return stood
    # A wall among the answers casts doubt on the others: servers send 404 to those they take for robots, too.
    for attempt, sign in reversed(list(zip(visit.attempts, signs, strict=True))):
        if sign.kind not in (VerdictKind.DEAD, VerdictKind.UNREACHABLE) and not sign.passing:
            return _verdict(visit, attempt, sign)
    if dead := definitive(signs, policy.confirm):
        attempt = visit.attempts[max(n for n, sign in enumerate(signs) if sign.reason == dead[-1].reason)]
        return _verdict(visit, attempt, _dead(dead, history, policy, now, on_the_spot=on_the_spot))
    return _verdict(visit, visit.last, _unreachable(visit, signs, history, policy, now))


def _stands(visit: Visit, signs: list[Sign], history: LinkHistory, policy: Policy) -> Verdict | None:
    """A death confirmed by earlier runs stands while one answer repeats it and none speaks for life: a wall or a
    time-out between two 404s is no resurrection.
    """
    needed = 1 if history.last_ok is None else runs_needed(policy)
    if history.failures < needed or history.failing_since is None or history.checked is None:
        return None
    lasting = history.checked - history.failing_since >= timedelta(hours=policy.confirm_hours)
    if history.last_ok is not None and not lasting:
        return None
    for attempt, sign in reversed(list(zip(visit.attempts, signs, strict=True))):
        if sign.kind is VerdictKind.DEAD:
            detail = f"{sign.detail}, as since {_when(history.failing_since)}"
            return _verdict(visit, attempt, replace(sign, detail=detail))
    return None


def advance(history: LinkHistory, visit: Visit, verdict: Verdict, now: datetime, *, confirm: int = 3) -> LinkHistory:
    """The history after this verdict; `confirm` is the policy's. An outage of our own leaves it as it was."""
    if visit.outage:
        return history
    history = replace(history, checked=now)
    if verdict.kind in (VerdictKind.OK, VerdictKind.MOVED):
        return LinkHistory(checked=now, last_ok=now)
    signs = signs_of(visit)
    if dead := definitive(signs, confirm):
        return replace(
            history,
            failing_since=_since(history.failing_since, now),
            failures=history.failures + 1,
            # A name that is not found may be a long unreachable one; a 404 comes from a server that is there.
            unreachable_since=history.unreachable_since if dead[-1].reason == "dns-nxdomain" else None,
        )
    if (verdict.kind is VerdictKind.BLOCKED and not isinstance(visit.last, Refused)) or _is_there(visit, signs):
        return replace(history, unreachable_since=None)
    if _may_be_gone(visit, signs):
        return replace(history, unreachable_since=_since(history.unreachable_since, now))
    return history


def _since(before: datetime | None, now: datetime) -> datetime:
    """Since when; a time to come was written by a clock that was ahead, and would have to be waited for."""
    return now if before is None else min(before, now)


def signs_of(visit: Visit) -> list[Sign]:
    """One sign for each attempt, with the health of its body where that is known."""
    return [sign_of(attempt, _health(visit, position)) for position, attempt in enumerate(visit.attempts)]


def _health(visit: Visit, position: int) -> PageHealth | None:
    if position < len(visit.healths):
        return visit.healths[position]
    attempt, last = visit.attempts[position], visit.last
    alike = isinstance(attempt, Fetched) and isinstance(last, Fetched) and attempt.status == last.status
    return visit.health if attempt is last or alike else None


def definitive(signs: list[Sign], confirm: int) -> list[Sign]:
    """The signs of death, where they are all there is, or enough of them beside mere "cannot tell"; else none.

    A time-out between three 404s does not take them back; a wall or a good answer does.
    """
    dead = [sign for sign in signs if sign.kind is VerdictKind.DEAD]
    rest = [sign for sign in signs if sign.kind is not VerdictKind.DEAD]
    # The commonest word comes last: one wrong NXDOMAIN must not name what two 404s said.
    dead = sorted(dead, key=lambda one: sum(one.reason == other.reason for other in dead))
    if not rest or (
        len(dead) >= max(1, confirm) and all(one.kind is VerdictKind.UNREACHABLE or one.passing for one in rest)
    ):
        return dead
    return []


def _dead(signs: list[Sign], history: LinkHistory, policy: Policy, now: datetime, *, on_the_spot: bool) -> Sign:
    last = signs[-1]
    seen = f"{last.detail}, {_times(len(signs))}"
    if len(signs) < policy.confirm:
        return _unconfirmed(f"{seen}; {policy.confirm} attempts are needed to call it dead")
    since = history.failing_since or now
    wait = timedelta(hours=policy.confirm_hours)
    lasting = history.failures + 1 >= runs_needed(policy) and now - since >= wait
    if history.last_ok is None or lasting:
        return replace(last, detail=seen)
    if on_the_spot:
        if now - history.last_ok > min(JUST_ALIVE, 2 * wait):
            return replace(last, detail=seen)
        return _unconfirmed(f"{seen}; it was alive at {_when(history.last_ok)}, too recently to call it dead")
    due = max(since + wait, now)
    return _unconfirmed(f"{seen}; alive at {_when(history.last_ok)}, called dead if it still fails after {_when(due)}")


def _unreachable(visit: Visit, signs: list[Sign], history: LinkHistory, policy: Policy, now: datetime) -> Sign:
    last = signs[-1]
    since = history.unreachable_since
    lasting = since is not None and now - since >= policy.unreachable
    if since is not None and lasting and _may_be_gone(visit, signs):
        detail = f"not reached since {_when(since)} (last: {last.detail})"
        return Sign(kind=VerdictKind.DEAD, reason="gone-after-retries", detail=detail)
    if any(sign.kind is VerdictKind.DEAD for sign in signs):
        return _unconfirmed("answers differ: " + "; ".join(dict.fromkeys(sign.detail for sign in signs)))
    return replace(last, detail=f"{last.detail}, {_times(len(signs))}" if len(signs) > 1 else last.detail)


def _may_be_gone(visit: Visit, signs: list[Sign]) -> bool:
    """Whether nothing was seen but what, lasting, means that a link is gone. Who was not asked has said nothing."""
    asked = not any(_is_unasked(attempt) or _is_patient(attempt) for attempt in visit.attempts)
    return asked and all(sign.reason in _MAY_BE_GONE for sign in signs)


def _is_there(visit: Visit, signs: list[Sign]) -> bool:
    """Whether an attempt met a server: what follows does not add to a silence that came before."""
    return any(
        not isinstance(attempt, Refused) and (_is_patient(attempt) or sign.reason not in _MAY_BE_GONE)
        for attempt, sign in zip(visit.attempts, signs, strict=True)
    )


def _is_patient(attempt: Attempt) -> bool:
    """Whether a server is there and says "later": 503 (RFC 9110, 15.6.4; what Amazon gives to robots for years), or a
    page that speaks of maintenance or of an error, which a reader's browser may never see.
    """
    return isinstance(attempt, Fetched) and (attempt.status == 503 or attempt.status < 500)


def _unconfirmed(detail: str) -> Sign:
    return Sign(kind=VerdictKind.UNREACHABLE, reason="unconfirmed", detail=detail)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _when(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _verdict(visit: Visit, attempt: Attempt, sign: Sign) -> Verdict:
    status = attempt.status if isinstance(attempt, Fetched) else 304 if isinstance(attempt, NotModified) else None
    final = attempt.final_url if isinstance(attempt, Fetched | NotModified) else ""
    elapsed = sum(one.elapsed_ms for one in visit.attempts if not isinstance(one, Refused))
    return Verdict(
        kind=sign.kind,
        reason=str(sign.reason),
        detail=sign.detail,
        status=status,
        final_url=public(final) if final else "",
        hops=attempt.hops,
        attempts=sum(1 for one in visit.attempts if not _is_unasked(one)),
        elapsed_ms=elapsed,
        replacement=sign.replacement,
        tls_expires=attempt.tls_expires if isinstance(attempt, Fetched) else None,
    )


def _is_unasked(attempt: Attempt) -> bool:
    """Whether a host that had turned away too many was left alone: no attempt was made."""
    return isinstance(attempt, Refused) and attempt.kind in _LEFT_ALONE and not attempt.hops
