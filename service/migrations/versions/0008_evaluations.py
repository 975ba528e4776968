"""Reported reductions and evaluations of responses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPEND_ONLY = ("reduction_report", "evaluation")
SOUND = (
    "adcode ~ '^[0-9]{6}$' AND state IN ('stopped', 'limited', 'running') AND hours BETWEEN 0 AND 24"
    " AND (ran_at IS NULL OR ran_at BETWEEN 0 AND 1)"
    " AND least(so2, nox, pm, vocs) IS DISTINCT FROM 'NaN' AND coalesce(least(so2, nox, pm, vocs), 0) >= 0"
)


def upgrade() -> None:
    op.create_table(
        "reduction_report",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("response_id", sa.BigInteger(), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("line_code", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("hours", sa.Float(), nullable=False),
        sa.Column("ran_at", sa.Float(), nullable=True),
        sa.Column("so2", sa.Float(), nullable=True),
        sa.Column("nox", sa.Float(), nullable=True),
        sa.Column("pm", sa.Float(), nullable=True),
        sa.Column("vocs", sa.Float(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(SOUND, name="reduction_report_sound"),
    )
    op.create_index(
        "reduction_report_newest", "reduction_report", ["response_id", "uscc", "line_code", "day", "id"], unique=False
    )
    op.create_table(
        "evaluation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("warning_id", sa.BigInteger(), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("lessons", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["warning_id"], ["warning.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("adcode ~ '^[0-9]{6}$' AND btrim(conclusion) <> ''", name="evaluation_sound"),
    )
    op.create_index("evaluation_by_warning", "evaluation", ["warning_id", "id"], unique=False)
    op.create_index("evaluation_by_division", "evaluation", ["adcode", "closed_at"], unique=False)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.drop_table("evaluation")
    op.drop_table("reduction_report")
