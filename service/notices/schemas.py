"""What is given to notices over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from service.notices.calls import Outcome
from service.people.audience import Adcode, Audience
from service.people.schemas import one_line

Title = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]
Uscc = Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Words(_Body):
    """A notice in one language."""

    title: Title
    text: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


class ExtraBody(_Body):
    """A notice by hand: where, for whom, and what it says in both languages."""

    adcode: Adcode
    audience: Audience = Audience()
    zh: Words
    en: Words

    def content(self) -> dict[str, Any]:
        """What is approved: everything."""
        return self.model_dump(mode="json")


class ExtraDecision(_Body):
    """Yes or no to exactly the content with this hash; `factor`: the code of the second factor, where the account has one."""

    approve: bool
    content_hash: Hash
    note: Annotated[str | None, Field(max_length=500)] = None
    factor: Annotated[str | None, Field(max_length=64)] = None


class CallBody(_Body):
    """How a call ended."""

    uscc: Uscc
    outcome: Outcome
    contact: Annotated[int | None, Field(ge=1, le=2**62)] = None
    note: Annotated[str | None, Field(max_length=200)] = None


class PreviewBody(_Body):
    """An audience to be counted."""

    adcode: Adcode
    audience: Audience = Audience()
