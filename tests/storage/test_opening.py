"""Opening a store: new ones, old ones, newer ones, and what is none."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from storage_builders import DAY, START, guide, only, sync, visit
from storage_servers import PostgresServer

from storage import migrate
from storage.engine import create
from storage.errors import StoreBusyError, StoreError, StoreNewerError
from storage.migrate import HEAD, VERSION_TABLE
from storage.store import Store
from storage.tables import Base


def test_migrations_make_the_tables_that_the_models_describe(store: Store) -> None:
    def ours(_item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return not (kind == "table" and name == "loccit_made_by")

    with store._database.reading() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True, "include_object": ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_head_is_the_newest_revision() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert scripts.get_current_head() == HEAD


def test_down_and_up_again(store: Store) -> None:
    from alembic import command
    from alembic.config import Config

    def go(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", "storage:migrations")
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        command.upgrade(config, HEAD)

    sync(store, guide())
    store._database.write(go)
    sync(store, guide())
    assert store.sources() == 1


def test_opened_again_it_holds_what_it_held(url: str) -> None:
    with Store.open(url) as store:
        sync(store, guide())
        visit(store, b"page", START)
    with Store.open(url) as store:
        assert store.known(only(store)).newest is not None


def test_an_up_to_date_store_opens_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    Store.open(url).close()
    code = (
        "import sys; from storage.store import Store; Store.open(sys.argv[1]).close(); print('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_relative_path_is_relative_to_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "project"
    Store.open("sqlite:///.loccit/loccit.db", root=root).close()
    assert (root / ".loccit" / "loccit.db").is_file()


def test_in_memory_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store.open("sqlite://") as store:
        sync(store, guide())
        visit(store, b"page", START)
        assert store.known(only(store)).newest is not None
    assert list(tmp_path.iterdir()) == []


def test_sqlite_keeps_its_promises(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store, store._database.reading() as connection:
        asked = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "foreign_keys")]
        assert [*asked, connection.exec_driver_sql("PRAGMA synchronous").scalar()] == ["wal", 1, 2]


def test_a_newer_store_is_left_alone(url: str) -> None:
    with Store.open(url) as store:
        sync(store, guide())
        for change in (
            f"UPDATE {VERSION_TABLE} SET version_num = 'v0999'",
            "INSERT INTO loccit_made_by (revision, program) VALUES ('v0999', 'loccit 9.8')",
        ):
            store._database.write(lambda connection, change=change: connection.execute(text(change)))  # type: ignore[misc]
    with pytest.raises(StoreNewerError, match=r"made by loccit 9\.8 .*nothing was changed: upgrade loccit"):
        Store.open(url)
    database = create(url)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM guide")).scalar() == 1
    database.close()


def test_a_version_that_is_none(url: str) -> None:
    with Store.open(url) as store:
        change = text(f"UPDATE {VERSION_TABLE} SET version_num = 'abc'")
        store._database.write(lambda connection: connection.execute(change))
    with pytest.raises(StoreError, match="'abc' is not one of loccit's"):
        Store.open(url)


def test_another_programs_database(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE invoices (id)")
    connection.close()
    with pytest.raises(StoreError, match="another program's database"):
        Store.open(f"sqlite:///{path}")


def test_a_shared_postgres_database(postgres: PostgresServer) -> None:
    shared, taken = postgres.new_database(), postgres.new_database()
    for url, table in ((shared, "invoices"), (taken, "guide")):
        database = create(url)
        database.write(lambda connection, table=table: connection.execute(text(f"CREATE TABLE {table} (id int)")))  # type: ignore[misc]
        database.close()
    Store.open(shared).close()
    with pytest.raises(StoreError, match="another program's database"):
        Store.open(taken)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 200)
    with pytest.raises(StoreError, match="this file is no database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text() == "Dear diary, " * 200


def test_a_damaged_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Store.open(f"sqlite:///{path}").close()
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * (4096 - 100)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"):
        Store.open(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "no database address"),
        ("loccit.db", "no database address"),
        ("mysql://secret:word@host/x", "mysql is not supported"),
        ("nonsense://x", "not supported"),
        ("sqlite:////proc/nowhere/loccit.db", "folder cannot be made"),
        ("sqlite:////dev/null/loccit.db", "folder cannot be made"),
        ("sqlite:////", "this is a folder"),
        ("sqlite:///a\0b/c.db", "folder cannot be made|cannot be opened"),
        ("postgresql://u:secret@/nowhere?host=/nonexistent", r"u:\*\*\*@.*no connection to the database"),
        ("postgresql://u:secret@:notaport/x", "no database address"),
    ],
)
def test_addresses_that_lead_nowhere(url: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=says) as raised:
        Store.open(url, root=tmp_path)
    assert "secret" not in str(raised.value)


def test_no_such_postgres_database(postgres: PostgresServer) -> None:
    with pytest.raises(StoreError, match=r"no such database|no connection to the database"):
        Store.open(postgres.new_database().replace("/loccit_", "/absent_"))


def test_a_read_only_store(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Store.open(f"sqlite:///{path}").close()
    with Store.open(f"sqlite:///file:{path}?mode=ro&uri=true") as store:
        assert store.due(START) == []
        with pytest.raises(StoreError, match="read-only"):
            sync(store, guide())


def test_a_full_disk_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    import os

    with Store.open(f"sqlite:///{tmp_path / 'a.db'}") as store:
        sync(store, guide())
        visit(store, b"small", START)
        with store._database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="the disk is full"):
            visit(store, os.urandom(200_000), START + DAY)
        (snapshot,) = store.snapshots(only(store))
        assert store.body(snapshot.digest) == b"small"
        assert len(store.timeline(only(store))) == 1


def test_a_store_that_somebody_else_writes_to(url: str) -> None:
    with Store.open(url) as holder, Store.open(url, busy_seconds=0.2) as other:
        sync(holder, guide())

        def hold(connection: Connection) -> None:
            connection.execute(text("UPDATE resource SET failures = failures"))
            assert len(other.due(START)) == 1, "readers are not held up"
            with pytest.raises(StoreBusyError, match="another loccit is writing"):
                visit(other, b"page", START)

        holder._database.write(hold)
        visit(other, b"page", START)
        assert other.known(only(other)).newest is not None


def test_a_lost_connection_is_taken_up_again(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    with Store.open(url) as store, Store.open(url) as killer:
        sync(store, guide())
        cut = text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        killer._database.write(lambda connection: connection.execute(cut))
        visit(store, b"page", START)
        assert store.known(only(store)).newest is not None
