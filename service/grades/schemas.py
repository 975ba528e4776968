"""What the API takes about grades."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from emission_lists.grades import Grade

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Short = Annotated[str, Field(min_length=1, max_length=64)]
Uscc = Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Adcode = Annotated[str, Field(pattern=r"^\d{6}$")]


def _within_reach(value: datetime) -> datetime:
    if not 2000 <= value.year < 2200:
        raise ValueError("give an instant between the years 2000 and 2200")
    return value


Instant = Annotated[AwareDatetime, AfterValidator(_within_reach)]
"""An aware instant that months can be added to."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ApplicationBody(_Body):
    """An application for a grade; `line_code`: for this line only. `evidence`: what proves it, such as an evaluation."""

    uscc: Uscc
    adcode: Adcode | None = None
    grade: Grade
    industry: Short | None = None
    subtype: Short | None = None
    guide: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,16}$")] | None = None
    line_code: Short | None = None
    reason: Text
    evidence: Text | None = None


class DowngradeBody(_Body):
    """A downgrade that an official proposes."""

    uscc: Uscc
    adcode: Adcode | None = None
    cause: Literal["finding", "failed_evaluation", "faked_evaluation", "false_material", "measures_not_carried_out"]
    grade: Grade | None = None
    industry: Short | None = None
    reason: Text
    evidence: Text | None = None


MoveName = Literal[
    "review",
    "reject",
    "withdraw",
    "publicise",
    "object",
    "dismiss_objection",
    "uphold_objection",
    "publish",
    "appeal",
    "grant_appeal",
    "dismiss_appeal",
    "decide",
    "drop",
]


class StepBody(_Body):
    """One step. `grade`: what a review or a decision finds instead; `document`: the number (文号) of what was published."""

    move: MoveName
    reason: Text | None = None
    document: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    grade: Grade | None = None
    effective_from: Instant | None = None
    valid_until: Instant | None = None
    ban_until: Instant | None = None


class PublicationBody(_Body):
    """By which document an entered list is published, from when and until when its grades hold."""

    document: Annotated[str, Field(min_length=1, max_length=200)]
    effective_from: Instant | None = None
    valid_until: Instant | None = None
