"""Warnings (预警) and their steps."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class WarningRow(SQLModel, table=True):
    """One episode of one division. At most one warning of a division is live."""

    __tablename__ = "warning"
    __table_args__ = (
        Index("warning_one_live", "adcode", unique=True, postgresql_where=sql("closed_at IS NULL")),
        Index("warning_by_division", "adcode", "id"),
    )

    id: int | None = serial()
    adcode: str = division()
    state: str = Field(max_length=16)
    level: int
    announced_at: datetime = instant()
    effective_at: datetime = instant()
    planned_end: datetime | None = instant(nullable=True)
    fixed_end: bool = False
    closed_at: datetime | None = instant(nullable=True)


class WarningStepRow(SQLModel, table=True):
    """Issue, raise, lower, extend, lift or revoke: append-only, each with the decision it rests on and why."""

    __tablename__ = "warning_step"
    __table_args__ = (
        Index("warning_step_by_warning", "warning_id", "id"),
        Index("warning_step_by_division", "adcode", "id"),
    )

    id: int | None = serial()
    warning_id: int = reference("warning.id")
    adcode: str = division()
    action: str = Field(max_length=16)
    level: int
    reason: str = Field(max_length=32)
    decision_id: int | None = Field(default=None, foreign_key="decision.id", unique=True, nullable=True)
    announced_at: datetime = instant()
    effective_at: datetime = instant()
    planned_end: datetime | None = instant(nullable=True)
    content: str = text()
