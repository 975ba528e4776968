"""Seasonal plans (错峰生产): versions per division and their entries."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class SeasonalPlanRow(SQLModel, table=True):
    """One version of one division's plan; from `created_at` on it takes the place of the version before."""

    __tablename__ = "seasonal_plan"
    __table_args__ = (Index("seasonal_plan_by_division", "adcode", "created_at"),)

    id: int | None = serial()
    adcode: str = division()
    title: str = text()
    valid_from: date
    valid_until: date
    entries: int
    digest: str = Field(max_length=64)
    created_by: int = reference("account.id")
    created_at: datetime = instant()


class SeasonalEntryRow(SQLModel, table=True):
    """What one line (`line_code` empty: every line) does from the day `starts` through the day `until`."""

    __tablename__ = "seasonal_entry"

    plan_id: int = Field(foreign_key="seasonal_plan.id", primary_key=True, sa_type=BigInteger)
    uscc: str = Field(primary_key=True, max_length=18)
    line_code: str = Field(primary_key=True, max_length=64)
    starts: date = Field(primary_key=True)
    until: date
    document: str = text()
