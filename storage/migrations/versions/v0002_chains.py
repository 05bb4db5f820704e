"""Bodies rest on one another; looks that saw nothing new keep digest and headers themselves."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "v0002"
down_revision = "v0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
REFERENCES = (
    ("basis", "snapshot_id"),
    ("standing", "basis_id"),
    ("standing", "now_id"),
    ("finding", "basis_id"),
    ("finding", "now_id"),
)

body = sa.table("body", sa.column("digest"), sa.column("chain"), sa.column("place"))
snapshot = sa.table(
    "snapshot",
    *(sa.column(name) for name in ("id", "resource_id", "digest", "text_hash", "at", "last_seen")),
    *(sa.column(name) for name in ("good", "pinned", "headers", "final_url")),
)
fetch = sa.table("fetch", *(sa.column(name) for name in ("resource_id", "at", "snapshot_id", "digest", "headers")))
resource = sa.table("resource", sa.column("id"), sa.column("newest_id"))
standing = sa.table("standing", sa.column("basis_id"), sa.column("now_id"))


def upgrade() -> None:
    op.add_column("body", sa.Column("chain", sa.Integer(), nullable=True))
    op.add_column("body", sa.Column("place", sa.Integer(), nullable=True))
    op.add_column("snapshot", sa.Column("tls_expires", MOMENT, nullable=True))
    op.add_column("fetch", sa.Column("digest", sa.LargeBinary(), nullable=True))
    op.add_column("fetch", sa.Column("headers", sa.LargeBinary(), nullable=True))
    for table, column in REFERENCES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    _place_bodies(op.get_bind())
    _fold(op.get_bind())
    op.create_index("ix_body_chain_place", "body", ["chain", "place"], unique=True)


def downgrade() -> None:
    # What was folded stays folded: the first revision knows no place for it but the look's snapshot.
    op.drop_index("ix_body_chain_place", "body")
    for table, column in REFERENCES:
        op.drop_index(f"ix_{table}_{column}", table)
    for table, column in (("fetch", "headers"), ("fetch", "digest"), ("snapshot", "tls_expires")):
        op.drop_column(table, column)
    op.drop_column("body", "place")
    op.drop_column("body", "chain")


def _place_bodies(connection: Any) -> None:
    """Each body gets its place in the chain of the resource that showed it first."""
    query = (
        sa.select(snapshot.c.digest, snapshot.c.resource_id, snapshot.c.good)
        .where(sa.exists().where(body.c.digest == snapshot.c.digest))
        .order_by(snapshot.c.id)
    )
    placed: set[bytes] = set()
    places: dict[int, int] = {}
    for row in connection.execute(query).all():
        digest = bytes(row.digest)
        if digest in placed:
            continue
        placed.add(digest)
        chain = row.resource_id if row.good else -row.resource_id
        place = places[chain] = places.get(chain, -1) + 1
        connection.execute(sa.update(body).where(body.c.digest == digest).values(chain=chain, place=place))


def _fold(connection: Any) -> None:
    """Snapshots whose body was let go because an older one has the same text: their looks point to that one."""
    older = snapshot.alias("older")
    holds = (
        sa.select(sa.func.min(older.c.id))
        .where(
            older.c.resource_id == snapshot.c.resource_id,
            older.c.text_hash == snapshot.c.text_hash,
            older.c.final_url == snapshot.c.final_url,
            older.c.good.is_(True),
            older.c.id < snapshot.c.id,
            sa.exists().where(body.c.digest == older.c.digest),
        )
        .scalar_subquery()
    )
    referred = sa.exists().where(sa.or_(standing.c.now_id == snapshot.c.id, standing.c.basis_id == snapshot.c.id))
    query = sa.select(snapshot, holds.label("holder")).where(
        snapshot.c.good.is_(True),
        snapshot.c.pinned.is_(False),
        snapshot.c.text_hash.is_not(None),
        ~sa.exists().where(body.c.digest == snapshot.c.digest),
        ~sa.exists().where(resource.c.newest_id == snapshot.c.id),
        ~referred,
    )
    for row in connection.execute(query).all():
        if row.holder is not None:
            _fold_one(connection, row)


def _fold_one(connection: Any, row: Any) -> None:
    mine = (fetch.c.resource_id == row.resource_id, fetch.c.snapshot_id == row.id)
    connection.execute(sa.update(fetch).where(*mine, fetch.c.at == row.at).values(headers=row.headers))
    connection.execute(sa.update(fetch).where(*mine).values(snapshot_id=row.holder, digest=row.digest))
    seen = sa.case((snapshot.c.last_seen < row.last_seen, row.last_seen), else_=snapshot.c.last_seen)
    connection.execute(sa.update(snapshot).where(snapshot.c.id == row.holder).values(last_seen=seen))
    connection.execute(sa.delete(snapshot).where(snapshot.c.id == row.id))
