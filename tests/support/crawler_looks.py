"""One source, looked at again and again, as a pass and a store would do it."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crawler.model import Cited, Digest, Fetched, KnownSource, Observation, ResourceId, Snapshot, SnapshotId, Visit
from crawler.observe import observe
from crawler.page import Page, read
from crawler.policy import Policy, Schedule
from guides.model import CitationKey, GuideId, MainContent, Place
from review.model import CloseFinding, Finding, FindingId, FindingOp, FindingState, OpenFinding
from review.triage import page_was_seen, triage

URL = "https://help.example/delete"
START = datetime(2026, 1, 1, tzinfo=UTC)


def body(main: str, nonce: int) -> bytes:
    return (
        f"<html><head><title>Delete your account</title></head><body><nav><a href=/>Home</a></nav><main>{main}</main>"
        f"<footer>Request {nonce:032x}</footer></body></html>"
    ).encode()


class Reader:
    """Looks every twelve hours; findings are kept as a desk would."""

    def __init__(self, place: Place | None = None) -> None:
        cited = Cited(guide=GuideId("g"), key=CitationKey("c"), place=place or MainContent())
        self.known = KnownSource(id=ResourceId(1), url=URL, cited=(cited,))
        self.bodies: dict[int, bytes] = {}
        self.findings: list[Finding] = []
        self.at = START
        self.past: list[tuple[datetime, Snapshot]] = []
        self.last: Observation

    def place(self, place: Place) -> None:
        """The editor names another place."""
        self.known = replace(self.known, cited=tuple(replace(one, place=place) for one in self.known.cited))

    def page(self, snapshot: Snapshot) -> Page:
        return read(self.bodies[int(snapshot.id or 0)], content_type=snapshot.content_type, url=URL)

    def look(
        self,
        main: str,
        *,
        nonce: int | None = 0,
        after: timedelta = timedelta(hours=12),
        content_type: str = "text/html",
        content: bytes = b"",
    ) -> list[FindingOp]:
        """`nonce` is noise in the page's footer: 0 for a new one at each look, None for the bytes of the first."""
        self.at += after
        number = len(self.bodies) + 1
        content = content or body(main, number if nonce == 0 else nonce or 1)
        digest = Digest(hashlib.sha256(content).hexdigest())
        fetched = Fetched(
            url=URL,
            final_url=URL,
            status=200,
            headers=(("content-type", content_type),),
            body=content,
            digest=digest,
            at=self.at,
            elapsed_ms=1.0,
        )
        seen = observe(
            self.known,
            Visit(url=URL, attempts=(fetched,)),
            read=self.page,
            policy=Policy(),
            schedule=Schedule(),
            now=self.at,
            past=lambda: self.past,
        )
        ops = list(triage(seen, self.known, self.findings, Policy()))
        self.last = seen
        self._keep(seen, number, content)
        for op in ops:
            self._apply(op)
        return ops

    def _keep(self, seen: Observation, number: int, content: bytes) -> None:
        if seen.snapshot is not None:
            self.bodies[number] = content
            stored = replace(seen.snapshot, id=SnapshotId(number))
        else:
            assert self.known.newest is not None
            stored = self.known.newest
        self.past.append((self.at, stored))
        look = seen.cited[0]
        basis = stored if look.basis is not None and look.basis.id is None else look.basis
        standing = look.standing
        if standing is not None and standing.now is None:
            standing = replace(standing, now=stored.id)
        cited = replace(self.known.cited[0], basis=basis, standing=standing)
        newest = stored if page_was_seen(seen) else self.known.newest
        self.known = replace(
            self.known, memory=seen.memory, history=seen.history, verdict=seen.verdict, newest=newest, cited=(cited,)
        )

    def _apply(self, op: FindingOp) -> None:
        if isinstance(op, CloseFinding):
            self.findings = [replace(one, state=op.state) if one.id == op.finding else one for one in self.findings]
            return
        assert isinstance(op, OpenFinding)
        same = [one for one in self.findings if one.kind is op.kind and one.state is FindingState.OPEN]
        self.findings = [one for one in self.findings if one not in same]
        self.findings.append(
            Finding(
                id=same[0].id if same else FindingId(len(self.findings) + 1),
                kind=op.kind,
                state=FindingState.OPEN,
                severity=op.severity,
                guide=op.guide,
                citation=op.citation,
                url=URL,
                opened=self.at,
                updated=self.at,
                summary=op.summary,
                changes=op.changes,
                claims=op.claims,
                print=op.print,
                basis=op.basis,
                now=op.now,
            )
        )
