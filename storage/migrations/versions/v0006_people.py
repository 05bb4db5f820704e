"""People, tokens and notices; findings that readers reported, which are about a guide and no citation of it."""

import sqlalchemy as sa
from alembic import op

revision = "v0006"
down_revision = "v0005"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
REPORTED = sa.text("state = 'open' AND kind = 'reader-report'")
CHILDREN = ("work", "decision_of")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("seen", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        sa.UniqueConstraint("name_hash", name="uq_account_name_hash"),
    )
    op.create_table(
        "session",
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("opened", MOMENT, nullable=False),
        sa.Column("used", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_session_account_id_account"),
        sa.PrimaryKeyConstraint("hash", name="pk_session"),
    )
    op.create_index("ix_session_account_id", "session", ["account_id"])
    op.create_index("ix_session_expires", "session", ["expires"])
    op.create_table(
        "ticket",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_ticket_account_id_account"),
        sa.PrimaryKeyConstraint("account_id", name="pk_ticket"),
        sa.UniqueConstraint("hash", name="uq_ticket_hash"),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("made", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=True),
        sa.Column("used", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
        sa.UniqueConstraint("hash", name="uq_token_hash"),
    )
    op.create_table(
        "notice",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("again", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_notice"),
    )
    op.create_index("ix_notice_at", "notice", ["at"])
    op.add_column("finding", sa.Column("reports", sa.LargeBinary(), nullable=True))
    _citation_may_be_missing(True)
    op.create_index(
        "uq_finding_reported",
        "finding",
        ["guide_id", "print"],
        unique=True,
        sqlite_where=REPORTED,
        postgresql_where=REPORTED,
    )


def downgrade() -> None:
    op.drop_index("uq_finding_reported", "finding")
    orphans = "SELECT id FROM finding WHERE citation_id IS NULL"
    for table in CHILDREN:
        op.execute(f"DELETE FROM {table} WHERE finding_id IN ({orphans})")  # noqa: S608
    op.execute("DELETE FROM finding WHERE citation_id IS NULL")
    _citation_may_be_missing(False)
    op.drop_column("finding", "reports")
    for table in ("notice", "token", "ticket", "session", "account"):
        op.drop_table(table)


def _citation_may_be_missing(missing: bool) -> None:
    """SQLite makes the table anew, and drops the old one only where no row refers to it: those are put aside."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("finding", "citation_id", nullable=missing)
        return
    for table in CHILDREN:
        op.execute(f"CREATE TEMPORARY TABLE aside_{table} AS SELECT * FROM {table}")  # noqa: S608
        op.execute(f"DELETE FROM {table}")  # noqa: S608
    with op.batch_alter_table("finding") as batch:
        batch.alter_column("citation_id", existing_type=sa.Integer(), nullable=missing)
    for table in CHILDREN:
        op.execute(f"INSERT INTO {table} SELECT * FROM aside_{table}")  # noqa: S608
        op.execute(f"DROP TABLE aside_{table}")
