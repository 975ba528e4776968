"""People: what they are told (站内消息) and what they have read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, serial, text


class InboxMessageRow(SQLModel, table=True):
    """One message to everybody in some roles whose region holds a division: one row, whatever their number."""

    __tablename__ = "inbox_message"
    __table_args__ = (Index("inbox_message_newest", "created_at", "id"),)

    id: int | None = serial()
    adcode: str = division()
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    kind: str = Field(max_length=16)
    reason: str = Field(max_length=200, unique=True)
    title_zh: str = text()
    text_zh: str = text()
    title_en: str = text()
    text_en: str = text()
    link: str = text()
    urgent: bool = False
    created_at: datetime = instant()


class InboxReadRow(SQLModel, table=True):
    """An account has read a message."""

    __tablename__ = "inbox_read"

    account_id: int = Field(sa_type=BigInteger, foreign_key="account.id", primary_key=True)
    message_id: int = Field(sa_type=BigInteger, foreign_key="inbox_message.id", primary_key=True)
    read_at: datetime = instant()
