"""The second factor on pages that decide: whether to ask for it, and what to say when it is refused."""

from __future__ import annotations

from service.accounts import factors
from service.accounts.roles import Principal
from service.kit.problems import FactorNeeded, FactorWrong, Problem, TooManyAttempts
from service.kit.unit_of_work import UnitOfWork

FAULTS: dict[type[Problem], str] = {
    FactorNeeded: "factor_needed",
    FactorWrong: "factor_wrong",
    TooManyAttempts: "factor_rests",
}
"""The text key of each refusal."""


async def is_asked(uow: UnitOfWork, official: Principal) -> bool:
    """Whether the form has a field for the code."""
    return uow.runtime.settings.require_factor or await factors.state(uow, official) == "active"
