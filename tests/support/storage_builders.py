"""Guides, looks and findings for the store's tests."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from crawler.model import (
    Attempt,
    Change,
    CitedLook,
    Digest,
    Drift,
    DriftKind,
    Failed,
    FailureKind,
    Fetched,
    Health,
    KnownSource,
    LinkHistory,
    NotModified,
    Observation,
    PageHealth,
    ResourceId,
    Snapshot,
    SnapshotId,
    Standing,
    Validators,
    Verdict,
    VerdictKind,
    Visit,
)
from guides.model import Citation, CitationKey, Claim, Guide, GuideId, Place, Render, Role, Statement
from review.model import FindingKind, OpenFinding
from storage.store import Store

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
URL = "https://example.com/privacy"


def key(raw: str) -> str | None:
    """Which resource a URL names, in these tests."""
    return raw.partition("#")[0] if raw.startswith("http") and " " not in raw else None


def citation(
    name: str = "c1",
    url: str = URL,
    *,
    place: Place | None = None,
    claim: str = "",
    render: Render = Render.AUTO,
    number: int | None = 1,
) -> Citation:
    return Citation(
        key=CitationKey(name),
        url=url,
        role=Role.CITATION,
        line=12,
        column=10,
        number=number,
        title="Privacy",
        place=place,
        claim=Claim(text=claim, line=40) if claim else None,
        render=render,
    )


def guide(name: str = "coursera", *citations: Citation, verified: date | None = None, title: str = "") -> Guide:
    return Guide(
        id=GuideId(name),
        title=title or f"Delete your {name} account",
        file=f"guides/{name}.md",
        verified=verified,
        citations=citations or (citation(),),
        statements=(Statement(text="Wait up to 30 days.", line=20),),
    )


def sync(store: Store, *guides: Guide, at: datetime = START, complete: bool = True) -> None:
    store.sync(guides, key=key, at=at, complete=complete)


def digest(body: bytes) -> Digest:
    return Digest(hashlib.sha256(body).hexdigest())


def only(store: Store, at: datetime = START) -> ResourceId:
    """The one resource that is watched."""
    ((resource, _),) = store.due(at, everything=True)
    return resource


def page(body: bytes, at: datetime, *, status: int = 200, url: str = URL, etag: str = "") -> Fetched:
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/html; charset=utf-8"),)
    return Fetched(
        url=url,
        final_url=url,
        status=status,
        headers=headers + ((("etag", etag),) if etag else ()),
        body=body,
        digest=digest(body),
        at=at,
        elapsed_ms=12.5,
    )


def look(
    known: KnownSource,
    body: bytes | None,
    at: datetime,
    *,
    text: str | None = None,
    earlier: str = "",
    health: Health = Health.OK,
    verdict: Verdict | None = None,
    drift: DriftKind | None = None,
    memory: Mapping[str, Any] | None = None,
    etag: str = "",
) -> Observation:
    """What `crawler.observe` gives: with `body` that page was served, without it nothing came.

    The first page becomes the basis; `drift` is where the place stands against it. `text` is what the page says (""
    where it was not asked), `earlier` what the newest one before says, where it was not asked then.
    """
    said = text if text is not None else (body or b"").decode("latin-1")
    served = _served(known, body, at, health, etag)
    good = served is not None and health is Health.OK
    attempt: Attempt
    if body is None:
        attempt = Failed(url=known.url, kind=FailureKind.TIMEOUT, detail="", at=at, elapsed_ms=30000.0)
    elif served is not None and served.id is not None:
        attempt = NotModified(url=known.url, final_url=known.url, headers=(), at=at, elapsed_ms=3.0)
    else:
        attempt = page(body, at, url=known.url, etag=etag)
    kind = VerdictKind.OK if good else VerdictKind.BLOCKED if served else VerdictKind.UNREACHABLE
    new = served is not None and served.id is None
    return Observation(
        source=known.id,
        url=known.url,
        at=at,
        visit=Visit(url=known.url, attempts=(attempt,)),
        verdict=verdict or Verdict(kind=kind, reason="http-200" if good else "challenge", attempts=1),
        history=LinkHistory(checked=at, last_ok=at if good else known.history.last_ok),
        validators=Validators(etag=etag),
        memory={"seen": 1} if memory is None else memory,
        snapshot=served if new else None,
        body=body if new else None,
        same_as=served if not new else None,
        page_health=PageHealth(health=health),
        title="Privacy",
        text_digest=digest(said.encode()) if new and said else "",
        earlier_text=(known.newest, digest(earlier.encode())) if earlier and known.newest is not None else None,
        cited=tuple(_cited(one.guide, one.key, one, served, good, drift, at) for one in known.cited),
        next_due=at + DAY,
        interval_hours=24.0,
    )


def _served(known: KnownSource, body: bytes | None, at: datetime, health: Health, etag: str) -> Snapshot | None:
    if body is None:
        return None
    if known.newest is not None and known.newest.digest == digest(body):
        return known.newest
    answer = page(body, at, url=known.url, etag=etag)
    return Snapshot(
        id=None,
        digest=answer.digest,
        at=at,
        last_seen=at,
        status=200,
        final_url=known.url,
        headers=answer.headers,
        health=health,
    )


def _cited(
    name: GuideId, citation_key: CitationKey, one: Any, served: Snapshot | None, good: bool, drift: Any, at: datetime
) -> CitedLook:
    carried = CitedLook(guide=name, key=citation_key, standing=one.standing, basis=one.basis)
    if not good or served is None:
        return carried
    if one.basis is None:
        return replace(carried, basis=served, basis_is_new=True)
    return replace(carried, standing=standing(one.basis.id, served.id, at, kind=drift or DriftKind.UNCHANGED))


def standing(
    basis: SnapshotId, now: SnapshotId | None, at: datetime, *, kind: DriftKind = DriftKind.MATERIAL, state: str = "b"
) -> Standing:
    changes = () if kind is DriftKind.UNCHANGED else (change(),)
    drift = Drift(kind=kind, algorithm="blocks/1", reason="30 days → 14 days", changes=changes, now_print=state)
    return Standing(drift=drift, basis=basis, now=now, since=at, now_since=at)


def change() -> Change:
    return Change(
        before="We delete it within 30 days.",
        after="We delete it within 14 days.",
        drift=DriftKind.MATERIAL,
        reason="30 days → 14 days",
    )


def opening(
    *,
    guide: str = "coursera",
    citation: str = "c1",
    kind: FindingKind = FindingKind.DRIFT,
    summary: str = "30 days → 14 days",
    state: str = "b",
    basis: SnapshotId | None = None,
) -> OpenFinding:
    return OpenFinding(
        kind=kind,
        severity="material" if kind is FindingKind.DRIFT else "dead",
        guide=GuideId(guide),
        citation=CitationKey(citation),
        summary=summary,
        changes=(change(),),
        claims=(Claim(text="within 30 days", line=40),),
        print=state,
        basis=basis,
    )


def visit(store: Store, body: bytes | None, at: datetime, *ops: Any, **more: Any) -> Observation:
    """Look at the one resource there is, and record what was seen."""
    seen = look(store.known(only(store, at)), body, at, **more)
    store.record(seen, ops)
    return seen
