"""Replays page histories through the path of a crawl, and writes what loccit says of every labelled pair.

    python benchmarks/drift.py --corpus DIR --out predictions.jsonl [--selectors] [--baselines] [--half 0|1]

A timeline is read snapshot by snapshot in the order of its dates: page, health, memory (of good pages), then the
drift of each pair that ends at this snapshot. Nothing from the future is known. Of labels.jsonl only `timeline`,
`from` and `to` are read.
"""

import argparse
import io
import json
import re
import statistics
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from benchmarks.score import halves, load, report, score
from crawler.drift import measure
from crawler.health import page_health
from crawler.memory import learn
from crawler.model import Drift, Health, PageHealth
from crawler.page import Page, read
from crawler.sections import Section, locate
from guides.model import Css, MainContent, Place

_INDEX = re.compile(r"(\d+)")
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d)(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One snapshot, read; `good` names the newest good page up to it, by index."""

    page: Page
    health: PageHealth
    good: int | None


@dataclass(slots=True, kw_only=True)
class Timeline:
    id: str
    url: str
    archive: Path
    selectors: Sequence[Mapping[str, Any]] = field(default_factory=tuple)


def load_lines(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def load_timelines(corpus: Path) -> list[Timeline]:
    """The timelines of a corpus; an archive's path is relative to the corpus or to the folder above it."""
    timelines = []
    for entry in load_lines(corpus / "index.jsonl"):
        archive = str(entry.get("archive") or f"timelines/{entry['id']}.tar.zst")
        places = [corpus / archive, corpus.parent / archive, corpus / "timelines" / Path(archive).name]
        path = next((place for place in places if place.exists()), places[0])
        timelines.append(
            Timeline(id=entry["id"], url=entry.get("url") or "", archive=path, selectors=entry.get("selectors") or ())
        )
    return timelines


def load_pairs(corpus: Path) -> dict[str, set[tuple[int, int]]]:
    pairs: dict[str, set[tuple[int, int]]] = {}
    for label in load_lines(corpus / "labels.jsonl"):
        pairs.setdefault(label["timeline"], set()).add((label["from"], label["to"]))
    return pairs


def snapshots(archive: Path) -> Iterator[tuple[int, datetime, str, bytes]]:
    """(index, time, name, body) in the order of the dates."""
    with archive.open("rb") as packed:
        reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed)
        with tarfile.open(fileobj=io.BytesIO(reader.read()), mode="r:") as files:
            entries = sorted((_when(member.name), _number(member.name), member.name, member) for member in files)
            for when, number, name, member in entries:
                content = files.extractfile(member)
                if content is not None:
                    yield number, when, name, content.read()


def _number(name: str) -> int:
    match = _INDEX.match(Path(name).name)
    return int(match[1]) if match else -1


def _when(name: str) -> datetime:
    match = _STAMP.search(name)
    if not match:
        return datetime.fromtimestamp(max(_number(name), 0) * 43_200, UTC)
    return datetime.fromisoformat(f"{match[1]}T{match[2]}:{match[3]}:{match[4]}+00:00")


def place_at(timeline: Timeline, index: int) -> Place:
    """The selector that was in force at a snapshot; main content where it is more than a place can say."""
    valid = [entry for entry in timeline.selectors if entry.get("from_index", 0) <= index]
    if not valid:
        return MainContent()
    chosen = valid[-1]
    select = chosen.get("select")
    listed = select if isinstance(select, list) else [select]
    remove = chosen.get("remove")
    unwanted = [remove] if isinstance(remove, str) else [one for one in remove or () if isinstance(one, str)]
    if len(listed) == 1 and isinstance(listed[0], dict):
        return _range(listed[0], unwanted)
    wanted = [one for one in listed if isinstance(one, str)]
    if len(wanted) != len(listed):
        return MainContent()
    return Css(css=", ".join(wanted), remove=tuple(unwanted)) if wanted else MainContent()


def _range(written: Mapping[str, Any], unwanted: Sequence[str]) -> Place:
    """Between two elements: what begins after one begins with it, less the element itself."""
    after = str(written.get("startAfter") or "")
    return Css(
        css=str(written.get("startBefore") or after),
        remove=(*unwanted, *([after] if after else [])),
        until=str(written.get("endBefore") or ""),
        through=str(written.get("endAfter") or ""),
    )


def choose_place(timeline: Timeline, start: int, end: int, seen: Mapping[int, Seen]) -> Place:
    """The selector of the basis, as an editor would have written it then; a newer one where that finds nothing.

    loccit tells at once that a place is not on the very page that it was written for: the editor names none then.
    """
    first, last = place_at(timeline, start), place_at(timeline, end)
    on_basis = isinstance(locate(seen[start].page, first), Section)
    if first == last:
        return first if on_basis else MainContent()
    both = on_basis and isinstance(locate(seen[end].page, first), Section)
    if both:
        return first
    newer = isinstance(locate(seen[start].page, last), Section)
    return last if newer else first if on_basis else MainContent()


