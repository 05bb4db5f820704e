"""The queue of work by host: Procrastinate, in a schema of its own beside the store's tables. PostgreSQL only.

A job is put into it by the very transaction that marks its host, over the connection that the caller holds.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from storage.errors import StoreError
from storage.hosts import DueHost

if TYPE_CHECKING:
    from procrastinate import App, SyncPsycopgConnector

SCHEMA: Final = "loccit_queue"
QUEUE: Final = "hosts"
TASK: Final = "loccit.host"

NORMAL, SUSPECT, ASKED = 0, 10, 20
"""Priorities: what is due, links in doubt, what somebody waits for."""

HEARTBEATS: Final = 3
"""A worker that has missed so many is taken for dead."""

_MISSING: Final = "the queue of several machines needs Procrastinate, which is not installed; install loccit[workers]"
_LONGEST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """Jobs that wait, jobs that are worked on, and workers that are alive."""

    waiting: int
    working: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """A job whose worker is gone."""

    id: int
    host: int
    name: str


# ---------------------------------------------------------------- its tables


def prepare(connection: Connection) -> None:
    """Make the queue's tables, or bring them up to the installed Procrastinate. Raises StoreError without it."""
    try:
        from procrastinate.schema import SchemaManager
    except ImportError:
        raise StoreError(_MISSING) from None
    steps = _steps()
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.execute(text(f"CREATE TABLE IF NOT EXISTS {SCHEMA}.applied (step text PRIMARY KEY)"))
    done = set(connection.execute(text(f"SELECT step FROM {SCHEMA}.applied")).scalars())  # noqa: S608
    if set(steps) <= done:
        return
    with _in_schema(connection) as raw:
        if not done:
            raw.execute(SchemaManager.get_schema())
            # Procrastinate's own index leads with the number: a lock of many would be looked for among all jobs.
            raw.execute("CREATE INDEX loccit_jobs_lock ON procrastinate_jobs (lock) WHERE status IN ('todo', 'doing')")
        else:
            for step in steps:
                if step not in done:
                    raw.execute(resources.files("procrastinate.sql.migrations").joinpath(step).read_text("utf-8"))
    insert = text(f"INSERT INTO {SCHEMA}.applied VALUES (:step)")  # noqa: S608
    connection.execute(insert, [{"step": step} for step in steps if step not in done])


def is_prepared(connection: Connection) -> bool:
    """Whether the queue's tables are there."""
    return connection.execute(text(f"SELECT to_regclass('{SCHEMA}.procrastinate_jobs')")).scalar() is not None


def _steps() -> list[str]:
    """Procrastinate's own migrations, oldest first."""
    files = resources.files("procrastinate.sql.migrations").iterdir()
    return sorted(each.name for each in files if each.name.endswith(".sql"))


@contextmanager
def _in_schema(connection: Connection) -> Iterator[Any]:
    """The driver's connection, inside the caller's transaction, with the queue's names in sight."""
    before = connection.execute(text("SELECT current_setting('search_path')")).scalar_one()
    change = text("SELECT set_config('search_path', :path, true)")
    connection.execute(change, {"path": f"{SCHEMA}, {before}"})
    yield connection.connection.driver_connection
    connection.execute(change, {"path": before})


# ---------------------------------------------------------------- putting in


def defer(connection: Connection, hosts: Sequence[DueHost], *, priority: int | None = None) -> int:
    """A job for each host that has none waiting; gives how many. One that waits is at least as urgent afterwards."""
    if not hosts:
        return 0
    with _in_schema(connection) as raw:
        put = 0
        for start in range(0, len(hosts), 500):
            put += _defer(connection, raw, hosts[start : start + 500], priority)
        return put


def _defer(connection: Connection, raw: Any, hosts: Sequence[DueHost], priority: int | None) -> int:
    wanted = {lock_of(each.name): (each, _priority(each) if priority is None else priority) for each in hosts}
    waiting = "SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%s)"
    there = {row[0] for row in raw.execute(waiting, (list(wanted),)).fetchall()}
    urgent = max((level for _, level in wanted.values()), default=NORMAL)
    if there and urgent > NORMAL:
        raw.execute(
            "UPDATE procrastinate_jobs SET priority = %s WHERE status = 'todo' AND priority < %s "
            "AND queueing_lock = ANY(%s)",
            (urgent, urgent, [lock for lock in there if wanted[lock][1] == urgent]),
        )
    new = [_job(lock, host, level) for lock, (host, level) in wanted.items() if lock not in there]
    return _put(connection, raw, new)


def _put(connection: Connection, raw: Any, jobs: list[Any]) -> int:
    """All of them; where another process has put one in meanwhile, the others one by one."""
    from procrastinate.exceptions import AlreadyEnqueued

    if not jobs:
        return 0
    saved = connection.begin_nested()
    try:
        _connector_manager().batch_defer_jobs(jobs, connection=raw)
    except AlreadyEnqueued:
        saved.rollback()
        return sum(_put(connection, raw, [job]) for job in jobs) if len(jobs) > 1 else 0
    saved.commit()
    return len(jobs)


