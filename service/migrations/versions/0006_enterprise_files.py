"""Operating plans, seasonal plans, printed sheets; all of them append-only."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

APPEND_ONLY = ("operating_plan", "operating_plan_review", "seasonal_plan", "seasonal_entry", "printed_sheet")


def upgrade() -> None:
    _operating_plans()
    _seasonal_plans()
    op.create_table(
        "printed_sheet",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("level", sa.String(8), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("kind IN ('requirements', 'board')", name="printed_sheet_kind"),
    )
    op.create_index("printed_sheet_by_enterprise", "printed_sheet", ["uscc", "created_at"], unique=False)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _operating_plans() -> None:
    op.create_table(
        "operating_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("during", JSONB(), nullable=False),
        sa.Column("filed_by", sa.BigInteger(), nullable=False),
        sa.Column("filed_by_name", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["filed_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uscc", "version", name="operating_plan_version"),
    )
    op.create_table(
        "operating_plan_review",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["plan_id"], ["operating_plan.id"]),
        sa.PrimaryKeyConstraint("plan_id"),
        sa.CheckConstraint("accepted OR btrim(reason) <> ''", name="operating_plan_return_has_a_reason"),
    )


def _seasonal_plans() -> None:
    op.create_table(
        "seasonal_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("valid_from <= valid_until", name="seasonal_plan_days"),
    )
    op.create_index("seasonal_plan_by_division", "seasonal_plan", ["adcode", "created_at"], unique=False)
    op.create_table(
        "seasonal_entry",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("line_code", sa.String(64), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["seasonal_plan.id"]),
        sa.PrimaryKeyConstraint("plan_id", "uscc", "line_code", "starts"),
        sa.CheckConstraint("starts <= until", name="seasonal_entry_days"),
    )


def downgrade() -> None:
    op.drop_table("printed_sheet")
    op.drop_table("seasonal_entry")
    op.drop_table("seasonal_plan")
    op.drop_table("operating_plan_review")
    op.drop_table("operating_plan")
