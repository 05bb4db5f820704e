"""Pages built by scripts: whose text is complete, how many are rendered in a minute, and what that costs.

    python benchmarks/rendering.py [--contexts 1,4] [--rounds 2]

Thirty pages (React, Vue, other libraries, by hand, and shells with their text in JSON) are served on loopback and
looked at as a crawl does. A text is complete where every heading and paragraph is there, in order. CPU is what the
kernel counted for this process and all that it started; on a machine that does other work, pages by the minute of CPU
say more than pages by the minute. Results are JSON on standard output. The libraries come from the npm registry into
build/rendering.
"""

import argparse
import asyncio
import json
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from scripted_pages import LIBRARIES, PACKAGES, Scripted, pages

from crawler.fetch import HttpFetcher
from crawler.health import page_health
from crawler.model import Attempt, Fetched, FetchOrder, PageHealth
from crawler.page import Page, read
from crawler.policy import CrawlSettings, NetworkSettings
from crawler.rendered import RenderingFetcher
from loccit.clock import SystemClock

BUILD = Path(__file__).resolve().parent.parent / "build" / "rendering"


def libraries() -> dict[str, bytes]:
    """The libraries' files by address; installed where they are not there yet."""
    modules = BUILD / "node_modules"
    if not all((modules / file).exists() for file in LIBRARIES.values()):
        npm = shutil.which("npm")
        if npm is None:
            sys.exit("npm is needed once, for React and Vue")
        BUILD.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(BUILD), *PACKAGES]
        subprocess.run(command, check=True, stdout=sys.stderr)
    return {address: (modules / file).read_bytes() for address, file in LIBRARIES.items()}


@contextmanager
def served(files: dict[str, tuple[str, bytes]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            kind, body = files.get(self.path.partition("?")[0], ("text/plain", b""))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def address_of(number: int, one: Scripted) -> str:
    return f"/{number}/{one.name}".replace(" ", "-")


def page_of(answer: Fetched) -> Page:
    return read(answer.body, content_type=answer.header("content-type"), url=answer.final_url)


def health_of(answer: Fetched) -> PageHealth:
    return page_health(
        page_of(answer), status=answer.status, url=answer.url, final_url=answer.final_url, headers=answer.headers
    )


def is_complete(page: Page, wanted: tuple[str, ...]) -> bool:
    """Whether every text is there, in order, each as a block of its own."""
    shown = iter(" ".join(block.text.split()) for block in page.blocks if not block.hidden)
    return all(any(text == each for each in shown) for text in wanted)


def cpu() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum((own.ru_utime, own.ru_stime, children.ru_utime, children.ru_stime))


async def look(base: str, made: list[Scripted], contexts: int, rounds: int) -> tuple[dict[str, Any], list[Attempt]]:
    crawl = CrawlSettings(delay=0, browser_pages=contexts, per_host=8, timeout=60)
    network, clock = NetworkSettings(allow=("127.0.0.0/8",)), SystemClock()
    before = cpu()
    async with (
        HttpFetcher(crawl, network, clock) as fetcher,
        RenderingFetcher(fetcher, crawl, clock, health_of) as rendering,
    ):
        orders = [FetchOrder(url=base + address_of(number, one)) for number, one in enumerate(made)]
        await rendering.renderer.chromium.browser()
        start = time.perf_counter()
        answers: list[Attempt] = []
        for _ in range(rounds):
            answers = list(await asyncio.gather(*(rendering.fetch(order) for order in orders)))
        wall = time.perf_counter() - start
        peak = rendering.renderer.chromium.peak
    spent = cpu() - before
    count = rounds * len(made)
    told = {
        "contexts": contexts,
        "pages": count,
        "pages_per_minute": round(60 * count / wall, 1),
        "pages_per_cpu_minute": round(60 * count / spent, 1),
        "cpu_seconds_per_page": round(spent / count, 2),
        "browser_peak_mb": peak,
    }
    return told, answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--contexts", default="1,4")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    made = pages()
    files: dict[str, tuple[str, bytes]] = {address: ("text/javascript", body) for address, body in libraries().items()}
    for number, one in enumerate(made):
        files[address_of(number, one)] = ("text/html; charset=utf-8", one.html.encode())
        for address, text in one.files.items():
            kind = "json" if address.endswith(".json") else "javascript" if address.endswith(".js") else "html"
            files[address] = (f"{'application' if kind == 'json' else 'text'}/{kind}", text.encode())
    with served(files) as base:
        _, answers = asyncio.run(look(base, made, 4, 1))
        rows = [(one, answer) for one, answer in zip(made, answers, strict=True) if isinstance(answer, Fetched)]
        read_as = [(one, page_of(answer), answer) for one, answer in rows]
        whole = [one for one, page, _ in read_as if is_complete(page, one.texts)]
        wrong = [
            {"page": one.name, "read": page.made, "why": answer.unrendered}
            for one, page, answer in read_as
            if one not in whole
        ]
        rendered = [one for one in made if not one.embedded]
        costs = [asyncio.run(look(base, rendered, int(n), options.rounds))[0] for n in options.contexts.split(",")]
    told = {
        "pages": len(made),
        "complete": len(whole),
        "from_embedded_data": sum(page.made == "embedded" for _, page, _ in read_as),
        "rendered": sum(page.made == "rendered" for _, page, _ in read_as),
        "incomplete": wrong,
        "rendering": costs,
    }
    print(json.dumps(told, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
