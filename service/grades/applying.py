"""The list's word about an enterprise under what was decided about it, by its place's guide and profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from emission_lists.entitlement import Decisions, entitled
from emission_lists.lists import Enterprise, Line
from emission_lists.regrading import Regraded
from emission_lists.standing import by_guide
from service.guides.loader import Applied
from service.kit.clock import SHANGHAI


def entitle(
    enterprise: Enterprise, lines: Sequence[Line], guide: Applied, decisions: Decisions, start: datetime, at: datetime
) -> Regraded:
    """Enterprise, lines and notes under the grades in force at `start`, and the guarantees that hold at `at`.

    `guide`: that of the list version, in the edition that it was frozen with; decisions on industries that it has one name
    for are about one industry, however they were written.
    Where the framework of 2026 holds already, its grades decide for themselves beside those of the guide.
    """
    place = guide.of_place(enterprise.adcode, start.astimezone(SHANGHAI).date())
    local = place.profile
    if decisions.grades:
        decisions = replace(decisions, grades=by_guide(decisions.grades, place.guide))
    framed = frozenset() if place.framework is None else place.framework.self_determined.grades
    return entitled(
        enterprise,
        lines,
        decisions,
        place.guide,
        start=start,
        at=at,
        also_self_determined=local.extra_self_determined | framed,
        lower_load=local.single_unit.policy == "lower_load",
    )
