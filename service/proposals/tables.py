"""Proposals (预警建议) and decisions (审批)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class ProposalRow(SQLModel, table=True):
    """What should be done in one division. `content` is the frozen canonical text that a decision binds to by its hash."""

    __tablename__ = "proposal"
    __table_args__ = (
        Index("proposal_one_open", "adcode", unique=True, postgresql_where=sql("state = 'open'")),
        Index("proposal_by_deadline", "state", "deadline"),
    )

    id: int | None = serial()
    adcode: str = division()
    action: str = Field(max_length=16)
    from_level: int
    to_level: int
    reason: str = Field(max_length=32)
    effective_at: datetime | None = instant(nullable=True)
    planned_end: datetime | None = instant(nullable=True)
    content: str = text()
    content_hash: str = Field(max_length=64)
    assessment_id: int | None = reference("assessment.id", nullable=True)
    prompt_id: int | None = reference("prompt.id", nullable=True)
    proposed_by: int | None = reference("account.id", nullable=True)
    deadline: datetime = instant()
    state: str = Field(default="open", max_length=16)
    created_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)


class DecisionRow(SQLModel, table=True):
    """What a named role said about that exact content; one for each proposal, never changed."""

    __tablename__ = "decision"

    id: int | None = serial()
    proposal_id: int = Field(foreign_key="proposal.id", unique=True)
    adcode: str = division()
    account_id: int = reference("account.id")
    role: str = Field(max_length=32)
    approve: bool
    reason: str = text()
    legal_basis: str | None = text(nullable=True)
    content_hash: str = Field(max_length=64)
    decided_at: datetime = instant()
