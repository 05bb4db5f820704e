"""When to look: how long changes wait to be seen, by three policies, at the same number of requests.

    python benchmarks/schedule.py --changes ../shared/inputs/change-dates.jsonl.gz --corpus ../shared/corpus/dev

Real dates of recorded changes are replayed. loccit's own policy (crawler.rates and crawler.plan, with the default
bounds) sets the number of requests; the fixed interval and the one that is proportional to the estimated rate are set
so that they take as many. A delay is the time from a change to the look that comes first after it. `weighted`: by what
is at stake in the source, which is drawn by the document's name, since the data do not say who cites it; loccit's
policy knows it, as it does in use. `by_document`: the mean over documents of their mean delays.
"""

import argparse
import gzip
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

from crawler.model import ChangeRate, Cited
from crawler.plan import interval_for
from crawler.policy import Schedule
from crawler.rates import UNKNOWN, after_look, per_year
from guides.model import CitationKey, Claim, GuideId, MainContent

DAY = timedelta(days=1)
STAKES = (1, 1, 1, 1, 2, 2, 4, 8)
"""Guides that cite a source, one claim each: most sources are cited once."""

Policy: TypeAlias = Callable[["Document", ChangeRate | None], float]
"""Days to wait, by what is known of the document after a look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`span` and `changes` in days since the first record."""

    name: str
    span: float
    changes: tuple[float, ...]
    guides: int
    cited: tuple[Cited, ...]


@dataclass(slots=True)
class Outcome:
    requests: int = 0
    delays: list[tuple[float, int]] = field(default_factory=list)
    means: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        plain = sorted(delay for delay, _ in self.delays)
        return {
            "requests": self.requests,
            "mean_days": round(fmean(plain), 3),
            "p90_days": round(plain[int(0.9 * len(plain))], 3),
            "weighted_mean_days": round(self.weighted_mean(), 3),
            "weighted_p90_days": round(self._weighted_p90(), 3),
            "by_document_mean_days": round(fmean(self.means), 3),
        }

    def weighted_mean(self) -> float:
        return sum(delay * weight for delay, weight in self.delays) / sum(weight for _, weight in self.delays)

    def _weighted_p90(self) -> float:
        rest = 0.1 * sum(weight for _, weight in self.delays)
        for delay, weight in sorted(self.delays, reverse=True):
            rest -= weight
            if rest <= 0:
                return delay
        return 0.0


def document(name: str, first: datetime, last: datetime, changes: Sequence[datetime]) -> Document:
    digest = hashlib.blake2b(name.encode(), digest_size=4).digest()
    guides = STAKES[int.from_bytes(digest, "big") % len(STAKES)]
    one = Cited(guide=GuideId("g"), key=CitationKey("c"), place=MainContent(), claim=Claim(text="what it says", line=1))
    span = (last - first) / DAY
    days = sorted((change - first) / DAY for change in changes)
    return Document(
        name=name,
        span=span,
        changes=tuple(day for day in days if 0 < day < span),
        guides=guides,
        cited=(one,) * guides,
    )


def recorded(path: Path, *, shortest: float) -> list[Document]:
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row: dict[str, Any] = json.loads(line)
            dates = [datetime.fromisoformat(each) for each in row["changes"]]
            first, last = datetime.fromisoformat(row["first"]), datetime.fromisoformat(row["last"])
            found.append(document(f"{row['collection']}/{row['document']}", first, last, dates))
    return [each for each in found if each.span >= shortest]


