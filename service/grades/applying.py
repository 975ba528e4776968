"""The list's word about an enterprise under what was decided about it, by its place's guide and profile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from emission_lists.entitlement import Decisions, entitled
from emission_lists.lists import Enterprise, Line
from emission_lists.regrading import Regraded
from service.kit.clock import SHANGHAI
from service.lists.workbooks import law_at


def entitle(
    enterprise: Enterprise, lines: Sequence[Line], guide: str, decisions: Decisions, start: datetime, at: datetime
) -> Regraded:
    """Enterprise, lines and notes under the grades in force at `start`, and the guarantees that hold at `at`."""
    law, local = law_at(enterprise.adcode, guide, start.astimezone(SHANGHAI).date())
    return entitled(
        enterprise,
        lines,
        decisions,
        law,
        start=start,
        at=at,
        also_self_determined=local.extra_self_determined,
        lower_load=local.single_unit.policy == "lower_load",
    )
