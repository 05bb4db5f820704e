"""What a store knows of itself: which one it is, and where its audit log ends."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "v0008"
down_revision = "v0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    marks = op.create_table(
        "mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_mark"),
    )
    connection = op.get_bind()
    audit = sa.table("audit", sa.column("id"), sa.column("hash", sa.LargeBinary()))
    number = connection.execute(sa.select(sa.func.count()).select_from(audit)).scalar_one()
    last = connection.execute(sa.select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)).scalar()
    known = [{"name": "store", "value": secrets.token_hex(16)}]
    if last is not None:
        known.append({"name": "audit", "value": f"{number} {bytes(last).hex()}"})
    connection.execute(sa.insert(marks), known)


def downgrade() -> None:
    op.drop_table("mark")
