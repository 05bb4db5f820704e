"""What one attempt says by itself, before other attempts and the link's history are asked. Pure."""

from dataclasses import dataclass, replace

from crawler.model import (
    Attempt,
    Failed,
    FailureKind,
    Fetched,
    Health,
    Hop,
    NotModified,
    PageHealth,
    RefusalKind,
    Refused,
    VerdictKind,
)
from crawler.urls import asks_for_home, is_home, one_line, public, same_address, same_site
from crawler.walls import wall_reason

GONE = (404, 410)

NO_PAGE_FOR_US = {
    402: "asks for payment",
    406: "does not like what we accept",
    407: "asks for a proxy's password",
    412: "asks for a condition",
    428: "asks for a condition",
    440: "says that a login has run out",
    449: "asks for more",
}
"""Statuses that tell nothing about the page, beside 401 403 429 451 (InternetArchiveBot's paywall list; linkinator)."""

NEEDS_BROWSER = "needs-browser"
"""The reason of a page that is empty until its scripts have run, where they were not run."""

_BY_HEALTH = {
    Health.CHALLENGE: (VerdictKind.BLOCKED, "challenge"),
    Health.LOGIN_WALL: (VerdictKind.BLOCKED, "login-wall"),
    Health.CONSENT_WALL: (VerdictKind.BLOCKED, "consent-wall"),
    Health.GEO_BLOCK: (VerdictKind.BLOCKED, "geo-block"),
    Health.SCRIPT_SHELL: (VerdictKind.BLOCKED, NEEDS_BROWSER),
    Health.SOFT_404: (VerdictKind.DEAD, "soft-404"),
    Health.PARKED: (VerdictKind.DEAD, "parked-domain"),
    Health.MAINTENANCE: (VerdictKind.UNREACHABLE, "http-5xx"),
    Health.ERROR_PAGE: (VerdictKind.UNREACHABLE, "http-5xx"),
}

_REFUSED = {
    RefusalKind.ROBOTS: VerdictKind.BLOCKED,
    RefusalKind.RATE: VerdictKind.BLOCKED,
    RefusalKind.UNAVAILABLE: VerdictKind.UNREACHABLE,
    RefusalKind.MALFORMED: VerdictKind.INVALID,
    RefusalKind.SCHEME: VerdictKind.INVALID,
    RefusalKind.ADDRESS: VerdictKind.INVALID,
    RefusalKind.SKIPPED: VerdictKind.SKIPPED,
}

_SETTLED = (FailureKind.TOO_LARGE, FailureKind.BOMB)
"""Failures that another attempt would only repeat, at some cost."""

