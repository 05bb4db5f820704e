"""What simpler ways of telling whether a page changed would have said of the same pairs.

Each makes one text of a page; two pages differ when their texts do. Tools that are not installed are left out with a
line that says so.
"""

import hashlib
import importlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.drift import Timeline, load_pairs, load_timelines, snapshots
from benchmarks.score import halves
from crawler.charset import decode
from crawler.html import parse

TextOf = Callable[[bytes, str], str]


def _raw(body: bytes, source: str) -> str:
    del source
    return hashlib.sha256(body).hexdigest()


def _visible(body: bytes, source: str) -> str:
    """The text of the body without scripts and styles, white space folded."""
    del body
    tree = parse(source)
    tree.strip_tags(["script", "style", "noscript", "template"])
    root = tree.body
    return " ".join(root.text(separator=" ").split()) if root is not None else ""


def _html2text() -> TextOf:
    """Lines of html2text, as urlwatch has them."""
    html2text = importlib.import_module("html2text")
    return lambda _, source: "\n".join(
        line.strip() for line in html2text.html2text(source).splitlines() if line.strip()
    )


def _inscriptis() -> TextOf:
    """Text of inscriptis, as changedetection.io has it."""
    inscriptis = importlib.import_module("inscriptis")
    return lambda _, source: " ".join(inscriptis.get_text(source).split())


def _trafilatura() -> TextOf:
    trafilatura = importlib.import_module("trafilatura")
    return lambda _, source: trafilatura.extract(source, include_comments=False) or ""


def _resiliparse() -> TextOf:
    extract = importlib.import_module("resiliparse.extract.html2text").extract_plain_text
    return lambda _, source: " ".join(extract(source, main_content=True).split())


_TOOLS: Mapping[str, Callable[[], TextOf]] = {
    "html2text": _html2text,
    "inscriptis": _inscriptis,
    "trafilatura": _trafilatura,
    "resiliparse": _resiliparse,
}


def installed() -> dict[str, TextOf]:
    found: dict[str, TextOf] = {"raw": _raw, "visible": _visible}
    for name, load in _TOOLS.items():
        try:
            found[name] = load()
        except ImportError:
            print(f"{name} is not installed: left out", file=sys.stderr)
    return found


def texts_of(timeline: Timeline, tools: Mapping[str, TextOf]) -> dict[str, dict[int, str]]:
    """Tool → snapshot → digest of its text. A tool that fails on a page gives a text of its own for it."""
    digests: dict[str, dict[int, str]] = {name: {} for name in tools}
    for number, _, _, body in snapshots(timeline.archive):
        source = decode(body, "text/html")
        for name, text_of in tools.items():
            try:
                text = text_of(body, source)
            except Exception as error:  # noqa: BLE001 - foreign extractors fail on hostile pages in any way they like
                text = f"{type(error).__name__} at {number}"
            digests[name][number] = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return digests


def run(corpus: Path, out: Path, *, half: int | None = None) -> dict[str, Path]:
    """Writes one file of predictions for each baseline, beside `out`; gives their names and places."""
    tools, pairs, side = installed(), load_pairs(corpus), halves(corpus)
    files = {name: out.with_name(f"{out.stem}.{name}.jsonl") for name in tools}
    lines: dict[str, list[str]] = {name: [] for name in tools}
    for timeline in load_timelines(corpus):
        if timeline.id not in pairs or (half is not None and side[timeline.id] != half):
            continue
        digests = texts_of(timeline, tools)
        for name in tools:
            for start, end in sorted(pairs[timeline.id]):
                same = digests[name].get(start) == digests[name].get(end)
                drift = "unchanged" if same else "material"
                lines[name].append(json.dumps({"timeline": timeline.id, "from": start, "to": end, "drift": drift}))
        print(f"baselines {timeline.id}", file=sys.stderr)
    for name, path in files.items():
        path.write_text("\n".join(lines[name]) + "\n", encoding="utf-8")
    return files
