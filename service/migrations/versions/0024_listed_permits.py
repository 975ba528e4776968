"""A list's permit numbers and industry classes beside its documents: every activation holds them against the register."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("permit_no", "gbt4754"):
        op.add_column("list_enterprise", sa.Column(name, sa.Text(), nullable=True))
    # Rows of a version are never updated, which triggers see to; the columns are made anew instead.
    op.execute(
        "ALTER TABLE list_enterprise"
        " ALTER COLUMN permit_no TYPE text USING document::json -> 'enterprise' ->> 'permit_no',"
        " ALTER COLUMN gbt4754 TYPE text USING document::json -> 'enterprise' ->> 'gbt4754'"
    )


def downgrade() -> None:
    for name in ("gbt4754", "permit_no"):
        op.drop_column("list_enterprise", name)
