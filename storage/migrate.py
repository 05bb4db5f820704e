"""Makes the tables, brings older ones up to date, and leaves alone what is not ours or newer than we are."""

import re
from importlib import metadata
from typing import Final

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

from storage.engine import MIGRATE, Database, alone
from storage.errors import StoreError, StoreNewerError
from storage.tables import Base

HEAD: Final = "v0013"
"""The newest revision; known here so that an up-to-date store opens without loading Alembic."""

VERSION_TABLE: Final = "loccit_version"
_REVISION: Final = re.compile(r"v(\d{4,9})")

_own = MetaData()
_version: Final = Table(VERSION_TABLE, _own, Column("version_num", Text))
_made_by: Final = Table("loccit_made_by", _own, Column("revision", Text, primary_key=True), Column("program", Text))
"""Which loccit made each revision: what an older one can tell when it meets a store that it cannot read."""


def upgrade(database: Database) -> None:
    """Make or migrate the tables. Raises StoreError (and has changed nothing) where the store is not ours to change."""
    with database.reading() as connection:
        revision = _revision(connection, database.name)
    if revision != HEAD:
        database.write(lambda connection: _migrate(connection, database.name))


def is_current(database: Database) -> bool:
    """Whether a store's tables are those of this loccit; False where they are older. Changes nothing.

    Raises StoreError where it is no store, or a newer one.
    """
    with database.reading() as connection:
        revision = _revision(connection, database.name)
    if revision is None:
        raise StoreError(f"store {database.name}: there is no store in it")
    return revision == HEAD


def _migrate(connection: Connection, name: str) -> None:
    alone(connection, MIGRATE)
    revision = _revision(connection, name)
    if revision == HEAD:
        return
    # Not at the top: this is a quarter of a second, for something that happens once.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
    _made_by.create(connection, checkfirst=True)
    connection.execute(_made_by.insert().values(revision=HEAD, program=f"loccit {_program_version()}"))


def found_revision(connection: Connection, name: str) -> str | None:
    """The store's revision; None where there is nothing yet. Raises StoreError where it is not ours, or newer."""
    return _revision(connection, name)


def _revision(connection: Connection, name: str) -> str | None:
    """The store's revision; None where there is nothing yet."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        ours = sorted(tables & set(Base.metadata.tables))
        # A PostgreSQL database may be shared; a file that holds something else is a mistake in store.url.
        others = ours or (sorted(tables) if connection.dialect.name == "sqlite" else [])
        if others:
            raise StoreError(
                f"store {name}: this is another program's database (it has a table {others[0]!r}); "
                "nothing was changed: name another one in store.url"
            )
        return None
    found = connection.execute(select(_version.c.version_num)).scalars().all()
    revision = found[0] if len(found) == 1 else ""
    number = _REVISION.fullmatch(revision)
    if number is None:
        raise StoreError(f"store {name}: its version {revision!r} is not one of loccit's; go back to a backup")
    if int(number[1]) > int(HEAD[1:]):
        maker = _maker(connection, tables, revision)
        raise StoreNewerError(
            f"store {name}: it was made by {maker} (revision {revision}; this is loccit {_program_version()} "
            f"with {HEAD}); nothing was changed: upgrade loccit, or name another store in store.url"
        )
    return revision


def _maker(connection: Connection, tables: set[str], revision: str) -> str:
    if _made_by.name in tables:
        found = connection.execute(select(_made_by.c.program).where(_made_by.c.revision == revision)).scalar()
        if found:
            return str(found)
    return "a newer loccit"


def _program_version() -> str:
    try:
        return metadata.version("loccit")
    except metadata.PackageNotFoundError:
        return "of unknown version"
