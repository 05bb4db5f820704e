"""Judges the snapshots of a corpus as pages: who is recognised as not the page, and which good pages are called broken.

    python benchmarks/links.py --corpus DIR [--errors] [--json] [--only PREFIX]

Only the body is known: no status, no headers, no redirects. Two columns are counted. `page` asks the page alone, as a
link seen for the first time is judged. `with known` compares, where the page alone looks good, with the newest page
that was taken for good, as a crawl does; the same document in another language is no other page. A label is read for
two purposes: to score, and to choose the first good snapshot of a timeline as the page that an editor verified.
"""

import argparse
import json
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from benchmarks.drift import Timeline, load_lines, load_timelines, snapshots
from crawler.health import page_health
from crawler.made import Made
from crawler.model import Health
from crawler.moves import replaced
from crawler.page import Page, read

GOOD = "ok"
RECOGNISED_TARGET = 0.95
WRONG_TARGET = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One snapshot: its label, and why it was called no page by the page alone and by comparison ("" if not)."""

    where: str
    label: str
    by_page: str
    by_known: str

    @property
    def broken(self) -> bool:
        return bool(self.by_page or self.by_known)


@dataclass(slots=True)
class Tally:
    """Counts by label; `errors` are the snapshots judged otherwise than labelled."""

    total: Counter[str] = field(default_factory=Counter)
    by_page: Counter[str] = field(default_factory=Counter)
    by_known: Counter[str] = field(default_factory=Counter)
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: list[Judged] = field(default_factory=list)

    def add(self, judged: Judged) -> None:
        label = judged.label
        self.total[label] += 1
        self.by_page[label] += bool(judged.by_page)
        self.by_known[label] += bool(judged.by_known)
        if judged.broken:
            self.words[label, judged.by_page.partition(":")[0] or "comparison"] += 1
        if judged.broken == (label == GOOD):
            self.errors.append(judged)

    def broken(self, counts: Counter[str]) -> int:
        return sum(number for label, number in counts.items() if label != GOOD)

    def recognised(self, *, known: bool) -> float:
        found = self.broken(self.by_page) + (self.broken(self.by_known) if known else 0)
        return found / (self.broken(self.total) or 1)

    def wrong(self, *, known: bool) -> float:
        return (self.by_page[GOOD] + (self.by_known[GOOD] if known else 0)) / (self.total[GOOD] or 1)


def judge(timeline: Timeline, labels: dict[int, str]) -> Iterator[Judged]:
    """Each snapshot in the order of its dates; nothing from the future is known."""
    known: Page | None = None
    for index, _, name, body in snapshots(timeline.archive):
        label = labels.get(index)
        if label is None:
            continue
        page = read(body, content_type="application/pdf" if name.endswith(".pdf") else "", url=timeline.url)
        health = page_health(page, status=200, url=timeline.url, final_url=timeline.url, headers=())
        by_page = "" if health.health is Health.OK else f"{health.health}: {health.evidence[:80]}"
        if page.made != Made.PLAIN:  # seen to be an empty shell, whose text was found in its data
            by_page = by_page or f"shell: {page.made}"
        by_known = ""
        if known is not None and not by_page:
            by_known = replaced(known, page) if known.kind == page.kind == "html" else ""
        yield Judged(where=f"{timeline.id} {index}", label=label, by_page=by_page, by_known=by_known)
        if not by_page and not by_known and (known is not None or label == GOOD):
            known = page


def run(corpus: Path, *, only: str = "") -> Tally:
    labels: dict[str, dict[int, str]] = {}
    for line in load_lines(corpus / "snapshots.jsonl"):
        labels.setdefault(line["timeline"], {})[line["index"]] = line.get("health") or GOOD
    tally = Tally()
    for timeline in load_timelines(corpus):
        if not timeline.id.startswith(only) or timeline.id not in labels:
            continue
        try:
            for judged in judge(timeline, labels[timeline.id]):
                tally.add(judged)
        except (OSError, tarfile.TarError, zstandard.ZstdError) as error:
            print(f"{timeline.id}: the archive cannot be read ({error}), left out", file=sys.stderr)
    return tally


def report(tally: Tally) -> str:
    lines = [f"{'kind':<16}{'snapshots':>10}{'by page':>9}{'+ known':>9}{'missed':>8}   called"]
    for label, total in sorted(tally.total.items(), key=lambda one: (one[0] == GOOD, -one[1])):
        page, known = tally.by_page[label], tally.by_known[label]
        words = ", ".join(f"{word} {n}" for (kind, word), n in tally.words.most_common() if kind == label)
        missed = "" if label == GOOD else str(total - page - known)
        lines.append(f"{label:<16}{total:>10}{page:>9}{known:>9}{missed:>8}   {words}")
    lines.append("")
    for title, known in (("page alone", False), ("with the known page", True)):
        lines.append(
            f"{title:<20} recognised {tally.recognised(known=known):.1%} (target {RECOGNISED_TARGET:.0%}),"
            f" good pages called broken {tally.wrong(known=known):.2%} (target {WRONG_TARGET:.1%})"
        )
    return "\n".join(lines)


def as_json(tally: Tally) -> str:
    return json.dumps(
        {
            "kinds": {
                label: {"snapshots": total, "by_page": tally.by_page[label], "by_known": tally.by_known[label]}
                for label, total in tally.total.items()
            },
            "page_alone": {"recognised": tally.recognised(known=False), "good_called_broken": tally.wrong(known=False)},
            "with_known": {"recognised": tally.recognised(known=True), "good_called_broken": tally.wrong(known=True)},
        },
        indent=1,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--corpus", type=Path, required=True, help="folder with index.jsonl, snapshots.jsonl, timelines/"
    )
    parser.add_argument("--only", default="", help="only timelines whose id begins with this")
    parser.add_argument("--errors", action="store_true", help="list every snapshot judged otherwise than labelled")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    options = parser.parse_args(arguments)
    for name in ("index.jsonl", "snapshots.jsonl"):
        if not (options.corpus / name).exists():
            print(f"{options.corpus} is no corpus: it has no {name}", file=sys.stderr)
            return 2
    tally = run(options.corpus, only=options.only)
    if not tally.total:
        print("no snapshot was judged", file=sys.stderr)
        return 1
    print(as_json(tally) if options.json else report(tally))
    if options.errors:
        for one in tally.errors:
            print(f"{one.where}: {one.label}, {one.by_page or one.by_known or 'taken for good'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
