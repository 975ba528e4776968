"""Emission lists (应急减排清单): frozen versions, their enterprises and lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, json, reference, serial, text


class ListVersionRow(SQLModel, table=True):
    """One version of one division's list: draft, active (at most one) or superseded. Its rows never change."""

    __tablename__ = "list_version"
    __table_args__ = (Index("list_one_active", "adcode", unique=True, postgresql_where=sql("state = 'active'")),)

    id: int | None = serial()
    adcode: str = division()
    title: str = text()
    guide: str = Field(max_length=32)
    state: str = Field(max_length=16)
    generated: bool = False
    enterprises: int
    lines: int
    totals: dict[str, Any] = json()
    checks: list[dict[str, Any]] = json()
    digest: str = Field(max_length=64)
    created_by: int | None = reference("account.id", nullable=True)
    created_at: datetime = instant()
    activated_by: int | None = reference("account.id", nullable=True)
    activated_at: datetime | None = instant(nullable=True)


class ListEnterpriseRow(SQLModel, table=True):
    """One enterprise of a version with its lines, as one document: a requirement is one read by key."""

    __tablename__ = "list_enterprise"
    __table_args__ = (Index("list_enterprise_by_uscc", "uscc", "version_id"),)

    version_id: int = Field(foreign_key="list_version.id", primary_key=True)
    uscc: str = Field(primary_key=True, max_length=18)
    name: str = text()
    county: str = Field(max_length=6)
    industry: str = Field(max_length=64)
    grade: str = Field(max_length=16)
    lines: int
    document: str = text()


class ListRecordRow(SQLModel, table=True):
    """One row of a further sheet of a version (扬尘源、移动源、用车大户、白名单、保障类): its columns as one document."""

    __tablename__ = "list_record"

    version_id: int = Field(sa_type=BigInteger, foreign_key="list_version.id", primary_key=True)
    sheet: str = Field(primary_key=True, max_length=24)
    key: str = Field(primary_key=True, max_length=200)
    county: str = division()
    document: str = text()
