"""Tables of the plumbing: the clock, things that fall due, and answers kept for repeated calls."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, Index
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from service.kit.columns import instant, text


class ClockRow(SQLModel, table=True):
    """At most one row: the simulated clock that all processes share. No row means the real present."""

    __tablename__ = "clock"

    id: int = Field(default=1, primary_key=True)
    start: datetime = instant()
    real_start: datetime = instant()
    pace: float
    stop: datetime | None = instant(nullable=True)


class DueRow(SQLModel, table=True):
    """Something that must happen once at an instant; any number of nodes may tick."""

    __tablename__ = "due"
    __table_args__ = (Index("due_open", "due_at", postgresql_where=sql("done_at IS NULL")),)

    schedule: str = Field(primary_key=True, max_length=64)
    due_at: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    job: str = Field(max_length=32)
    payload: str = text()
    done_at: datetime | None = instant(nullable=True)


class KeptAnswerRow(SQLModel, table=True):
    """The answer to a write with an Idempotency-Key, repeated for the same key and content."""

    __tablename__ = "kept_answer"

    account_id: int = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=255)
    fingerprint: str = Field(max_length=64)
    status: int
    body: str = text()
    created_at: datetime = instant()
