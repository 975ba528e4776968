"""Evidence, and findings with their due process."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

APPEND_ONLY = ("evidence_batch", "evidence_point", "evidence_hour", "gate_record", "inspection", "finding_step")
CHECKS = {
    "evidence_batch": "adcode ~ '^[0-9]{6}$' AND (feed IS NULL) <> (account_id IS NULL)",
    "evidence_point": "kind IN ('power', 'cems', 'load', 'gate') AND role IN ('production', 'treatment', 'none')",
    "evidence_hour": "(value IS NOT NULL OR flag IS NOT NULL) AND (value IS NULL OR value >= 0)",
    "gate_record": "direction IN ('in', 'out')",
    "inspection": "result IN ('in_order', 'breach', 'not_seen')",
    "finding": "state IN ('found', 'notified', 'answered', 'confirmed', 'withdrawn') AND until_at >= starts_at"
    " AND content_hash ~ '^[0-9a-f]{64}$'",
}


def upgrade() -> None:
    op.add_column("feed", sa.Column("kind", sa.String(16), server_default="air", nullable=False))
    op.create_check_constraint("feed_kind", "feed", "kind IN ('air', 'evidence')")
    _evidence()
    _findings()
    for table, check in CHECKS.items():
        op.create_check_constraint(f"{table}_sound", table, check)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _evidence() -> None:
    op.create_table(
        "evidence_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("feed", sa.String(64), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_batch_by_division", "evidence_batch", ["adcode", "id"], unique=False)
    op.create_table(
        "evidence_point",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("point", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("line_code", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("rated", sa.Float(), nullable=True),
        sa.Column("metric", sa.String(64), nullable=True),
        sa.Column("unit", sa.String(16), nullable=True),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("evidence_point_by_enterprise", "evidence_point", ["adcode", "uscc", "point", "id"], unique=False)
    op.create_table(
        "evidence_hour",
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("point", sa.String(64), nullable=False),
        sa.Column("item", sa.String(16), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("flag", sa.String(4), nullable=True),
        sa.PrimaryKeyConstraint("adcode", "uscc", "point", "item", "until_at", "batch_id"),
    )
    op.create_table(
        "evidence_baseline",
        sa.Column("response_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("point", sa.String(64), nullable=False),
        sa.Column("mean", sa.Float(), nullable=True),
        sa.Column("days", postgresql.JSONB(), nullable=False),
        sa.Column("reckoned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"]),
        sa.PrimaryKeyConstraint("response_id", "uscc", "point"),
    )
    op.create_table(
        "gate_record",
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gate", sa.String(64), nullable=False),
        sa.Column("plate", sa.String(16), nullable=False),
        sa.Column("direction", sa.String(4), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("plate_colour", sa.String(16), nullable=False),
        sa.Column("vehicle", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(4), nullable=False),
        sa.Column("fuel", sa.String(4), nullable=False),
        sa.Column("let_in", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("adcode", "uscc", "passed_at", "gate", "plate", "direction", "batch_id"),
    )
    op.create_table(
        "inspection",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("line_code", sa.String(64), nullable=True),
        sa.Column("inspected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inspector", sa.Text(), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("inspection_by_enterprise", "inspection", ["adcode", "uscc", "inspected_at"], unique=False)


def _findings() -> None:
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("enterprise", sa.Text(), nullable=False),
        sa.Column("line_code", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("response_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proof", postgresql.JSONB(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("supported", sa.Boolean(), nullable=False),
        sa.Column("raised_by", sa.BigInteger(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["raised_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "finding_once",
        "finding",
        ["response_id", "uscc", "line_code", "rule", "starts_at"],
        unique=True,
        postgresql_where=sa.text("raised_by IS NULL AND state <> 'withdrawn'"),
    )
    op.create_index("finding_by_division", "finding", ["adcode", "id"], unique=False)
    op.create_index("finding_by_enterprise", "finding", ["uscc", "id"], unique=False)
    op.create_table(
        "finding_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("finding_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(16), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("attachment", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("proof", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("finding_step_by_finding", "finding_step", ["finding_id", "id"], unique=False)


def downgrade() -> None:
    for table in (
        "finding_step",
        "finding",
        "inspection",
        "gate_record",
        "evidence_baseline",
        "evidence_hour",
        "evidence_point",
        "evidence_batch",
    ):
        op.drop_table(table)
    op.drop_constraint("feed_kind", "feed")
    op.drop_column("feed", "kind")
