"""Subscribers, the outbox of deliveries, what was tried, and the keys that sign."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from service.kit.columns import instant, json, reference, serial, text


class SubscriptionRow(SQLModel, table=True):
    """An endpoint that wants events of a division (prefix scope) or of one enterprise, and how it has answered.

    `secrets` sign, newest first; `retiring` holds `{secret, until}` of replaced ones that still sign beside them. All are sealed.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        CheckConstraint("state IN ('active', 'paused', 'ended', 'gone', 'disabled')", name="subscription_sound"),
        Index("subscription_in_trouble", "id", postgresql_where=sql("failures > 0")),
        Index("subscription_paused", "id", postgresql_where=sql("state = 'paused'")),
        Index("subscription_at_rest", "rest_until", "id", postgresql_where=sql("rest_until IS NOT NULL")),
        Index("subscription_by_host", "host", "id"),
    )

    id: int | None = serial()
    account_id: int = reference("account.id")
    adcode: str = Field(max_length=6)
    prefix: str = Field(max_length=6)
    uscc: str | None = Field(default=None, max_length=18)
    url: str = text()
    host: str = Field(max_length=255)
    secrets: list[str] = json()
    retiring: list[dict[str, str]] = json()
    scheme: str = Field(default="v1", max_length=8)
    events: list[str] = json()
    ordered: bool = False
    state: str = Field(default="active", max_length=16)
    failures: int = 0
    failing_since: datetime | None = instant(nullable=True)
    rest_until: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class DeliveryContentRow(SQLModel, table=True):
    """What is sent, kept once however many get it."""

    __tablename__ = "delivery_content"

    id: int | None = serial()
    digest: str = Field(max_length=64, unique=True)
    event: str = Field(max_length=64)
    subject: str = text()
    body: str = text()
    created_at: datetime = instant()


class DeliveryRow(SQLModel, table=True):
    """One effect: this content to this target by this channel, for one reason; performing it twice has no second row.

    `attempts` counts claims and fences: only the claim with the present number may record. `lane` is what deliveries queue up
    in. `next_attempt_at` is an instant of the service's clock, `lease_until` one of the database's.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("reason", "channel", "target", name="delivery_once"),
        CheckConstraint("state IN ('pending', 'sending', 'done', 'dead', 'cancelled')", name="delivery_sound"),
        Index("delivery_due", "next_attempt_at", "id", postgresql_where=sql("state = 'pending'")),
        Index("delivery_leased", "lease_until", postgresql_where=sql("state = 'sending'")),
        Index("delivery_in_order", "lane", "id", postgresql_where=sql("ordered AND state IN ('pending', 'sending')")),
        Index("delivery_by_subscription", "subscription_id", "id", postgresql_where=sql("subscription_id IS NOT NULL")),
        Index("delivery_by_contact", "contact_id", "id", postgresql_where=sql("contact_id IS NOT NULL")),
        Index("delivery_by_division", "adcode", "id"),
        Index("delivery_dead", "id", postgresql_where=sql("state = 'dead'")),
    )

    id: int | None = serial()
    reason: str = Field(max_length=160)
    channel: str = Field(max_length=16)
    target: str = Field(max_length=96)
    lane: str = Field(max_length=96)
    subscription_id: int | None = reference("subscription.id", nullable=True)
    contact_id: int | None = Field(default=None, sa_type=BigInteger)
    adcode: str | None = Field(default=None, max_length=6)
    address: str = text()
    event: str = Field(max_length=64)
    content_id: int = reference("delivery_content.id")
    message_id: str = Field(max_length=255)
    ordered: bool = False
    state: str = Field(default="pending", max_length=16)
    attempts: int = 0
    schedule_from: int = 0
    next_attempt_at: datetime = instant()
    lease_until: datetime | None = instant(nullable=True)
    last_status: int | None = None
    last_answer: str | None = text(nullable=True)
    created_at: datetime = instant()
    done_at: datetime | None = instant(nullable=True)


class DeliveryAttemptRow(SQLModel, table=True):
    """One call out and what came back; an attempt whose process died has none. Append-only."""

    __tablename__ = "delivery_attempt"

    delivery_id: int = Field(sa_type=BigInteger, primary_key=True)
    attempt: int = Field(primary_key=True)
    at: datetime = instant()
    address: str = text()
    status: int | None = None
    said: str = text()
    milliseconds: int


class WebhookKeyRow(SQLModel, table=True):
    """An ed25519 pair of the service for signatures v1a, its secret half sealed.

    One with `until` is being replaced and signs beside its successor.
    """

    __tablename__ = "webhook_key"

    id: int | None = serial()
    secret: str = text()
    public: str = text()
    made_at: datetime = instant()
    until: datetime | None = instant(nullable=True)
