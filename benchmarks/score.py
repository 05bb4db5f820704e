"""Scores predictions against a corpus's labels: precision, recall and F1 of "changed", and the confusion matrix.

    python benchmarks/score.py predictions.jsonl DIR [--errors] [--half 0|1] [--findings findings.jsonl]

`--half` scores one of two halves of the corpus, split by operator: rules are tuned by reading half 1 only, and half 0
shows what they are worth on services that nobody looked at.

"Changed" is `wording` or `material`. Positives are the pairs labelled so; negatives are noise and artifact pairs. A
cosmetic pair counts as wrong only where it was ranked material. Broken pairs are counted apart. Left out: pairs
without materiality, recoveries (across_broken), and changes whose text did not change.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLASSES = ("material", "wording", "cosmetic", "artifact", "noise", "broken")
DRIFTS = ("material", "wording", "cosmetic", "unchanged", "broken", "unlocated", "none")
SETTLE_HOURS = 24.0
CHANGED = frozenset(("material", "wording"))

Pair = tuple[str, int, int]


@dataclass(slots=True)
class Score:
    """Counts over all pairs; `errors` holds each wrong one with what was expected."""

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0
    left_out: int = 0
    missing: int = 0
    matrix: Counter[tuple[str, str]] = field(default_factory=Counter)
    errors: list[tuple[Pair, str, str, str]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.true_positive / ((self.true_positive + self.false_positive) or 1)

    @property
    def recall(self) -> float:
        return self.true_positive / ((self.true_positive + self.false_negative) or 1)

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def class_of(label: Mapping[str, Any]) -> str | None:
    """What a pair counts as; None where it is left out."""
    if label.get("across_broken") or label.get("broken_phase") == "recovers":
        return None
    if label["label"] == "noise":
        return "noise"
    if label["label"] == "broken":
        return "broken"
    if label.get("materiality") is None:
        return None
    if label.get("text_changed") is False:
        return None
    return str(label["materiality"])


def score(predictions: Mapping[Pair, str], labels: Sequence[Mapping[str, Any]]) -> Score:
    result = Score()
    for label in labels:
        pair = (label["timeline"], label["from"], label["to"])
        expected = class_of(label)
        if expected is None:
            result.left_out += 1
            continue
        found = predictions.get(pair)
        if found is None:
            result.missing += 1
            found = "none"
        result.matrix[expected, found] += 1
        _count(result, pair, expected, found, str(label.get("why", "")))
    return result


def _count(result: Score, pair: Pair, expected: str, found: str, why: str) -> None:
    if expected in CHANGED:
        if found in CHANGED:
            result.true_positive += 1
            return
        result.false_negative += 1
    elif (expected in ("noise", "artifact") and found in CHANGED) or (expected == "cosmetic" and found == "material"):
        result.false_positive += 1
    elif expected != "broken" or found not in CHANGED:
        return
    result.errors.append((pair, expected, found, why))


def load(path: Path) -> list[dict[str, Any]]:
    """One JSON object a line; a file that is something else ends the program with a line that says so."""
    try:
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise SystemExit(f"{path} is not made of lines of JSON: {error}") from error


def half_of(operator: str) -> int:
    """The half that an operator's services belong to."""
    return int(hashlib.sha256(operator.encode()).hexdigest(), 16) % 2


def halves(corpus: Path) -> dict[str, int]:
    """Timeline → half."""
    return {
        entry["id"]: half_of(entry.get("operator_group") or entry.get("service") or entry["id"])
        for entry in load(corpus / "index.jsonl")
    }


def report(result: Score) -> str:
    lines = [
        f"changed: precision {result.precision:.3f}  recall {result.recall:.3f}  F1 {result.f1:.3f}"
        f"  (tp {result.true_positive}, fp {result.false_positive}, fn {result.false_negative};"
        f" left out {result.left_out}, without prediction {result.missing})",
        "",
        "label \\ said".ljust(14) + "".join(word.rjust(11) for word in DRIFTS),
    ]
    lines += [
        row.ljust(14) + "".join(str(result.matrix[row, column]).rjust(11) for column in DRIFTS) for row in CLASSES
    ]
    material = sum(result.matrix["material", column] for column in DRIFTS) or 1
    quiet = sum(result.matrix[row, column] for row in ("cosmetic", "artifact") for column in DRIFTS) or 1
    loud = result.matrix["cosmetic", "material"] + result.matrix["artifact", "material"]
    broken = sum(result.matrix["broken", column] for column in CHANGED)
    lines += [
        "",
        f"material ranked material {result.matrix['material', 'material'] / material:.3f};"
        f" cosmetic or artifact ranked material {loud / quiet:.3f}; broken said to be a change {broken}",
    ]
    return "\n".join(lines)


@dataclass(slots=True)
class Stream:
    """What an editor would have been shown, against what changed."""

    hits: int = 0
    false: int = 0
    neutral: int = 0
    events: int = 0
    found: int = 0
    fleeting: int = 0
    """Changes that no finding shows because the timeline ends, breaks or changes again before they could settle."""
    unlocated: int = 0
    replaced: int = 0
    months: float = 0.0
    watched: float = 0.0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


