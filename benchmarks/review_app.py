"""The editors' page at size: 10,000 guides, 100,000 resources, 20,000 open findings, 20 requests at once.

    python benchmarks/review_app.py [--guides N] [--postgres] [--requests N]

The store is filled by the database itself, the guides are made in memory; what is measured is the real application,
asked over HTTP on loopback by a process of its own. Server time is told by the application (from the request's arrival
to the last byte of its answer, waiting for the other 19 included); CPU is that of the server's process alone. No page
is asked for twice, but for the queue's own. (Called review.py, this file would hide the package.)
"""

import argparse
import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from sqlalchemy import insert

from crawler.model import Change, DriftKind, Verdict, VerdictKind
from crawler.policy import Policy
from guides.model import Citation, CitationKey, Claim, Guide, GuideId, Role, Statement, StatementKind
from loccit.commands.serve import deal
from loccit.scribe import FileScribe
from review.model import FindingState
from review.queue import host_of
from review.web.app import make_app
from review.web.board import Board
from review.web.site import Site
from storage import rows, tables
from storage.store import Store

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PER_GUIDE = 10
FINDINGS = 20_000
AT_ONCE = 20


class Shelf:
    def __init__(self, guides: dict[GuideId, Guide]) -> None:
        self._guides = guides

    def guides(self) -> dict[GuideId, Guide]:
        return self._guides

    def problems(self) -> Sequence[Any]:
        return ()

    def held(self) -> Any:
        return threading.Lock()


