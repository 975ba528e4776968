"""The guarantee class (保障类): cases and their steps. Rows never change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class GuaranteeCaseRow(SQLModel, table=True):
    """One guarantee that is asked for: why, how the load is found (以热定产/以量定产), the highest load, until when."""

    __tablename__ = "guarantee_case"
    __table_args__ = (
        Index("guarantee_case_by_division", "adcode", "id"),
        Index("guarantee_case_by_uscc", "uscc", "id"),
    )

    id: int | None = serial()
    uscc: str = Field(max_length=18)
    name: str = text()
    adcode: str = division()
    kind: str = Field(max_length=24)
    basis: str = Field(max_length=24)
    cap_value: float
    cap_unit: str = Field(max_length=32)
    cap_metric: str | None = Field(default=None, max_length=64)
    valid_until: datetime = instant()
    reason: str = text()
    created_by: int | None = reference("account.id", nullable=True)
    created_at: datetime = instant()


class GuaranteeStepRow(SQLModel, table=True):
    """One step of a case. `effective_from`: from when its state counts, never before it was recorded."""

    __tablename__ = "guarantee_step"
    __table_args__ = (UniqueConstraint("case_id", "seq", name="guarantee_step_in_order"),)

    id: int | None = serial()
    case_id: int = reference("guarantee_case.id")
    seq: int
    move: str = Field(max_length=24)
    state: str = Field(max_length=24)
    level: str = Field(max_length=16)
    account_id: int | None = reference("account.id", nullable=True)
    at: datetime = instant()
    effective_from: datetime = instant()
    reason: str | None = text(nullable=True)
    document: str | None = text(nullable=True)
