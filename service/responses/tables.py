"""Emergency responses (应急响应): what a warning step sets in motion."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial


class ResponseRow(SQLModel, table=True):
    """A level in force in one division over a half-open time, pinning one list version. Requirements are a join with it."""

    __tablename__ = "response"
    __table_args__ = (Index("response_by_division", "adcode", "starts_at"),)

    id: int | None = serial()
    adcode: str = division()
    level: int
    step_id: int = Field(foreign_key="warning_step.id", unique=True)
    list_version_id: int | None = reference("list_version.id", nullable=True)
    starts_at: datetime = instant()
    ends_at: datetime | None = instant(nullable=True)
