"""Bodies of reports and closings."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Kg = Annotated[float | None, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What no XML document can hold, so no .docx either."""


def readable(text: str) -> str:
    """The text. ValueError when it holds what no document can show."""
    if UNREADABLE.search(text):
        raise ValueError("the text holds control characters; delete them, or type the text again")
    return text


Words = Annotated[str, Field(min_length=1, max_length=8000, pattern=r"\S"), AfterValidator(readable)]


class ClosingBody(BaseModel):
    """The hash of the evaluation as it was read, the conclusion (评估结论) and the lessons (经验教训)."""

    model_config = ConfigDict(extra="forbid")

    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    conclusion: Words
    lessons: Words | None = None


class LineReport(BaseModel):
    """One line on one natural day of the response.

    `hours` in which it stood still (stopped) or ran at less (limited); `ran_at` the share of normal output that went on; kg
    saved on that day where they are known.
    """

    model_config = ConfigDict(extra="forbid")

    line: Annotated[str, Field(min_length=1, max_length=64)]
    day: date
    state: Literal["stopped", "limited", "running"]
    hours: Annotated[float, Field(ge=0, le=24, allow_inf_nan=False)] = 0.0
    ran_at: Annotated[float | None, Field(ge=0, le=1, allow_inf_nan=False)] = None
    so2: Kg = None
    nox: Kg = None
    pm: Kg = None
    vocs: Kg = None
    note: Annotated[str, Field(max_length=1000), AfterValidator(readable)] | None = None


class ReportsBody(BaseModel):
    """What an enterprise reports of its own lines; the newest of a line and day counts."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[LineReport], Field(min_length=1, max_length=1000)]
