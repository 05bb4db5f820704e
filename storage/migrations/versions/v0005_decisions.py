"""What editors note about findings, and decisions that can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "v0005"
down_revision = "v0004"
branch_labels = None
depends_on = None


MOMENT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "work",
        sa.Column("finding_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("assignee", sa.Text(), nullable=False),
        sa.Column("needs_edit", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=True),
        sa.Column("masks", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name="fk_work_finding_id_finding"),
        sa.PrimaryKeyConstraint("finding_id", name="pk_work"),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=True),
        sa.Column("guides", sa.LargeBinary(), nullable=True),
        sa.Column("restore", sa.LargeBinary(), nullable=True),
        sa.Column("undone", MOMENT, nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_at", "decision", ["at"])
    op.create_table(
        "decision_of",
        sa.Column("finding_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("decision_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("guide_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name="fk_decision_of_finding_id_finding"),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name="fk_decision_of_decision_id_decision"),
        sa.ForeignKeyConstraint(["guide_id"], ["guide.id"], name="fk_decision_of_guide_id_guide"),
        sa.PrimaryKeyConstraint("finding_id", "decision_id", name="pk_decision_of"),
    )
    op.create_index("ix_decision_of_decision_id", "decision_of", ["decision_id"])
    op.create_index("ix_decision_of_guide_id", "decision_of", ["guide_id"])
    op.create_index("ix_finding_updated", "finding", ["updated"])


def downgrade() -> None:
    op.drop_index("ix_finding_updated", "finding")
    op.drop_table("decision_of")
    op.drop_table("decision")
    op.drop_table("work")
