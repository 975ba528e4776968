"""Imports with progress, frozen versions, the further sheets of a list and permit registers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("list_record", "list_sum", "permit_register", "permit")


CONTENT = ("adcode", "guide", "digest", "totals", "created_by", "created_at")
"""What a version says. It is fixed when the version leaves the draft state; from then on only its state and instants move."""
IMPORT_SOUND = (
    "adcode ~ '^[0-9]{6}$' AND sha256 ~ '^[0-9a-f]{64}$' AND size >= 0 AND received BETWEEN 0 AND size"
    " AND state IN ('uploading', 'queued', 'reading', 'checking', 'storing', 'done', 'refused', 'failed')"
    " AND (state = 'done') = (version_id IS NOT NULL)"
)
FROZEN = f"""
CREATE FUNCTION refuse_thawing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.state = 'draft' OR
        ({", ".join(f"NEW.{name}" for name in CONTENT)}) IS DISTINCT FROM ({", ".join(f"OLD.{name}" for name in CONTENT)})) THEN
        RAISE EXCEPTION 'list version % is frozen: its content cannot change', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    _widen_versions()
    _create_imports()
    _create_records()
    _create_sums()
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


def _widen_versions() -> None:
    """Versions are frozen before they come into force, may wait for their day, and end; counts need no look into the checks."""
    op.add_column("list_version", sa.Column("frozen_by", sa.BigInteger(), nullable=True))
    op.add_column("list_version", sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("list_version", sa.Column("effective_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("list_version", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("list_version", sa.Column("blocking", sa.Integer(), nullable=True))
    op.add_column("list_version", sa.Column("remarks", sa.Integer(), nullable=True))
    op.create_foreign_key("list_version_frozen_by_fkey", "list_version", "account", ["frozen_by"], ["id"])
    op.drop_constraint("list_version_sound", "list_version")
    op.create_check_constraint(
        "list_version_state", "list_version", "state IN ('draft', 'frozen', 'active', 'superseded', 'withdrawn')"
    )
    op.execute(FROZEN)
    op.execute(
        "CREATE TRIGGER list_version_frozen BEFORE UPDATE ON list_version FOR EACH ROW EXECUTE FUNCTION refuse_thawing()"
    )
    # Names are looked up by any part of them. Two Chinese characters make no trigram, and an n-gram index would make every
    # import many times slower; scanning this narrow index of the versions in force is quick enough.
    op.create_index(
        "list_enterprise_find",
        "list_enterprise",
        ["version_id", "name"],
        postgresql_include=["uscc", "industry", "grade", "lines"],
    )


def _create_imports() -> None:
    """Imports: what was uploaded, how far the work is, what was found."""
    op.create_table(
        "list_import",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("guide", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["version_id"], ["list_version.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(IMPORT_SOUND, name="list_import_sound"),
    )
    op.create_index("list_import_by_division", "list_import", ["adcode", "id"], unique=False)
    op.create_table(
        "list_import_chunk",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["list_import.id"]),
        sa.PrimaryKeyConstraint("import_id", "start"),
    )
    op.execute("ALTER TABLE list_import_chunk ALTER COLUMN content SET STORAGE EXTERNAL")  # a zip does not compress
    op.create_table(
        "list_import_finding",
        sa.Column("import_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["list_import.id"]),
        sa.PrimaryKeyConstraint("import_id", "number"),
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


def _create_sums() -> None:
    """The summary of a version, added up once at import."""
    op.create_table(
        "list_sum",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("dimension", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("enterprises", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("milligrams", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["list_version.id"]),
        sa.PrimaryKeyConstraint("version_id", "dimension", "key"),
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
    op.drop_table("list_sum")
    op.drop_table("list_record")
    op.drop_table("list_import_finding")
    op.drop_table("list_import_chunk")
    op.drop_table("list_import")
    op.drop_index("list_enterprise_find", "list_enterprise")
    op.execute("DROP TRIGGER list_version_frozen ON list_version")
    op.execute("DROP FUNCTION refuse_thawing")
    op.drop_constraint("list_version_state", "list_version")
    op.execute("UPDATE list_version SET state = 'draft' WHERE state = 'frozen'")
    op.execute("UPDATE list_version SET state = 'superseded' WHERE state = 'withdrawn'")
    op.create_check_constraint("list_version_sound", "list_version", "state IN ('draft', 'active', 'superseded')")
    for column in ("remarks", "blocking", "ended_at", "effective_from", "frozen_at", "frozen_by"):
        op.drop_column("list_version", column)
