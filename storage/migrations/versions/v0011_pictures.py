"""Pictures of pages that were loaded in a browser."""

import sqlalchemy as sa
from alembic import op

revision = "v0011"
down_revision = "v0010"
branch_labels = None
depends_on = None

HASH = sa.LargeBinary()


def upgrade() -> None:
    op.create_table(
        "picture",
        sa.Column("digest", HASH, nullable=False),
        sa.Column("resource_id", sa.Integer(), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_picture"),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name="fk_picture_resource_id_resource"),
    )
    op.create_index("ix_picture_resource_id", "picture", ["resource_id"])


def downgrade() -> None:
    op.drop_table("picture")
