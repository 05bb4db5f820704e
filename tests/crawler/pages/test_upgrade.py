"""A newer algorithm over a stored history: both sides are read anew from raw bytes, and nothing is raised for it."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler import drift, fingerprint, observe
from crawler.blocks import Block
from crawler.model import Cited, Digest, Fetched, KnownSource, ResourceId, Snapshot, SnapshotId, Visit
from crawler.page import Page, read
from crawler.policy import Policy, Schedule
from guides.model import CitationKey, GuideId, Heading, MainContent, Place
from review.model import Finding, FindingId, FindingOp, FindingState, OpenFinding
from review.triage import triage

URL = "https://help.example/delete"
START = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = (
    "<h1>Delete your account</h1><p>Open the settings and choose Delete account, then confirm your choice.</p>"
    "<h2>Retention</h2><p>We delete your data within 30 days of your request, and tell you so by e-mail.</p>"
    "<p>You may cancel the request at any time before it takes effect, which is what many people do.</p>"
)
BANNER = "<p>Our new app for your telephone is here, and it is better than ever before.</p>"


def body(main: str, nonce: int) -> bytes:
    return (
        f"<html><head><title>Delete your account</title></head><body><nav><a href=/>Home</a></nav><main>{main}</main>"
        f"<footer>Request {nonce:032x}</footer></body></html>"
    ).encode()


class Reader:
    """One source, looked at again and again, as a pass and a store would do it."""

    def __init__(self, place: Place) -> None:
        cited = Cited(guide=GuideId("g"), key=CitationKey("c"), place=place)
        self.known = KnownSource(id=ResourceId(1), url=URL, cited=(cited,))
        self.bodies: dict[int, bytes] = {}
        self.findings: list[Finding] = []
        self.at = START

    def page(self, snapshot: Snapshot) -> Page:
        return read(self.bodies[int(snapshot.id or 0)], content_type="text/html", url=URL)

    def look(self, main: str) -> Sequence[FindingOp]:
        self.at += timedelta(hours=12)
        number = len(self.bodies) + 1
        content = body(main, number)
        fetched = Fetched(
            url=URL, final_url=URL, status=200, headers=(("content-type", "text/html"),), body=content,
            digest=Digest(hashlib.sha256(content).hexdigest()), at=self.at, elapsed_ms=1.0,
        )  # fmt: skip
        seen = observe.observe(
            self.known, Visit(url=URL, attempts=(fetched,)), read=self.page, policy=Policy(), schedule=Schedule(),
            now=self.at,
        )  # fmt: skip
        ops = triage(seen, self.known, self.findings, Policy())
        self.bodies[number] = content
        assert seen.snapshot is not None
        stored = replace(seen.snapshot, id=SnapshotId(number))
        look = seen.cited[0]
        basis = stored if look.basis is not None and look.basis.id is None else look.basis
        standing = look.standing
        if standing is not None and standing.now is None:
            standing = replace(standing, now=stored.id)
        cited = replace(self.known.cited[0], basis=basis, standing=standing)
        self.known = replace(
            self.known, memory=seen.memory, history=seen.history, verdict=seen.verdict, newest=stored, cited=(cited,)
        )
        return ops

    def dismiss(self, op: FindingOp) -> None:
        assert isinstance(op, OpenFinding)
        self.findings = [
            Finding(
                id=FindingId(1), kind=op.kind, state=FindingState.DISMISSED, severity=op.severity, guide=op.guide,
                citation=op.citation, url=URL, opened=self.at, updated=self.at, summary=op.summary, changes=op.changes,
                print=op.print, basis=op.basis, now=op.now,
            )
        ]  # fmt: skip


def whole_page(blocks: Sequence[Block]) -> list[bool]:
    """Another way to find the main content, as a newer version may have one."""
    return [bool(block.text) for block in blocks]


def upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (fingerprint, drift, observe):
        monkeypatch.setattr(module, "ALGORITHM", "blocks-next")
    monkeypatch.setattr(drift, "main_region", whole_page)


@pytest.mark.parametrize("place", [MainContent(), Heading(heading="Retention")])
def test_a_newer_algorithm_raises_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(place)
    for main in (TEXT, TEXT, BANNER + TEXT, TEXT, BANNER + TEXT, TEXT):
        assert not reader.look(main)
    before = fingerprint.print_of(reader.page(reader.known.newest).blocks) if reader.known.newest else ""
    upgrade(monkeypatch)
    assert fingerprint.print_of(reader.page(reader.known.newest).blocks) != before if reader.known.newest else False
    for main in (TEXT, TEXT, BANNER + TEXT, BANNER + TEXT, BANNER + TEXT, TEXT, TEXT):
        assert not reader.look(main)


def test_what_was_dismissed_stays_dismissed(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(MainContent())
    changed = TEXT.replace("30 days", "14 days")
    raised = [op for main in (TEXT, changed, changed, changed, changed) for op in reader.look(main)]
    assert raised
    reader.dismiss(raised[0])
    upgrade(monkeypatch)
    for _ in range(5):
        assert not reader.look(changed)


def test_a_change_after_the_upgrade_is_still_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(MainContent())
    for _ in range(3):
        assert not reader.look(TEXT)
    upgrade(monkeypatch)
    assert any(reader.look(TEXT.replace("30 days", "14 days")) for _ in range(5))
