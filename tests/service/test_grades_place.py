"""Grades are judged by the guide of their place: what a province adds counts there and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from emission_lists.entitlement import Decisions
from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import EmissionListDraft, Enterprise, Line, ListRow
from emission_lists.measures import Action, Measure
from emission_lists.standing import Decided, DecisionKind
from service.grades.applying import entitle
from service.guides.loader import Applied, book
from service.kit.clock import SHANGHAI
from service.lists.workbooks import checked

START = datetime(2024, 12, 1, 8, tzinfo=SHANGHAI)
OWN = Applied("G2020", book())
STOP = Measure(Action.STOP, ratio=1.0)
LINE = Line("MF0001", "1号线", "熔化", PerLevel(STOP, STOP, STOP))


def firm(adcode: str) -> Enterprise:
    return Enterprise("91410100MA00000000", "某铸造", adcode, "铸造", True, Grade.C)


@pytest.mark.parametrize(
    ("adcode", "action"), [("410102", Action.SELF_DETERMINED), ("130102", Action.STOP), ("110101", Action.STOP)]
)
def test_henans_advanced_grade_decides_for_itself_in_henan_only(adcode: str, action: Action) -> None:
    decided = Decided(1, "铸造", None, Grade.ADVANCED, DecisionKind.RATED, START - timedelta(days=30))
    made = entitle(firm(adcode), [LINE], OWN, Decisions((decided,)), START, START)
    assert {made.lines[0].measures.at(level).action for level in LEVELS} == {action}


@pytest.mark.parametrize(
    ("start", "action"),
    [
        (datetime(2026, 1, 5, 8, tzinfo=SHANGHAI), Action.SELF_DETERMINED),
        (datetime(2025, 12, 31, 23, tzinfo=SHANGHAI), Action.STOP),
    ],
)
def test_a_plus_decides_for_itself_once_the_framework_holds(start: datetime, action: Action) -> None:
    """环办大气〔2026〕2号 gives A+ above A; before it there is no such grade."""
    decided = Decided(1, "铸造", None, Grade.A_PLUS, DecisionKind.PICKED, start - timedelta(days=3))
    made = entitle(firm("140105"), [LINE], OWN, Decisions((decided,)), start, start)
    assert {made.lines[0].measures.at(level).action for level in LEVELS} == {action}


@pytest.mark.parametrize(
    ("industry", "day", "found"),
    [
        ("长流程联合钢铁", date(2026, 1, 5), set()),
        ("长流程联合钢铁", date(2025, 12, 31), {"GRADE_ILLEGAL", "SELF_DETERMINED_BELOW"}),
        ("有色金属压延", date(2026, 1, 5), {"GRADE_UNCERTAIN"}),
    ],
)
def test_a_list_may_say_a_plus_once_the_framework_holds(industry: str, day: date, found: set[str]) -> None:
    free = Measure(Action.SELF_DETERMINED)
    line = Line("MF0001", "1号线", "高炉", PerLevel(free, free, free))
    owner = replace(firm("140105"), industry=industry, grade=Grade.A_PLUS)
    said = checked(EmissionListDraft("140100", (ListRow(owner, line, 2),)), "G2020", day).findings
    watched = {"GRADE_ILLEGAL", "GRADE_UNCERTAIN", "SELF_DETERMINED_BELOW", "TOP_GRADE_FORCED"}
    assert {one["code"] for one in said} & watched == found