def score_findings(findings: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, Any]]) -> Stream:
    """A drift is right when a labelled change of the text lies between its basis and its page.

    It is neutral where only a cosmetic change, or one that nobody labelled, lies there; a change counts as found when
    any finding spans it. A change that the source took back before the timeline's end may be missed for that reason.
    """
    by_timeline: dict[str, list[Mapping[str, Any]]] = {}
    for label in labels:
        by_timeline.setdefault(label["timeline"], []).append(label)
    result = Stream()
    spans: dict[str, list[tuple[int, int]]] = {}
    for one in findings:
        mine = by_timeline.get(one["timeline"])
        if mine is None:
            continue
        if one["kind"] == "covered":
            result.months += one["hours"] / 730.5
            result.watched += one["watched"] / 730.5
        elif one["kind"] == "unlocated":
            result.unlocated += 1
        elif one["severity"] == "broken":
            result.replaced += 1
        else:
            spans.setdefault(one["timeline"], []).append((one["basis"], one["now"]))
            _count_finding(result, one, mine)
    for timeline, mine in by_timeline.items():
        for label in mine:
            if class_of(label) in CHANGED:
                result.events += 1
                spanned = any(start < label["to"] <= end for start, end in spans.get(timeline, ()))
                result.found += spanned
                if not spanned and not _could_settle(label, mine):
                    result.fleeting += 1
                elif not spanned:
                    result.missed.append(f"{timeline} {label['from']}→{label['to']}: {label.get('why', '')}")
    return result


def _could_settle(change: Mapping[str, Any], labels: Sequence[Mapping[str, Any]]) -> bool:
    """Whether what came with a change was looked at again, and still stood after the time that a finding needs."""
    hours, looks, at = 0.0, 0, change["to"]
    for label in sorted(labels, key=lambda one: (one["from"], one["to"])):
        if label["from"] != at or label.get("across_broken"):
            continue
        if label["label"] == "broken" or class_of(label) in CHANGED:
            break
        hours, looks, at = hours + float(label["hours"] or 0.0), looks + 1, label["to"]
    return hours >= SETTLE_HOURS and looks >= 1


def _count_finding(result: Stream, one: Mapping[str, Any], labels: Sequence[Mapping[str, Any]]) -> None:
    spanned = [label for label in labels if one["basis"] < label["to"] <= one["now"]]
    kinds = {class_of(label) for label in spanned if label["label"] == "changed"}
    if kinds & CHANGED:
        result.hits += 1
    elif None in kinds or ("cosmetic" in kinds and one["severity"] != "material"):
        result.neutral += 1
    else:
        result.false += 1
        result.wrong.append(f"{one['timeline']} {one['basis']}→{one['now']}: {one['severity']}: {one['summary']}")


def report_findings(result: Stream) -> str:
    false, months, watched = result.false, result.months or 1.0, result.watched or 1.0
    stood = result.events - result.fleeting
    return (
        f"findings: {result.hits} right, {false} false, {result.neutral} neutral, {result.replaced} page replaced,"
        f" {result.unlocated} place lost\n"
        f"recall {result.found / (stood or 1):.3f} of {stood} changes"
        f" that stood long enough to be shown; {result.found / (result.events or 1):.3f} of all {result.events}\n"
        f"false per page and month: {false / months:.4f} over {months:.0f} months of history,"
        f" {false / watched:.4f} over the {watched:.1f} months watched at most two days apart"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("predictions", type=Path, nargs="?")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--errors", action="store_true", help="list every pair that is wrong")
    parser.add_argument("--half", type=int, choices=(0, 1), help="only this half of the operators")
    parser.add_argument("--findings", type=Path, help="a stream that findings.py wrote, to be scored too")
    options = parser.parse_args(arguments)
    given = [path for path in (options.predictions, options.findings) if path is not None]
    for path in (*given, options.corpus / "labels.jsonl"):
        if not path.exists():
            print(f"there is no {path}", file=sys.stderr)
            return 2
    labels = load(options.corpus / "labels.jsonl")
    if options.half is not None:
        half = halves(options.corpus)
        labels = [label for label in labels if half[label["timeline"]] == options.half]
    if options.predictions is not None:
        _print_pairs(load(options.predictions), labels, errors=options.errors)
    if options.findings is not None:
        result = score_findings(load(options.findings), labels)
        print(report_findings(result))
        if options.errors:
            print("\n".join([*(f"false: {one}" for one in result.wrong), *(f"missed: {one}" for one in result.missed)]))
    return 0


def _print_pairs(lines: Sequence[Mapping[str, Any]], labels: Sequence[Mapping[str, Any]], *, errors: bool) -> None:
    predictions = {(line["timeline"], line["from"], line["to"]): line["drift"] for line in lines}
    reasons = {(line["timeline"], line["from"], line["to"]): line.get("reason", "") for line in lines}
    result = score(predictions, labels)
    print(report(result))
    if errors:
        for pair, expected, found, why in result.errors:
            print(f"{pair[0]} {pair[1]}→{pair[2]}: {expected}, said {found} ({reasons.get(pair, '')}) — {why}")


if __name__ == "__main__":
    sys.exit(main())
