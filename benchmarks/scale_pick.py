"""`scale.py pick`: what the scheduler and a job ask, on a database with so many rows."""

import argparse
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text
from storage_servers import running_postgres

from storage import hosts, jobs, ledger
from storage.dispatch import DEPTH
from storage.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
HEARTBEAT = 10.0
WAITING = (
    "SELECT id, name, urgent FROM host WHERE queued IS NULL AND due <= :now AND urgent IS false "
    "AND (held_until IS NULL OR held_until <= :now) ORDER BY due LIMIT 500"
)
FETCH = "SELECT (loccit_queue.procrastinate_fetch_job_v2(NULL, NULL)).id"


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
