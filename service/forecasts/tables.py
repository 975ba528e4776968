"""Forecasts (预报) and observations (监测), append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, json, serial


class ForecastRow(SQLModel, table=True):
    """One issue of one feed for one division. `points` are hours or days as delivered, normalised."""

    __tablename__ = "forecast"
    __table_args__ = (
        UniqueConstraint("adcode", "feed", "issued_at", "digest", name="forecast_once"),
        Index("forecast_latest", "adcode", "issued_at"),
    )

    id: int | None = serial()
    adcode: str = division()
    feed: str = Field(max_length=64, foreign_key="feed.id")
    issued_at: datetime = instant()
    basis: str = Field(max_length=16)
    points: list[dict[str, Any]] = json()
    digest: str = Field(max_length=64)
    received_at: datetime = instant()


class ObservationRow(SQLModel, table=True):
    """One delivery of measured hours or days of one division; a later delivery of the same hour corrects the earlier one."""

    __tablename__ = "observation"
    __table_args__ = (
        UniqueConstraint("adcode", "feed", "until_at", "digest", name="observation_once"),
        Index("observation_latest", "adcode", "until_at"),
    )

    id: int | None = serial()
    adcode: str = division()
    feed: str = Field(max_length=64, foreign_key="feed.id")
    until_at: datetime = instant()
    points: list[dict[str, Any]] = json()
    digest: str = Field(max_length=64)
    received_at: datetime = instant()
