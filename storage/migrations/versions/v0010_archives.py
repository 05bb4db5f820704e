"""What web archives answered, and where dead pages may have gone."""

import sqlalchemy as sa
from alembic import op

revision = "v0010"
down_revision = "v0009"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "archive_copy",
        sa.Column("resource_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("asked", MOMENT, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("again", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name="fk_archive_copy_resource_id_resource"),
        sa.PrimaryKeyConstraint("resource_id", "day", name="pk_archive_copy"),
    )
    op.create_table(
        "archive_saved",
        sa.Column("resource_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asked", MOMENT, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("again", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name="fk_archive_saved_resource_id_resource"),
        sa.PrimaryKeyConstraint("resource_id", name="pk_archive_saved"),
    )
    op.create_table(
        "archive_rest",
        sa.Column("archive", sa.Text(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("archive", name="pk_archive_rest"),
    )
    op.create_table(
        "successor",
        sa.Column("resource_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("asked", MOMENT, nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("again", MOMENT, nullable=True),
        sa.Column("archived", sa.Text(), nullable=False),
        sa.Column("archived_at", MOMENT, nullable=True),
        sa.Column("archive_tries", sa.Integer(), nullable=False),
        sa.Column("archive_again", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name="fk_successor_resource_id_resource"),
        sa.PrimaryKeyConstraint("resource_id", name="pk_successor"),
    )


def downgrade() -> None:
    for table in ("successor", "archive_rest", "archive_saved", "archive_copy"):
        op.drop_table(table)
