"""Accounts, factors, keys and stand-ins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ACCOUNT_REFERENCES = ("opened_by", "granted_by", "reset_by")
KINDS = (
    "'command', 'office', 'environment', 'weather', 'monitoring', 'department', 'enforcement', 'enterprise', 'other'"
)


def instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def number(name: str, target: str | None = None, *, nullable: bool = False) -> sa.Column[object]:
    references = [sa.ForeignKey(target)] if target else []
    return sa.Column(name, sa.BigInteger(), *references, nullable=nullable)


def serial() -> sa.Column[object]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True)


def upgrade() -> None:
    op.create_table(
        "organisation",
        serial(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        instant("created_at"),
        sa.UniqueConstraint("adcode", "name", name="organisation_once"),
        sa.CheckConstraint(
            f"adcode ~ '^[0-9]{{6}}$' AND btrim(name) <> '' AND kind IN ({KINDS})", name="organisation_sound"
        ),
    )
    _accounts()
    _sessions()
    _factors()
    _delegations()
    _keys()


def _accounts() -> None:
    op.alter_column("account", "role", existing_type=sa.String(32), nullable=True)
    op.add_column("account", number("organisation_id", "organisation.id", nullable=True))
    op.add_column("account", sa.Column("post", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("must_change", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("account", sa.Column("code_hash", sa.String(64), nullable=True))
    op.add_column("account", instant("code_expires_at", nullable=True))
    op.add_column("account", sa.Column("external_id", sa.String(255), nullable=True))
    for name in ACCOUNT_REFERENCES:
        op.add_column("account", number(name, "account.id", nullable=True))
    op.add_column("account", instant("last_signed_in_at", nullable=True))
    op.create_unique_constraint("account_external_id_key", "account", ["external_id"])
    op.create_check_constraint(
        "account_two_persons",
        "account",
        "granted_by IS DISTINCT FROM id AND granted_by IS DISTINCT FROM opened_by OR granted_by IS NULL",
    )


def _sessions() -> None:
    op.execute("DELETE FROM session")
    op.add_column("session", sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False))
    op.create_unique_constraint("session_id_key", "session", ["id"])
    op.add_column("session", instant("last_seen_at"))
    op.add_column("session", sa.Column("address", sa.Text(), nullable=False))
    op.add_column("session", sa.Column("agent", sa.Text(), nullable=False))
    op.add_column("session", sa.Column("means", sa.String(16), nullable=False))
    op.add_column("session", sa.Column("pending", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_session_account_id", "session", ["account_id"])
    op.create_table(
        "familiar_place",
        sa.Column("account_id", sa.BigInteger(), sa.ForeignKey("account.id"), primary_key=True, autoincrement=False),
        sa.Column("place", sa.String(64), primary_key=True),
        instant("last_at"),
    )


def _factors() -> None:
    op.create_table(
        "factor",
        sa.Column("account_id", sa.BigInteger(), sa.ForeignKey("account.id"), primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        instant("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        instant("resting_until", nullable=True),
        sa.Column("sign_in_failures", sa.Integer(), nullable=False, server_default="0"),
        instant("sign_in_resting_until", nullable=True),
        instant("created_at"),
    )
    op.create_table(
        "recovery_code",
        serial(),
        number("account_id", "account.id"),
        sa.Column("code_hash", sa.String(64), nullable=False),
        instant("used_at", nullable=True),
    )
    op.create_index("ix_recovery_code_account_id", "recovery_code", ["account_id"])


def _delegations() -> None:
    op.create_table(
        "delegation",
        serial(),
        sa.Column("kind", sa.String(16), nullable=False),
        number("from_account_id", "account.id"),
        number("to_account_id", "account.id"),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        instant("valid_from"),
        instant("valid_until"),
        sa.Column("reason", sa.Text(), nullable=False),
        number("made_by", "account.id"),
        instant("made_at"),
        instant("ended_at", nullable=True),
        number("ended_by", "account.id", nullable=True),
        sa.CheckConstraint(
            "kind IN ('delegation', 'stand_in') AND from_account_id <> to_account_id AND valid_from < valid_until"
            " AND (kind = 'delegation' OR made_by NOT IN (from_account_id, to_account_id)) AND made_by <> to_account_id"
            " AND role NOT IN ('enterprise', 'auditor', 'administrator', 'security_administrator', 'inspector', 'forecaster')"
            " AND btrim(reason) <> '' AND adcode ~ '^[0-9]{6}$'",
            name="delegation_sound",
        ),
    )
    op.create_index("ix_delegation_from_account_id", "delegation", ["from_account_id"])
    op.create_index("ix_delegation_to_account_id", "delegation", ["to_account_id"])


def _keys() -> None:
    op.create_table(
        "api_key",
        serial(),
        number("account_id", "account.id"),
        sa.Column("prefix", sa.String(16), nullable=False, unique=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.dialects.postgresql.JSONB(), nullable=False),
        instant("created_at"),
        instant("expires_at"),
        instant("first_used_at", nullable=True),
        instant("last_used_at", nullable=True),
        instant("revoked_at", nullable=True),
        number("revoked_by", "account.id", nullable=True),
        number("replaces", "api_key.id", nullable=True),
    )
    op.create_index("ix_api_key_account_id", "api_key", ["account_id"])


def downgrade() -> None:
    for table in ("api_key", "delegation", "recovery_code", "factor", "familiar_place"):
        op.drop_table(table)
    op.drop_index("ix_session_account_id", "session")
    for column in ("id", "last_seen_at", "address", "agent", "means", "pending"):
        op.drop_column("session", column)
    op.drop_constraint("account_two_persons", "account")
    added = (
        "organisation_id",
        "post",
        "must_change",
        "code_hash",
        "code_expires_at",
        "external_id",
        "last_signed_in_at",
    )
    for column in (*added, *ACCOUNT_REFERENCES):
        op.drop_column("account", column)
    op.execute("DELETE FROM account WHERE role IS NULL")
    op.alter_column("account", "role", existing_type=sa.String(32), nullable=False)
    op.drop_table("organisation")
