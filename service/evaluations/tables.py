"""Reported reductions (企业上报减排量) and closed evaluations (事后评估), both append-only."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class ReductionReportRow(SQLModel, table=True):
    """What an enterprise says of one line on one natural day of a response; the newest of a line and day counts.

    `hours` in which the line was stopped or limited; `ran_at` the share of normal output that went on; kg where it knows them.
    """

    __tablename__ = "reduction_report"
    __table_args__ = (Index("reduction_report_newest", "response_id", "uscc", "line_code", "day", "id"),)

    id: int | None = serial()
    response_id: int = reference("response.id")
    adcode: str = division()
    uscc: str = Field(max_length=18)
    line_code: str = Field(max_length=64)
    day: date
    state: str = Field(max_length=16)
    hours: float
    ran_at: float | None = None
    so2: float | None = None
    nox: float | None = None
    pm: float | None = None
    vocs: float | None = None
    note: str | None = text(nullable=True)
    account_id: int = reference("account.id")
    reported_at: datetime = instant()


class EvaluationRow(SQLModel, table=True):
    """The evaluation of a warning's responses as somebody closed it. `document` is canonical JSON; the newest counts."""

    __tablename__ = "evaluation"
    __table_args__ = (
        Index("evaluation_by_warning", "warning_id", "id"),
        Index("evaluation_by_division", "adcode", "closed_at"),
    )

    id: int | None = serial()
    warning_id: int = reference("warning.id")
    adcode: str = division()
    digest: str = Field(max_length=64)
    document: str = text()
    conclusion: str = text()
    lessons: str | None = text(nullable=True)
    account_id: int = reference("account.id")
    role: str = Field(max_length=32)
    closed_at: datetime = instant()
