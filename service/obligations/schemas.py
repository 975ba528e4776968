"""Bodies of reports and task entries."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from service.evaluations.schemas import readable

Words = Annotated[str, Field(max_length=8000), AfterValidator(readable)]
Number = Annotated[int | None, Field(ge=0, le=10_000_000)]


class ReportBody(BaseModel):
    """The hash of the facts as they were read, and what is added by hand; `situation` says what the report is for.

    `as_of`: the instant that the facts name, where they name one. `factor`: the code of the second factor, where there is one.
    """

    model_config = ConfigDict(extra="forbid")

    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    as_of: AwareDatetime | None = None
    situation: Annotated[str, Field(min_length=1, max_length=8000, pattern=r"\S"), AfterValidator(readable)]
    problems: Words = ""
    next_steps: Words = ""
    factor: Annotated[str | None, Field(max_length=64)] = None


class EntryBody(BaseModel):
    """A receipt, progress such as 12 of 40, or the end of a task."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["receipt", "progress", "done"]
    done: Number = None
    total: Number = None
    note: Annotated[str, Field(max_length=2000), AfterValidator(readable)] | None = None


class HolderBody(BaseModel):
    """The organisation that holds a department's tasks."""

    model_config = ConfigDict(extra="forbid")

    organisation: Annotated[int, Field(ge=1, le=2**62)]
