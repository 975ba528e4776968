"""The ledger: every effect, sealed into a hash chain that a third party can verify offline."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from service.kit.columns import instant, serial, text


class LedgerEntryRow(SQLModel, table=True):
    """One effect, written in the transaction that makes it. `content` is its canonical JSON."""

    __tablename__ = "ledger_entry"

    id: int | None = serial()
    at: datetime = instant()
    kind: str = Field(max_length=48)
    adcode: str | None = Field(default=None, max_length=6)
    content: str = text()


class LedgerPendingRow(SQLModel, table=True):
    """Entries that are committed and not yet sealed."""

    __tablename__ = "ledger_pending"

    entry_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class LedgerSealRow(SQLModel, table=True):
    """The chain: `hash` covers the entry's content and the hash before it."""

    __tablename__ = "ledger_seal"

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry_id: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    hash: str = Field(max_length=64)
