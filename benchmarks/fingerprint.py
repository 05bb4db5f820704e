"""How fast pages become blocks and fingerprints, beside parsing alone and beside other tools, in one run.

    python benchmarks/fingerprint.py --corpus DIR [--pages N] [--hostile]

Each tool gets the same pages, one of each timeline: loccit their bytes as a server sends them, the others their text.
Page by page the tools take turns, and the best of five turns counts, in processor time. Tools that are not installed
are left out with a line that says so (`pip install --target DIR …` and PYTHONPATH=DIR keep them apart). `--hostile`:
sizes and nestings that no real page has, with the time and the memory that each takes.
"""

import argparse
import importlib
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from benchmarks.drift import load_timelines, snapshots
from crawler.charset import decode
from crawler.contexts import CONTEXTS
from crawler.fingerprint import print_of
from crawler.health import page_health
from crawler.page import read
from crawler.sections import Section, locate
from crawler.text import key
from guides.model import MainContent

Tool = Callable[[str], object]
ROUNDS = 5
BARE = "bare parse"
_ADDRESS = "https://source.example/page"
LIMIT_SECONDS, LIMIT_MB = 20.0, 1024


def print_of_main(body: bytes) -> str:
    """The whole way: decode, parse, blocks, main content, fingerprint."""
    section = locate(read(body, content_type="text/html"), MainContent())
    return print_of(section.blocks) if isinstance(section, Section) else ""


def print_of_main_cold(body: bytes) -> str:
    """The same, with no text and no tag seen before."""
    for name in ("_cached_key", "skeleton"):
        getattr(sys.modules[key.__module__], name).cache_clear()
    CONTEXTS.forget()
    return print_of_main(body)


def blocks_only(body: bytes) -> object:
    return read(body, content_type="text/html").blocks


def judged(body: bytes) -> object:
    """What a check does with a page: is it one, and what is its title."""
    page = read(body, content_type="text/html", url=_ADDRESS)
    return page_health(page, status=200, url=_ADDRESS, final_url=_ADDRESS, headers=()), page.title


def bare_parse(source: str | bytes) -> object:
    return LexborHTMLParser(source)


def others() -> Iterator[tuple[str, Tool]]:
    """The tools that are installed. Those marked * find main content too."""
    for name, tool in (
        ("trafilatura *", _trafilatura),
        ("resiliparse *", _resiliparse),
        ("inscriptis", _inscriptis),
        ("html2text", _html2text),
    ):
        try:
            yield name, tool()
        except ImportError:
            print(f"{name.rstrip(' *')} is not installed: left out", file=sys.stderr)


def _trafilatura() -> Tool:
    extract = importlib.import_module("trafilatura").extract
    return lambda source: extract(source, include_comments=False)


def _resiliparse() -> Tool:
    extract = importlib.import_module("resiliparse.extract.html2text").extract_plain_text
    return lambda source: extract(source, main_content=True)


def _inscriptis() -> Tool:
    get_text = importlib.import_module("inscriptis").get_text
    return lambda source: get_text(source)


def _html2text() -> Tool:
    convert = importlib.import_module("html2text").html2text
    return lambda source: convert(source)


def pages_of(corpus: Path, most: int) -> list[str]:
    found = []
    for timeline in load_timelines(corpus)[:most]:
        for _, _, name, body in snapshots(timeline.archive):
            if name.endswith(".html"):
                found.append(decode(body, "text/html"))
                break
    return found


