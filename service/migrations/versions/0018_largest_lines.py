"""Each version keeps its largest lines, added up at import: a decision page reads them without reading the list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BEFORE = ("adcode", "guide", "digest", "totals", "created_by", "created_at")
"""What was fixed until now, from the migration that made the function."""
CONTENT = (*BEFORE, "largest")
"""The largest lines are content too: a version frozen without them stays without."""


def _fixed(columns: tuple[str, ...]) -> str:
    new, old = (", ".join(f"{row}.{name}" for name in columns) for row in ("NEW", "OLD"))
    return f"""
CREATE OR REPLACE FUNCTION refuse_thawing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.state = 'draft' OR
        ({new}) IS DISTINCT FROM ({old})) THEN
        RAISE EXCEPTION 'list version % is frozen: its content cannot change', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    op.add_column("list_version", sa.Column("largest", postgresql.JSONB(), nullable=True))
    op.execute(_fixed(CONTENT))


def downgrade() -> None:
    op.execute(_fixed(BEFORE))  # first: a function that reads a column which is gone fails at the next update
    op.drop_column("list_version", "largest")
