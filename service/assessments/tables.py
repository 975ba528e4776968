"""Assessments (研判), append-only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class AssessmentRow(SQLModel, table=True):
    """What the pure function said of one division at one instant. `document` is its canonical JSON with the whole trace."""

    __tablename__ = "assessment"
    __table_args__ = (Index("assessment_latest", "adcode", "id"),)

    id: int | None = serial()
    adcode: str = division()
    as_of: datetime = instant()
    forecast_id: int | None = reference("forecast.id", nullable=True)
    rules: str = Field(max_length=64)
    plan: str = Field(max_length=64)
    level: int
    state: str = Field(max_length=16)
    clause: str | None = Field(default=None, max_length=64)
    starts_at: datetime | None = instant(nullable=True)
    ends_at: datetime | None = instant(nullable=True)
    inputs_digest: str = Field(max_length=64)
    document: str = text()
    created_at: datetime = instant()
