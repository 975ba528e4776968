from datetime import date

import pytest
from pydantic import ValidationError

from alerts.levels import Level
from alerts.rules import AqiItem, AqiStandard, Condition, RuleSet, Validity, criteria_of
from tests.alerts.air import LAW, RULES, criteria, plan


class TestCondition:
    @pytest.mark.parametrize("hours", [0, 12, 36])
    def test_whole_blocks_only(self, hours: int) -> None:
        with pytest.raises(ValidationError):
            Condition(over=200, hours=hours)

    @pytest.mark.parametrize("inner", [{"over": 150, "hours": 24}, {"over": 300, "hours": 96}])
    def test_the_inner_part_is_stricter_and_not_longer(self, inner: dict[str, int]) -> None:
        with pytest.raises(ValidationError, match="higher line within the same hours"):
            Condition.model_validate({"over": 200, "hours": 72, "containing": inner})

    def test_blocks(self) -> None:
        assert Condition(over=200, hours=72).blocks == 3


class TestValidity:
    def test_half_open(self) -> None:
        validity = Validity.model_validate({"from": "2017-10-01", "until": "2018-12-01"})
        assert validity.covers(date(2017, 10, 1))
        assert validity.covers(date(2018, 11, 30))
        assert not validity.covers(date(2018, 12, 1))

    def test_the_end_comes_later(self) -> None:
        with pytest.raises(ValidationError, match="later than"):
            Validity.model_validate({"from": "2017-10-01", "until": "2017-10-01"})


class TestRuleSets:
    def test_each_day_has_at_most_one_national_set(self) -> None:
        spans = sorted((LAW.rules[name].in_force.from_, LAW.rules[name].in_force.until) for name in RULES)
        assert [until for _, until in spans[:-1]] == [start for start, _ in spans[1:]]
        assert spans[-1][1] is None

    @pytest.mark.parametrize("name", RULES)
    def test_every_choice_and_number_has_a_reference_or_a_mark(self, name: str) -> None:
        rules = LAW.rules[name]
        told = rules.references.keys() | rules.choices.keys()
        numbers = {"levels", "merge_gap_hours", "lead_time_hours", "lift", "lift_ahead_hours", "lower_after_runs"}
        if rules.merge_gap_hours is None:
            numbers -= {"merge_gap_hours"}
        assert numbers - told == set()

    @pytest.mark.parametrize(("name", "line"), [("national-2024", 150), ("national-2019", 200)])
    def test_where_an_episode_ends(self, name: str, line: int) -> None:
        assert criteria(name).episode_line == line

    def test_blue_ended_in_2018(self) -> None:
        assert Level.BLUE in criteria("national-2017").known_levels
        assert Level.BLUE not in criteria("national-2019").known_levels

    def test_unknown_keys_are_refused_by_path(self) -> None:
        given = LAW.rules["national-2024"].model_dump(by_alias=True) | {"colour": "red"}
        with pytest.raises(ValidationError) as error:
            RuleSet.model_validate(given)
        assert error.value.errors()[0]["loc"] == ("colour",)

    @pytest.mark.parametrize("name", RULES)
    def test_round_trip(self, name: str) -> None:
        rules = LAW.rules[name]
        assert RuleSet.model_validate_json(rules.model_dump_json(by_alias=True)) == rules

    def test_yellow_is_needed(self) -> None:
        given = LAW.rules["national-2024"].model_dump(by_alias=True)
        given["levels"] = {"red": given["levels"]["red"]}
        with pytest.raises(ValidationError, match="yellow"):
            RuleSet.model_validate(given)


class TestStandards:
    def test_breakpoints_rise_from_zero(self) -> None:
        with pytest.raises(ValidationError, match="must start at 0 and rise"):
            AqiItem(unit="µg/m³", decimals=0, breakpoints=(0, 50, 50))

    def test_reports_point_to_items(self) -> None:
        given = LAW.standards.editions[0].model_dump(by_alias=True)
        given["daily"] = {"pm25": "pm1_24h"}
        with pytest.raises(ValidationError, match="not among `items`"):
            AqiStandard.model_validate(given)


class TestPlan:
    def test_a_bare_plan_changes_nothing_but_its_name(self) -> None:
        base = LAW.rules["national-2024"]
        assert plan().effective(base) == criteria_of(base).model_copy(update={"plan_id": "p"})

    def test_its_own_values_win(self) -> None:
        own = plan(
            levels={"orange": {"any": [{"over": 150, "hours": 48}]}},
            lead_time_hours=24,
            lift={"at_most": 100, "forecast_hours": 48},
        )
        merged = own.effective(LAW.rules["national-2024"])
        assert merged.conditions(Level.ORANGE) == (Condition(over=150, hours=48),)
        assert merged.conditions(Level.RED) == criteria().conditions(Level.RED)
        assert (merged.lead_time_hours, merged.lift) == (24, own.lift)
