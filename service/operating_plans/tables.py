"""Operating plans (一厂一策): versions that are filed, and what an official said about each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, json, reference, serial, text


class OperatingPlanRow(SQLModel, table=True):
    """One version of one enterprise's plan. `during`: responses that ran when a change was filed; it waits for their end."""

    __tablename__ = "operating_plan"
    __table_args__ = (UniqueConstraint("uscc", "version", name="operating_plan_version"),)

    id: int | None = serial()
    uscc: str = Field(max_length=18)
    adcode: str = division()
    version: int
    content: str = text()
    basis: str = text()
    digest: str = Field(max_length=64)
    during: list[Any] = json()
    filed_by: int = reference("account.id")
    filed_by_name: str = text()
    filed_at: datetime = instant()


class OperatingPlanReviewRow(SQLModel, table=True):
    """The official's answer to a filed version: accepted, or returned with a reason. At most one for each."""

    __tablename__ = "operating_plan_review"

    plan_id: int = Field(foreign_key="operating_plan.id", primary_key=True, sa_type=BigInteger)
    accepted: bool
    reason: str = text()
    account_id: int = reference("account.id")
    name: str = text()
    at: datetime = instant()
