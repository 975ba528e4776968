"""One missing operating plan is one finding in a warning (预警), however many steps the warning takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from emission_lists.compliance import Found
from emission_lists.compliance_process import Existing, FindingState
from emission_lists.compliance_rules import Rule
from service.kit.unit_of_work import UnitOfWork
from service.responses.repository import Responding

ELSEWHERE_SQL = """
SELECT f.uscc, (r.starts_at, r.id) < (own.starts_at, own.id) AS earlier
FROM response own JOIN warning_step mine ON mine.id = own.step_id
JOIN warning_step s ON s.warning_id = mine.warning_id
JOIN response r ON r.step_id = s.id AND r.id <> own.id
JOIN finding f ON f.response_id = r.id
WHERE own.id = $1 AND f.uscc = ANY($2::text[]) AND f.rule = 'NO_PLAN' AND (f.state <> 'withdrawn' OR f.supported)
"""


async def plans_elsewhere(uow: UnitOfWork, response: Responding, usccs: Sequence[str]) -> dict[str, list[bool]]:
    """By enterprise, its missing plan as found under other steps of the same warning: whether under an earlier one."""
    found: dict[str, list[bool]] = defaultdict(list)
    for row in await uow.fetch(ELSEWHERE_SQL, response.id, usccs):
        found[row["uscc"]].append(row["earlier"])
    return found


def once_a_warning(shown: Iterable[Found], stored: Iterable[Existing], elsewhere: Sequence[bool]) -> list[Found]:
    """What is shown without a missing plan that another step of the warning found already.

    Of two that nobody has pursued the earlier one stays; what somebody has pursued stays, as it was told.
    """
    made = []
    own = [one for one in stored if one.rule is Rule.NO_PLAN and (one.supported or one.state is not FindingState.WITHDRAWN)]
    told = next((one for one in own if one.state is not FindingState.FOUND), None)
    for one in shown:
        if one.rule is not Rule.NO_PLAN:
            made.append(one)
        elif told is not None:
            made.append(replace(one, starts=told.starts, until=told.until))
        elif not (any(elsewhere) if own else elsewhere):
            made.append(one)
    return made
