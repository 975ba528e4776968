"""What the database itself refuses: changing what is append-only, and values that make no sense."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = (
    "forecast",
    "observation",
    "assessment",
    "decision",
    "warning_step",
    "message",
    "receipt",
    "ledger_entry",
    "ledger_seal",
    "prompt",
    "prompt_entry",
    "list_enterprise",
    "acknowledgement",
    "notice",
)
REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""
ADCODE = "adcode ~ '^[0-9]{6}$'"
HASH = "content_hash ~ '^[0-9a-f]{64}$'"
LEVELS = "from_level BETWEEN 0 AND 4 AND to_level BETWEEN 0 AND 4"
CHECKS = {
    "account": ADCODE,
    "forecast": f"{ADCODE} AND jsonb_typeof(points) = 'array'",
    "observation": f"{ADCODE} AND jsonb_typeof(points) = 'array'",
    "assessment": "level BETWEEN 0 AND 4 AND state IN ('determined', 'insufficient')",
    "proposal": f"state IN ('open', 'approved', 'rejected', 'expired', 'superseded') AND {LEVELS} AND {HASH}",
    "decision": HASH,
    "prompt_entry": "level BETWEEN 1 AND 4",
    "prompt": "ends_at IS NULL OR ends_at > starts_at",
    "warning": "level BETWEEN 0 AND 4",
    "response": "level BETWEEN 1 AND 4 AND (ends_at IS NULL OR ends_at >= starts_at)",
    "list_version": "state IN ('draft', 'active', 'superseded')",
    "delivery": "state IN ('pending', 'done', 'dead')",
    "clock": "id = 1 AND pace > 0",
}


def upgrade() -> None:
    op.execute("CREATE SEQUENCE publication_generation")
    op.execute(REFUSE)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table, condition in CHECKS.items():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_sound CHECK ({condition})")


def downgrade() -> None:
    for table in CHECKS:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_sound")
    for table in APPEND_ONLY:
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
    op.execute("DROP FUNCTION refuse_change")
    op.execute("DROP SEQUENCE publication_generation")
