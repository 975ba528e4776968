"""Targets beside measured rates: met, missed, unsure, binding, and never an honour for a perfect forecast."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from alerts.verification import Basis, Skill
from alerts.verification_targets import SkillTargets, results
from tests.alerts.verified import Aqis, daily, issue, measured

DAY = date(2024, 12, 1)


def targets(**more: Any) -> SkillTargets:
    given = {
        "id": "zhejiang-2024",
        "title": "计划",
        "title_en": "plan",
        "adcode": "110000",
        "in_force": {"from": "2024-05-22"},
        "measure": "category_hit",
        "targets": [{"hours": 24, "lead_day": 1, "percent": 90}, {"hours": 72, "lead_day": 3, "percent": 80}],
        "references": {"targets": "七（二）"},
    }
    return SkillTargets.model_validate(given | more)


def forecasts(right: int, wrong: int, basis: Basis = "forecast", error: int = 100) -> Skill:
    """So many issues for the next day, of the right category and of another."""
    said: Aqis = [70] * right + [70 + error] * wrong
    issues = [issue(k, [aqi], basis=basis) for k, aqi in enumerate(said)]
    return measured(issues, [daily(0, [70] * (len(said) + 1))])


class TestResults:
    @pytest.mark.parametrize(
        ("right", "wrong", "verdict", "sure"),
        [
            (9, 1, "met", False),
            (8, 1, "missed", False),
            (27, 3, "met", False),
            (5, 20, "missed", True),
            (0, 0, "no_data", False),
        ],
    )
    def test_of_the_next_day(self, right: int, wrong: int, verdict: str, sure: bool) -> None:
        measures = forecasts(right, wrong) if right + wrong else measured([issue(0, [None])], [daily(0, [70, 70])])
        first, third = results(measures, [targets()], DAY)
        assert (first.verdict, first.sure, first.rate.n) == (verdict, sure, right + wrong)
        assert third.verdict == "no_data"

    def test_sure_when_the_whole_interval_lies_above(self) -> None:
        low = targets(targets=[{"hours": 24, "lead_day": 1, "percent": 50}])
        [one] = results(forecasts(30, 0), [low], DAY)
        assert (one.verdict, one.sure) == ("met", True)

    def test_exactly_at_the_target_is_met(self) -> None:
        [one] = results(forecasts(9, 1), [targets(targets=[{"hours": 24, "lead_day": 1, "percent": 90}])], DAY)
        assert one.verdict == "met"

    def test_a_perfect_forecast_is_not_judged(self) -> None:
        [one, _] = results(forecasts(20, 0, "perfect"), [targets()], DAY)
        assert (one.verdict, one.sure, one.rate.value) == ("no_evidence", False, 1.0)

    def test_the_measure_is_what_the_file_says(self) -> None:
        measures = forecasts(2, 2, error=40)  # 110 for 70: one category apart
        hit, near = (
            results(measures, [targets(measure=name)], DAY)[0] for name in ("category_hit", "within_one_category")
        )
        assert (hit.rate.value, near.rate.value) == (0.5, 1.0)

    @pytest.mark.parametrize(
        ("adcode", "day", "binding"),
        [
            ("110000", DAY, True),
            ("100000", DAY, True),
            ("330000", DAY, False),
            ("110100", DAY, False),
            ("110000", date(2024, 5, 21), False),
            ("110000", date(2024, 5, 22), True),
        ],
    )
    def test_binding_where_and_while_the_document_is_in_force(self, adcode: str, day: date, binding: bool) -> None:
        assert {one.binding for one in results(forecasts(3, 0), [targets(adcode=adcode)], day)} == {binding}

    @pytest.mark.parametrize(
        ("place", "adcode", "inside"),
        [("330000", "330100", True), ("330000", "320100", False), ("331000", "331002", True), ("331000", "331100", False),
         ("330100", "330182", True), ("330100", "330200", False), ("330110", "330110", True), ("330110", "330111", False)],
    )  # fmt: skip
    def test_a_place_holds_what_lies_in_it(self, place: str, adcode: str, inside: bool) -> None:
        assert targets(adcode=place).binds([adcode], DAY) is inside

    def test_of_divisions_in_and_out_it_binds_none(self) -> None:
        assert targets(adcode="330000").binds(["330100", "330200"], DAY)
        assert not targets(adcode="330000").binds(["330100", "110000"], DAY)

    def test_as_published(self) -> None:
        [one, _] = results(forecasts(9, 1), [targets()], DAY)
        assert one.contract() == {
            "id": "zhejiang-2024",
            "hours": 24,
            "lead_day": 1,
            "percent": 90.0,
            "measure": "category_hit",
            "measured": one.rate.contract(),
            "verdict": "met",
            "sure": False,
            "binding": True,
        }


class TestFile:
    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"targets": []}, "at least 1"),
            ({"targets": [{"hours": 24, "lead_day": 1, "percent": 101}]}, "less than or equal to 100"),
            ({"targets": [{"hours": 24, "lead_day": 11, "percent": 90}]}, "less than or equal to 10"),
            ({"targets": [{"hours": 24, "lead_day": 1, "percent": 90}] * 2}, "each forecast length once"),
            ({"targets": [{"hours": 0, "lead_day": 1, "percent": 90}]}, "greater than or equal to 1"),
            ({"targets": [{"hours": 241, "lead_day": 1, "percent": 90}]}, "less than or equal to 240"),
            ({"measure": "accuracy"}, "category_hit"),
            ({"references": {}}, "at least 1"),
            ({"id": "Zhejiang"}, "pattern"),
            ({"why": "x"}, "Extra inputs"),
        ],
    )
    def test_faults_are_refused(self, more: dict[str, Any], words: str) -> None:
        with pytest.raises(ValidationError, match=words):
            targets(**more)
