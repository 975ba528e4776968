"""Claims find endpoints that get nothing now without reading all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("subscription_paused", "subscription", ["id"], postgresql_where=sa.text("state = 'paused'"))
    op.create_index(
        "subscription_at_rest", "subscription", ["rest_until", "id"], postgresql_where=sa.text("rest_until IS NOT NULL")
    )
    op.create_index("subscription_by_host", "subscription", ["host", "id"])


def downgrade() -> None:
    for name in ("paused", "at_rest", "by_host"):
        op.drop_index(f"subscription_{name}", table_name="subscription")
