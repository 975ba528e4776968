"""Inspections become findings, a refused downgrade is told; what was judged by the rules before is judged anew.

Several inspections may be of one line at one instant, so those are not held to be one. Values with a flag no longer count:
baselines and marks are reckoned again with the next evidence.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BEFORE = "raised_by IS NULL AND state <> 'withdrawn'"
ONCE = "raised_by IS NULL AND rule <> 'BY_HAND' AND state <> 'withdrawn'"
TELL_SQL = """
UPDATE finding f SET downgrade_refused = jsonb_build_object('zh', told.why, 'en', told.why) FROM (
    SELECT (content::jsonb ->> 'finding')::bigint AS id, content::jsonb ->> 'downgrade_refused' AS why FROM ledger_entry
    WHERE kind = 'finding.confirmed') told
WHERE f.id = told.id AND told.why IS NOT NULL
"""


def _once(where: str) -> None:
    op.drop_index("finding_once", table_name="finding")
    columns = ["response_id", "uscc", "line_code", "rule", "starts_at"]
    op.create_index("finding_once", "finding", columns, unique=True, postgresql_where=sa.text(where))


def upgrade() -> None:
    op.add_column("finding", sa.Column("downgrade_refused", postgresql.JSONB(), nullable=True))
    op.execute(TELL_SQL)
    _once(ONCE)
    op.execute("DELETE FROM finding_basis")
    op.execute("DELETE FROM evidence_baseline")


def downgrade() -> None:
    op.execute("ALTER TABLE finding_step DISABLE TRIGGER finding_step_append_only")
    op.execute(
        "DELETE FROM finding_step WHERE finding_id IN (SELECT id FROM finding WHERE raised_by IS NULL AND rule = 'BY_HAND')"
    )
    op.execute("ALTER TABLE finding_step ENABLE TRIGGER finding_step_append_only")
    op.execute("DELETE FROM finding WHERE raised_by IS NULL AND rule = 'BY_HAND'")
    _once(BEFORE)
    op.drop_column("finding", "downgrade_refused")
