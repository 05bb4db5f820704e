"""Work by host: which hosts have something due, and when each may be asked next."""

import hashlib

import sqlalchemy as sa
from alembic import op

from crawler.urls import host_key

revision = "v0009"
down_revision = "v0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
WAITING = sa.text("queued IS NULL AND due IS NOT NULL")
PART = 5_000

# What becomes due earlier than its host was known to be is seen at once, whoever wrote it.
TRIGGER = """
CREATE FUNCTION loccit_host_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE host
       SET due = NEW.next_due, urgent = NEW.failing_since IS NOT NULL OR NEW.unreachable_since IS NOT NULL
     WHERE id = NEW.host_id AND (due IS NULL OR due > NEW.next_due);
    RETURN NULL;
END;
$$;
CREATE TRIGGER resource_due AFTER INSERT OR UPDATE OF next_due, host_id ON resource
    FOR EACH ROW WHEN (NEW.host_id IS NOT NULL AND NEW.next_due IS NOT NULL)
    EXECUTE FUNCTION loccit_host_due();
"""


def upgrade() -> None:
    op.create_table(
        "host",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("due", MOMENT, nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("queued", MOMENT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("held_until", MOMENT, nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_host"),
        sa.UniqueConstraint("name_hash", name="uq_host_name_hash"),
    )
    op.create_table(
        "pace",
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("free_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name="pk_pace"),
    )
    op.add_column("resource", sa.Column("host_id", sa.Integer(), nullable=True))
    _assign()
    op.create_index("ix_resource_host_id_next_due", "resource", ["host_id", "next_due"])
    op.execute("UPDATE host SET due = (SELECT min(next_due) FROM resource WHERE host_id = host.id)")
    op.create_index("ix_host_waiting", "host", ["urgent", "due"], sqlite_where=WAITING, postgresql_where=WAITING)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(TRIGGER)


def _assign() -> None:
    """The host of each resource. Read from its URL as browsers read them, which no database can."""
    connection = op.get_bind()
    resource = sa.table("resource", sa.column("id"), sa.column("url"), sa.column("host_id"))
    place = resource.update().where(resource.c.id == sa.bindparam("row")).values(host_id=sa.bindparam("host"))
    ids: dict[str, int] = {}
    last = 0
    while part := connection.execute(
        sa.select(resource.c.id, resource.c.url).where(resource.c.id > last).order_by(resource.c.id).limit(PART)
    ).all():
        names = {row.id: host_key(row.url) for row in part}
        _make(connection, ids, sorted(set(names.values()) - ids.keys()))
        connection.execute(place, [{"row": row, "host": ids[name]} for row, name in names.items()])
        last = part[-1].id


def _make(connection: sa.Connection, ids: dict[str, int], names: list[str]) -> None:
    host = sa.table("host", *(sa.column(name) for name in ("id", "name", "name_hash", "urgent", "failures", "trouble")))
    hashes = {hashlib.sha256(name.encode()).digest(): name for name in names}
    rows = [
        {"name": name, "name_hash": hashed, "urgent": False, "failures": 0, "trouble": ""}
        for hashed, name in hashes.items()
    ]
    for start in range(0, len(rows), 500):
        some = rows[start : start + 500]
        connection.execute(host.insert(), some)
        query = sa.select(host.c.id, host.c.name_hash).where(host.c.name_hash.in_([row["name_hash"] for row in some]))
        ids |= {hashes[bytes(row.name_hash)]: row.id for row in connection.execute(query)}


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER resource_due ON resource; DROP FUNCTION loccit_host_due")
    op.drop_index("ix_resource_host_id_next_due", "resource")
    op.drop_column("resource", "host_id")
    op.drop_table("pace")
    op.drop_table("host")
