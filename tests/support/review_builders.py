"""Values of the review package with everything filled in but what a test is about."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from crawler.model import (
    Change,
    Cited,
    CitedLook,
    Digest,
    Drift,
    DriftKind,
    Failed,
    FailureKind,
    Health,
    Hop,
    KnownSource,
    LinkHistory,
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
from crawler.policy import Policy
from guides.model import Citation, CitationKey, Claim, Guide, GuideId, MainContent, Role
from review.model import (
    CheckedCitation,
    CheckReport,
    CitationView,
    Finding,
    FindingId,
    FindingKind,
    FindingState,
    GuideLine,
    GuideView,
    Report,
)
from review.report import make_report

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "https://example.org/privacy"
GUIDE = GuideId("coursera")
KEY = CitationKey("c1")
CLAIM = Claim(text="Wait up to 30 days", line=40)
HOSTILE = (
    "a\n::error file=x::forged\r%0A::warning::b <script>alert(1)</script> | `code` *b* _i_ [l](javascript:alert(1))"
    " @octocat #12 https://evil.example www.evil.example \x1b[31mred\x1b]8;;http://evil\x07 \u202egnp.exe\u202c"
    " \u2066x\u2069 ##[set-env name=A]v \x00\x9b2J\u2028::error::c \ud800"
)


def hours(number: float) -> datetime:
    """So many hours before NOW."""
    return NOW - timedelta(hours=number)


def snapshot(number: int | None = 2, health: Health = Health.OK) -> Snapshot:
    return Snapshot(
        id=None if number is None else SnapshotId(number),
        digest=Digest("0" * 64),
        at=NOW,
        last_seen=NOW,
        status=200,
        final_url=URL,
        health=health,
    )


def change(before: str = "within 30 days", after: str = "within 14 days", **more: Any) -> Change:
    values: dict[str, Any] = {
        "drift": DriftKind.MATERIAL,
        "reason": "30 days → 14 days",
        "heading": "Retention",
        **more,
    }
    return Change(before=before, after=after, **values)


def drift(kind: DriftKind = DriftKind.MATERIAL, **more: Any) -> Drift:
    changed = kind in (DriftKind.MATERIAL, DriftKind.WORDING)
    values: dict[str, Any] = {
        "reason": "30 days → 14 days" if changed else "",
        "changes": (change(drift=kind),) if changed else (),
        "before_print": "aaaa",
        "now_print": "bbbb" if changed else "",
        **more,
    }
    return Drift(kind=kind, algorithm="a1", **values)


def standing(
    of: Drift, *, since: float = 48, now_since: float = 48, sightings: int = 3, basis: int = 1, now: int | None = 2
) -> Standing:
    return Standing(
        drift=of,
        basis=SnapshotId(basis),
        now=None if now is None else SnapshotId(now),
        since=hours(since),
        now_since=hours(now_since),
        sightings=sightings,
    )


def verdict(kind: VerdictKind = VerdictKind.OK, reason: str = "http-200", **more: Any) -> Verdict:
    return Verdict(kind=kind, reason=reason, **more)


def observation(
    stands: Standing | None = None,
    *,
    of: Verdict | None = None,
    health: Health | None = Health.OK,
    history: LinkHistory | None = None,
    outage: bool = False,
    basis_is_new: bool = False,
    at: datetime = NOW,
) -> Observation:
    failed = Failed(url=URL, kind=FailureKind.TIMEOUT, detail="", at=at, elapsed_ms=1)
    look = CitedLook(guide=GUIDE, key=KEY, standing=stands, basis=snapshot(1), basis_is_new=basis_is_new)
    return Observation(
        source=ResourceId(1),
        url=URL,
        at=at,
        visit=Visit(url=URL, attempts=(failed,), outage=outage),
        verdict=of or verdict(status=200),
        history=history or LinkHistory(),
        validators=Validators(),
        memory={},
        snapshot=snapshot(2, health) if health else None,
        page_health=PageHealth(health=health) if health else None,
        cited=(look,),
    )


def known(**more: Any) -> KnownSource:
    cited = Cited(guide=GUIDE, key=KEY, **{"place": MainContent(), "claim": CLAIM, **more})
    return KnownSource(id=ResourceId(1), url=URL, cited=(cited,))


def finding(kind: FindingKind = FindingKind.DRIFT, **more: Any) -> Finding:
    severity = {
        FindingKind.DRIFT: "material",
        FindingKind.LINK: "dead",
        FindingKind.UNLOCATED: "unlocated",
        FindingKind.READER_REPORT: "reader-report",
    }[kind]
    values: dict[str, Any] = {
        "id": FindingId(7),
        "state": FindingState.OPEN,
        "severity": severity,
        "guide": GUIDE,
        "citation": KEY,
        "url": URL,
        "opened": hours(24),
        "updated": hours(24),
        "summary": "30 days → 14 days (Retention)",
        "changes": (change(),) if kind is FindingKind.DRIFT else (),
        "claims": (CLAIM,),
        "print": "bbbb",
        "basis": SnapshotId(1),
        "now": SnapshotId(2),
        **more,
    }
    return Finding(kind=kind, **values)


def citation(url: str = URL, **more: Any) -> Citation:
    values: dict[str, Any] = {
        "key": KEY,
        "role": Role.CITATION,
        "line": 12,
        "column": 10,
        "number": 1,
        "title": "Privacy",
    }
    return Citation(url=url, **{**values, **more})


def guide(name: str = "coursera", **more: Any) -> Guide:
    values: dict[str, Any] = {
        "title": f"Delete your {name} account",
        "file": f"guides/{name}.md",
        "verified": date(2026, 11, 8),
        "citations": (citation(),),
    }
    return Guide(id=GuideId(name), **{**values, **more})


def view(
    findings: Sequence[Finding] = (),
    *,
    of: Guide | None = None,
    verified: date | None = date(2026, 11, 8),
    verdict_: Verdict | None = None,
) -> GuideView:
    source = of or guide()
    judged = verdict_ or verdict(status=200)
    return GuideView(
        guide=source,
        verified=verified,
        citations=tuple(CitationView(citation=each, verdict=judged, checked=NOW) for each in source.citations),
        open_findings=tuple(findings),
    )


def checked(of: Verdict | None = None, **more: Any) -> CheckedCitation:
    values: dict[str, Any] = {
        "guide": guide(),
        "citation": citation(),
        "fragment": None,
        "drift": None,
        "archived": None,
        "fails": False,
        **more,
    }
    return CheckedCitation(verdict=of or verdict(status=200, final_url=URL, attempts=1, elapsed_ms=12.34), **values)


def check_report(*citations: CheckedCitation, **more: Any) -> CheckReport:
    values: dict[str, Any] = {
        "version": "1.2",
        "started": NOW,
        "finished": NOW + timedelta(seconds=2),
        "outage": False,
        "guides": 1,
        "resources": len(citations),
        **more,
    }
    return CheckReport(citations=citations, **values)


def dead(**more: Any) -> CheckedCitation:
    hop = Hop(status=301, url=URL, target="https://example.org/new")
    gone = verdict(
        VerdictKind.DEAD, "http-404", status=404, attempts=3, hops=(hop,), final_url="https://example.org/new"
    )
    return checked(gone, **{"fails": True, "fails_because": "dead", **more})


def plain_report(*lines: GuideLine, **more: Any) -> Report:
    findings = tuple(each for line in lines for each in line.view.open_findings)
    return Report(**{"made": NOW, "lines": lines, "findings": findings, "last_crawl": hours(1), "sources": 4, **more})


def report(*views: Any, **more: Any) -> Report:
    """What the guides' formats show, of guides as `view` makes them."""
    values: dict[str, Any] = {"made": NOW, "today": date(2026, 11, 24), "last_crawl": hours(3), "sources": 4}
    return make_report(views, Policy(), **{**values, **more})


STALE = view([finding(), finding(FindingKind.LINK, id=8, summary="Page is gone: 404", claims=())])
