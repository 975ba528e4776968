"""Deviations from the assessment (偏离研判), append-only, and attempts that were refused."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, serial, text


class DeviationRow(SQLModel, table=True):
    """One departure from what the assessment supports, once for each proposal and kind.

    Of a proposal by hand it is written when it is put forward, of a rejection with its decision, of an expiry without
    ground: nobody gave one. `called_for` None: no assessment was fresh enough.
    """

    __tablename__ = "deviation"
    __table_args__ = (
        UniqueConstraint("proposal_id", "kind", name="deviation_once"),
        Index("deviation_by_division", "adcode", "id"),
    )

    id: int | None = serial()
    adcode: str = division()
    kind: str = Field(max_length=32)
    action: str = Field(max_length=16)
    from_level: int
    to_level: int
    called_for: int | None = None
    ground: str | None = Field(default=None, max_length=32)
    legal_basis: str | None = text(nullable=True)
    explanation: str | None = text(nullable=True)
    proposal_id: int = reference("proposal.id")
    decision_id: int | None = reference("decision.id", nullable=True)
    assessment_id: int | None = reference("assessment.id", nullable=True)
    at: datetime = instant()


class RefusalRow(SQLModel, table=True):
    """That a refused attempt is on the ledger already: the same attempt by the same person is written once."""

    __tablename__ = "refusal"

    account_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    fingerprint: str = Field(primary_key=True, max_length=64)
    at: datetime = instant()
