"""Emission lists (应急减排清单): frozen versions, their enterprises and lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, json, reference, serial, text


class ListVersionRow(SQLModel, table=True):
    """One version of one division's list: draft, frozen, active (at most one), superseded or withdrawn. Its rows never change."""

    __tablename__ = "list_version"
    __table_args__ = (
        Index("list_one_active", "adcode", unique=True, postgresql_where=sql("state = 'active'")),
        CheckConstraint(
            "state IN ('draft', 'frozen', 'active', 'superseded', 'withdrawn')", name="list_version_state"
        ),
    )

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
    frozen_by: int | None = reference("account.id", nullable=True)
    frozen_at: datetime | None = instant(nullable=True)
    effective_from: datetime | None = instant(nullable=True)
    ended_at: datetime | None = instant(nullable=True)
    blocking: int | None = None
    remarks: int | None = None
    largest: dict[str, Any] | None = json(nullable=True)
    guide_content: str | None = Field(default=None, max_length=64, foreign_key="guide_content.digest", nullable=True)


class ListEnterpriseRow(SQLModel, table=True):
    """One enterprise of a version with its lines, as one document: a requirement is one read by key."""

    __tablename__ = "list_enterprise"
    __table_args__ = (
        Index("list_enterprise_by_uscc", "uscc", "version_id"),
        Index(
            "list_enterprise_find", "version_id", "name", postgresql_include=["uscc", "industry", "grade", "lines"]
        ),
        Index(
            "list_enterprise_guaranteed",
            "version_id",
            sql("""substring(document, '"guarantee_until"\\:"([0-9-]+)"')"""),
            postgresql_where=sql("""strpos(document, '"guarantee"\\:null') = 0"""),
        ),
    )

    version_id: int = Field(foreign_key="list_version.id", primary_key=True)
    uscc: str = Field(primary_key=True, max_length=18)
    name: str = text()
    county: str = Field(max_length=6)
    industry: str = Field(max_length=64)
    grade: str = Field(max_length=16)
    lines: int
    permit_no: str | None = text(nullable=True)
    gbt4754: str | None = text(nullable=True)
    document: str = text()


class ListRecordRow(SQLModel, table=True):
    """One row of a further sheet of a version (扬尘源、移动源、用车大户、白名单、保障类): its columns as one document."""

    __tablename__ = "list_record"

    version_id: int = Field(sa_type=BigInteger, foreign_key="list_version.id", primary_key=True)
    sheet: str = Field(primary_key=True, max_length=24)
    key: str = Field(primary_key=True, max_length=200)
    county: str = division()
    document: str = text()


class ListSumRow(SQLModel, table=True):
    """One group of a version's summary, added up at import. `milligrams` and `gaps`: as in `emission_lists.summary.Sum`."""

    __tablename__ = "list_sum"

    version_id: int = Field(sa_type=BigInteger, foreign_key="list_version.id", primary_key=True)
    dimension: str = Field(primary_key=True, max_length=16)
    key: str = Field(primary_key=True, max_length=64)
    enterprises: int
    lines: int
    milligrams: list[int] = Field(sa_column=Column(ARRAY(BigInteger), nullable=False))
    gaps: list[int] | None = Field(default=None, sa_column=Column(ARRAY(BigInteger), nullable=True))


class ListImportRow(SQLModel, table=True):
    """One upload of a workbook on its way to a version (导入): how far it is, and how it ended."""

    __tablename__ = "list_import"
    __table_args__ = (Index("list_import_by_division", "adcode", "id"),)

    id: int | None = serial()
    adcode: str = division()
    title: str = text()
    guide: str = Field(max_length=32)
    state: str = Field(max_length=16)
    size: int = Field(sa_type=BigInteger)
    received: int = Field(sa_type=BigInteger)
    sha256: str = Field(max_length=64)
    rows: int | None = None
    rows_read: int = 0
    findings: int = 0
    deaths: int = 0
    version_id: int | None = reference("list_version.id", nullable=True)
    created_by: int | None = reference("account.id", nullable=True)
    created_at: datetime = instant()
    ended_at: datetime | None = instant(nullable=True)


class ListImportChunkRow(SQLModel, table=True):
    """A piece of an uploaded workbook, from the byte `start` on."""

    __tablename__ = "list_import_chunk"

    import_id: int = Field(sa_type=BigInteger, foreign_key="list_import.id", primary_key=True)
    start: int = Field(sa_type=BigInteger, primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)


class ListImportFindingRow(SQLModel, table=True):
    """One fault of a refused workbook."""

    __tablename__ = "list_import_finding"

    import_id: int = Field(sa_type=BigInteger, foreign_key="list_import.id", primary_key=True)
    number: int = Field(primary_key=True)
    document: str = text()
