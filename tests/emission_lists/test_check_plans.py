"""Checks of whole units at every stage, of the column that a finding names, and of enterprises that differ."""

from dataclasses import replace
from typing import Any

import pytest

from emission_lists.checks import check_list
from emission_lists.columns import COLUMNS
from emission_lists.findings import Finding
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile
from emission_lists.identifiers import make_uscc
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, Line, Pollutants
from emission_lists.measures import Action, Later, Measure
from tests.emission_lists.list_samples import draft, firm, line, measure

STOP, NONE = Action.STOP, Action.NONE
MILL = firm(industry="长流程联合钢铁", grade=Grade.C, gbt4754="3110")
ZERO = Pollutants(0, 0, 0, 0)


@pytest.fixture
def found(guide: Guide, profile: ListProfile) -> Any:
    """The findings of some codes."""

    def of(one: EmissionListDraft, *codes: str) -> list[Finding]:
        return [each for each in check_list(one, guide, profile) if each.code in codes]

    return of


def headers(found: list[Finding]) -> list[str]:
    names = [str(each.column).split(" ", 1)[1] for each in found]
    assert set(names) <= {column.header for column in COLUMNS}
    return names


class TestWholeUnitsAtEveryStage:
    CODES = ("ROUNDING", "UNITS_EXCEED", "STOP_OF_NOTHING")

    def told(self, found: Any, *stages: Measure) -> list[tuple[str, str, str]]:
        first, *later = stages
        plan = replace(first, later=tuple(Later(24.0 * n, one) for n, one in enumerate(later, start=1)))
        all_found = found(draft((MILL, line("1", plan, NONE_AT_ALL, NONE_AT_ALL, process="高炉"))), *self.CODES)
        severities = [each.severity.value for each in all_found]
        return list(zip([each.code for each in all_found], severities, headers(all_found), strict=True))

    def test_a_share_that_is_not_rounded_up_later(self, found: Any) -> None:
        whole, half = measure(STOP, 1.0, total_units=3), measure(STOP, 0.5, total_units=3, stopped_units=1)
        assert self.told(found, whole, half) == [("ROUNDING", "blocking", "黄色-后续措施")]
        assert self.told(found, whole, replace(half, stopped_units=2)) == []
        assert self.told(found, half, half) == [
            ("ROUNDING", "blocking", "黄色-停产数量"),
            ("ROUNDING", "blocking", "黄色-后续措施"),
        ]

    def test_the_units_of_the_line_hold_for_every_stage(self, found: Any) -> None:
        whole, later = measure(STOP, 1.0, total_units=3), Measure(STOP, 0.5, stopped_units=1)
        assert self.told(found, whole, later) == [("ROUNDING", "blocking", "黄色-后续措施")]
        assert self.told(found, whole, replace(later, stopped_units=4))[0][0] == "UNITS_EXCEED"

    def test_a_stop_of_no_unit_is_none(self, found: Any) -> None:
        none = measure(STOP, None, total_units=4, stopped_units=0)
        assert self.told(found, none) == [("STOP_OF_NOTHING", "warning", "黄色-停产数量")]
        assert self.told(found, replace(none, stopped_units=1)) == []
        assert self.told(found, replace(none, ratio=0.5)) == [("ROUNDING", "blocking", "黄色-停产数量")]
        idle = draft((MILL, line("1", none, process="高炉")))
        assert len(found(idle, "GUIDE_NOT_ESTABLISHED")) == 3


NONE_AT_ALL = measure(NONE)


