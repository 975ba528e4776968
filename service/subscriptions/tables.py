"""Subscribers and the outbox of deliveries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.columns import instant, json, reference, serial, text


class SubscriptionRow(SQLModel, table=True):
    """An endpoint that wants events of a division (prefix scope) or of one enterprise."""

    __tablename__ = "subscription"

    id: int | None = serial()
    account_id: int = reference("account.id")
    adcode: str = Field(max_length=6)
    prefix: str = Field(max_length=6)
    uscc: str | None = Field(default=None, max_length=18)
    url: str = text()
    secrets: list[str] = json()
    events: list[str] = json()
    state: str = Field(default="active", max_length=16)
    created_at: datetime = instant()


class DeliveryRow(SQLModel, table=True):
    """One effect: this event to this endpoint. UNIQUE(reason, subscription), so performing it twice has no second row."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("reason", "subscription_id", name="delivery_once"),
        Index("delivery_by_state", "state", "id"),
    )

    id: int | None = serial()
    reason: str = Field(max_length=64)
    subscription_id: int = reference("subscription.id")
    event: str = Field(max_length=64)
    message_id: str = Field(max_length=64)
    body: str = text()
    state: str = Field(default="pending", max_length=16)
    attempts: int = 0
    last_answer: str | None = text(nullable=True)
    created_at: datetime = instant()
    done_at: datetime | None = instant(nullable=True)
