"""Feeds and what they delivered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from service.kit.columns import instant, json, text


class FeedRow(SQLModel, table=True):
    """A source of air data or of evidence. `secrets` holds sealed Standard Webhooks secrets, newest first, for rotation.

    `kind` air: forecasts and observations; evidence: meters, monitors, gates. Neither may deliver what the other may.
    """

    __tablename__ = "feed"

    id: str = Field(primary_key=True, max_length=64)
    title: str = text()
    adcode: str = Field(max_length=6)
    secrets: list[str] = json()
    poll: dict[str, Any] = json()
    enabled: bool = True
    kind: str = Field(default="air", max_length=16, sa_column_kwargs={"server_default": "air"})
    created_at: datetime = instant()


class ReceiptRow(SQLModel, table=True):
    """A webhook message that was taken: the same id is answered the same way and stored once."""

    __tablename__ = "receipt"

    feed: str = Field(primary_key=True, max_length=64)
    webhook_id: str = Field(primary_key=True, max_length=255)
    body_digest: str = Field(max_length=64)
    status: int
    answer: str = text()
    received_at: datetime = instant()
