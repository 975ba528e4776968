"""Guides as they were when list versions were frozen."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from service.kit.columns import instant, text


class GuideContentRow(SQLModel, table=True):
    """One edition of the guides under its digest, kept when the first list version that follows it is frozen; append-only."""

    __tablename__ = "guide_content"

    digest: str = Field(primary_key=True, max_length=64)
    document: str = text()
    kept_at: datetime = instant()
