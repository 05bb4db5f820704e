"""How far the engine of several machines goes: figures for docs/scaling.md.

    python benchmarks/scale.py crawl --resources 100000 --hosts 2000 --workers 2
    python benchmarks/scale.py simulate --resources 10000000 --hosts 500000 --days 30
    python benchmarks/scale.py pick --resources 10000000 --hosts 500000

`crawl`: real workers on a real PostgreSQL and loopback hosts, politeness off: resources a second, and the share of the
time that goes into queue and store. `simulate`: the real planning on a simulated clock and web: requests, lag, pace.
`pick`: what the scheduler and a job ask, on a database with so many rows. Each runs at any size; smaller ones say less.
"""

import argparse
import heapq
import json
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT)]

from loopback import Layout, serving, write_pages  # noqa: E402
from sqlalchemy import text  # noqa: E402
from storage_servers import running_postgres  # noqa: E402

from crawler.model import ChangeRate, Verdict, VerdictKind  # noqa: E402
from crawler.plan import interval_for, next_due  # noqa: E402
from crawler.policy import Policy, Schedule  # noqa: E402
from crawler.rates import UNKNOWN, after_look  # noqa: E402
from guides.model import Citation, CitationKey, Guide, GuideId, Role  # noqa: E402
from loccit.wiring import key_of  # noqa: E402
from storage import hosts, jobs, ledger  # noqa: E402
from storage.dispatch import DEPTH  # noqa: E402
from storage.store import Store  # noqa: E402

START = datetime(2026, 1, 1, tzinfo=UTC)
HEARTBEAT = 10.0
WAITING = (
    "SELECT id, name, urgent FROM host WHERE queued IS NULL AND due <= :now AND urgent IS false "
    "AND (held_until IS NULL OR held_until <= :now) ORDER BY due LIMIT 500"
)
FETCH = "SELECT (loccit_queue.procrastinate_fetch_job_v2(NULL, NULL)).id"


# ---------------------------------------------------------------- crawl


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
    command = [sys.executable, str(Path(__file__).resolve()), "_worker", "--hosts", "16"]
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


# ---------------------------------------------------------------- simulate


class Simulated:
    """Hosts, resources and workers on a clock of their own. Planning is loccit's; the rest is as the engine does it."""

    TICK = 5.0
    JOB_OVERHEAD = 0.1
    ANSWER = 0.3

    def __init__(self, options: argparse.Namespace) -> None:
        rng = self.rng = random.Random(7)
        self.options, self.schedule, self.policy = options, Schedule(), Policy()
        count = options.resources
        self.host_of = [rng.randrange(options.hosts) for _ in range(count)]
        # From several changes a day to one in ten years, most of them rarely.
        self.changes = [rng.lognormvariate(0.7, 1.6) / 365 for _ in range(count)]
        self.rate: list[ChangeRate | None] = [None] * count
        self.looked = [0.0] * count
        self.due: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for number, host in enumerate(self.host_of):
            # A store that has been at it for a while: its first looks are spread over the longest interval.
            heapq.heappush(self.due[host], (rng.random() * self.schedule.min_interval.total_seconds() * 4, number))
        self.free: dict[int, float] = {}
        self.seen: dict[int, float] = {}
        self.violations = self.looks = self.jobs = 0
        self.lags: list[float] = []
        self.busy = 0.0

    def run(self) -> None:
        end = self.options.days * 86_400.0
        slots = [0.0] * (self.options.workers * self.options.at_once)
        waiting = [(heap[0][0], host) for host, heap in self.due.items()]
        heapq.heapify(waiting)
        while waiting and waiting[0][0] < end:
            due, host = heapq.heappop(waiting)
            handed_out = (int(due / self.TICK) + 1) * self.TICK
            begin = max(handed_out, heapq.heappop(slots))
            over = self._job(host, begin)
            heapq.heappush(slots, over)
            self.busy += over - begin
            heapq.heappush(waiting, (max(self.due[host][0][0], over), host))

    def _job(self, host: int, begin: float) -> float:
        """One job of a host: what is due of it when it begins, up to a hundred."""
        now, mine, delay = begin + self.JOB_OVERHEAD, self.due[host], self.options.delay
        self.jobs += 1
        done: list[tuple[float, int]] = []
        if self.rng.random() < 0.3:
            now = self._ask(host, now, delay)  # robots.txt, where this worker has not asked within a day
        while mine and mine[0][0] <= begin and len(done) < 100:
            due, number = heapq.heappop(mine)
            now = self._ask(host, now, delay)
            if self.rng.random() < 0.05:
                self._ask(self.rng.randrange(self.options.hosts), now, delay)  # a redirect to another host
            self.lags.append(now - due)
            done.append((self._look(number, now), number))
        for each in done:
            heapq.heappush(mine, each)
        return now + self.ANSWER

    def _ask(self, host: int, now: float, delay: float) -> float:
        """A request at its host's pace, by the rule of `storage.hosts.reserve`; whether it was kept is seen apart."""
        at = max(now, self.free.get(host, 0.0))
        self.free[host] = at + delay
        before = self.seen.get(host)
        self.violations += before is not None and abs(at - before) < delay - 1e-6
        self.seen[host] = at
        return at

    def _look(self, number: int, now: float) -> float:
        self.looks += 1
        elapsed = now - self.looked[number]
        changed = self.rng.random() < 1 - 2.718281828 ** (-self.changes[number] * elapsed / 86_400)
        rate, first = self.rate[number], self.looked[number] == 0.0
        if not first:
            rate = after_look(rate or UNKNOWN, elapsed=timedelta(seconds=elapsed), changed=changed)
        self.rate[number], self.looked[number] = rate, now
        dead = self.rng.random() < 0.02
        verdict = Verdict(kind=VerdictKind.UNREACHABLE if dead else VerdictKind.OK, reason="")
        wait = interval_for(rate, cited=(), last=None, schedule=self.schedule)
        moment = START + timedelta(seconds=now)
        url = f"https://h{self.host_of[number]}.example/{number}"
        due = next_due(url, wait, verdict, (), policy=self.policy, schedule=self.schedule, now=moment)
        return (due - START).total_seconds()


