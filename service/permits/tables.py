"""Permit registers (排污许可名录): who holds a permit, in versions per division."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class PermitRegisterRow(SQLModel, table=True):
    """One upload of one division's register; the newest is in force. Rows never change."""

    __tablename__ = "permit_register"
    __table_args__ = (Index("permit_register_newest", "adcode", "id"),)

    id: int | None = serial()
    adcode: str = division()
    source: str = text()
    permits: int
    holders: int
    digest: str = Field(max_length=64)
    created_by: int | None = reference("account.id", nullable=True)
    created_at: datetime = instant()


class PermitRow(SQLModel, table=True):
    """One permit or registration of a register. `uscc` None: a unit without a credit code (H9…)."""

    __tablename__ = "permit"

    register_id: int = Field(sa_type=BigInteger, foreign_key="permit_register.id", primary_key=True)
    permit_no: str = Field(primary_key=True, max_length=24)
    uscc: str | None = Field(default=None, max_length=18)
    name: str = text()
    management: str = Field(max_length=16)
    gbt4754: str | None = Field(default=None, max_length=4)
    air: bool
    valid_until: date | None = None
    county: str = division()
