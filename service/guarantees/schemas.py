"""What the API takes about guarantees."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.grades.schemas import Adcode, Instant, Text, Uscc


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CapBody(_Body):
    """The highest load that is asked for, such as 日供热 ≤ 500 GJ."""

    value: Annotated[float, Field(gt=0, le=1e9)]
    unit: Annotated[str, Field(min_length=1, max_length=32)]
    metric: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class GuaranteeBody(_Body):
    """A guarantee that is asked for: why, how the load is found, the highest load, until when."""

    uscc: Uscc
    adcode: Adcode | None = None
    kind: Literal["livelihood", "city_operation", "strategic_industry", "major_project", "other"]
    basis: Literal["heat_supply", "ordered_quantity"]
    cap: CapBody
    valid_until: Instant
    reason: Text


class GuaranteeStepBody(_Body):
    """One step of a guarantee. `document`: the number (文号) by which it is done."""

    move: Literal["agree", "vet", "file", "start", "suspend", "resume", "revoke", "reject", "withdraw"]
    reason: Text | None = None
    document: Annotated[str, Field(min_length=1, max_length=200)] | None = None
