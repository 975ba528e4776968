"""Messages to neighbours and the upper level (通报、报告), and who has read them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class CircularRow(SQLModel, table=True):
    """What a place told others at the instant of its announcement; one for each step of a warning, never changed."""

    __tablename__ = "circular"
    __table_args__ = (
        Index("circular_by_step", "step_id", unique=True),
        Index("circular_by_division", "adcode", "id"),
    )

    id: int | None = serial()
    adcode: str = division()
    warning_id: int = reference("warning.id")
    step_id: int = reference("warning_step.id")
    document: str = text()
    content_hash: str = Field(max_length=64)
    sent_at: datetime = instant()


class CircularRecipientRow(SQLModel, table=True):
    """One place that was told: a neighbour (通报) or the upper level (报告)."""

    __tablename__ = "circular_recipient"
    __table_args__ = (Index("circular_recipient_by_division", "adcode", "circular_id"),)

    circular_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("circular.id"), primary_key=True, autoincrement=False)
    )
    adcode: str = Field(primary_key=True, max_length=6)
    relation: str = Field(max_length=16)


class CircularReceiptRow(SQLModel, table=True):
    """Who read it there, once per place."""

    __tablename__ = "circular_receipt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["circular_id", "adcode"], ["circular_recipient.circular_id", "circular_recipient.adcode"]
        ),
    )

    circular_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    adcode: str = Field(primary_key=True, max_length=6)
    account_id: int = reference("account.id")
    role: str = Field(max_length=32)
    note: str | None = text(nullable=True)
    read_at: datetime = instant()