_PERMANENT = (301, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One attempt's word: a verdict's kind and reason, as if it stood alone, and one line on what was seen."""

    kind: VerdictKind
    reason: str
    detail: str = ""
    replacement: str | None = None
    passing: bool = False
    """A refusal for now: beside other answers it says no more than a time-out does."""

    @property
    def good(self) -> bool:
        return self.kind in (VerdictKind.OK, VerdictKind.MOVED)


def sign_of(attempt: Attempt, health: PageHealth | None = None) -> Sign:
    """Read one attempt; `health` is that of its body, where it was looked at."""
    match attempt:
        case NotModified():
            return _arrived(attempt.url, attempt.hops, "not-modified", "")
        case Refused():
            return _refused(attempt)
        case Failed(kind=FailureKind.DNS_NXDOMAIN):
            # One NXDOMAIN is not believed (the judge asks for several): resolvers lie while networks change.
            return Sign(kind=VerdictKind.DEAD, reason=attempt.kind, detail=one_line(attempt.detail))
        case Failed():
            return Sign(kind=VerdictKind.UNREACHABLE, reason=attempt.kind, detail=one_line(attempt.detail))
        case Fetched():
            return _answered(attempt, health)


def is_doubtful(attempt: Attempt, sign: Sign) -> bool:
    """Whether to ask again before anything is concluded: all that may be dead, or may have been bad luck."""
    if isinstance(attempt, Failed) and attempt.kind in _SETTLED:
        return False
    if isinstance(attempt, Refused):
        return attempt.passing
    return sign.kind in (VerdictKind.DEAD, VerdictKind.UNREACHABLE)


def _refused(attempt: Refused) -> Sign:
    if attempt.hops and attempt.kind in (RefusalKind.SCHEME, RefusalKind.MALFORMED):
        # The guide's address is sound; the server sends us to something that is no web page (an app, a mail address).
        return Sign(kind=VerdictKind.UNREACHABLE, reason=FailureKind.PROTOCOL, detail=one_line(attempt.detail))
    detail = one_line(attempt.detail)
    return Sign(kind=_REFUSED[attempt.kind], reason=attempt.kind, detail=detail, passing=attempt.passing)


def _answered(answer: Fetched, health: PageHealth | None) -> Sign:
    status = answer.status
    if _behind_wall(answer) or (health is not None and health.health is Health.CHALLENGE):
        return _blocked("challenge", health.evidence if health else f"a bot wall answers {status}")
    if 200 <= status < 300:
        return _page(answer, health)
    if status in GONE:
        return Sign(kind=VerdictKind.DEAD, reason=f"http-{status}", detail=f"answers {status}")
    if status == 999:  # LinkedIn's own (linkinator, lychee)
        return _blocked("challenge", "answers 999 to what it takes for a robot")
    if status == 408:
        return Sign(kind=VerdictKind.UNREACHABLE, reason=FailureKind.TIMEOUT, detail="answers 408")
    if status == 429:
        return replace(_blocked("http-429", "answers 429: we ask too often"), passing=True)
    if 400 <= status < 500:
        return _blocked(f"http-{status}", NO_PAGE_FOR_US.get(status, f"answers {status}"))
    if 500 <= status < 600:
        return Sign(kind=VerdictKind.UNREACHABLE, reason="http-5xx", detail=f"answers {status}")
    detail = f"answers {status}, which is no answer to what was asked"
    return Sign(kind=VerdictKind.UNREACHABLE, reason=FailureKind.PROTOCOL, detail=detail)


def _behind_wall(answer: Fetched) -> bool:
    """By headers alone: Cloudflare's documented `cf-mitigated`, AWS WAF's `x-amzn-waf-action`."""
    return answer.header("cf-mitigated").lower() == "challenge" or answer.header("x-amzn-waf-action") in (
        "challenge",
        "captcha",
    )


def _blocked(reason: str, detail: str) -> Sign:
    return Sign(kind=VerdictKind.BLOCKED, reason=reason, detail=one_line(detail))


def _page(answer: Fetched, health: PageHealth | None) -> Sign:
    if answer.status in (204, 205):
        detail = f"answers {answer.status}: there is no page"
        return Sign(kind=VerdictKind.UNREACHABLE, reason=FailureKind.PROTOCOL, detail=detail)
    if not answer.body and not answer.dropped:
        detail = f"answers {answer.status} with an empty body: there is no page"
        return Sign(kind=VerdictKind.UNREACHABLE, reason=FailureKind.PROTOCOL, detail=detail)
    if answer.hops and (reason := wall_reason(answer.url, answer.final_url)):
        kind = VerdictKind.DEAD if reason == Health.SOFT_404 else VerdictKind.BLOCKED
        return Sign(kind=kind, reason=reason, detail=f"redirects to {public(answer.final_url)}")
    if answer.unrendered:
        return _blocked(NEEDS_BROWSER, f"needs a browser: {answer.unrendered}")
    if health is not None and health.health in _BY_HEALTH:
        kind, reason = _BY_HEALTH[health.health]
        if (
            health.health is Health.SOFT_404
            and answer.hops
            and is_home(answer.final_url)
            and not asks_for_home(answer.url)
        ):
            reason = "redirect-to-home"
        return Sign(kind=kind, reason=reason, detail=one_line(health.evidence) or f"looks like {health.health}")
    if answer.hops and _sent_home(answer.url, answer.final_url):
        return Sign(kind=VerdictKind.DEAD, reason="redirect-to-home", detail="redirects to the site's home page")
    return _arrived(answer.url, answer.hops, f"http-{answer.status}", "")


def _sent_home(start: str, end: str) -> bool:
    """Within one site only: a short link may lead to another's home page (InternetArchiveBot's "redirect to root")."""
    return is_home(end) and not asks_for_home(start) and same_site(start, end)


def _arrived(url: str, hops: tuple[Hop, ...], reason: str, detail: str) -> Sign:
    """`moved` where the redirects that come first are permanent (RFC 9110, 15.4.2 and 15.4.9) and lead elsewhere.

    http → https, a leading `www.` and the slash at the end are not news.
    """
    target = url
    for hop in hops:
        if hop.status not in _PERMANENT:
            break
        target = hop.target
    if target == url or same_address(url, target):
        return Sign(kind=VerdictKind.OK, reason=reason, detail=detail)
    return Sign(
        kind=VerdictKind.MOVED,
        reason="permanent-redirect",
        detail=f"moved for good to {public(target)}",
        replacement=public(target),
    )
