"""What a feed posts (Standard Webhooks body `{type, timestamp, data}`)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

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


class Envelope(BaseModel):
    """What every message says of itself."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.]{1,64}$")]
    timestamp: AwareDatetime


class FeedMessage(Envelope):
    """The body of a feed's webhook."""

    data: Annotated[list[Delivery], Field(min_length=1, max_length=MAX_ITEMS)]


class SingleMessage(Envelope):
    """The same with one delivery that stands alone instead of in a list."""

    data: Delivery
