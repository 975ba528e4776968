"""The days that a baseline rests on, and the data files: every number says where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from emission_lists.compliance import hour_number, instant
from emission_lists.compliance_baseline import Baseline, DayUse, baseline
from emission_lists.compliance_rules import ComplianceRules, Consequences, Rule, Stated

FOLDER = Path(__file__).parents[2] / "config" / "compliance"
RULES = ComplianceRules.model_validate(yaml.safe_load((FOLDER / "rules.yaml").read_text("utf-8")))
CONSEQUENCES = Consequences.model_validate(yaml.safe_load((FOLDER / "consequences.yaml").read_text("utf-8")))
DAYS = {date(2026, 11, number): DayUse(2400.0, 24) for number in range(1, 11)}


class TestBaseline:
    def made(self, days: dict[date, DayUse], without: tuple[date, ...] = ()) -> Baseline | None:
        return baseline(days, without, RULES.baseline)

    def test_the_last_normal_days(self) -> None:
        found = self.made(DAYS)
        assert found is not None
        assert (found.mean, found.days) == (100.0, tuple(date(2026, 11, number) for number in range(4, 11)))

    def test_a_day_of_repair_is_left_out(self) -> None:
        found = self.made(DAYS | {date(2026, 11, 9): DayUse(100.0, 24)})
        assert found is not None
        assert (found.mean, date(2026, 11, 9) in found.days) == (100.0, False)

    def test_a_day_with_too_few_hours_is_left_out(self) -> None:
        found = self.made(DAYS | {date(2026, 11, 9): DayUse(19 * 500.0, 19)})
        assert found is not None
        assert found.mean == 100.0

    def test_days_with_measures_are_left_out(self) -> None:
        found = self.made(DAYS, without=(date(2026, 11, 10),))
        assert found is not None
        assert found.days[-1] == date(2026, 11, 9)

    @pytest.mark.parametrize(
        "days", [{}, {date(2026, 11, 1): DayUse(2400.0, 24)}, {date(2026, 11, n): DayUse(0.0, 24) for n in range(1, 9)}]
    )
    def test_too_little_is_no_baseline(self, days: dict[date, DayUse]) -> None:
        assert self.made(days) is None


class TestData:
    def test_every_number_says_where_it_comes_from(self) -> None:
        def look(part: Any) -> int:
            if isinstance(part, Stated):
                assert part.reference or (part.reason_zh and part.reason_en)
                return 1
            if not isinstance(part, BaseModel):
                return 0
            return sum(look(getattr(part, name)) for name in type(part).model_fields)

        assert look(RULES) == 19

    @pytest.mark.parametrize("stated", [{"value": 1, "choice": True}, {"value": 1, "choice": False}])
    def test_a_number_without_ground_is_refused(self, stated: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            Stated[int].model_validate(stated)

    def test_clauses_of_a_place_hold_there_only(self) -> None:
        def ids(rule: Rule, adcode: str) -> set[str]:
            return {one.id for one in CONSEQUENCES.of(rule, adcode)}

        assert "zhejiang-68" in ids(Rule.LOAD_OVER_CAP, "330200")
        assert "zhejiang-68" not in ids(Rule.LOAD_OVER_CAP, "410500")
        assert ids(Rule.NO_PLAN, "410502") == {"anyang-60-plan"}
        assert ids(Rule.TREATMENT_OFF, "110000") == set()

    def test_every_rule_has_a_clause_or_says_that_none_is_known(self) -> None:
        named = {rule for one in CONSEQUENCES.items for rule in one.rules if one.division is None}
        local = {Rule.NO_PLAN}
        assert named | CONSEQUENCES.unknown.keys() | local == set(Rule)

    @pytest.mark.parametrize("word", [lambda rule: rule.zh, lambda rule: rule.en])
    def test_rules_have_words(self, word: Callable[[Rule], str]) -> None:
        assert len({word(rule) for rule in Rule}) == len(Rule)

    @given(st.integers(0, 10**6))
    def test_numbered_hours_and_instants(self, hour: int) -> None:
        assert hour_number(instant(hour)) == hour
