"""Grades with their history, and the guarantee class."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

APPEND_ONLY = ("grade_application", "grade_step", "grade_decision", "guarantee_case", "guarantee_step")
NEVER_BEFORE = "effective_from >= recorded_at AND (valid_until IS NULL OR valid_until > effective_from)"
"""What is decided today changes nothing of yesterday; the database itself insists."""


def _serial() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _applications()
    _steps()
    _decisions()
    _guarantees()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _applications() -> None:
    op.create_table(
        "grade_application",
        _serial(),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("county", sa.String(6), nullable=False),
        sa.Column("line_code", sa.String(64), nullable=True),
        sa.Column("line_name", sa.Text(), nullable=True),
        sa.Column("industry", sa.String(64), nullable=False),
        sa.Column("subtype", sa.String(64), nullable=True),
        sa.Column("guide", sa.String(32), nullable=False),
        sa.Column("grade", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.Column("finding_id", sa.BigInteger(), nullable=True),
        sa.Column("import_id", sa.String(36), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        _instant("created_at"),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("grade_application_by_division", "grade_application", ["adcode", "id"])
    op.create_index("grade_application_by_uscc", "grade_application", ["uscc", "id"])
    op.create_index(
        "grade_application_by_import",
        "grade_application",
        ["import_id"],
        postgresql_where=sa.text("import_id IS NOT NULL"),
    )
    op.create_index(
        "grade_application_once_per_finding",
        "grade_application",
        ["finding_id"],
        unique=True,
        postgresql_where=sa.text("finding_id IS NOT NULL"),
    )


def _steps() -> None:
    op.create_table(
        "grade_step",
        _serial(),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("move", sa.String(24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        _instant("at"),
        sa.Column("grade", sa.String(16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        _instant("window_start", nullable=True),
        _instant("window_end", nullable=True),
        _instant("effective_from", nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["application_id"], ["grade_application.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("application_id", "seq", name="grade_step_in_order"),
    )


def _decisions() -> None:
    op.create_table(
        "grade_decision",
        _serial(),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("line_code", sa.String(64), nullable=True),
        sa.Column("industry", sa.String(64), nullable=False),
        sa.Column("guide", sa.String(32), nullable=False),
        sa.Column("grade", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        _instant("effective_from"),
        _instant("valid_until", nullable=True),
        sa.Column("grade_after", sa.String(16), nullable=True),
        _instant("ban_until", nullable=True),
        sa.Column("application_id", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _instant("recorded_at"),
        sa.ForeignKeyConstraint(["application_id"], ["grade_application.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(NEVER_BEFORE, name="grade_decision_never_before"),
    )
    op.create_index("grade_decision_by_uscc", "grade_decision", ["uscc", "effective_from", "id"])


def _guarantees() -> None:
    op.create_table(
        "guarantee_case",
        _serial(),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("basis", sa.String(24), nullable=False),
        sa.Column("cap_value", sa.Float(), nullable=False),
        sa.Column("cap_unit", sa.String(32), nullable=False),
        sa.Column("cap_metric", sa.String(64), nullable=True),
        _instant("valid_until"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        _instant("created_at"),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("cap_value > 0 AND valid_until > created_at", name="guarantee_case_sound"),
    )
    op.create_index("guarantee_case_by_division", "guarantee_case", ["adcode", "id"])
    op.create_index("guarantee_case_by_uscc", "guarantee_case", ["uscc", "id"])
    op.create_table(
        "guarantee_step",
        _serial(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("move", sa.String(24), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        _instant("at"),
        _instant("effective_from"),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["guarantee_case.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id", "seq", name="guarantee_step_in_order"),
        sa.CheckConstraint("effective_from >= at", name="guarantee_step_never_before"),
    )


def downgrade() -> None:
    for table in reversed(APPEND_ONLY):
        op.drop_table(table)
