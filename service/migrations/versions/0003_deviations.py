"""Deviations from the assessment, append-only, and which refused attempts the ledger holds already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = ("deviation",)
GIVEN = "ground IS NOT NULL AND btrim(legal_basis) <> '' AND btrim(explanation) <> ''"
SOUND = (
    "adcode ~ '^[0-9]{6}$' AND from_level BETWEEN 0 AND 4 AND to_level BETWEEN 0 AND 4"
    " AND (called_for IS NULL OR called_for BETWEEN 0 AND 4)"
    f" AND (decision_id IS NOT NULL OR kind LIKE '%\\_undecided' OR coalesce({GIVEN}, false))"
)
"""What somebody put forward by hand carries ground, legal basis and explanation; the database itself insists."""


def upgrade() -> None:
    op.create_table(
        "deviation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("from_level", sa.Integer(), nullable=False),
        sa.Column("to_level", sa.Integer(), nullable=False),
        sa.Column("called_for", sa.Integer(), nullable=True),
        sa.Column("ground", sa.String(32), nullable=True),
        sa.Column("legal_basis", sa.Text(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("decision_id", sa.BigInteger(), nullable=True),
        sa.Column("assessment_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["assessment_id"], ["assessment.id"]),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"]),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("proposal_id", "kind", name="deviation_once"),
        sa.CheckConstraint(SOUND, name="deviation_sound"),
    )
    op.create_index("deviation_by_division", "deviation", ["adcode", "id"], unique=False)
    op.create_table(
        "refusal",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "fingerprint"),
    )
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
    op.drop_table("refusal")
    op.drop_table("deviation")
