"""Proposals (预警建议), signatures (签批) and decisions (审批)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, UniqueConstraint
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


def counted() -> Any:
    """A number that begins at nought."""
    return Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))


class ProposalRow(SQLModel, table=True):
    """What should be done in one division. `content` is the frozen canonical text that a decision binds to by its hash.

    `chain`: who signs in which order, as the plan had it when this was put forward. `step` signatures are given;
    `escalations` deadlines of the next one have passed; its window is [opened_at, deadline).
    """

    __tablename__ = "proposal"
    __table_args__ = (
        Index("proposal_one_open", "adcode", unique=True, postgresql_where=sql("state = 'open'")),
        Index("proposal_by_deadline", "state", "deadline"),
        Index("proposal_by_division", "adcode", "id"),
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
    chain: str | None = text(nullable=True)
    step: int = counted()
    escalations: int = counted()
    opened_at: datetime | None = instant(nullable=True)
    closed_reason: str | None = text(nullable=True)


class SignatureRow(SQLModel, table=True):
    """A signature under that exact content; the last of a chain makes the decision.

    A stand-in signs with the `role` of `for_account` by the delegation.
    """

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("proposal_id", "step", name="signature_one_a_step"),
        UniqueConstraint("proposal_id", "account_id", name="signature_one_a_person"),
    )

    id: int | None = serial()
    proposal_id: int = reference("proposal.id")
    adcode: str = division()
    step: int
    account_id: int = reference("account.id")
    role: str = Field(max_length=32)
    delegation_id: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    for_account: int | None = reference("account.id", nullable=True)
    content_hash: str = Field(max_length=64)
    reason: str = text()
    signed_at: datetime = instant()


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
