"""`scale.py crawl`: real workers on a real PostgreSQL and loopback hosts, politeness off."""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loopback import Layout, serving, write_pages
from sqlalchemy import text
from storage_servers import running_postgres

from guides.model import Citation, CitationKey, Guide, GuideId, Role
from loccit.wiring import key_of
from storage.store import Store

HEARTBEAT = 10.0


def crawl(options: argparse.Namespace) -> dict[str, Any]:
    """One round over everything, by so many worker processes."""
    with running_postgres() as server, tempfile.TemporaryDirectory() as place:
        if isinstance(server, str):
            raise SystemExit(server)
        folder, url = Path(place), server.new_database()
        write_pages(folder, min(options.resources, 2_000), sizes=(20_000, 40_000))
        with serving(folder, own=True) as (_, port), Store.open(url) as store:
            layout = Layout(hosts=options.hosts, urls=options.resources)
            addresses = [each.partition("#")[0] for each in layout.addresses(port)]
            _cite(store, [_page(each, number % 2_000) for number, each in enumerate(addresses)])
            store.dispatch.prepare()
            return _run_workers(options, store, folder, url)


def _page(address: str, number: int) -> str:
    """There are 2,000 pages; every resource is an address of its own all the same."""
    return f"{address.rpartition('/')[0]}/{number}.html?n={address.rpartition('/')[2]}"


def _cite(store: Store, addresses: list[str]) -> None:
    guides = [
        Guide(
            id=GuideId(f"g{start}"),
            title="Guide",
            file=f"g{start}.md",
            citations=tuple(
                Citation(url=each, role=Role.CITATION, key=CitationKey(f"c{number}"), line=1, column=1)
                for number, each in enumerate(addresses[start : start + 200])
            ),
        )
        for start in range(0, len(addresses), 200)
    ]
    store.sync(guides, key=key_of, at=datetime.now(UTC), complete=True)


def _run_workers(options: argparse.Namespace, store: Store, folder: Path, url: str) -> dict[str, Any]:
    (folder / "loccit.toml").write_text(
        f'[store]\nurl = "{url}"\n[network]\nallow = ["127.0.0.0/8"]\n'
        "[crawl]\ndelay = 0\nrespect_robots = false\nrender = 'never'\n[schedule]\nengine = 'workers'\n"
    )
    command = [sys.executable, str(Path(__file__).with_name("scale.py").resolve()), "_worker", "--hosts", "16"]
    began, postgres = time.perf_counter(), _postgres_seconds(store)
    running = [subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) for _ in range(options.workers)]
    first: float | None = None
    try:
        while (left := store.due_figures(datetime.now(UTC)).due) > 0:
            store.dispatch.enqueue(datetime.now(UTC), heartbeat=HEARTBEAT)
            if first is None and left < options.resources:
                first = time.perf_counter()
            time.sleep(0.5)
        ended = time.perf_counter()
    finally:
        for each in running:
            each.send_signal(signal.SIGTERM)
    told = [json.loads(each.communicate(timeout=60)[0] or b"{}") for each in running]
    store_seconds = sum(each["store_cpu"] + each["queue_cpu"] for each in told)
    cpu = sum(each["cpu"] - each["startup_cpu"] for each in told)
    server_cpu = _postgres_seconds(store) - postgres
    verdicts = _verdicts(store)
    if verdicts != {"ok": options.resources}:
        raise SystemExit(f"this measures something else than {options.resources} good pages: {verdicts}")
    return {
        "resources": options.resources,
        "hosts": options.hosts,
        "workers": options.workers,
        "seconds": round(ended - (first or began), 1),
        "resources_a_second": round(options.resources / (ended - (first or began)), 1),
        "worker_cpu_ms_a_resource": round(1000 * cpu / options.resources, 2),
        "of_which_store_and_queue_ms": round(1000 * store_seconds / options.resources, 2),
        "share_of_store_and_queue_in_worker_cpu": round(store_seconds / cpu, 3),
        "postgresql_cpu_ms_a_resource": round(1000 * server_cpu / options.resources, 2),
        "share_with_postgresql": round((store_seconds + server_cpu) / (cpu + server_cpu), 3),
        "worker_peak_mb": max(each["peak_mb"] for each in told),
    }


def _verdicts(store: Store) -> dict[str, int]:
    asked = text('SELECT verdict, count(*) FROM "fetch" GROUP BY verdict')
    return store.dispatch.database.read(lambda connection: {row[0]: row[1] for row in connection.execute(asked)})


def _postgres_seconds(store: Store) -> float:
    """CPU that this store's PostgreSQL has taken so far: its processes, and by its own account those that ended."""
    asked = text("SELECT pg_backend_pid()")
    backend = store.dispatch.database.read(lambda connection: connection.execute(asked).scalar_one())
    postmaster = _stat(backend)[1]
    total = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            fields = _stat(int(place.name))
        except OSError:
            continue
        if int(place.name) == int(postmaster):
            total += sum(int(each) for each in fields[11:15])
        elif fields[1] == postmaster:
            total += sum(int(each) for each in fields[11:13])
    return total / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[str]:
    """What the kernel says of a process, from its state on."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def worker(arguments: list[str]) -> None:
    """`loccit worker` with a meter at the doors of store and queue."""
    from procrastinate import PsycopgConnector

    from loccit.main import main
    from storage.engine import Database

    spent, lock = {"store_cpu": 0.0, "queue_cpu": 0.0}, threading.Lock()
    inside = threading.local()

    def metered(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: Database, work: Callable[..., Any]) -> Any:
            if getattr(inside, "yes", False):
                return method(self, work)
            inside.yes, before = True, time.thread_time()
            try:
                return method(self, work)
            finally:
                inside.yes = False
                with lock:
                    spent["store_cpu"] += time.thread_time() - before

        return call

    Database.read, Database.write = metered(Database.read), metered(Database.write)  # type: ignore[method-assign]
    for name in ("execute_query_async", "execute_query_one_async", "execute_query_all_async"):
        setattr(PsycopgConnector, name, _stepped(getattr(PsycopgConnector, name), spent))
    startup = time.process_time()
    main(["worker", "--quiet", *arguments])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**spent, "cpu": time.process_time(), "startup_cpu": startup, "peak_mb": round(peak)}))


def _stepped(method: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    """The coroutine, with the CPU of each of its steps counted: what others do meanwhile is not its own."""

    class Stepping:
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def __await__(self) -> Any:
            steps, value = self._inner.__await__(), None
            while True:
                before = time.thread_time()
                try:
                    waits_for = steps.send(value)
                except StopIteration as end:
                    return end.value
                finally:
                    spent["queue_cpu"] += time.thread_time() - before
                try:
                    value = yield waits_for
                except BaseException as error:  # noqa: BLE001
                    waits_for = steps.throw(error)

    async def call(*args: Any, **named: Any) -> Any:
        return await Stepping(method(*args, **named))

    return call
