"""A list version names the edition of the guides that it was frozen with; steps are found by their division."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

APPEND_ONLY = ("guide_content",)
BEFORE = ("adcode", "guide", "digest", "totals", "created_by", "created_at", "largest")
"""What was fixed until now, from the migration that last made the function."""
CONTENT = (*BEFORE, "guide_content")
"""A version frozen without an edition stays without: it follows the guides as they are."""


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
    op.create_table(
        "guide_content",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.add_column("list_version", sa.Column("guide_content", sa.String(64), nullable=True))
    op.create_foreign_key(
        "list_version_guide_content_fkey", "list_version", "guide_content", ["guide_content"], ["digest"]
    )
    op.execute(_fixed(CONTENT))
    op.create_index("warning_step_by_division", "warning_step", ["adcode", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("warning_step_by_division", table_name="warning_step")
    op.execute(_fixed(BEFORE))  # first: a function that reads a column which is gone fails at the next update
    op.drop_column("list_version", "guide_content")
    op.drop_table("guide_content")
