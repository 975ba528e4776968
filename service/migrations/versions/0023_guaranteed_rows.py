"""Guarantees of a list that have run out are found without reading the other rows: they are asked at every activation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "list_enterprise_guaranteed",
        "list_enterprise",
        ["version_id", sa.text("""substring(document, '"guarantee_until"\\:"([0-9-]+)"')""")],
        postgresql_where=sa.text("""strpos(document, '"guarantee"\\:null') = 0"""),
    )


def downgrade() -> None:
    op.drop_index("list_enterprise_guaranteed", table_name="list_enterprise")
