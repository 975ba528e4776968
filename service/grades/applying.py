"""The list's word about an enterprise under what was decided about it, by its place's guide and profile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from emission_lists.entitlement import Decisions, entitled
from emission_lists.lists import Enterprise, Line
from emission_lists.regrading import Regraded
from service.guides.loader import guide_for
from service.kit.clock import SHANGHAI


def entitle(
    enterprise: Enterprise, lines: Sequence[Line], guide: str, decisions: Decisions, start: datetime, at: datetime
) -> Regraded:
    """Enterprise, lines and notes under the grades in force at `start`, and the guarantees that hold at `at`.

    Where the framework of 2026 holds already, its grades decide for themselves beside those of the guide.
    """
    place = guide_for(enterprise.adcode, start.astimezone(SHANGHAI).date(), guide)
    local = place.profile
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