def _priority(host: DueHost) -> int:
    return SUSPECT if host.urgent else NORMAL


def lock_of(name: str) -> str:
    """What a host's jobs are locked by: its name. An index holds no more than 2,700 bytes, names may be longer."""
    from storage.columns import name_hash

    return name if len(name) <= _LONGEST else name_hash(name)


def _job(lock: str, host: DueHost, priority: int) -> Any:
    from procrastinate.jobs import Job

    return Job(
        id=None,
        queue=QUEUE,
        lock=lock,
        queueing_lock=lock,
        task_name=TASK,
        priority=priority,
        task_kwargs={"host": host.id, "name": host.name},
    )


def _connector() -> "SyncPsycopgConnector":
    """Never opened: it only speaks over connections that it is given."""
    from procrastinate import SyncPsycopgConnector

    return SyncPsycopgConnector()


def _connector_manager() -> Any:
    from procrastinate.manager import JobManager

    return JobManager(_connector())


# ---------------------------------------------------------------- watching


def depth(connection: Connection, *, heartbeat: float) -> Depth:
    """How much waits and is worked on."""
    counted = text(f"SELECT status::text, count(*) FROM {SCHEMA}.procrastinate_jobs GROUP BY status")  # noqa: S608
    by: dict[str, int] = {row[0]: row[1] for row in connection.execute(counted)}
    alive = text(
        f"SELECT count(*) FROM {SCHEMA}.procrastinate_workers "  # noqa: S608
        "WHERE last_heartbeat > now() - make_interval(secs => :patience)"
    )
    workers = connection.execute(alive, {"patience": HEARTBEATS * heartbeat}).scalar_one()
    return Depth(waiting=by.get("todo", 0), working=by.get("doing", 0), workers=workers)


def dead(connection: Connection, *, heartbeat: float) -> list[DeadJob]:
    """The jobs whose workers are gone, by their heartbeats."""
    from procrastinate import sql

    with _in_schema(connection) as raw:
        found = _connector().execute_query_all_with_connection(
            raw,
            query=sql.queries["select_stalled_jobs_by_heartbeat"],
            queue=QUEUE,
            task_name=TASK,
            seconds_since_heartbeat=HEARTBEATS * heartbeat,
        )
    return [DeadJob(id=row["id"], host=int(row["args"]["host"]), name=str(row["args"]["name"])) for row in found]


def retry(connection: Connection, job: DeadJob) -> None:
    """Put it back; where another job of its host waits already, that one does."""
    from procrastinate import sql
    from procrastinate.exceptions import UniqueViolation

    with _in_schema(connection) as raw:
        saved = connection.begin_nested()
        try:
            _connector().execute_query_all_with_connection(
                raw,
                query=sql.queries["retry_job"],
                job_id=job.id,
                retry_at=None,
                new_priority=None,
                new_queue_name=None,
                new_lock=None,
            )
        except UniqueViolation:
            saved.rollback()
            drop(connection, job)
        else:
            saved.commit()


def drop(connection: Connection, job: DeadJob) -> None:
    """End it for good."""
    with _in_schema(connection) as raw:
        raw.execute("DELETE FROM procrastinate_jobs WHERE id = %s AND status IN ('todo', 'doing')", (job.id,))


def bury(connection: Connection, *, heartbeat: float) -> None:
    """Forget workers that are gone, once their jobs are seen to."""
    gone = "DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %s)"
    with _in_schema(connection) as raw:
        raw.execute(gone, (2 * HEARTBEATS * heartbeat,))


def known(connection: Connection, names: Sequence[str]) -> set[str]:
    """Of these hosts, those that there is a job of."""
    asked = text(
        f"SELECT lock FROM {SCHEMA}.procrastinate_jobs "  # noqa: S608
        "WHERE status IN ('todo', 'doing') AND lock = ANY(:locks)"
    )
    locks = {lock_of(name): name for name in names}
    return {locks[lock] for lock in connection.execute(asked, {"locks": list(locks)}).scalars()}


# ---------------------------------------------------------------- taking out


def make_app(url: URL, work: Callable[[int, str], Awaitable[None]]) -> "App":
    """Procrastinate over the store's database, with the one task that there is: `work` on a host."""
    try:
        from procrastinate import App, PsycopgConnector
    except ImportError:
        raise StoreError(_MISSING) from None
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connector = PsycopgConnector(conninfo=plain, kwargs={"options": f"-c search_path={SCHEMA}"}, min_size=1, max_size=4)
    app = App(connector=connector)

    async def host(host: int, name: str) -> None:
        await work(host, name)

    app.task(name=TASK, queue=QUEUE)(host)
    return app
