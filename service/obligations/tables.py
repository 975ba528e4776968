"""What is owed (督办事项) with its clock, and the signed reports (报告)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class ObligationRow(SQLModel, table=True):
    """Something owed by a division until `due_at`. States: open, missed (due and not done), met, late_met, waived.

    `subject` names what it is about, such as `warning:7`; the same kind and subject is owed once
    (of a prompt the subject ends with the division). `escalations`: how many
    rungs of the ladder were told.
    """

    __tablename__ = "obligation"
    __table_args__ = (
        UniqueConstraint("kind", "subject", name="obligation_once"),
        Index("obligation_by_division", "adcode", "state", "due_at"),
        Index("obligation_by_warning", "warning_id", "id"),
    )

    id: int | None = serial()
    kind: str = Field(max_length=32)
    subject: str = Field(max_length=64)
    adcode: str = division()
    day: date | None = None
    warning_id: int | None = reference("warning.id", nullable=True)
    step_id: int | None = reference("warning_step.id", nullable=True)
    since: datetime = instant()
    due_at: datetime = instant()
    basis: str = text()
    state: str = Field(max_length=16)
    met_at: datetime | None = instant(nullable=True)
    met_by: int | None = reference("account.id", nullable=True)
    escalations: int = 0
    created_at: datetime = instant()


class DutyReportRow(SQLModel, table=True):
    """A report as it was signed by hand: `document` is canonical JSON of the facts and the words, `digest` its SHA-256."""

    __tablename__ = "duty_report"
    __table_args__ = (Index("duty_report_by_obligation", "obligation_id", "id"),)

    id: int | None = serial()
    kind: str = Field(max_length=32)
    warning_id: int = reference("warning.id")
    obligation_id: int = reference("obligation.id")
    adcode: str = division()
    day: date | None = None
    document: str = text()
    digest: str = Field(max_length=64)
    account_id: int = reference("account.id")
    role: str = Field(max_length=32)
    late: bool
    signed_at: datetime = instant()
