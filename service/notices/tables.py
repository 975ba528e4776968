"""Notices (通知) to a division's enterprises, and their receipts (回执)."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class NoticeRow(SQLModel, table=True):
    """What one warning step says to all listed enterprises of the division; one row for all of them."""

    __tablename__ = "notice"

    id: int | None = serial()
    adcode: str = division()
    step_id: int = Field(foreign_key="warning_step.id", unique=True)
    level: int
    headline_zh: str = text()
    headline_en: str = text()
    created_at: datetime = instant()


class AcknowledgementRow(SQLModel, table=True):
    """An enterprise has read a notice."""

    __tablename__ = "acknowledgement"

    notice_id: int = Field(foreign_key="notice.id", primary_key=True)
    uscc: str = Field(primary_key=True, max_length=18)
    account_id: int = reference("account.id")
    name: str = text()
    acknowledged_at: datetime = instant()
