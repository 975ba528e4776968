"""Column kinds shared by all tables."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field


def serial() -> Any:
    """A bigint primary key that the database counts."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=False), primary_key=True))


def reference(target: str, *, nullable: bool = False, index: bool = False) -> Any:
    """A bigint foreign key to `table.column`."""
    default: Any = None if nullable else ...
    return Field(default=default, sa_type=BigInteger, foreign_key=target, nullable=nullable, index=index)


def instant(*, nullable: bool = False, index: bool = False) -> Any:
    """An aware instant (timestamptz)."""
    default: Any = None if nullable else ...
    return Field(default=default, sa_type=DateTime(timezone=True), nullable=nullable, index=index)


def text(*, nullable: bool = False) -> Any:
    """Unbounded text."""
    default: Any = None if nullable else ...
    return Field(default=default, sa_type=Text, nullable=nullable)


def json(*, nullable: bool = False) -> Any:
    """A JSON value for looking into; content that is hashed is stored as canonical text instead."""
    return Field(sa_type=JSONB, nullable=nullable)


def division() -> Any:
    """A six-digit GB/T 2260 code (行政区划代码)."""
    return Field(max_length=6, min_length=6, index=False, nullable=False)
