"""Grades are judged by the guide of their place: what a province adds counts there and nowhere else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from emission_lists.entitlement import Decisions
from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import Enterprise, Line
from emission_lists.measures import Action, Measure
from emission_lists.standing import Decided, DecisionKind
from service.grades.applying import entitle
from service.kit.clock import SHANGHAI

START = datetime(2024, 12, 1, 8, tzinfo=SHANGHAI)
STOP = Measure(Action.STOP, ratio=1.0)
LINE = Line("MF0001", "1号线", "熔化", PerLevel(STOP, STOP, STOP))


def firm(adcode: str) -> Enterprise:
    return Enterprise("91410100MA00000000", "某铸造", adcode, "铸造", True, Grade.C)


@pytest.mark.parametrize(
    ("adcode", "action"), [("410102", Action.SELF_DETERMINED), ("130102", Action.STOP), ("110101", Action.STOP)]
)
def test_henans_advanced_grade_decides_for_itself_in_henan_only(adcode: str, action: Action) -> None:
    decided = Decided(1, "铸造", None, Grade.ADVANCED, DecisionKind.RATED, START - timedelta(days=30))
    made = entitle(firm(adcode), [LINE], "G2020", Decisions((decided,)), START, START)
    assert {made.lines[0].measures.at(level).action for level in LEVELS} == {action}
