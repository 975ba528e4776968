"""Contacts, audiences, templates, inbox and escalation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

APPEND_ONLY = ("inbox_message", "phone_call")
INSTANT = sa.DateTime(timezone=True)
CONTACT = (
    "adcode ~ '^[0-9]{6}$' AND (account_id IS NULL) <> (uscc IS NULL) AND (phone IS NOT NULL OR email IS NOT NULL)"
    " AND language IN ('zh', 'en') AND calling_order BETWEEN 1 AND 99 AND (quiet_from IS NULL) = (quiet_until IS NULL)"
    " AND coalesce(quiet_from, 0) BETWEEN 0 AND 1439 AND coalesce(quiet_until, 0) BETWEEN 0 AND 1439"
)
EXTRA = (
    "state IN ('draft', 'sent', 'rejected') AND (state = 'draft') = (decided_by IS NULL)"
    " AND (decided_by IS NULL OR decided_by <> drafted_by)"
)


def upgrade() -> None:
    _inbox()
    _contacts()
    _mailings()
    _calls()
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _inbox() -> None:
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("roles", ARRAY(sa.Text()), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("audience", JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reason"),
        sa.CheckConstraint(
            "adcode ~ '^[0-9]{6}$' AND cardinality(roles) > 0 AND link LIKE '/%'", name="inbox_message_sound"
        ),
    )
    op.create_index("inbox_message_newest", "inbox_message", ["created_at", "id"], unique=False)
    op.create_table(
        "inbox_read",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["message_id"], ["inbox_message.id"]),
        sa.PrimaryKeyConstraint("account_id", "message_id"),
    )


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("uscc", sa.String(18), nullable=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("post", sa.String(64), nullable=True),
        sa.Column("phone", sa.String(20), nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("calling_order", sa.Integer(), nullable=False),
        sa.Column("by_email", sa.Boolean(), nullable=False),
        sa.Column("by_sms", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=True),
        sa.Column("changed_by", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.ForeignKeyConstraint(["changed_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id"),
        sa.UniqueConstraint("uscc", "name", name="contact_once"),
        sa.CheckConstraint(CONTACT, name="contact_sound"),
    )
    op.create_index(
        "contact_of_enterprise", "contact", ["uscc", "calling_order", "id"], postgresql_where=sa.text("uscc IS NOT NULL")
    )
    op.create_index("contact_by_division", "contact", ["adcode", "id"])


def _mailings() -> None:
    op.create_table(
        "mailing",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("audience", JSONB(), nullable=False),
        sa.Column("texts", JSONB(), nullable=False),
        sa.Column("unanswered", sa.Boolean(), nullable=False),
        sa.Column("after_uscc", sa.String(18), nullable=False),
        sa.Column("after_contact", sa.BigInteger(), nullable=False),
        sa.Column("contacts", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reason"),
        sa.CheckConstraint("state IN ('running', 'done')", name="mailing_sound"),
    )
    op.create_index("mailing_by_division", "mailing", ["adcode", "id"])
    op.create_table(
        "extra_notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("adcode", sa.String(6), nullable=False),
        sa.Column("audience", JSONB(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title_zh", "text_zh", "title_en", "text_en")),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("drafted_by", sa.BigInteger(), nullable=False),
        sa.Column("drafted_at", INSTANT, nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["drafted_by"], ["account.id"]),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint(EXTRA, name="extra_notice_sound"),
    )
    op.create_index("extra_notice_by_division", "extra_notice", ["adcode", "id"])


def _calls() -> None:
    op.create_table(
        "phone_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("uscc", sa.String(18), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("called_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("outcome IN ('reached', 'no_answer', 'wrong_number')", name="phone_call_sound"),
    )
    op.create_index("phone_call_of_notice", "phone_call", ["notice_id", "uscc", "id"])


def downgrade() -> None:
    for table in ("phone_call", "extra_notice", "mailing", "contact"):
        op.drop_table(table)
    op.drop_table("inbox_read")
    op.drop_table("inbox_message")
