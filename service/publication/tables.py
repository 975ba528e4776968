"""Published messages: the bytes that went out, kept as they were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, text


class MessageRow(SQLModel, table=True):
    """One CAP message with its frozen identifier, instant and bytes."""

    __tablename__ = "message"
    __table_args__ = (Index("message_by_warning", "warning_id", "sent"),)

    identifier: str = Field(primary_key=True, max_length=64)
    adcode: str = division()
    warning_id: int = reference("warning.id")
    step_id: int = Field(foreign_key="warning_step.id", unique=True)
    kind: str = Field(max_length=8)
    sent: datetime = instant()
    expires: datetime | None = instant(nullable=True)
    title: str = text()
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
