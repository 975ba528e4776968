"""Imports with progress, frozen versions, the further sheets of a list and permit registers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("list_record", "permit_register", "permit")


def upgrade() -> None:
    _create_records()
    _create_permits()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _create_records() -> None:
    """The further sheets of a version: one row per site, machine, vehicle, unit or guarantee."""
    op.create_table(
        "list_record",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("sheet", sa.String(24), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("county", sa.String(6), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["list_version.id"]),
        sa.PrimaryKeyConstraint("version_id", "sheet", "key"),
    )


def _create_permits() -> None:
    op.create_table(
        "permit_register",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("permits", sa.Integer(), nullable=False),
        sa.Column("holders", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("permit_register_newest", "permit_register", ["adcode", "id"], unique=False)
    op.create_table(
        "permit",
        sa.Column("register_id", sa.BigInteger(), nullable=False),
        sa.Column("permit_no", sa.String(24), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("management", sa.String(16), nullable=False),
        sa.Column("gbt4754", sa.String(4), nullable=True),
        sa.Column("air", sa.Boolean(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("county", sa.String(6), nullable=False),
        sa.ForeignKeyConstraint(["register_id"], ["permit_register.id"]),
        sa.PrimaryKeyConstraint("register_id", "permit_no"),
    )


def downgrade() -> None:
    op.drop_table("permit")
    op.drop_table("permit_register")
    op.drop_table("list_record")
