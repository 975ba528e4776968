"""Regional prompts (区域预警提示)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.kit.columns import instant, reference, serial, text


class PromptRow(SQLModel, table=True):
    """A coordinator's list with one common start."""

    __tablename__ = "prompt"

    id: int | None = serial()
    region: str = Field(max_length=64)
    document: str = text()
    basis: str = text()
    issued_by: int = reference("account.id")
    issued_at: datetime = instant()
    starts_at: datetime = instant()
    ends_at: datetime | None = instant(nullable=True)


class PromptEntryRow(SQLModel, table=True):
    """One division of a prompt."""

    __tablename__ = "prompt_entry"
    __table_args__ = (Index("prompt_entry_by_division", "adcode", "prompt_id"),)

    prompt_id: int = Field(foreign_key="prompt.id", primary_key=True)
    adcode: str = Field(primary_key=True, max_length=6)
    level: int
