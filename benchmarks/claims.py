"""How often the sentence of a guide that rests on a change is named first.

    python benchmarks/claims.py --corpus DIR [--misses]

`claims.jsonl` holds sentences that a guide could have written of passages that later changed, in our own words. Each
is put among the others of its language, as if one guide had said them all, together with those of its own page.
Chance: one in the number of sentences.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.drift import Timeline, load_timelines, snapshots
from benchmarks.score import load
from crawler.claims import touched
from crawler.drift import measure
from crawler.language import guess
from crawler.model import Change, DriftKind
from crawler.page import Page, read
from guides.model import MainContent, Statement

LABELLED = Path(__file__).with_name("claims.jsonl")
GUIDE_SIZE = 25


def changes_of(timeline: Timeline, start: int, end: int) -> Sequence[Change]:
    pages: dict[int, Page] = {}
    for number, _, _, body in snapshots(timeline.archive):
        if number in (start, end):
            pages[number] = read(body, content_type="text/html", url=timeline.url)
    found = measure(pages[start], pages[end], MainContent(), {})
    return [change for change in found.changes if change.drift is not DriftKind.COSMETIC]


def guide_of(entry: dict[str, Any], entries: Sequence[dict[str, Any]]) -> list[Statement]:
    """The sentence among others of its language, those that follow it in the list first."""
    language = guess(entry["sentence"])
    at = entries.index(entry)
    around = [*entries[at + 1 :], *entries[:at]]
    # Two changes of one page may touch one subject: only sentences of other pages are surely wrong.
    others = [one for one in around if guess(one["sentence"]) == language and one["timeline"] != entry["timeline"]]
    sentences = [one["sentence"] for one in others[: GUIDE_SIZE - 1]]
    sentences.insert(len(sentences) // 2, entry["sentence"])
    return [Statement(text=text, line=line) for line, text in enumerate(sentences, start=1)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with index.jsonl and timelines/")
    parser.add_argument("--misses", action="store_true", help="list the sentences that were not named first")
    options = parser.parse_args(arguments)
    timelines = {timeline.id: timeline for timeline in load_timelines(options.corpus)}
    entries = [entry for entry in load(LABELLED) if entry["timeline"] in timelines]
    first = among = sizes = 0
    for entry in entries:
        statements = guide_of(entry, entries)
        sizes += len(statements)
        changes = changes_of(timelines[entry["timeline"]], entry["from"], entry["to"])
        named = [claim.text for claim in touched(changes, None, statements)]
        first += named[:1] == [entry["sentence"]]
        among += entry["sentence"] in named
        if options.misses and named[:1] != [entry["sentence"]]:
            print(f"{entry['timeline']} {entry['from']}→{entry['to']}: {entry['sentence']} — said: {named[:1]}")
    total = len(entries) or 1
    print(
        f"claims: {len(entries)} changes, guides of {sizes / total:.0f} sentences:"
        f" named first {first / total:.3f}, among the first three {among / total:.3f}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