def labelled(corpus: Path, *, shortest: float) -> list[Document]:
    """The changes that an editor would want to hear of: labelled material or wording, in the corpus's timelines."""
    times: dict[tuple[str, int], datetime] = {}
    for row in _jsonl(corpus / "snapshots.jsonl"):
        times[row["timeline"], row["index"]] = datetime.fromisoformat(row["date"])
    spans: dict[str, list[datetime]] = {}
    for (timeline, _), time in times.items():
        spans.setdefault(timeline, []).append(time)
    changes: dict[str, list[datetime]] = {timeline: [] for timeline in spans}
    for row in _jsonl(corpus / "labels.jsonl"):
        if row["label"] == "changed" and row["materiality"] in ("material", "wording"):
            changes[row["timeline"]].append(times[row["timeline"], row["to"]])
    made = (document(name, min(seen), max(seen), changes[name]) for name, seen in spans.items())
    return [each for each in made if each.span >= shortest]


def _jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def replay(documents: Sequence[Document], policy: Policy) -> Outcome:
    done = Outcome()
    for each in documents:
        waits: list[float] = []
        rate: ChangeRate | None = None
        at, seen = 0.0, 0
        while at < each.span:
            wait = policy(each, rate)
            at = min(at + wait, each.span)
            # The end of the record is no request: what was not seen by then has waited so long at least.
            done.requests += at < each.span
            before = seen
            while seen < len(each.changes) and each.changes[seen] <= at:
                waits.append(at - each.changes[seen])
                seen += 1
            rate = after_look(rate or UNKNOWN, elapsed=wait * DAY, changed=seen > before)
        done.delays += [(wait, each.guides) for wait in waits]
        if waits:
            done.means.append(fmean(waits))
    return done


def loccits(schedule: Schedule) -> Policy:
    return lambda each, rate: interval_for(rate, cited=each.cited, last=None, schedule=schedule) / DAY


def fixed(days: float) -> Policy:
    return lambda _document, _rate: days


def proportional(share: float) -> Policy:
    return lambda _document, rate: min(max(share * 365 / per_year(rate or UNKNOWN), 0.05), 400.0)


def with_requests(documents: Sequence[Document], kind: Callable[[float], Policy], wanted: int) -> tuple[float, Outcome]:
    """The one of a kind of policy that takes so many requests: its setting, and what it gives."""
    low, high = 0.01, 400.0
    for _ in range(24):
        middle = (low * high) ** 0.5
        if replay(documents, kind(middle)).requests > wanted:
            low = middle
        else:
            high = middle
    return high, replay(documents, kind(high))


def fewest(documents: Sequence[Document], delay: float) -> int:
    """How many requests a fixed interval takes for the same mean delay."""
    low, high = 0.01, 400.0
    for _ in range(24):
        middle = (low * high) ** 0.5
        if fmean(wait for wait, _ in replay(documents, fixed(middle)).delays) > delay:
            high = middle
        else:
            low = middle
    return replay(documents, fixed(low)).requests


def measure(documents: Sequence[Document]) -> dict[str, Any]:
    own = replay(documents, loccits(Schedule()))
    days, alike = with_requests(documents, fixed, own.requests)
    share, estimated = with_requests(documents, proportional, own.requests)
    mean = fmean(wait for wait, _ in own.delays)
    return {
        "documents": len(documents),
        "changes": len(own.delays),
        "loccit": own.figures(),
        "fixed": {"interval_days": round(days, 3), **alike.figures()},
        "proportional": {"share": round(share, 3), **estimated.figures()},
        "delay_of_fixed": {
            "mean": round(mean / fmean(wait for wait, _ in alike.delays), 3),
            "weighted_mean": round(own.weighted_mean() / alike.weighted_mean(), 3),
        },
        "requests_of_fixed_at_the_same_mean_delay": round(own.requests / fewest(documents, mean), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=Path, help="JSON lines of recorded change dates, gzipped")
    parser.add_argument("--corpus", type=Path, help="the page histories with labels")
    parser.add_argument("--shortest", type=float, default=30.0, help="leave out records shorter than so many days")
    options = parser.parse_args()
    told: dict[str, Any] = {}
    if options.changes is not None:
        told["recorded"] = measure(recorded(options.changes, shortest=options.shortest))
    if options.corpus is not None:
        told["labelled"] = measure(labelled(options.corpus, shortest=options.shortest))
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
