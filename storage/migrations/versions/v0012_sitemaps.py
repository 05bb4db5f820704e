"""What hosts' site maps said of pages, and how often that was so."""

import sqlalchemy as sa
from alembic import op

revision = "v0012"
down_revision = "v0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sitemap",
        sa.Column("host_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("again", MOMENT, nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("fruitless", sa.Integer(), nullable=False),
        sa.Column("lies", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["host_id"], ["host.id"], name="fk_sitemap_host_id_host"),
        sa.PrimaryKeyConstraint("host_id", name="pk_sitemap"),
    )
    op.create_table(
        "sitemap_claim",
        sa.Column("resource_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("host_id", sa.Integer(), nullable=False),
        sa.Column("said", MOMENT, nullable=False),
        sa.Column("newest_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name="fk_sitemap_claim_resource_id_resource"),
        sa.PrimaryKeyConstraint("resource_id", name="pk_sitemap_claim"),
    )
    op.create_index("ix_sitemap_claim_host_id", "sitemap_claim", ["host_id"])


def downgrade() -> None:
    op.drop_table("sitemap_claim")
    op.drop_table("sitemap")
