"""A host stays urgent as long as one of its links in doubt waits, whatever becomes due of it later."""

from alembic import op

revision = "v0013"
down_revision = "v0012"
branch_labels = None
depends_on = None

# Only the function: the trigger that calls it stays, and holds up nobody who works on the table.
FUNCTION = """
CREATE OR REPLACE FUNCTION loccit_host_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE host
       SET due = LEAST(due, NEW.next_due),
           urgent = urgent OR NEW.failing_since IS NOT NULL OR NEW.unreachable_since IS NOT NULL
     WHERE id = NEW.host_id
       AND (due IS NULL OR due > NEW.next_due
            OR (NOT urgent AND (NEW.failing_since IS NOT NULL OR NEW.unreachable_since IS NOT NULL)));
    RETURN NULL;
END;
$$;
"""

# What the one before forgot. Where no link in doubt is among a host's next ones, its next job takes the word back.
FORGOTTEN = """
UPDATE host SET urgent = true
 WHERE id IN (SELECT host_id FROM resource
               WHERE next_due IS NOT NULL AND (failing_since IS NOT NULL OR unreachable_since IS NOT NULL))
"""

BEFORE = """
CREATE OR REPLACE FUNCTION loccit_host_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE host
       SET due = NEW.next_due, urgent = NEW.failing_since IS NOT NULL OR NEW.unreachable_since IS NOT NULL
     WHERE id = NEW.host_id AND (due IS NULL OR due > NEW.next_due);
    RETURN NULL;
END;
$$;
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(FUNCTION)
    op.execute(FORGOTTEN)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(BEFORE)
