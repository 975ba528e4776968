"""What a feed posts (Standard Webhooks body `{type, timestamp, data}`)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from alerts.points import Point

Basis = Literal["forecast", "perfect", "persistence"]
MAX_ITEMS = 3000


class Delivery(BaseModel):
    """One division's part of a message. `basis` declares a forecast of the past that was rebuilt from later observations."""

    model_config = ConfigDict(extra="forbid")

    adcode: Annotated[str, Field(pattern=r"^\d{6}$")]
    issued_at: AwareDatetime | None = None
    basis: Basis = "forecast"
    points: Annotated[list[Point], Field(min_length=1, max_length=800)]


class FeedMessage(BaseModel):
    """The body of a feed's webhook."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.]{1,64}$")]
    timestamp: AwareDatetime
    data: Annotated[list[Delivery], Field(min_length=1, max_length=MAX_ITEMS)]

    @field_validator("data", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value


class Accepted(BaseModel):
    """The answer after the commit."""

    feed: str
    kind: Literal["forecasts", "observations"]
    received: int
    stored: int
    divisions: list[str]
    received_at: datetime