class TestColumnOfThePollutant:
    def of(self, *saved: Pollutants, plan: Measure, base: Pollutants) -> EmissionListDraft:
        return draft((MILL, line("1", plan, process="高炉", base=base, reductions=PerLevel(*saved))))

    def test_the_one_that_falls(self, found: Any) -> None:
        less = self.of(Pollutants(1, 5, 1, 1), Pollutants(1, 4, 0, 1), Pollutants(1, 4, 1, 1), plan=measure(STOP, 1.0),
                       base=Pollutants(9, 9, 9, 9))  # fmt: skip
        told = found(less, "LEVEL_DECREASES")
        assert headers(told) == ["橙色-减排NOx（kg/d）"]
        assert told[0].value == "NOx、PM"
        assert "NOx、PM" in told[0].message

    def test_the_one_that_is_saved_without_a_measure(self, found: Any) -> None:
        saved, base = Pollutants(None, 0, None, 2), Pollutants(0, 0, 0, 9)
        for action, code in ((NONE, "NONE_WITH_REDUCTION"), (Action.UNKNOWN, "UNKNOWN_WITH_REDUCTION")):
            told = found(self.of(saved, saved, saved, plan=measure(action), base=base), code)
            assert headers(told) == [f"{level}-减排VOCs（kg/d）" for level in ("黄色", "橙色", "红色")]

    def test_the_one_that_could_be_saved(self, found: Any) -> None:
        base, none = Pollutants(0, 0, 3, 9), Pollutants()
        for saved, code in ((ZERO, "REDUCTION_NOTHING"), (none, "REDUCTION_MISSING")):
            told = found(self.of(saved, saved, saved, plan=measure(STOP, 1.0), base=base), code)
            assert headers(told)[0] == "黄色-减排PM（kg/d）"


class TestEnterprisesThatDiffer:
    """Same region, same industry, same grade: same measures. Who is unusual need not be known for a difference to be told."""

    def mill(self, number: int, one: Measure, process: str = "高炉", **fields: Any) -> tuple[Any, Line]:
        return replace(MILL, uscc=make_uscc("130202", number), **fields), line("1", one, process=process)

    def told(self, found: Any, *rows: tuple[Any, Line]) -> list[str]:
        return [each.code for each in found(draft(*rows), "INCONSISTENT_MEASURES", "MEASURES_DIFFER")]

    def test_two_that_differ(self, found: Any) -> None:
        rows = [self.mill(1, measure(STOP, 1.0)), self.mill(2, NONE_AT_ALL)]
        assert self.told(found, *rows) == ["MEASURES_DIFFER"] * 3
        (first, *_) = found(draft(*rows), "MEASURES_DIFFER")
        assert "2 家" in first.message
        assert "100 % 1 家" in first.message
        assert (first.severity.value, headers([first])) == ("warning", ["黄色-措施"])

    def test_as_many_on_either_side(self, found: Any) -> None:
        rows = [self.mill(n, measure(STOP, 1.0) if n % 2 else NONE_AT_ALL) for n in range(4)]
        assert self.told(found, *rows) == ["MEASURES_DIFFER"] * 3
        assert self.told(found, *rows, self.mill(5, NONE_AT_ALL)) == ["INCONSISTENT_MEASURES"] * 6

    def test_what_is_the_same_is_left_alone(self, found: Any) -> None:
        assert self.told(found, self.mill(1, measure(STOP, 1.0)), self.mill(2, measure(STOP, 1.0))) == []
        halves = [self.mill(n, measure(STOP, 0.5, total_units=n)) for n in (2, 3)]
        assert self.told(found, *halves) == []
        other = self.mill(2, NONE_AT_ALL, grade=Grade.B)
        assert self.told(found, self.mill(1, measure(STOP, 1.0)), other) == []
        unknown = self.mill(2, measure(Action.UNKNOWN))
        assert self.told(found, self.mill(1, measure(STOP, 1.0)), unknown) == []

    @pytest.mark.parametrize("process", ["1#高炉", "高炉 2", "高炉（3号）"])
    def test_a_running_number_makes_no_other_process(self, found: Any, process: str) -> None:
        rows = [self.mill(n, measure(STOP, 1.0)) for n in (1, 2)]
        assert self.told(found, *rows, self.mill(3, NONE_AT_ALL, process)) == ["INCONSISTENT_MEASURES"] * 3
