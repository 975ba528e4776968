"""New evidence is judged for the days it touches while what findings rest on besides stays the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finding_basis",
        sa.Column("response_id", sa.BigInteger(), sa.ForeignKey("response.id"), autoincrement=False, nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("response_id", "uscc"),
    )


def downgrade() -> None:
    op.drop_table("finding_basis")
