"""Findings (问题) and every step of their due process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, json, reference, serial, text


class FindingRow(SQLModel, table=True):
    """One breach that evidence or an inspector shows, of one enterprise under one response.

    `line_code` empty: of the enterprise as a whole. `proof`: the hours and values themselves, what was allowed, and where the
    threshold comes from. Once notified it stays as it is; `supported` false: corrected evidence no longer shows all of it.
    `downgrade_refused` (zh, en): why its confirmation could propose no downgrade.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index(
            "finding_once",
            "response_id",
            "uscc",
            "line_code",
            "rule",
            "starts_at",
            unique=True,
            postgresql_where=sql("raised_by IS NULL AND rule <> 'BY_HAND' AND state <> 'withdrawn'"),
        ),
        Index("finding_by_division", "adcode", "id"),
        Index("finding_by_enterprise", "uscc", "id"),
    )

    id: int | None = serial()
    adcode: str = division()
    uscc: str = Field(max_length=18)
    enterprise: str = text()
    line_code: str = Field(max_length=64)
    rule: str = Field(max_length=32)
    response_id: int | None = reference("response.id", nullable=True)
    state: str = Field(max_length=16)
    starts_at: datetime = instant()
    until_at: datetime = instant()
    proof: dict[str, Any] = json()
    content_hash: str = Field(max_length=64)
    supported: bool = True
    raised_by: int | None = reference("account.id", nullable=True)
    found_at: datetime = instant()
    answer_by: datetime | None = instant(nullable=True)
    changed_at: datetime = instant()
    downgrade_refused: dict[str, str] | None = Field(default=None, sa_type=JSONB, nullable=True)


class FindingBasisRow(SQLModel, table=True):
    """What the findings of an enterprise under a response rested on besides hours and passages when they were last judged.

    `mark`: a hash. While it stays, new evidence is judged for the days it touches only; without it everything is judged.
    """

    __tablename__ = "finding_basis"

    response_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("response.id"), primary_key=True, autoincrement=False)
    )
    uscc: str = Field(primary_key=True, max_length=18)
    mark: str = Field(max_length=64)
    judged_at: datetime = instant()


class FindingStepRow(SQLModel, table=True):
    """What happened to a finding, by whom; `proof` is what was known at that step."""

    __tablename__ = "finding_step"
    __table_args__ = (Index("finding_step_by_finding", "finding_id", "id"),)

    id: int | None = serial()
    finding_id: int = reference("finding.id")
    step: str = Field(max_length=16)
    at: datetime = instant()
    account_id: int | None = reference("account.id", nullable=True)
    role: str | None = Field(default=None, max_length=16)
    note: str = text()
    attachment: str | None = text(nullable=True)
    content_hash: str = Field(max_length=64)
    proof: dict[str, Any] | None = Field(default=None, sa_type=JSONB, nullable=True)