def simulate(options: argparse.Namespace) -> dict[str, Any]:
    began = time.process_time()
    world = Simulated(options)
    world.run()
    lags = sorted(world.lags)
    seconds = options.days * 86_400
    return {
        "resources": options.resources,
        "hosts": options.hosts,
        "days": options.days,
        "workers": options.workers,
        "hosts_at_once_a_worker": options.at_once,
        "looks": world.looks,
        "looks_a_resource_and_month": round(world.looks / options.resources * 30 / options.days, 2),
        "looks_a_second": round(world.looks / seconds, 3),
        "jobs_a_second": round(world.jobs / seconds, 3),
        "looks_a_job": round(world.looks / world.jobs, 2),
        "lag_seconds": {
            "median": round(statistics.median(lags), 1),
            "p99": round(lags[int(0.99 * len(lags))], 1),
            "most": round(lags[-1], 1),
        },
        "violations": world.violations,
        "slots_busy": round(world.busy / (seconds * options.workers * options.at_once), 4),
        "cpu_us_a_look": round(1e6 * (time.process_time() - began) / world.looks, 1),
        "simulation_bytes_a_resource": round(
            1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / options.resources
        ),
    }


# ---------------------------------------------------------------- pick


def pick(options: argparse.Namespace) -> dict[str, Any]:
    with running_postgres() as server:
        if isinstance(server, str):
            raise SystemExit(server)
        with Store.open(server.new_database()) as store:
            store.dispatch.prepare()
            began = time.perf_counter()
            store.dispatch.database.write(lambda connection: _fill(connection, options))
            filled = time.perf_counter() - began
            with store.dispatch.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
            told = {"resources": options.resources, "hosts": options.hosts, "fill_seconds": round(filled, 1)}
            return told | _picked(store, options)


def _fill(connection: Any, options: argparse.Namespace) -> None:
    """Rows as a store of many years has them, without what they show: due dates are spread over thirty days."""
    asked = {"count": options.resources, "hosts": options.hosts, "start": START}
    connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
    connection.execute(text("ALTER TABLE resource DISABLE TRIGGER resource_due"))
    # Hashes come in no order: an index over them that is filled row by row takes hours where it does not fit memory.
    connection.execute(text("ALTER TABLE resource DROP CONSTRAINT uq_resource_url_hash"))
    for index in ("ix_resource_host_id_next_due", "ix_resource_next_due", "ix_host_waiting"):
        connection.execute(text(f"DROP INDEX {index}"))
    connection.execute(
        text(
            "INSERT INTO host (name, name_hash, urgent, failures, trouble) "
            "SELECT 'site' || i || '.example', sha256(('site' || i || '.example')::bytea), false, 0, '' "
            "FROM generate_series(1, :hosts) AS i"
        ),
        asked,
    )
    connection.execute(
        text(
            "INSERT INTO resource (url, url_hash, render, added, next_due, checked, failures, etag, last_modified, "
            "title, newest_id, host_id, verdict, rate) SELECT url, sha256(url::bytea), 'auto', :start, "
            "CAST(:start AS timestamptz) + (hashint8(i) & 16777215) * interval '154.5 milliseconds', :start, 0, "
            "'\"5f3a9c1e7b2d4\"', "
            "'Tue, 06 Jan 2026 10:00:00 GMT', 'How to close an account', i, 1 + i % :hosts, sha256(url::bytea), "
            "sha256(url::bytea) FROM (SELECT i, 'https://site' || (1 + i % :hosts) || '.example/help/articles/' || i "
            "AS url FROM generate_series(1, :count) AS i) AS made"
        ),
        asked,
    )
    connection.execute(text("ALTER TABLE resource ADD CONSTRAINT uq_resource_url_hash UNIQUE (url_hash)"))
    connection.execute(text("CREATE INDEX ix_resource_next_due ON resource (next_due)"))
    connection.execute(text("CREATE INDEX ix_resource_host_id_next_due ON resource (host_id, next_due)"))
    connection.execute(
        text("UPDATE host SET due = (SELECT min(next_due) FROM resource WHERE host_id = host.id), urgent = id % 50 = 0")
    )
    connection.execute(
        text("CREATE INDEX ix_host_waiting ON host (urgent, due) WHERE queued IS NULL AND due IS NOT NULL")
    )
    connection.execute(text("ALTER TABLE resource ENABLE TRIGGER resource_due"))


