"""Who may sign in, and as what: organisations, accounts, sessions, second factors, API keys, stand-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, json, reference, serial, text


class OrganisationRow(SQLModel, table=True):
    """A body of a division: its command, office, bureau, weather service, or a company (单位).

    Nobody joins a closed one (撤销), and nobody who belongs to it signs in.
    """

    __tablename__ = "organisation"
    __table_args__ = (UniqueConstraint("adcode", "name", name="organisation_once"),)

    id: int | None = serial()
    name: str = text()
    adcode: str = division()
    kind: str = Field(max_length=16)
    created_at: datetime = instant()
    closed_at: datetime | None = instant(nullable=True)


class AccountRow(SQLModel, table=True):
    """A person or a machine with one role in one region; without a role it has no rights.

    `adcode` is the scope; an enterprise is bound to its `uscc`. `external_id` is who it is to the OpenID provider. `code_hash`
    is a one-time code for setting a password.
    """

    __tablename__ = "account"

    id: int | None = serial()
    login: str = Field(max_length=64, unique=True)
    display: str = text()
    role: str | None = Field(default=None, max_length=32)
    adcode: str = Field(max_length=6)
    uscc: str | None = Field(default=None, max_length=18)
    organisation_id: int | None = reference("organisation.id", nullable=True)
    post: str | None = text(nullable=True)
    password_hash: str = text()
    must_change: bool = False
    code_hash: str | None = Field(default=None, max_length=64)
    code_expires_at: datetime | None = instant(nullable=True)
    external_id: str | None = Field(default=None, max_length=255, unique=True)
    enabled: bool = True
    failures: int = 0
    resting_until: datetime | None = instant(nullable=True)
    created_at: datetime = instant()
    opened_by: int | None = reference("account.id", nullable=True)
    granted_by: int | None = reference("account.id", nullable=True)
    reset_by: int | None = reference("account.id", nullable=True)
    last_signed_in_at: datetime | None = instant(nullable=True)


class SessionRow(SQLModel, table=True):
    """A sign-in. Only the hash of the token is stored. A pending one waits for the second factor and opens nothing."""

    __tablename__ = "session"

    token_hash: str = Field(primary_key=True, max_length=64)
    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=False), unique=True, nullable=False)
    )
    account_id: int = reference("account.id", index=True)
    created_at: datetime = instant()
    expires_at: datetime = instant(index=True)
    last_seen_at: datetime = instant()
    address: str = text()
    agent: str = text()
    means: str = Field(max_length=16)
    pending: bool = False


class FamiliarPlaceRow(SQLModel, table=True):
    """From where an account signed in lately (an IPv4 address or an IPv6 /64)."""

    __tablename__ = "familiar_place"

    account_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="account.id")
    place: str = Field(primary_key=True, max_length=64)
    last_at: datetime = instant()


class FactorRow(SQLModel, table=True):
    """A second factor (TOTP): the secret is sealed; `last_step` is the newest code used, so that none is taken twice.

    Wrong codes of sign-ins are counted apart: who knows only the password cannot keep an open session from signing.
    """

    __tablename__ = "factor"

    account_id: int = Field(sa_type=BigInteger, primary_key=True, foreign_key="account.id")
    sealed: str = text()
    confirmed_at: datetime | None = instant(nullable=True)
    last_step: int = Field(default=0, sa_type=BigInteger)
    failures: int = 0
    resting_until: datetime | None = instant(nullable=True)
    sign_in_failures: int = 0
    sign_in_resting_until: datetime | None = instant(nullable=True)
    created_at: datetime = instant()


class RecoveryCodeRow(SQLModel, table=True):
    """A code for a lost factor, used once. Only its keyed hash is stored."""

    __tablename__ = "recovery_code"

    id: int | None = serial()
    account_id: int = reference("account.id", index=True)
    code_hash: str = Field(max_length=64)
    used_at: datetime | None = instant(nullable=True)


class DelegationRow(SQLModel, table=True):
    """Somebody acts for somebody else, in the role he had, between two instants: lent by himself (委托) or appointed (代理)."""

    __tablename__ = "delegation"

    id: int | None = serial()
    kind: str = Field(max_length=16)
    from_account_id: int = reference("account.id", index=True)
    to_account_id: int = reference("account.id", index=True)
    role: str = Field(max_length=32)
    adcode: str = division()
    valid_from: datetime = instant()
    valid_until: datetime = instant()
    reason: str = text()
    made_by: int = reference("account.id")
    made_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)
    ended_by: int | None = reference("account.id", nullable=True)


class ApiKeyRow(SQLModel, table=True):
    """A key of a program: prefix and keyed hash. `replaces` names the key that it follows after a rotation."""

    __tablename__ = "api_key"

    id: int | None = serial()
    account_id: int = reference("account.id", index=True)
    prefix: str = Field(max_length=16, unique=True)
    digest: str = Field(max_length=64)
    name: str = text()
    scopes: Any = json()
    created_at: datetime = instant()
    expires_at: datetime = instant()
    first_used_at: datetime | None = instant(nullable=True)
    last_used_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)
    revoked_by: int | None = reference("account.id", nullable=True)
    replaces: int | None = reference("api_key.id", nullable=True)
