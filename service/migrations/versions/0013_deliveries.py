"""Delivery engine: attempts, lanes, endpoint health."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
OLD_STATES = "state IN ('pending', 'done', 'dead')"
APPEND_ONLY = ("delivery_content", "delivery_attempt")
CONTENTS = """
INSERT INTO delivery_content (digest, event, subject, body, created_at)
SELECT DISTINCT ON (1) encode(sha256(convert_to(event || chr(10) || chr(10) || body, 'UTF8')), 'hex'), event, '', body, created_at
FROM delivery ORDER BY 1, id
"""
KEPT = """
UPDATE delivery d SET channel = 'webhook', target = 'subscription:' || d.subscription_id, lane = 'subscription:' || d.subscription_id,
    adcode = s.adcode, address = s.url, next_attempt_at = d.created_at, ordered = false, schedule_from = 0, content_id = c.id
FROM subscription s, delivery_content c
WHERE s.id = d.subscription_id
    AND c.digest = encode(sha256(convert_to(d.event || chr(10) || chr(10) || d.body, 'UTF8')), 'hex')
"""
REQUIRED = ("channel", "target", "lane", "address", "next_attempt_at", "ordered", "schedule_from", "content_id")


def upgrade() -> None:
    _subscription()
    _contents()
    _delivery()
    _attempts()


def _subscription() -> None:
    op.add_column("subscription", sa.Column("retiring", sa.dialects.postgresql.JSONB(), nullable=False, server_default="[]"))
    op.add_column("subscription", sa.Column("scheme", sa.String(8), nullable=False, server_default="v1"))
    op.add_column("subscription", sa.Column("ordered", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("subscription", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    for name in ("failing_since", "rest_until"):
        op.add_column("subscription", sa.Column(name, INSTANT, nullable=True))
    op.add_column("subscription", sa.Column("host", sa.String(255), nullable=True))
    op.execute("UPDATE subscription SET host = left(lower(substring(url from '^[a-z]+://([^/?#]*)')), 255)")
    op.alter_column("subscription", "host", nullable=False)
    op.create_index("subscription_in_trouble", "subscription", ["id"], postgresql_where=sa.text("failures > 0"))
    op.create_check_constraint(
        "subscription_sound", "subscription", "state IN ('active', 'paused', 'ended', 'gone', 'disabled')"
    )


def _contents() -> None:
    op.create_table(
        "delivery_content",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.execute(CONTENTS)


def _delivery() -> None:
    op.drop_index("delivery_by_state", table_name="delivery")
    op.drop_constraint("delivery_once", "delivery", type_="unique")
    op.drop_constraint("delivery_sound", "delivery", type_="check")
    op.alter_column("delivery", "reason", type_=sa.String(160))
    op.alter_column("delivery", "message_id", type_=sa.String(255))
    op.alter_column("delivery", "subscription_id", nullable=True)
    for column in (
        sa.Column("channel", sa.String(16)),
        sa.Column("target", sa.String(96)),
        sa.Column("lane", sa.String(96)),
        sa.Column("contact_id", sa.BigInteger()),
        sa.Column("adcode", sa.String(6)),
        sa.Column("address", sa.Text()),
        sa.Column("content_id", sa.BigInteger()),
        sa.Column("ordered", sa.Boolean()),
        sa.Column("schedule_from", sa.Integer()),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("lease_until", INSTANT),
        sa.Column("last_status", sa.Integer()),
    ):
        op.add_column("delivery", column)
    op.execute(KEPT)
    op.drop_column("delivery", "body")
    for name in REQUIRED:
        op.alter_column("delivery", name, nullable=False)
    op.create_foreign_key(None, "delivery", "delivery_content", ["content_id"], ["id"])
    op.create_unique_constraint("delivery_once", "delivery", ["reason", "channel", "target"])
    op.create_check_constraint(
        "delivery_sound", "delivery", "state IN ('pending', 'sending', 'done', 'dead', 'cancelled')"
    )
    pending, sending = sa.text("state = 'pending'"), sa.text("state = 'sending'")
    op.create_index("delivery_due", "delivery", ["next_attempt_at", "id"], postgresql_where=pending)
    op.create_index("delivery_leased", "delivery", ["lease_until"], postgresql_where=sending)
    in_order = sa.text("ordered AND state IN ('pending', 'sending')")
    op.create_index("delivery_in_order", "delivery", ["lane", "id"], postgresql_where=in_order)
    for name in ("subscription", "contact"):
        only = sa.text(f"{name}_id IS NOT NULL")
        op.create_index(f"delivery_by_{name}", "delivery", [f"{name}_id", "id"], postgresql_where=only)
    op.create_index("delivery_by_division", "delivery", ["adcode", "id"])
    op.create_index("delivery_dead", "delivery", ["id"], postgresql_where=sa.text("state = 'dead'"))


def _attempts() -> None:
    op.create_table(
        "delivery_attempt",
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "attempt"),
    )
    op.create_table(
        "webhook_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
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
    """What the older schema cannot hold (other channels, attempts) is lost."""
    op.drop_table("webhook_key")
    op.drop_table("delivery_attempt")
    op.execute("DELETE FROM delivery WHERE channel <> 'webhook' OR subscription_id IS NULL")
    op.execute("DELETE FROM delivery d USING delivery e WHERE d.reason = e.reason AND d.subscription_id = e.subscription_id AND d.id > e.id")
    op.drop_constraint("delivery_sound", "delivery", type_="check")
    op.execute("UPDATE delivery SET state = CASE state WHEN 'sending' THEN 'pending' ELSE 'dead' END WHERE state IN ('sending', 'cancelled')")
    op.create_check_constraint("delivery_sound", "delivery", OLD_STATES)
    op.add_column("delivery", sa.Column("body", sa.Text()))
    op.execute("UPDATE delivery d SET body = c.body FROM delivery_content c WHERE c.id = d.content_id")
    op.alter_column("delivery", "body", nullable=False)
    for name in ("due", "leased", "in_order", "by_subscription", "by_contact", "by_division", "dead"):
        op.drop_index(f"delivery_{name}", table_name="delivery")
    op.drop_constraint("delivery_once", "delivery", type_="unique")
    for name in (*REQUIRED, "contact_id", "adcode", "lease_until", "last_status"):
        op.drop_column("delivery", name)
    op.alter_column("delivery", "subscription_id", nullable=False)
    op.create_unique_constraint("delivery_once", "delivery", ["reason", "subscription_id"])
    op.create_index("delivery_by_state", "delivery", ["state", "id"])
    op.drop_table("delivery_content")
    op.drop_constraint("subscription_sound", "subscription", type_="check")
    op.drop_index("subscription_in_trouble", table_name="subscription")
    for name in ("retiring", "scheme", "ordered", "failures", "failing_since", "rest_until", "host"):
        op.drop_column("subscription", name)
