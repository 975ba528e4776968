"""Grades (绩效分级): applications, their steps, and what is in force from when. Rows never change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class GradeApplicationRow(SQLModel, table=True):
    """One case: a rating that is asked for, a published result that is entered, or a downgrade that is proposed.

    `line_code` None: the enterprise is rated, otherwise this line of it. Its state is that of its last step.
    """

    __tablename__ = "grade_application"
    __table_args__ = (
        Index("grade_application_by_division", "adcode", "id"),
        Index("grade_application_by_uscc", "uscc", "id"),
        Index("grade_application_by_import", "import_id", postgresql_where=sql("import_id IS NOT NULL")),
        Index(
            "grade_application_once_per_finding",
            "finding_id",
            unique=True,
            postgresql_where=sql("finding_id IS NOT NULL"),
        ),
    )

    id: int | None = serial()
    kind: str = Field(max_length=16)
    uscc: str = Field(max_length=18)
    name: str = text()
    adcode: str = division()
    county: str = division()
    line_code: str | None = Field(default=None, max_length=64)
    line_name: str | None = text(nullable=True)
    industry: str = Field(max_length=64)
    subtype: str | None = Field(default=None, max_length=64)
    guide: str = Field(max_length=32)
    grade: str = Field(max_length=16)
    cause: str | None = Field(default=None, max_length=32)
    reason: str = text()
    evidence: str | None = text(nullable=True)
    finding_id: int | None = Field(default=None, sa_type=BigInteger)
    import_id: str | None = Field(default=None, max_length=36)
    created_by: int | None = reference("account.id", nullable=True)
    created_at: datetime = instant()


class GradeStepRow(SQLModel, table=True):
    """One step of a case: who did what, by which document, and the state it led to.

    `grade`: what this step finds or decides. `window_start`, `window_end`: the publicity (公示) that it opens.
    """

    __tablename__ = "grade_step"
    __table_args__ = (UniqueConstraint("application_id", "seq", name="grade_step_in_order"),)

    id: int | None = serial()
    application_id: int = reference("grade_application.id")
    seq: int
    move: str = Field(max_length=24)
    state: str = Field(max_length=24)
    level: str = Field(max_length=16)
    account_id: int | None = reference("account.id", nullable=True)
    at: datetime = instant()
    grade: str | None = Field(default=None, max_length=16)
    reason: str | None = text(nullable=True)
    document: str | None = text(nullable=True)
    window_start: datetime | None = instant(nullable=True)
    window_end: datetime | None = instant(nullable=True)
    effective_from: datetime | None = instant(nullable=True)
    content: str = text()


class GradeDecisionRow(SQLModel, table=True):
    """A grade from an instant on: the newest that has begun counts. `grade_after`: what holds once it has expired."""

    __tablename__ = "grade_decision"
    __table_args__ = (Index("grade_decision_by_uscc", "uscc", "effective_from", "id"),)

    id: int | None = serial()
    uscc: str = Field(max_length=18)
    adcode: str = division()
    line_code: str | None = Field(default=None, max_length=64)
    industry: str = Field(max_length=64)
    guide: str = Field(max_length=32)
    grade: str = Field(max_length=16)
    kind: str = Field(max_length=32)
    effective_from: datetime = instant()
    valid_until: datetime | None = instant(nullable=True)
    grade_after: str | None = Field(default=None, max_length=16)
    ban_until: datetime | None = instant(nullable=True)
    application_id: int = reference("grade_application.id")
    document: str | None = text(nullable=True)
    reason: str = text()
    recorded_at: datetime = instant()
