"""Attempts and visits for tests of judging: only what a test is about needs to be said."""

from datetime import UTC, datetime

from crawler.model import (
    Attempt,
    Digest,
    Failed,
    FailureKind,
    Fetched,
    Health,
    Hop,
    NotModified,
    PageHealth,
    RefusalKind,
    Refused,
    Visit,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
URL = "https://help.example/articles/delete-account"


def page(
    status: int = 200,
    *,
    url: str = URL,
    hops: tuple[tuple[int, str], ...] = (),
    headers: dict[str, str] | None = None,
    body: bytes = b"<p>a page</p>",
) -> Fetched:
    """An answer; `hops` are the statuses and targets of the redirects before it."""
    steps, at = [], url
    for code, target in hops:
        steps.append(Hop(status=code, url=at, target=target))
        at = target
    return Fetched(
        url=url,
        final_url=at,
        status=status,
        headers=tuple((headers or {"content-type": "text/html"}).items()),
        body=body,
        digest=Digest("d" * 64),
        at=NOW,
        elapsed_ms=10.0,
        hops=tuple(steps),
    )


def failed(kind: FailureKind | str, *, url: str = URL, connected: bool = False) -> Failed:
    return Failed(url=url, kind=FailureKind(kind), detail=f"{kind} seen", at=NOW, elapsed_ms=5.0, connected=connected)


def refused(kind: RefusalKind | str, *, hops: tuple[Hop, ...] = ()) -> Refused:
    return Refused(url=URL, kind=RefusalKind(kind), detail="refused", at=NOW, hops=hops)


def unchanged() -> NotModified:
    return NotModified(url=URL, final_url=URL, headers=(), at=NOW, elapsed_ms=1.0)


def visited(*attempts: Attempt, health: Health | None = None, outage: bool = False) -> Visit:
    """A visit whose last body has this health."""
    seen = PageHealth(health=health, evidence=f"looks like {health}") if health is not None else None
    return Visit(url=URL, attempts=attempts, health=seen, outage=outage)
