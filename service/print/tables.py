"""Sheets that were printed: what stood on them, so that anybody can hold a sheet against it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from service.kit.columns import division, instant, reference, text


class PrintedSheetRow(SQLModel, table=True):
    """One sheet (减排要求单 or 公示牌). `id` follows from the content: the same content is the same sheet."""

    __tablename__ = "printed_sheet"
    __table_args__ = (Index("printed_sheet_by_enterprise", "uscc", "created_at"),)

    id: str = Field(primary_key=True, max_length=26)
    kind: str = Field(max_length=16)
    uscc: str = Field(max_length=18)
    name: str = text()
    adcode: str = division()
    level: str | None = Field(default=None, max_length=8)
    as_of: datetime | None = instant(nullable=True)
    digest: str = Field(max_length=64)
    content: str = text()
    created_by: int = reference("account.id")
    created_at: datetime = instant()