class Timed:
    """Middleware: from a request's arrival to the end of its answer, by path."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.spent: list[tuple[str, float]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        start = time.perf_counter()
        await self._app(scope, receive, send)
        if scope["type"] == "http":
            self.spent.append((scope["path"], (time.perf_counter() - start) * 1000))


def guide(number: int, guides: int) -> Guide:
    """Ten citations: nine sources of its own, and one that nine other guides cite as well."""
    cited = []
    for each in range(PER_GUIDE):
        resource = number * 10 + each if each else (number // 10) * 100
        url = f"https://host{resource % (guides // 4 or 1)}.example/help/{resource}"
        claim = Claim(text=f"Within 30 days after step {each}.", line=20 + each)
        cited.append(
            Citation(
                key=CitationKey(f"c{each}"), url=url, role=Role.CITATION, line=each + 5, column=10, number=each + 1,
                title=f"Help page {resource}", claim=claim,
            )
        )  # fmt: skip
    said = tuple(
        Statement(text=f"Open the settings and choose entry {n}, then wait.", line=20 + n, kind=StatementKind.STEP)
        for n in range(12)
    )
    return Guide(
        id=GuideId(f"guide-{number}"), title=f"Delete your account at service {number}", file=f"guides/{number}.md",
        verified=date(2026, 1, 1), service=f"Service {number}", tags=(f"tag{number % 40}",), citations=tuple(cited),
        statements=said,
    )  # fmt: skip


def fill(store: Store, guides: Sequence[Guide]) -> None:
    """Guides by the store's own sync; verdicts, looks and findings straight into the tables."""
    store.sync(guides, key=lambda url: url, at=NOW - timedelta(days=90), complete=True)
    verdict = rows.plain(Verdict(kind=VerdictKind.OK, reason="http-200", status=200))
    with store._database.engine.begin() as connection:
        connection.execute(
            tables.Resource.__table__.update().values(
                checked=NOW - timedelta(hours=3), next_due=NOW + timedelta(days=1), verdict=verdict, title="Help page"
            )
        )
        cited = connection.execute(
            tables.Citation.__table__.select().order_by(tables.Citation.id).limit(len(guides) * PER_GUIDE)
        ).all()
        step = max(1, len(cited) // FINDINGS)
        batch = [_finding(number, row) for number, row in enumerate(cited[::step][:FINDINGS])]
        for start in range(0, len(batch), 1000):
            connection.execute(insert(tables.Finding), batch[start : start + 1000])
        looks = [
            {
                "resource_id": each, "at": NOW - timedelta(hours=12 * n), "run_id": None, "snapshot_id": None,
                "status": 200, "elapsed_ms": 120, "attempts": 1, "verdict": "ok", "reason": "http-200",
                "digest": None, "headers": None,
            }
            for each in range(1, 2001)
            for n in range(30)
        ]  # fmt: skip
        connection.execute(insert(tables.Fetch), looks)


def _word(number: int) -> str:
    """A word of its own for each finding: what changes alike everywhere would be one card for a host."""
    letters = ""
    for _ in range(6):
        number, rest = divmod(number, 26)
        letters += chr(97 + rest)
    return letters


def _finding(number: int, row: Any) -> dict[str, Any]:
    kind = DriftKind.MATERIAL if number % 3 else DriftKind.WORDING
    was, now = _word(number), _word(number + FINDINGS)
    before = f"After you confirm, we keep {was} of your data for 30 days. " + "It is kept in our archive. " * 8
    after = before.replace(was, now)
    change = Change(before=before, after=after, drift=kind, reason="30 days → 30 weeks", heading="Retention")
    opened = NOW - timedelta(minutes=number)
    return {
        "guide_id": row.guide_id, "citation_id": row.id, "resource_id": row.resource_id, "kind": "drift",
        "state": FindingState.OPEN, "severity": kind.value, "url": row.url, "opened": opened, "updated": opened,
        "closed": None, "summary": f"{number} days → 14 days (Retention)", "print": f"p{number}", "by": "", "note": "",
        "basis_id": None, "now_id": None, "changes": rows.plain((change,)),
        "claims": rows.plain((Claim(text="Within 30 days.", line=20),)),
    }  # fmt: skip


def site_of(store: Store, guides: Sequence[Guide], folder: Path) -> Site:
    from guides.settings import GuideSettings

    shelf = Shelf({each.id: each for each in guides})
    return Site(
        bench=store.bench, shelf=shelf, scribe=FileScribe(folder, GuideSettings()), board=Board(store.bench, shelf),
        policy=Policy(), now=lambda: NOW, today=NOW.date,
    )  # fmt: skip


@contextmanager
def served(pages: Any) -> Iterator[int]:
    server = uvicorn.Server(uvicorn.Config(pages, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


async def ask(port: int, paths: Sequence[str], first: int, requests: int) -> list[float]:
    """`AT_ONCE` clients, each asking its next page when it has the one before. Plain sockets: they cost little."""
    seen: list[float] = []
    waiting = iter(range(first, first + requests))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in waiting:
            start = time.perf_counter()
            writer.write(f"GET {paths[number % len(paths)]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            assert " 200 " in head.partition("\r\n")[0], head
            await reader.readexactly(int(head.partition("content-length:")[2].partition("\r\n")[0]))
            seen.append((time.perf_counter() - start) * 1000)
        writer.close()

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return seen


def _asked(pipe: Any, port: int, paths: Sequence[str], first: int, requests: int) -> None:
    pipe.send(asyncio.run(ask(port, paths, first, requests)))


def asked(port: int, paths: Sequence[str], first: int, requests: int) -> list[float]:
    """Milliseconds of each request, as another process saw them."""
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe()
    process = spawn.Process(target=_asked, args=(theirs, port, paths, first, requests))
    process.start()
    theirs.close()
    seen: list[float] = mine.recv()
    process.join()
    return seen


def told(what: str, spent: Sequence[float]) -> str:
    ordered = sorted(spent)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"{what:<34} median {statistics.median(ordered):7.1f} ms   99 % {last:7.1f} ms   ({len(ordered)} requests)"


def measure(store: Store, guides: Sequence[Guide], folder: Path, requests: int) -> None:
    site = site_of(store, guides, folder)
    start, cpu = time.perf_counter(), time.process_time()
    deal(site.board)
    cards = len(site.board.dealt().cards)
    spent = time.process_time() - cpu
    print(f"the queue is dealt in {time.perf_counter() - start:.1f} s ({spent:.1f} s CPU): {cards:,} cards")
    timed = Timed(make_app(site))
    numbers = [card.first.id for card in site.board.dealt().cards[::7]]
    hosts = sorted({host_of(each.citations[1].url) for each in guides})
    pages = {
        "queue": ["/", "/?severity=material", "/?tag=tag3", "/?order=oldest"],
        "queue, another search each time": [f"/?q={n}+days" for n in range(200, 5000)],
        "finding": [f"/findings/{n}" for n in numbers],
        "guide": [f"/guides/guide-{n}" for n in range(3, len(guides), 3)],
        "source": [f"/sources/{n}" for n in range(1, 2000)],
        "host": [f"/hosts/{host}" for host in hosts[:500]],
    }
    with served(timed) as port:
        url = f"http://127.0.0.1:{port}"
        for what, paths in pages.items():
            asked(port, paths, 0, 40)
            timed.spent.clear()
            cpu = time.process_time()
            seen = asked(port, paths, 40, requests)
            cpu = (time.process_time() - cpu) * 1000 / requests
            print(told(what, [spent for _, spent in timed.spent]), f" {cpu:.1f} ms CPU each")
            print(told("  as the client saw it", seen))
        first = httpx.get(url)
        linked = ("desk.css", "desk.js", "htmx-2.0.11.min.js", "mark.svg")
        packed = sum(
            int(httpx.get(f"{url}/static/{name}", headers={"accept-encoding": "gzip"}).headers["content-length"])
            for name in linked
        )
        print(f"first screen: {len(first.content):,} bytes of page, {packed:,} of style and scripts (gzip)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guides", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    guides = [guide(number, options.guides) for number in range(options.guides)]
    with tempfile.TemporaryDirectory() as folder:
        if options.postgres:
            sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
            from storage_servers import running_postgres

            with running_postgres() as server, Store.open(server.new_database()) as store:
                _run(store, guides, Path(folder), options.requests)
        else:
            with Store.open(f"sqlite:///{folder}/loccit.db") as store:
                _run(store, guides, Path(folder), options.requests)


def _run(store: Store, guides: Sequence[Guide], folder: Path, requests: int) -> None:
    start = time.perf_counter()
    fill(store, guides)
    print(f"{store.name.partition('://')[0][-12:]}: filled in {time.perf_counter() - start:.0f} s")
    measure(store, guides, folder, requests)


if __name__ == "__main__":
    main()
