"""The stream of findings that an editor would have seen, of each timeline, against its labels.

    python benchmarks/findings.py --corpus DIR --out findings.jsonl [--selectors] [--half 0|1]

Each snapshot is one look that goes the way of a crawl: `crawler.observe`, then `review.triage` with its settling
(24 hours). An editor lets every finding stand as soon as it is shown, so that the newest page becomes the basis.
`score.py --findings FILE` sets the findings against the labels.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.drift import Timeline, load_timelines, place_at, snapshots
from benchmarks.score import halves
from crawler.model import (
    Cited,
    Digest,
    Fetched,
    KnownSource,
    Observation,
    ResourceId,
    Snapshot,
    SnapshotId,
    Visit,
)
from crawler.observe import observe
from crawler.page import Page, read
from crawler.policy import Policy, Schedule
from guides.model import CitationKey, GuideId, MainContent, Place
from review.model import CloseFinding, Finding, FindingId, FindingKind, FindingState, OpenFinding
from review.triage import triage

GUIDE, CITATION = GuideId("guide"), CitationKey("citation")


@dataclass(slots=True, kw_only=True)
class Desk:
    """What is known of one timeline's page, and the findings that are open."""

    known: KnownSource
    bodies: dict[int, bytes] = field(default_factory=dict)
    pages: dict[int, Page] = field(default_factory=dict)
    open: list[Finding] = field(default_factory=list)
    policy: Policy = field(default_factory=Policy)

    def page(self, snapshot: Snapshot) -> Page:
        number = int(snapshot.id or 0)
        if number not in self.pages:
            self.pages[number] = read(self.bodies[number], content_type="text/html", url=self.known.url)
        return self.pages[number]

    def look(self, number: int, when: datetime, body: bytes, place: Place) -> Iterator[tuple[OpenFinding, int]]:
        """What one snapshot raises, with the number of the basis that it was raised against."""
        self.known = replace(self.known, cited=tuple(replace(one, place=place) for one in self.known.cited))
        fetched = Fetched(
            url=self.known.url,
            final_url=self.known.url,
            status=200,
            headers=(("content-type", "text/html"),),
            body=body,
            digest=Digest(hashlib.sha256(body).hexdigest()),
            at=when,
            elapsed_ms=1.0,
        )
        visit = Visit(url=self.known.url, attempts=(fetched,))
        seen = observe(self.known, visit, read=self.page, policy=self.policy, schedule=Schedule(), now=when)
        ops = triage(seen, self.known, self.open, self.policy)
        self._keep(seen, number, body)
        for op in ops:
            if isinstance(op, CloseFinding):
                self.open = [one for one in self.open if one.id != op.finding]
            elif isinstance(op, OpenFinding) and op.kind is not FindingKind.LINK:
                cited = self.known.cited[0]
                yield op, int(cited.basis.id) if cited.basis is not None and cited.basis.id is not None else -1
                self._stet(op, number, when)

    def _keep(self, seen: Observation, number: int, body: bytes) -> None:
        newest = self.known.newest
        if seen.snapshot is not None:
            stored = replace(seen.snapshot, id=SnapshotId(number))
            if seen.page_health is not None and seen.page_health.health.value == "ok":
                newest = stored
                self.bodies[number] = body
        look = seen.cited[0]
        basis = look.basis
        if basis is not None and basis.id is None:
            basis = replace(basis, id=SnapshotId(number))
        standing = look.standing
        if standing is not None and standing.now is None:
            standing = replace(standing, now=SnapshotId(number))
        cited = replace(self.known.cited[0], basis=basis, standing=standing)
        self.known = replace(
            self.known,
            history=seen.history,
            verdict=seen.verdict,
            memory=seen.memory,
            newest=newest,
            cited=(cited,),
        )
        wanted = {int(one.id) for one in (basis, newest) if one is not None and one.id is not None}
        self.bodies = {key: value for key, value in self.bodies.items() if key in wanted}
        self.pages = {key: value for key, value in self.pages.items() if key in wanted}

    def _stet(self, op: OpenFinding, number: int, when: datetime) -> None:
        """The editor lets a drift stand; a lost place or a page that was replaced stays open."""
        if op.kind is FindingKind.UNLOCATED or op.severity == "broken":
            self.open = [one for one in self.open if one.kind is not op.kind]
            self.open.append(_finding(op, number, when))
            return
        cited = self.known.cited[0]
        newest = self.known.newest
        if newest is not None and newest.id == SnapshotId(number):
            self.known = replace(self.known, cited=(replace(cited, basis=newest, standing=None),))


def _finding(op: OpenFinding, number: int, when: datetime) -> Finding:
    return Finding(
        id=FindingId(number),
        kind=op.kind,
        state=FindingState.OPEN,
        severity=op.severity,
        guide=GUIDE,
        citation=CITATION,
        url="",
        opened=when,
        updated=when,
        summary=op.summary,
        changes=op.changes,
        claims=op.claims,
        print=op.print,
        basis=op.basis,
        now=op.now,
    )


def stream(timeline: Timeline, *, selectors: bool) -> Iterator[dict[str, Any]]:
    """One line for each finding, and a last one with the time that the timeline covers."""
    cited = Cited(guide=GUIDE, key=CITATION, place=MainContent())
    desk = Desk(known=KnownSource(id=ResourceId(1), url=timeline.url or "https://example.org/", cited=(cited,)))
    times: list[datetime] = []
    for number, when, _, body in snapshots(timeline.archive):
        times.append(when)
        place = place_at(timeline, number) if selectors else MainContent()
        for op, basis in desk.look(number, when, body, place):
            yield {
                "timeline": timeline.id,
                "basis": basis,
                "now": number,
                "kind": op.kind.value,
                "severity": op.severity,
                "summary": op.summary,
            }
    gaps = [(later - earlier).total_seconds() / 3600 for earlier, later in pairwise(times)]
    yield {
        "timeline": timeline.id,
        "kind": "covered",
        "hours": sum(gaps),
        "watched": sum(min(gap, 48.0) for gap in gaps),
    }


def run(corpus: Path, out: Path, *, selectors: bool, half: int | None = None) -> int:
    """Writes the findings of a corpus; gives their number."""
    side = halves(corpus)
    count = 0
    with out.open("w", encoding="utf-8") as lines:
        for timeline in load_timelines(corpus):
            if half is not None and side[timeline.id] != half:
                continue
            for line in stream(timeline, selectors=selectors):
                count += line["kind"] != "covered"
                lines.write(json.dumps(line, ensure_ascii=False) + "\n")
            print(timeline.id, file=sys.stderr)
    return count


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with index.jsonl, labels.jsonl, timelines/")
    parser.add_argument("--out", type=Path, required=True, help="where the findings go, one JSON line each")
    parser.add_argument("--selectors", action="store_true", help="use the selectors of index.jsonl as places")
    parser.add_argument("--half", type=int, choices=(0, 1), help="only this half of the operators (see score.py)")
    options = parser.parse_args(arguments)
    print(
        f"{run(options.corpus, options.out, selectors=options.selectors, half=options.half)} findings", file=sys.stderr
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
