"""How often each source changes, as its own looks have shown it."""

import sqlalchemy as sa
from alembic import op

revision = "v0004"
down_revision = "v0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("resource", sa.Column("rate", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("resource", "rate")
