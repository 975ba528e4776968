"""Regional prompts (区域预警提示), what is suggested before them, and what follows from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


def _owner(target: str) -> Any:
    """A bigint that is part of the key and refers to `table.column`."""
    return Field(sa_column=Column(BigInteger, ForeignKey(target), primary_key=True, autoincrement=False))


class PromptRow(SQLModel, table=True):
    """A coordinator's list with one common start (`kind` start), or with an hour of lifting for each place (lift)."""

    __tablename__ = "prompt"
    __table_args__ = (Index("prompt_entered_once", "issued_by", "entry_key", unique=True),)

    id: int | None = serial()
    kind: str = Field(max_length=16)
    region: str = Field(max_length=64)
    document: str = text()
    basis: str = text()
    entry_key: str | None = Field(default=None, max_length=80)
    issued_by: int = reference("account.id")
    issued_at: datetime = instant()
    starts_at: datetime = instant()
    ends_at: datetime | None = instant(nullable=True)


class PromptEntryRow(SQLModel, table=True):
    """One division of a prompt; `starts_at` only where it differs from the common instant; level 0 in a lift."""

    __tablename__ = "prompt_entry"
    __table_args__ = (Index("prompt_entry_by_division", "adcode", "prompt_id"),)

    prompt_id: int = Field(foreign_key="prompt.id", primary_key=True)
    adcode: str = Field(primary_key=True, max_length=6)
    level: int
    starts_at: datetime | None = instant(nullable=True)


class PromptSuggestionRow(SQLModel, table=True):
    """Adjacent members of a region whose levels call for a prompt; a coordinator takes it up or sets it aside."""

    __tablename__ = "prompt_suggestion"
    __table_args__ = (
        Index(
            "prompt_suggestion_one_open",
            "region",
            "fingerprint",
            unique=True,
            postgresql_where=sql("state = 'open'"),
        ),
    )

    id: int | None = serial()
    region: str = Field(max_length=64)
    fingerprint: str = Field(max_length=64)
    document: str = text()
    state: str = Field(max_length=16)
    made_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)
    closed_by: int | None = reference("account.id", nullable=True)
    reason: str | None = text(nullable=True)
    prompt_id: int | None = reference("prompt.id", nullable=True)


class LiftCheckRow(SQLModel, table=True):
    """What the lifting test said of one division at the hour that a lift prompt names; the newest counts."""

    __tablename__ = "lift_check"
    __table_args__ = (Index("lift_check_newest", "prompt_id", "adcode", "id"),)

    id: int | None = serial()
    prompt_id: int = reference("prompt.id")
    adcode: str = division()
    assessment_id: int | None = reference("assessment.id", nullable=True)
    lift_at: datetime = instant()
    state: str = Field(max_length=16)
    missing: int
    heavy: int
    worst: int | None = None
    line: int | None = None
    at: datetime = instant()


class PromptEscalationRow(SQLModel, table=True):
    """Who was told that a division has not acted on a prompt; one for each division and stage."""

    __tablename__ = "prompt_escalation"

    prompt_id: int = _owner("prompt.id")
    adcode: str = Field(primary_key=True, max_length=6)
    stage: int = Field(primary_key=True)
    to_adcode: str = Field(max_length=6)
    to_roles: str = text()
    waiting_for: str = Field(max_length=32)
    at: datetime = instant()