def measured(tool: Callable[[Any], object], page: object) -> float:
    """Seconds that one tool takes for one page, the best of some turns."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        tool(page)
        best = min(best, time.process_time_ns() - started)
    return best / 1e9


def compare(pages: Sequence[str]) -> None:
    bodies = [source.encode() for source in pages]
    tools: list[tuple[str, Callable[[Any], object], Sequence[object]]] = [
        (BARE, bare_parse, pages),
        ("bare parse of bytes", bare_parse, bodies),
        ("loccit: judged", judged, bodies),
        ("loccit: blocks", blocks_only, bodies),
        ("loccit: fingerprint * (texts known)", print_of_main, bodies),
        ("loccit: fingerprint * (cold)", print_of_main_cold, bodies),
        *((name, tool, pages) for name, tool in others()),
    ]
    spent: dict[str, list[float]] = {name: [] for name, _, _ in tools}
    for at in range(len(pages)):
        for name, tool, given in tools:
            spent[name].append(measured(tool, given[at]))
    size = sum(map(len, bodies)) / 1e6
    print(f"{len(pages)} pages, {size:.1f} MB; * finds main content; last: the median of the pages' own ratios")
    for name, times in spent.items():
        seconds = sum(times)
        median = statistics.median(one / bare for one, bare in zip(times, spent[BARE], strict=True))
        print(
            f"{name:38}{1000 * seconds / len(pages):9.2f} ms/page{len(pages) / seconds:9.0f} pages/s"
            f"{size / seconds:8.1f} MB/s{seconds / sum(spent[BARE]):7.1f} × bare{median:7.1f}"
        )


HOSTILE: dict[str, Callable[[], bytes]] = {
    "20 MB of paragraphs": lambda: b"<p>We keep your data for 30 days, and then it is deleted.</p>" * 330_000,
    "100,000 nested div": lambda: b"<div>" * 100_000 + b"text" + b"</div>" * 100_000,
    "100,000 nested b": lambda: b"<b>" * 100_000 + b"text",
    "1 MB of text in one node": lambda: b"<p>" + b"word " * 200_000 + b"</p>",
    "1 MB of text without a space": lambda: b"<p>" + b"a1" * 500_000 + b"</p>",
    "1 MB of text with é": lambda: b"<p>" + "été’ ".encode() * 140_000 + b"</p>",
    "1,000,000 attributes": lambda: b"<p " + b" ".join(b"a%d=x" % n for n in range(1_000_000)) + b">text</p>",
    "500,000 unclosed div": lambda: b"<div>x" * 500_000,
    "500,000 unclosed p and b": lambda: b"<p><b>x" * 250_000,
    "unclosed b before many p": lambda: b"<p>" + b"".join(b"<b x=%d>" % n for n in range(9_000)) + b"<p>x" * 9_000,
    "300,000 comments": lambda: b"<p>x<!-- y -->" * 300_000,
    "200,000 unclosed comments": lambda: b"<p>x<!-- y " * 200_000,
    "100,000 nested svg": lambda: b"<svg>" * 100_000 + b"<p>text",
    "300,000 ids": lambda: b"".join(b"<p id=a%d>x" % n for n in range(300_000)),
    "100,000 hidden ids and openers": lambda: b"<p id=a hidden aria-controls=b>x" * 100_000,
    "20 MB of script": lambda: b"<script>" + b"if (a<b) { x = '<p' } " * 900_000 + b"</script><p>text",
    "100,000 attributes": lambda: b"<p " + b" ".join(b"a%d=x" % n for n in range(100_000)) + b">text</p>",
    "100,000 unclosed table cells": lambda: b"<table><tr>" + b"<td>x" * 100_000,
    "300,000 links": lambda: b"<a href=/x>link</a> " * 300_000,
    "20 MB of comment": lambda: b"<!--" + b"x" * 20_000_000,
}


def _hostile(body: bytes, answer: "multiprocessing.connection.Connection") -> None:
    started = time.process_time()
    section = locate(read(body, content_type="text/html"), MainContent())
    if isinstance(section, Section):
        print_of(section.blocks)
    spent = time.process_time() - started
    answer.send((spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def hostile() -> bool:
    """Each in a process of its own; whether all stayed within the limits."""
    good = True
    context = multiprocessing.get_context("spawn")
    for name, make in HOSTILE.items():
        ours, theirs = context.Pipe(duplex=False)
        worker = context.Process(target=_hostile, args=(make(), theirs))
        worker.start()
        seconds, kilobytes = ours.recv() if ours.poll(10 * LIMIT_SECONDS) else (float("inf"), 0)
        worker.kill()
        worker.join()
        fine = seconds <= LIMIT_SECONDS and kilobytes / 1024 <= LIMIT_MB
        good = good and fine
        print(f"{name:34}{seconds:8.2f} s{kilobytes / 1024:8.0f} MB  {'' if fine else 'TOO MUCH'}")
    return good


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True, help="folder with index.jsonl and timelines/")
    parser.add_argument("--pages", type=int, default=1000, help="at most so many pages")
    parser.add_argument("--hostile", action="store_true", help="also sizes and nestings that no real page has")
    options = parser.parse_args(arguments)
    compare(pages_of(options.corpus, options.pages))
    return 0 if not options.hostile or hostile() else 1


if __name__ == "__main__":
    sys.exit(main())