def replay(timeline: Timeline, pairs: set[tuple[int, int]], *, selectors: bool) -> Iterator[dict[str, Any]]:
    """One prediction for each pair, made when its later snapshot comes."""
    ends = {end for _, end in pairs}
    needed = {start for start, _ in pairs}
    seen: dict[int, Seen] = {}
    memory: Mapping[str, Any] = {}
    good: int | None = None
    for index, when, name, body in snapshots(timeline.archive):
        started = time.perf_counter()
        kind = "application/pdf" if name.endswith(".pdf") else ""
        page = read(body, content_type=kind, url=timeline.url)
        health = page_health(page, status=200, url=timeline.url, final_url=timeline.url, headers=())
        if health.health is Health.OK:
            memory = learn(memory, page, when)
            good = index
        seen[index] = Seen(page=page, health=health, good=good)
        reading = time.perf_counter() - started
        if index in ends:
            for start in sorted(start for start, end in pairs if end == index and start in seen):
                place = choose_place(timeline, start, index, seen) if selectors else MainContent()
                started = time.perf_counter()
                drift = judge(seen, start, index, place, memory)
                taken = (time.perf_counter() - started + reading) * 1000
                yield {
                    "timeline": timeline.id,
                    "from": start,
                    "to": index,
                    "drift": drift.kind.value,
                    "ms": round(taken, 2),
                    "reason": drift.reason,
                }
        if index not in needed and index != good:
            del seen[index]


def judge(seen: Mapping[int, Seen], start: int, end: int, place: Place, memory: Mapping[str, Any]) -> Drift:
    """As a crawl does: a broken page is never a basis, the last good one before it stands in."""
    basis = seen[start]
    if basis.health.health is not Health.OK and basis.good is not None and basis.good in seen:
        basis = seen[basis.good]
    return measure(basis.page, seen[end].page, place, memory, now_health=seen[end].health)


def run(
    corpus: Path, out: Path, *, selectors: bool, only: str = "", sample: int = 0, half: int | None = None
) -> list[float]:
    """Writes the predictions; gives the milliseconds that each took."""
    pairs = load_pairs(corpus)
    timelines = [one for one in load_timelines(corpus) if one.id.startswith(only) and one.id in pairs]
    if half is not None:
        side = halves(corpus)
        timelines = [one for one in timelines if side[one.id] == half]
    if sample:
        timelines = timelines[:: max(1, len(timelines) // sample)]
    taken: list[float] = []
    with out.open("w", encoding="utf-8") as lines:
        for count, timeline in enumerate(timelines, start=1):
            if not timeline.archive.exists():
                print(f"{timeline.id}: no archive {timeline.archive}, left out", file=sys.stderr)
                continue
            try:
                for prediction in replay(timeline, pairs[timeline.id], selectors=selectors):
                    taken.append(prediction["ms"])
                    lines.write(json.dumps(prediction, ensure_ascii=False) + "\n")
            except (OSError, tarfile.TarError, zstandard.ZstdError) as error:
                print(f"{timeline.id}: the archive cannot be read ({error}), left out", file=sys.stderr)
            print(f"{count}/{len(timelines)} {timeline.id}", file=sys.stderr)
    return taken


def print_baselines(corpus: Path, out: Path, half: int | None) -> None:
    """The first line of the score of loccit and of each baseline, over the same pairs."""
    from benchmarks import baselines

    side = halves(corpus)
    labels = [one for one in load(corpus / "labels.jsonl") if half is None or side[one["timeline"]] == half]
    for name, path in {"loccit": out, **baselines.run(corpus, out, half=half)}.items():
        said = {(line["timeline"], line["from"], line["to"]): line["drift"] for line in load(path)}
        print(f"{name:12} {report(score(said, labels)).splitlines()[0]}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with index.jsonl, labels.jsonl, timelines/")
    parser.add_argument("--out", type=Path, required=True, help="where the predictions go, one JSON line each")
    parser.add_argument("--selectors", action="store_true", help="use the selectors of index.jsonl as places")
    parser.add_argument("--only", default="", help="only timelines whose id begins with this")
    parser.add_argument("--sample", type=int, default=0, help="only about so many timelines, evenly spread")
    parser.add_argument("--half", type=int, choices=(0, 1), help="only this half of the operators (see score.py)")
    parser.add_argument("--baselines", action="store_true", help="score simpler ways on the same pairs too")
    options = parser.parse_args(arguments)
    for name in ("index.jsonl", "labels.jsonl"):
        if not (options.corpus / name).exists():
            print(f"{options.corpus} is no corpus: it has no {name}", file=sys.stderr)
            return 2
    taken = run(
        options.corpus,
        options.out,
        selectors=options.selectors,
        only=options.only,
        sample=options.sample,
        half=options.half,
    )
    if not taken:
        print("no pair was judged", file=sys.stderr)
        return 1
    if options.baselines:
        print_baselines(options.corpus, options.out, options.half)
    cuts = statistics.quantiles(taken, n=100) if len(taken) > 1 else taken * 99
    print(f"{len(taken)} pairs, ms p50 {cuts[49]:.1f} p99 {cuts[98]:.1f} max {max(taken):.1f}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
