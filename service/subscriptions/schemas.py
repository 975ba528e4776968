"""What a caller may ask of subscriptions and deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Adcode = Annotated[str, Field(pattern=r"^\d{6}$")]
Url = Annotated[str, Field(min_length=10, max_length=2000)]
Events = Annotated[list[str], Field(max_length=20)]
Scheme = Literal["v1", "v1a", "v1+v1a"]
Channel = Literal["webhook", "email", "sms"]
State = Literal["pending", "sending", "done", "dead", "cancelled"]


class SubscriptionBody(BaseModel):
    """An https address, the events wanted (none named: all), the division they are about, and how to sign and order them."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    events: Events = []
    adcode: Adcode | None = None
    scheme: Scheme = "v1"
    ordered: bool = False


class ChangeBody(BaseModel):
    """What shall change; what is not named stays. `state` pauses, and resumes also what was disabled."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    events: Events | None = None
    state: Literal["active", "paused"] | None = None
    scheme: Scheme | None = None
    ordered: bool | None = None


class RangeBody(BaseModel):
    """The events announced from `from` until before `until`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    start: Annotated[AwareDatetime, Field(alias="from")]
    until: AwareDatetime


class RedriveBody(BaseModel):
    """Which dead letters; nothing named: all that the caller may send again, a thousand at a time."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    channel: Channel | None = None
    subscription: int | None = None
    adcode: Adcode | None = None
    start: Annotated[AwareDatetime | None, Field(alias="from")] = None
    until: datetime | None = None
