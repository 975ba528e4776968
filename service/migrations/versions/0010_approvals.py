"""Signatures in order, escalation and withdrawal of proposals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

APPEND_ONLY = ("signature",)
SOUND = "adcode ~ '^[0-9]{6}$' AND content_hash ~ '^[0-9a-f]{64}$' AND step >= 0 AND for_account IS DISTINCT FROM account_id"
REST = "from_level BETWEEN 0 AND 4 AND to_level BETWEEN 0 AND 4 AND content_hash ~ '^[0-9a-f]{64}$'"
BEFORE = f"state IN ('open', 'approved', 'rejected', 'expired', 'superseded') AND {REST}"
SINCE = (
    "state IN ('open', 'approved', 'rejected', 'expired', 'superseded', 'withdrawn')"
    f" AND step >= 0 AND escalations >= 0 AND (state <> 'withdrawn' OR btrim(closed_reason) <> '') AND {REST}"
)


def upgrade() -> None:
    op.add_column("proposal", sa.Column("chain", sa.Text(), nullable=True))
    op.add_column("proposal", sa.Column("step", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("proposal", sa.Column("escalations", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("proposal", sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("proposal", sa.Column("closed_reason", sa.Text(), nullable=True))
    op.execute("ALTER TABLE proposal DROP CONSTRAINT proposal_sound")
    op.execute(f"ALTER TABLE proposal ADD CONSTRAINT proposal_sound CHECK ({SINCE})")
    op.create_table(
        "signature",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("proposal_id", sa.BigInteger(), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("delegation_id", sa.BigInteger(), nullable=True),
        sa.Column("for_account", sa.BigInteger(), nullable=True),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["for_account"], ["account.id"]),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("proposal_id", "step", name="signature_one_a_step"),
        sa.UniqueConstraint("proposal_id", "account_id", name="signature_one_a_person"),
        sa.CheckConstraint(SOUND, name="signature_sound"),
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
    op.drop_table("signature")
    op.execute("UPDATE proposal SET state = 'superseded' WHERE state = 'withdrawn'")
    op.execute("ALTER TABLE proposal DROP CONSTRAINT proposal_sound")
    op.execute(f"ALTER TABLE proposal ADD CONSTRAINT proposal_sound CHECK ({BEFORE})")
    for column in ("chain", "step", "escalations", "opened_at", "closed_reason"):
        op.drop_column("proposal", column)
