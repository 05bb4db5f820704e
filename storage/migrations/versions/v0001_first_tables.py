"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTES = sa.LargeBinary()
TEXT = sa.Text()


def upgrade() -> None:
    _sources()
    _evidence()
    _guides()
    _decisions()
    _audit_is_append_only()


def downgrade() -> None:
    for name in ("audit", "finding", "standing", "basis", "fetch", "run", "snapshot", "body", "citation", "memory"):
        op.drop_table(name)
    op.drop_table("resource")
    op.drop_table("guide")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION loccit_append_only()")


def _column(name: str, kind: sa.types.TypeEngine[Any], *keys: sa.ForeignKey, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, *keys, nullable=null)


def _to(table: str, column: str, target: str, target_column: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.{target_column}"], name=f"fk_{table}_{column}_{target}")


def _sources() -> None:
    op.create_table(
        "resource",
        _column("id", sa.Integer()),
        _column("url", TEXT),
        _column("url_hash", BYTES),
        _column("render", TEXT),
        _column("added", MOMENT),
        _column("next_due", MOMENT, null=True),
        _column("interval_hours", sa.Double(), null=True),
        _column("checked", MOMENT, null=True),
        _column("last_ok", MOMENT, null=True),
        _column("failing_since", MOMENT, null=True),
        _column("failures", sa.Integer()),
        _column("unreachable_since", MOMENT, null=True),
        _column("etag", TEXT),
        _column("last_modified", TEXT),
        _column("title", TEXT),
        _column("newest_id", BIG, null=True),
        _column("verdict", BYTES, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_resource"),
        sa.UniqueConstraint("url_hash", name="uq_resource_url_hash"),
    )
    op.create_index("ix_resource_next_due", "resource", ["next_due"])
    op.create_table(
        "memory",
        sa.Column("resource_id", sa.Integer(), nullable=False, autoincrement=False),
        _column("hash", BYTES),
        _column("data", BYTES, null=True),
        sa.PrimaryKeyConstraint("resource_id", name="pk_memory"),
        _to("memory", "resource_id", "resource"),
    )


def _evidence() -> None:
    op.create_table(
        "body",
        _column("digest", BYTES),
        _column("size", sa.Integer()),
        _column("encoding", TEXT),
        _column("base", BYTES, null=True),
        _column("data", BYTES),
        sa.PrimaryKeyConstraint("digest", name="pk_body"),
        _to("body", "base", "body", "digest"),
    )
    op.create_index("ix_body_base", "body", ["base"])
    op.create_table(
        "snapshot",
        _column("id", BIG),
        _column("resource_id", sa.Integer()),
        _column("digest", BYTES),
        _column("text_hash", BYTES, null=True),
        _column("at", MOMENT),
        _column("last_seen", MOMENT),
        _column("status", sa.Integer()),
        _column("good", sa.Boolean()),
        _column("pinned", sa.Boolean()),
        _column("health", TEXT),
        _column("final_url", TEXT),
        _column("headers", BYTES, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_snapshot"),
        sa.UniqueConstraint("resource_id", "digest", "status", name="uq_snapshot_resource_id_digest_status"),
        _to("snapshot", "resource_id", "resource"),
    )
    op.create_index("ix_snapshot_digest", "snapshot", ["digest"])
    op.create_index("ix_snapshot_resource_id_text_hash", "snapshot", ["resource_id", "text_hash"])
    op.create_table(
        "run",
        _column("id", sa.Integer()),
        _column("kind", TEXT),
        _column("started", MOMENT),
        _column("finished", MOMENT, null=True),
        _column("outcome", TEXT, null=True),
        _column("counts", BYTES, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_table(
        "fetch",
        sa.Column("resource_id", sa.Integer(), nullable=False, autoincrement=False),
        _column("at", MOMENT),
        _column("run_id", sa.Integer(), null=True),
        _column("snapshot_id", BIG, null=True),
        _column("status", sa.Integer(), null=True),
        _column("elapsed_ms", sa.Integer()),
        _column("attempts", sa.Integer()),
        _column("verdict", TEXT),
        _column("reason", TEXT),
        sa.PrimaryKeyConstraint("resource_id", "at", name="pk_fetch"),
        _to("fetch", "resource_id", "resource"),
        sqlite_with_rowid=False,
    )


def _guides() -> None:
    op.create_table(
        "guide",
        _column("id", sa.Integer()),
        _column("name", TEXT),
        _column("name_hash", BYTES),
        _column("title", TEXT),
        _column("file", TEXT),
        _column("line", sa.Integer()),
        _column("verified", sa.Date(), null=True),
        _column("stet_on", sa.Date(), null=True),
        _column("active", sa.Boolean()),
        _column("added", MOMENT),
        _column("content", BYTES),
        _column("statements", BYTES, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_guide"),
        sa.UniqueConstraint("name_hash", name="uq_guide_name_hash"),
    )
    op.create_table(
        "citation",
        _column("id", sa.Integer()),
        _column("guide_id", sa.Integer()),
        _column("key", TEXT),
        _column("key_hash", BYTES),
        _column("resource_id", sa.Integer(), null=True),
        _column("role", TEXT),
        _column("number", sa.Integer(), null=True),
        _column("title", TEXT),
        _column("url", TEXT),
        _column("line", sa.Integer()),
        _column("column", sa.Integer()),
        _column("render", TEXT),
        _column("active", sa.Boolean()),
        _column("fragment", TEXT, null=True),
        _column("place", BYTES, null=True),
        _column("claim", BYTES, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_citation"),
        sa.UniqueConstraint("guide_id", "key_hash", name="uq_citation_guide_id_key_hash"),
        _to("citation", "guide_id", "guide"),
        _to("citation", "resource_id", "resource"),
    )
    op.create_index("ix_citation_resource_id", "citation", ["resource_id"])


def _decisions() -> None:
    op.create_table(
        "basis",
        sa.Column("guide_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("resource_id", sa.Integer(), nullable=False, autoincrement=False),
        _column("snapshot_id", BIG),
        _column("set_at", MOMENT),
        _column("set_by", TEXT),
        _column("verified", sa.Date(), null=True),
        sa.PrimaryKeyConstraint("guide_id", "resource_id", name="pk_basis"),
        _to("basis", "guide_id", "guide"),
        _to("basis", "resource_id", "resource"),
        _to("basis", "snapshot_id", "snapshot"),
    )
    op.create_index("ix_basis_resource_id", "basis", ["resource_id"])
    op.create_table(
        "standing",
        sa.Column("citation_id", sa.Integer(), nullable=False, autoincrement=False),
        _column("kind", TEXT),
        _column("basis_id", BIG),
        _column("now_id", BIG, null=True),
        _column("since", MOMENT),
        _column("now_since", MOMENT),
        _column("sightings", sa.Integer()),
        _column("place", BYTES, null=True),
        _column("drift", BYTES, null=True),
        sa.PrimaryKeyConstraint("citation_id", name="pk_standing"),
        _to("standing", "citation_id", "citation"),
        _to("standing", "basis_id", "snapshot"),
        _to("standing", "now_id", "snapshot"),
    )
    _findings()
    op.create_table(
        "audit",
        _column("id", sa.Integer()),
        _column("at", MOMENT),
        _column("who", TEXT),
        _column("action", TEXT),
        _column("guide", TEXT),
        _column("note", TEXT),
        _column("findings", BYTES),
        _column("evidence", BYTES),
        _column("before", BYTES),
        _column("hash", BYTES),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sa.UniqueConstraint("before", name="uq_audit_before"),
    )


def _findings() -> None:
    op.create_table(
        "finding",
        _column("id", sa.Integer()),
        _column("guide_id", sa.Integer()),
        _column("citation_id", sa.Integer()),
        _column("resource_id", sa.Integer(), null=True),
        _column("kind", TEXT),
        _column("state", TEXT),
        _column("severity", TEXT),
        _column("url", TEXT),
        _column("opened", MOMENT),
        _column("updated", MOMENT),
        _column("closed", MOMENT, null=True),
        _column("summary", TEXT),
        _column("print", TEXT),
        _column("by", TEXT),
        _column("note", TEXT),
        _column("basis_id", BIG, null=True),
        _column("now_id", BIG, null=True),
        _column("changes", BYTES, null=True),
        _column("claims", BYTES, null=True),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
        _to("finding", "guide_id", "guide"),
        _to("finding", "citation_id", "citation"),
        _to("finding", "resource_id", "resource"),
        _to("finding", "basis_id", "snapshot"),
        _to("finding", "now_id", "snapshot"),
    )
    still_open = sa.text("state = 'open'")
    op.create_index(
        "uq_finding_open",
        "finding",
        ["citation_id", "kind"],
        unique=True,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_index("ix_finding_state_guide_id", "finding", ["state", "guide_id"])
    for column in ("guide_id", "citation_id", "resource_id"):
        op.create_index(f"ix_finding_{column}", "finding", [column])


def _audit_is_append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION loccit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION loccit_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_append_only_{verb.lower()} BEFORE {verb} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )
