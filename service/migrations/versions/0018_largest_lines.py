"""Each version keeps its largest lines, added up at import: a decision page reads them without reading the list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("list_version", sa.Column("largest", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("list_version", "largest")
