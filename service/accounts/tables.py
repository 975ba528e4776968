"""Who may sign in, and as what."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.kit.columns import instant, reference, serial, text


class AccountRow(SQLModel, table=True):
    """A person or a machine with one role in one region. `adcode` is the scope; an enterprise is bound to its `uscc`."""

    __tablename__ = "account"

    id: int | None = serial()
    login: str = Field(max_length=64, unique=True)
    display: str = text()
    role: str = Field(max_length=32)
    adcode: str = Field(max_length=6)
    uscc: str | None = Field(default=None, max_length=18)
    password_hash: str = text()
    enabled: bool = True
    failures: int = 0
    resting_until: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class SessionRow(SQLModel, table=True):
    """A sign-in. Only the hash of the token is stored."""

    __tablename__ = "session"

    token_hash: str = Field(primary_key=True, max_length=64)
    account_id: int = reference("account.id")
    created_at: datetime = instant()
    expires_at: datetime = instant(index=True)
