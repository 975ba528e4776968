"""Side by side under several laws, and edited copies."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.instants import DAY, HOUR
from alerts.levels import Level
from alerts.points import Point
from alerts.proposal import InForce
from alerts.proposal_words import Action
from alerts.simulation import MOST_CASES, Case, Edit, EditError, differences, edited, outcomes
from tests.alerts.air import RULES, STANDARDS, START, criteria, days, hourly

ORANGE_TODAY = days([160, 170, 190])


def cases(*rules: str) -> list[Case]:
    return [Case(one, criteria(one)) for one in rules]


class TestOutcomes:
    def test_each_case_by_its_own_law(self) -> None:
        found = outcomes(ORANGE_TODAY, cases("national-2024", "national-2019"), as_of=START, standards=STANDARDS)
        assert [(one.label, one.assessment.level) for one in found] == [
            ("national-2024", Level.ORANGE), ("national-2019", Level.NONE),
        ]  # fmt: skip
        assert [one.step.action for one in found] == [Action.ISSUE, Action.NONE]

    def test_what_is_supposed_in_force_counts(self) -> None:
        stands = InForce(level=Level.YELLOW, effective_at=START, planned_end=None, announced_at=START)
        (found,) = outcomes(
            ORANGE_TODAY, cases("national-2024"), as_of=START, standards=STANDARDS, in_force=stands
        )
        assert (found.step.action, found.step.from_level) == (Action.RAISE, Level.YELLOW)

    @pytest.mark.parametrize("rules", [[], ["national-2024"] * 2, ["national-2024"] * (MOST_CASES + 1)])
    def test_none_twice_or_too_many(self, rules: list[str]) -> None:
        with pytest.raises(ValueError, match="1 to 8 cases"):
            outcomes(ORANGE_TODAY, cases(*rules), as_of=START, standards=STANDARDS)


class TestDifferences:
    def test_against_the_first(self) -> None:
        found = outcomes(ORANGE_TODAY, cases("national-2024", "national-2019"), as_of=START, standards=STANDARDS)
        told = {one.what: (one.first, one.here) for one in differences(found)}
        assert told["level"] == ("orange", "none")
        assert told["clause"] == ("orange.any[1]", None)
        assert told["proposal"] == ("issue", "none")
        assert told["lead_time_hours"] == ("48", "24")
        assert told["starts_at"] == ("2024-11-08T00:00:00+08:00", None)
        assert "state" not in told

    def test_none_where_all_agree(self) -> None:
        same = [Case("a", criteria()), Case("b", criteria())]
        assert differences(outcomes(ORANGE_TODAY, same, as_of=START, standards=STANDARDS)) == []

    @given(st.lists(st.integers(0, 500), min_size=1, max_size=6))
    def test_they_name_what_differs_and_nothing_else(self, aqis: list[int]) -> None:
        found = outcomes(days(aqis), cases(*RULES), as_of=START, standards=STANDARDS)
        first = found[0].assessment.level
        named = {one.label for one in differences(found) if one.what == "level"}
        assert named == {one.label for one in found[1:] if one.assessment.level is not first}


HOURS = [Point(time=START + at * HOUR, pm25=100.0, co=1.0, aqi=130, cause="dust") for at in (1, 2, 3)]
DAYS = [Point(date=date(2024, 11, 8) + timedelta(days=at), pm25=100.0, pm25_low=80, pm25_high=120) for at in (0, 1)]


class TestEdited:
    def test_nothing_asked_nothing_changed(self) -> None:
        assert edited(HOURS, Edit()) == HOURS

    def test_shift(self) -> None:
        moved = edited(HOURS, Edit(shift_hours=-5))
        assert [point.time for point in moved] == [START + at * HOUR for at in (-4, -3, -2)]
        assert [point.pm25 for point in moved] == [100.0] * 3
        assert [point.date for point in edited(DAYS, Edit(shift_hours=48))] == [date(2024, 11, 10), date(2024, 11, 11)]

    def test_days_move_by_whole_days(self) -> None:
        with pytest.raises(EditError, match="multiple of 24"):
            edited(DAYS, Edit(shift_hours=12))

    def test_factors_scale_value_and_range_and_drop_the_aqi(self) -> None:
        first = edited(DAYS, Edit(factor={"pm25": 1.5}))[0]
        assert (first.pm25_low, first.pm25, first.pm25_high) == (120, 150, 180)
        hour = edited(HOURS, Edit(factor={"pm25": 0.5}))[0]
        assert (hour.pm25, hour.co, hour.aqi, hour.cause) == (50.0, 1.0, None, "dust")

    def test_a_factor_of_one_keeps_everything(self) -> None:
        assert edited(HOURS, Edit(factor={"pm25": 1.0})) == HOURS

    def test_never_above_what_a_point_may_hold(self) -> None:
        assert edited([Point(time=START, pm25=9000)], Edit(factor={"pm25": 10}))[0].pm25 == 10_000

    @pytest.mark.parametrize(("factor", "told"), [({"aqi": 2.0}, "no factor for aqi"), ({"pm25": -1.0}, "0 and 10")])
    def test_factors_that_cannot_be(self, factor: dict[str, float], told: str) -> None:
        with pytest.raises(EditError, match=told):
            edited(HOURS, Edit(factor=factor))

    def test_replaced_hours_win_and_stand_in_order(self) -> None:
        put = (Point(time=START + 2 * HOUR, pm25=7), Point(time=START, pm25=8))
        changed = edited(HOURS, Edit(shift_hours=0, replace=put))
        assert [point.pm25 for point in changed] == [8, 100, 7, 100]

    @given(st.integers(-240, 240), st.floats(0, 10))
    def test_the_given_points_stay_as_they_are(self, hours: int, factor: float) -> None:
        before = [point.model_dump() for point in HOURS]
        edited(HOURS, Edit(shift_hours=hours, factor={"pm25": factor}))
        assert [point.model_dump() for point in HOURS] == before

    def test_a_range_of_the_aqi_is_left_out_too(self) -> None:
        given = Point(date=date(2024, 11, 8), pm25=100, aqi_low=120, aqi=130, aqi_high=140)
        (changed,) = edited([given], Edit(factor={"pm25": 2.0}))
        assert (changed.pm25, changed.aqi, changed.aqi_low, changed.aqi_high) == (200, None, None, None)

    def test_limits_of_a_factor_are_allowed(self) -> None:
        for factor, value in ((0.0, 0.0), (10.0, 1000.0)):
            assert edited(HOURS, Edit(factor={"pm25": factor}))[0].pm25 == value
        with pytest.raises(EditError, match=r"^a factor lies between 0 and 10$"):
            edited(HOURS, Edit(factor={"pm25": 10.1}))

    def test_values_have_three_decimals(self) -> None:
        assert edited([Point(time=START, pm25=10.0)], Edit(factor={"pm25": 1 / 3}))[0].pm25 == 3.333

    def test_the_given_factors_are_named_where_they_are_unknown(self) -> None:
        with pytest.raises(EditError) as error:
            edited(HOURS, Edit(factor={"o4": 1.0, "aqi": 2.0}))
        assert str(error.value) == "no factor for aqi, o4; use any of pm25, pm10, so2, no2, co, o3"

    def test_hours_move_by_any_number_and_keep_the_rest(self) -> None:
        (moved, *_) = edited(HOURS, Edit(shift_hours=5, factor={"co": 3.0}))
        assert moved == Point(time=START + 6 * HOUR, pm25=100.0, co=3.0, cause="dust")


class TestWords:
    def test_every_difference_is_named_once(self) -> None:
        found = outcomes(
            hourly(pm25=[160.0] * 24 + [None] * 24), cases("national-2024", "national-2019"), as_of=START - DAY, standards=STANDARDS
        )
        assert {one.what: (one.first, one.here) for one in differences(found)} == {
            "level": ("yellow", "none"),
            "clause": ("yellow.any[0]", None),
            "starts_at": ("2024-11-08T00:00:00+08:00", None),
            "ends_at": ("2024-11-09T00:00:00+08:00", None),
            "proposal": ("issue", "none"),
            "proposed_level": ("yellow", "none"),
            "effective_at": ("2024-11-08T00:00:00+08:00", None),
            "lead_time_hours": ("48", "24"),
        }

    def test_state_and_an_unknown_lead_time(self) -> None:
        open_lead = Case("open", criteria().model_copy(update={"lead_time_hours": None}))
        one_day = hourly(pm25=[30.0] * 24 + [None] * 8)
        found = outcomes(one_day, [*cases("national-2024"), open_lead], as_of=START, standards=STANDARDS)
        assert [(one.label, one.what, one.first, one.here) for one in differences(found)] == [
            ("open", "lead_time_hours", "48", None)
        ]

    @pytest.mark.parametrize(
        ("rules", "told"),
        [
            ([], "give 1 to 8 cases, each once; these were given: none"),
            (["national-2024"] * 2, "give 1 to 8 cases, each once; these were given: national-2024, national-2024"),
        ],
    )
    def test_what_cannot_be_compared(self, rules: list[str], told: str) -> None:
        with pytest.raises(ValueError, match="cases") as error:
            outcomes(ORANGE_TODAY, cases(*rules), as_of=START, standards=STANDARDS)
        assert str(error.value) == told

    def test_as_many_as_allowed(self) -> None:
        many = [Case(str(at), criteria()) for at in range(MOST_CASES)]
        assert len(outcomes(ORANGE_TODAY, many, as_of=START, standards=STANDARDS)) == MOST_CASES

    def test_earlier_runs_count_in_every_case(self) -> None:
        stands = InForce(level=Level.RED, effective_at=START, planned_end=None, announced_at=START)
        (found,) = outcomes(
            ORANGE_TODAY, cases("national-2024"), as_of=START, standards=STANDARDS, in_force=stands, recent=[Level.RED]
        )
        assert (found.step.action, found.step.flags) == (Action.HOLD, ("fluctuating",))