def _picked(store: Store, options: argparse.Namespace) -> dict[str, Any]:
    database = store.dispatch.database
    told: dict[str, Any] = {}
    # An hour's worth is due, then half of everything: what a store finds that was off for two weeks.
    for name, now in (("an_hour_due", START + timedelta(hours=1)), ("half_due", START + timedelta(days=15))):
        meters: dict[str, Meter] = defaultdict(Meter)
        for _ in range(options.rounds):
            with database.engine.connect() as connection, connection.begin() as transaction:
                backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
                look = partial(lambda at, c: c.execute(text(WAITING), {"now": at}).all(), now, connection)
                meters["see_500"].time(backend, look)
                taken = meters["pick_and_mark_500"].time(backend, partial(hosts.take_due, connection, now, 500))
                meters["defer_500"].time(backend, partial(jobs.defer, connection, taken))
                one = random.choice(taken).id if taken else 1
                meters["due_of_host"].time(backend, partial(ledger.due_of_host, connection, one, now, limit=100))
                meters["settle"].time(backend, partial(hosts.settle, connection, one, hosts.Outcome.DONE, now))
                meters["figures"].time(backend, partial(hosts.figures, connection, now))
                transaction.rollback()
        told[name] = {what: meter.figures() for what, meter in meters.items()}
    store.dispatch.enqueue(START + timedelta(days=15), heartbeat=HEARTBEAT, limit=DEPTH)
    fetched = Meter()
    for _ in range(options.rounds):
        with database.engine.connect() as connection, connection.begin():
            backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            connection.execute(text("SET LOCAL search_path = loccit_queue, public"))
            fetched.time(backend, partial(connection.execute, text(FETCH)))
    told["fetch_job_at_depth"] = {"depth": DEPTH, **fetched.figures()}
    size = "SELECT pg_table_size('resource') AS rows, pg_indexes_size('resource') AS indexes, pg_total_relation_size"
    row = database.read(lambda connection: connection.execute(text(f"{size}('host') AS hosts")).one())
    told["bytes"] = {
        "rows_a_resource": round(row.rows / options.resources),
        "indexes_a_resource": round(row.indexes / options.resources),
        "a_host": round(row.hosts / options.hosts),
    }
    return told


class Meter:
    """Milliseconds of one question, as they pass and as the CPU counts them, on both sides of the connection."""

    def __init__(self) -> None:
        self.passed: list[float] = []
        self.server = self.client = 0.0

    def time(self, backend: int, work: Callable[[], Any]) -> Any:
        server, client, began = self._of(backend), time.thread_time(), time.perf_counter()
        result = work()
        self.passed.append(1000 * (time.perf_counter() - began))
        self.client += 1000 * (time.thread_time() - client)
        self.server += 1000 * (self._of(backend) - server)
        return result

    @staticmethod
    def _of(backend: int) -> float:
        """CPU seconds to the nanosecond, by the scheduler's own account."""
        return int(Path(f"/proc/{backend}/schedstat").read_text().split()[0]) / 1e9

    def figures(self) -> dict[str, float]:
        rounds = len(self.passed)
        return {
            "server_cpu": round(self.server / rounds, 2),
            "client_cpu": round(self.client / rounds, 2),
            "least": round(min(self.passed), 2),
            "median": round(statistics.median(self.passed), 2),
        }


def main() -> None:
    if sys.argv[1:2] == ["_worker"]:
        worker(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name, count, many in (
        ("crawl", 100_000, 2_000),
        ("simulate", 10_000_000, 500_000),
        ("pick", 10_000_000, 500_000),
    ):
        kind = kinds.add_parser(name)
        kind.add_argument("--resources", type=int, default=count)
        kind.add_argument("--hosts", type=int, default=many)
        kind.add_argument("--workers", type=int, default=1)
        kind.add_argument("--rounds", type=int, default=20)
        kind.add_argument("--days", type=float, default=30.0)
        kind.add_argument("--delay", type=float, default=0.5)
        kind.add_argument("--at-once", type=int, default=64)
    options = parser.parse_args()
    print(json.dumps({"crawl": crawl, "simulate": simulate, "pick": pick}[options.kind](options), indent=2))


if __name__ == "__main__":
    main()
