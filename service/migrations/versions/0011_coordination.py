"""Regional coordination: joint lifts, starts of their own, suggestions, escalations, and messages to neighbours and above."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

APPEND_ONLY = ("lift_check", "prompt_escalation", "circular", "circular_recipient", "circular_receipt")
ADCODE = "adcode ~ '^[0-9]{6}$'"


def _instant(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _key(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _id() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def upgrade() -> None:
    _prompts()
    _following()
    _circulars()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _prompts() -> None:
    op.add_column("prompt", sa.Column("kind", sa.String(16), nullable=False, server_default="start"))
    op.alter_column("prompt", "kind", server_default=None)
    op.add_column("prompt", sa.Column("entry_key", sa.String(80), nullable=True))
    op.create_index("prompt_entered_once", "prompt", ["issued_by", "entry_key"], unique=True)
    op.create_check_constraint("prompt_kind", "prompt", "kind IN ('start', 'lift')")
    op.create_index("proposal_by_division", "proposal", ["adcode", "id"], unique=False)
    op.add_column("prompt_entry", sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint("prompt_entry_sound", "prompt_entry")
    op.create_check_constraint("prompt_entry_sound", "prompt_entry", "level BETWEEN 0 AND 4")


def _following() -> None:
    op.create_table(
        "prompt_suggestion",
        _id(),
        sa.Column("region", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        _instant("made_at"),
        _instant("closed_at", nullable=True),
        _key("closed_by", nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _key("prompt_id", nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("state IN ('open', 'accepted', 'dismissed', 'gone')", name="prompt_suggestion_sound"),
    )
    op.create_index(
        "prompt_suggestion_one_open",
        "prompt_suggestion",
        ["region", "fingerprint"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "lift_check",
        _id(),
        _key("prompt_id"),
        sa.Column("adcode", sa.String(6), nullable=False),
        _key("assessment_id", nullable=True),
        _instant("lift_at"),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("heavy", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Integer(), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        _instant("at"),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"]),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(
            f"{ADCODE} AND state IN ('holds', 'missing', 'heavy', 'no_rule', 'nothing')", name="lift_check_sound"
        ),
    )
    op.create_index("lift_check_newest", "lift_check", ["prompt_id", "adcode", "id"], unique=False)
    op.create_table(
        "prompt_escalation",
        _key("prompt_id"),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("to_adcode", sa.String(6), nullable=False),
        sa.Column("to_roles", sa.Text(), nullable=False),
        sa.Column("waiting_for", sa.String(32), nullable=False),
        _instant("at"),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"]),
        sa.PrimaryKeyConstraint("prompt_id", "adcode", "stage"),
        sa.CheckConstraint(f"{ADCODE} AND to_adcode ~ '^[0-9]{{6}}$'", name="prompt_escalation_sound"),
    )


def _circulars() -> None:
    op.create_table(
        "circular",
        _id(),
        sa.Column("adcode", sa.String(6), nullable=False),
        _key("warning_id"),
        _key("step_id"),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        _instant("sent_at"),
        sa.ForeignKeyConstraint(["step_id"], ["warning_step.id"]),
        sa.ForeignKeyConstraint(["warning_id"], ["warning.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(f"{ADCODE} AND content_hash ~ '^[0-9a-f]{{64}}$'", name="circular_sound"),
    )
    op.create_index("circular_by_step", "circular", ["step_id"], unique=True)
    op.create_index("circular_by_division", "circular", ["adcode", "id"], unique=False)
    op.create_table(
        "circular_recipient",
        _key("circular_id"),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("relation", sa.String(16), nullable=False),
        sa.ForeignKeyConstraint(["circular_id"], ["circular.id"]),
        sa.PrimaryKeyConstraint("circular_id", "adcode"),
        sa.CheckConstraint(f"{ADCODE} AND relation IN ('neighbour', 'upper')", name="circular_recipient_sound"),
    )
    op.create_index("circular_recipient_by_division", "circular_recipient", ["adcode", "circular_id"], unique=False)
    op.create_table(
        "circular_receipt",
        _key("circular_id"),
        sa.Column("adcode", sa.String(6), nullable=False),
        _key("account_id"),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        _instant("read_at"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["circular_id", "adcode"], ["circular_recipient.circular_id", "circular_recipient.adcode"]),
        sa.PrimaryKeyConstraint("circular_id", "adcode"),
    )


def downgrade() -> None:
    for table in (
        "circular_receipt",
        "circular_recipient",
        "circular",
        "prompt_escalation",
        "lift_check",
        "prompt_suggestion",
    ):
        op.drop_table(table)
    op.drop_constraint("prompt_entry_sound", "prompt_entry")
    op.execute("ALTER TABLE prompt_entry ADD CONSTRAINT prompt_entry_sound CHECK (level BETWEEN 1 AND 4) NOT VALID")
    op.drop_column("prompt_entry", "starts_at")
    op.drop_index("proposal_by_division", "proposal")
    op.drop_constraint("prompt_kind", "prompt")
    op.drop_index("prompt_entered_once", "prompt")
    op.drop_column("prompt", "entry_key")
    op.drop_column("prompt", "kind")
