"""Drills: the plan of each, what was thrown in, and the frozen score sheet.

The same tables stand in the live schema and in each drill's own. Live: one `drill` row for each drill and its score. In a drill's
schema: the one row of itself, with the clock's state, and every inject.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class DrillRow(SQLModel, table=True):
    """A drill (演练). `document` is the script as it was when the drill was planned; instants are of the real clock."""

    __tablename__ = "drill"
    __table_args__ = (
        CheckConstraint(
            "adcode ~ '^[0-9]{6}$' AND participants IN ('live', 'generated')"
            " AND state IN ('planned', 'ready', 'running', 'finished', 'dropped') AND pace > 0",
            name="drill_sound",
        ),
        Index("drill_by_division", "adcode", "id"),
    )

    id: int | None = serial()
    script: str = Field(max_length=64)
    digest: str = Field(max_length=64)
    document: str = text()
    title_zh: str = text()
    title_en: str = text()
    adcode: str = division()
    participants: str = Field(max_length=16)
    pace: float
    state: str = Field(max_length=16)
    planned_for: datetime | None = instant(nullable=True)
    planned_by: int | None = reference("account.id", nullable=True)
    planned_at: datetime = instant()
    address: str | None = text(nullable=True)
    started_at: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    dropped_at: datetime | None = instant(nullable=True)


class DrillInjectRow(SQLModel, table=True):
    """Something thrown into a drill (导调), by the script or by its leader. `at` is of the drill's clock. Append-only."""

    __tablename__ = "drill_inject"
    __table_args__ = (CheckConstraint("minutes >= 0", name="drill_inject_sound"),)

    id: int | None = serial()
    name: str = Field(max_length=64, unique=True)
    kind: str = Field(max_length=32)
    at: datetime = instant()
    minutes: int
    document: str = text()
    outcome: str = text()
    account_id: int | None = reference("account.id", nullable=True)


class DrillScoreRow(SQLModel, table=True):
    """The frozen score sheet of a drill: canonical JSON and its hash. Append-only; it outlives the drill's schema."""

    __tablename__ = "drill_score"

    drill_id: int = Field(sa_column=Column(BigInteger, ForeignKey("drill.id"), primary_key=True, autoincrement=False))
    document: str = text()
    digest: str = Field(max_length=64)
    points: int
    possible: int
    made_at: datetime = instant()
