"""Obligations with clocks, reports, tasks of departments, and which organisation a department is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

APPEND_ONLY = ("duty_report", "task_entry")
ADCODE = "adcode ~ '^[0-9]{6}$'"
REPORTS = "('response_report', 'execution_report', 'daily_report', 'summary')"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def upgrade() -> None:
    _obligations()
    _tasks()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _obligations() -> None:
    op.create_table(
        "obligation",
        _id(),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        _key("warning_id", nullable=True),
        _key("step_id", nullable=True),
        _instant("since"),
        _instant("due_at"),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        _instant("met_at", nullable=True),
        _key("met_by", nullable=True),
        sa.Column("escalations", sa.Integer(), nullable=False),
        _instant("created_at"),
        sa.ForeignKeyConstraint(["met_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["step_id"], ["warning_step.id"]),
        sa.ForeignKeyConstraint(["warning_id"], ["warning.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "subject", name="obligation_once"),
        sa.CheckConstraint(
            f"{ADCODE} AND btrim(basis) <> '' AND due_at >= since AND escalations >= 0"
            " AND state IN ('open', 'met', 'late_met', 'missed', 'waived')"
            " AND (met_at IS NOT NULL) = (state IN ('met', 'late_met'))"
            " AND (kind = 'daily_report') = (day IS NOT NULL)",
            name="obligation_sound",
        ),
    )
    op.create_index("obligation_by_division", "obligation", ["adcode", "state", "due_at"], unique=False)
    op.create_index("obligation_by_warning", "obligation", ["warning_id", "id"], unique=False)
    op.create_table(
        "duty_report",
        _id(),
        sa.Column("kind", sa.String(32), nullable=False),
        _key("warning_id"),
        _key("obligation_id"),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        _key("account_id"),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        _instant("signed_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligation.id"]),
        sa.ForeignKeyConstraint(["warning_id"], ["warning.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(
            f"{ADCODE} AND kind IN {REPORTS} AND digest ~ '^[0-9a-f]{{64}}$'", name="duty_report_sound"
        ),
    )
    op.create_index("duty_report_by_obligation", "duty_report", ["obligation_id", "id"], unique=False)


def _tasks() -> None:
    op.create_table(
        "duty_holder",
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("department", sa.String(32), nullable=False),
        _key("organisation_id"),
        _key("account_id"),
        _instant("named_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.PrimaryKeyConstraint("adcode", "department"),
    )
    op.create_table(
        "task",
        _id(),
        _key("warning_id"),
        _key("step_id"),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("department", sa.String(32), nullable=False),
        _key("organisation_id", nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        _instant("starts_at"),
        _instant("ends_at", nullable=True),
        _key("before_id", nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        _instant("received_at", nullable=True),
        _key("received_by", nullable=True),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        _instant("told_at", nullable=True),
        _instant("created_at"),
        sa.ForeignKeyConstraint(["before_id"], ["task.id"]),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["received_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["step_id"], ["warning_step.id"]),
        sa.ForeignKeyConstraint(["warning_id"], ["warning.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(
            f"{ADCODE} AND state IN ('given', 'received', 'done') AND level BETWEEN 1 AND 4"
            " AND (ends_at IS NULL OR ends_at >= starts_at) AND (done IS NULL) = (total IS NULL)"
            " AND coalesce(done, 0) BETWEEN 0 AND coalesce(total, 0)",
            name="task_sound",
        ),
    )
    op.create_index("task_by_warning", "task", ["warning_id", "id"], unique=False)
    op.create_index("task_by_division", "task", ["adcode", "starts_at"], unique=False)
    op.create_table(
        "task_entry",
        _id(),
        _key("task_id"),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("done", sa.Integer(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        _key("account_id"),
        sa.Column("role", sa.String(32), nullable=False),
        _instant("at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["task_id"], ["task.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(
            f"{ADCODE} AND kind IN ('receipt', 'progress', 'done') AND (done IS NULL) = (total IS NULL)"
            " AND coalesce(done, 0) BETWEEN 0 AND coalesce(total, 0)",
            name="task_entry_sound",
        ),
    )
    op.create_index("task_entry_by_task", "task_entry", ["task_id", "id"], unique=False)


def downgrade() -> None:
    for table in ("task_entry", "task", "duty_holder", "duty_report", "obligation"):
        op.drop_table(table)
