"""Bodies of the findings' calls."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from emission_lists.compliance_process import FindingStep

Note = Annotated[str, Field(min_length=1, max_length=2000)]
Attachment = Annotated[str, Field(min_length=1, max_length=300)]


class FindingBody(BaseModel):
    """A finding by hand: what was seen, of which enterprise (or line), when."""

    model_config = ConfigDict(extra="forbid")

    uscc: Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
    line: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    starts_at: AwareDatetime
    until_at: AwareDatetime | None = None
    note: Note
    attachment: Attachment | None = None


class StepBody(BaseModel):
    """One step of the due process. `content_hash` binds a confirmation to what was read."""

    model_config = ConfigDict(extra="forbid")

    step: FindingStep
    note: Note
    attachment: Attachment | None = None
    content_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
