"""Levels of forecasts against levels of the measured air: the same answer as `assess`, and every outcome by hand."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.assessment import assess
from alerts.blocks import blocks_of
from alerts.instants import HOUR
from alerts.levels import WARNING_LEVELS, Level
from alerts.points import Point
from alerts.series import Series
from alerts.verification import Issue, Skill, cut, window_of
from alerts.verification_levels import Judge, LevelScore, Outcomes, Verdict, level_scores, outcome, within
from tests.alerts.air import RULES, STANDARDS, criteria, hourly
from tests.alerts.verified import Aqis, at, by_hour, daily, found, issue, measured, terms

NONE, YELLOW, ORANGE, RED = Level.NONE, Level.YELLOW, Level.ORANGE, Level.RED
HEAVY = st.sampled_from([20.0, 90.0, 120.0, 160.0, 260.0, 400.0])
SPELLS = st.lists(st.tuples(st.none() | HEAVY, st.integers(3, 40)), min_size=4, max_size=9)


def score(measures: Skill, level: Level) -> LevelScore:
    return next(one for one in measures.levels if one.level == level)


def counts(one: LevelScore) -> tuple[int, int, int, int]:
    return one.hits, one.misses, one.false_alarms, one.correct_negatives


class TestOutcome:
    """Yes, no and cannot tell, of both sides."""

    YES, NO, PERHAPS = Verdict(ORANGE, ORANGE, RED), Verdict(YELLOW, YELLOW, RED), Verdict(YELLOW, RED, RED)

    @pytest.mark.parametrize(
        ("said", "came", "expected"),
        [
            (YES, YES, "hit"),
            (NO, YES, "miss"),
            (YES, NO, "false_alarm"),
            (NO, NO, "correct_negative"),
            (PERHAPS, YES, "unknown"),
            (YES, PERHAPS, "unknown"),
            (PERHAPS, PERHAPS, "unknown"),
            (PERHAPS, NO, "unknown"),
        ],
    )
    def test_of_orange(self, said: Verdict, came: Verdict, expected: str) -> None:
        assert outcome(said, came, ORANGE) == expected

    def test_what_is_proven_counts_although_more_could_be(self) -> None:
        assert outcome(self.PERHAPS, self.PERHAPS, YELLOW) == "hit"

    def test_a_higher_level_reaches_the_lower_one(self) -> None:
        assert outcome(Verdict(RED, RED, RED), Verdict(YELLOW, YELLOW, RED), YELLOW) == "hit"

    @pytest.mark.parametrize("short", [0, 1])
    def test_too_few_hours_on_either_side_say_nothing(self, short: int) -> None:
        sides = [Verdict(NONE, NONE, RED), Verdict(NONE, NONE, RED)]
        sides[short] = Verdict(NONE, NONE, YELLOW)
        assert outcome(*sides, ORANGE) == "too_short"
        assert outcome(*sides, YELLOW) == "correct_negative"


class TestSameAsAssess:
    @given(spells=SPELLS, hour=st.integers(0, 23), rules=st.sampled_from(RULES), skip=st.integers(0, 60))
    @settings(max_examples=60, deadline=None)
    def test_over_any_hours(self, spells: list[tuple[float | None, int]], hour: int, rules: str, skip: int) -> None:
        values = [value for value, length in spells for _ in range(length)]
        series = hourly(at(0, hour), pm25=values)
        window = window_of(cut(series, (series.start + min(skip, len(values) - 1) * HOUR, series.end)), criteria(rules))
        if window is None:
            return
        part = within(blocks_of(series, criteria(rules), STANDARDS), *window)
        verdict = Judge(criteria(rules))(part)
        expected = assess(cut(series, window), as_of=window[0], criteria=criteria(rules), standards=STANDARDS)
        assert (verdict.level, verdict.possible) == (expected.level, expected.possible_level)

    @given(aqis=st.lists(st.none() | st.integers(0, 500), min_size=1, max_size=9), rules=st.sampled_from(RULES))
    @settings(max_examples=60, deadline=None)
    def test_over_days(self, aqis: Aqis, rules: str) -> None:
        series = daily(0, aqis)
        verdict = Judge(criteria(rules))(blocks_of(series, criteria(rules), STANDARDS))
        expected = assess(series, as_of=series.start, criteria=criteria(rules), standards=STANDARDS)
        assert (verdict.level, verdict.possible) == (expected.level, expected.possible_level)

    @settings(deadline=None)
    @given(days=st.integers(1, 9), rules=st.sampled_from(RULES))
    def test_what_the_hours_allow_is_what_the_worst_air_reaches(self, days: int, rules: str) -> None:
        judge = Judge(criteria(rules))
        fine, worst = (judge(blocks_of(by_hour(0, [aqi] * days), criteria(rules), STANDARDS)) for aqi in (20, 500))
        assert fine.able == worst.able == worst.level


class TestWithin:
    def test_hours_outside_are_refused(self) -> None:
        blocks = blocks_of(by_hour(0, [70] * 3), criteria(), STANDARDS)
        for start, end in [(at(0) - HOUR, at(2)), (at(1), at(3, 1)), (at(1), at(1, 23))]:
            with pytest.raises(ValueError, match="not inside"):
                within(blocks, start, end)

    def test_one_day_is_one_block(self) -> None:
        blocks = within(blocks_of(by_hour(0, [70, 80, 90]), criteria(), STANDARDS), at(1), at(2))
        assert (blocks.start(0), blocks.aqi.tolist(), len(blocks.causes)) == (at(1), [80], 24)


class TestWindow:
    @pytest.mark.parametrize(
        ("rules", "start", "end"), [("national-2024", at(0, 17), at(2, 17)), ("national-2016", at(1), at(2))]
    )
    def test_rules_of_natural_days_compare_whole_days(self, rules: str, start: datetime, end: datetime) -> None:
        assert window_of(by_hour(0, [70, 70], hour=17), criteria(rules)) == (start, end)

    def test_without_a_whole_day_there_is_none(self) -> None:
        assert window_of(by_hour(0, [70], hour=17), criteria("national-2016")) is None
        assert window_of(by_hour(0, [70], hour=17), criteria("national-2024")) is not None


class TestContingency:
    """National 2024: yellow from one day above 200, orange from two, red from three with one above 300."""

    def test_by_hand(self) -> None:
        """Four issues: yellow said and come, orange said and yellow come, nothing said and yellow come, yellow said for nothing."""
        issues = [
            issue(0, [210, 90, 90], first=0),
            issue(5, [210, 210, 90], first=5),
            issue(10, [90, 90, 90], first=10),
            issue(15, [210, 90, 90], first=15),
        ]
        air: list[float | None] = [90] * 20
        air[0] = air[6] = air[12] = 210
        measures = measured(issues, [daily(0, air)])
        assert counts(score(measures, YELLOW)) == (2, 1, 1, 0)
        assert counts(score(measures, ORANGE)) == (0, 0, 1, 3)
        assert counts(score(measures, RED)) == (0, 0, 0, 4)
        yellow = score(measures, YELLOW)
        assert (yellow.pod.value, yellow.far.value, yellow.csi.value) == (
            pytest.approx(2 / 3),
            pytest.approx(1 / 3),
            0.5,
        )

    def test_rates_of_nothing_are_undefined(self) -> None:
        red = score(measured([issue(0, [90] * 4)], [daily(0, [90] * 6)]), RED)
        assert (red.correct_negatives, red.pod.value, red.far.value, red.csi.value) == (1, None, None, None)

    def test_every_issue_of_a_day_counts(self) -> None:
        issues = [issue(0, [210], hour=hour) for hour in (5, 11, 17)]
        assert score(measured(issues, [daily(0, [90, 210])]), YELLOW).hits == 3

    def test_the_same_hours_are_compared(self) -> None:
        """Heavy before and after the forecast's days: not its matter."""
        measures = measured([issue(0, [90, 90])], [daily(0, [400, 90, 90, 400])])
        assert counts(score(measures, YELLOW)) == (0, 0, 0, 1)

    def test_a_day_cannot_reach_what_takes_two(self) -> None:
        measures = measured([issue(0, [400])], [daily(0, [400] * 4)])
        assert (score(measures, YELLOW).hits, score(measures, ORANGE).too_short) == (1, 1)
        assert counts(score(measures, ORANGE)) == (0, 0, 0, 0)

    def test_hours_that_are_not_over_are_pending(self) -> None:
        measures = measured([issue(0, [210, 90])], [daily(0, [90, 210])], terms(known_until=at(2)))
        assert (score(measures, YELLOW).pending, score(measures, YELLOW).hits) == (1, 0)

    def test_missing_hours_are_unknown_only_where_they_matter(self) -> None:
        measures = measured([issue(0, [210, 90, 90])], [daily(0, [90, 210, None, 90])])
        assert score(measures, YELLOW).hits == 1  # proven without the missing day
        assert score(measures, ORANGE).unknown == 1
        assert counts(score(measures, RED)) == (0, 0, 0, 1)  # the third day is known to be clean

    def test_ozone_makes_no_level(self) -> None:
        points = [Point(date=at(k).date(), pm25=20, o3=700) for k in (1, 2, 3)]
        said = Issue("f", "forecast", at(0, 17), Series.from_points("110000", points))
        measures = measured([said], [daily(0, [20] * 5)])
        assert counts(score(measures, YELLOW)) == (0, 0, 0, 1)
        assert measures.lead_days[0].hit.hits == 0

    @pytest.mark.parametrize(("rules", "expected"), [("national-2016", (1, 0, 0, 0)), ("national-2024", (0, 1, 0, 0))])
    def test_of_a_range_the_bound_that_the_rules_name_counts(
        self, rules: str, expected: tuple[int, int, int, int]
    ) -> None:
        """From 50 to 230: 230 is heavy, as the rules of 2016 grade; 140 is not."""
        points = [Point(date=at(k).date(), aqi_low=50, aqi_high=230) for k in (1, 2, 3)]
        said = Issue("f", "forecast", at(0, 17), Series.from_points("110000", points))
        measures = measured([said], [daily(0, [210] * 5)], terms(rules))
        assert counts(score(measures, YELLOW)) == expected
        assert measures.lead_days[0].bias == 140 - 210

    def test_measured_days_stand_in_where_no_hour_was_measured(self) -> None:
        hours = by_hour(10, [90, 90])
        measures = measured([issue(0, [210, 90])], [hours, daily(0, [90, 210, 90, 90])])
        assert score(measures, YELLOW).hits == 1

    def test_a_rolling_day_of_measured_hours_counts_against_daily_forecasts(self) -> None:
        """Heavy from noon to noon: no natural day is, a rolling day is."""
        hours = [30.0] * 36 + [180.0] * 24 + [30.0] * 36
        points = [Point(time=at(0) + (k + 1) * HOUR, pm25=value) for k, value in enumerate(hours)]
        air = Series.from_points("110000", points)
        assert score(measured([issue(0, [120, 120])], [air]), YELLOW).misses == 1
        assert score(measured([issue(0, [120, 120])], [air], terms("national-2016")), YELLOW).misses == 0

    def test_tables_add_up_over_divisions(self) -> None:
        one: Outcomes = Counter({(YELLOW, "hit"): 2, (ORANGE, "miss"): 1})
        other: Outcomes = Counter({(YELLOW, "false_alarm"): 1, (YELLOW, "hit"): 1})
        yellow, orange = level_scores([one, other])
        assert (counts(yellow), counts(orange)) == ((3, 0, 1, 0), (0, 1, 0, 0))

    @given(
        said=st.lists(st.none() | st.integers(0, 500), min_size=3, max_size=8),
        came=st.lists(st.none() | st.integers(0, 500), min_size=3, max_size=10),
        known=st.integers(0, 12),
    )
    @settings(max_examples=60, deadline=None)
    def test_every_issue_has_one_fate_at_every_level(self, said: Aqis, came: Aqis, known: int) -> None:
        issues = [issue(0, said), issue(1, said)]
        measures = measured(issues, [daily(0, came)], terms(known_until=at(known)))
        assert [one.level for one in measures.levels] == [YELLOW, ORANGE, RED]
        for one in measures.levels:
            assert sum(counts(one)) + one.unknown + one.too_short + one.pending == 2

    @given(came=st.lists(st.integers(0, 500), min_size=6, max_size=12), rise=st.integers(0, 200))
    @settings(max_examples=40, deadline=None)
    def test_a_forecast_that_is_never_too_low_misses_nothing(self, came: list[int], rise: int) -> None:
        issues = [issue(k, [min(aqi + rise, 500) for aqi in came[k + 1 :]]) for k in range(3)]
        assert {one.misses for one in measured(issues, [daily(0, came)]).levels} == {0}

    def test_the_levels_are_those_of_the_rules(self) -> None:
        [one] = found([issue(0, [90] * 4)], [daily(0, [90] * 6)], terms("national-2016"))
        assert one.levels == WARNING_LEVELS
        assert one.rules == "national-2016"

    def test_as_published(self) -> None:
        body = score(measured([issue(0, [210])], [daily(0, [90, 210])]), YELLOW).contract()
        assert body["level"] == "yellow"
        assert body["pod"] == {"rate": 1.0, "hits": 1, "n": 1, "low": 0.2065, "high": 1.0}
        assert body.keys() >= {"hits", "misses", "false_alarms", "correct_negatives", "unknown", "too_short", "pending"}


class TestCut:
    @settings(deadline=None)
    @given(first=st.integers(0, 60), length=st.integers(1, 60))
    def test_keeps_the_hours(self, first: int, length: int) -> None:
        series = hourly(at(0, 3), pm25=[float(k) for k in range(130)])
        start = series.start + timedelta(hours=first)
        part = cut(series, (start, start + timedelta(hours=length)))
        assert (part.start, part.steps) == (start, length)
        assert np.array_equal(part.values["pm25"], np.arange(first, first + length))

    def test_keeps_every_day_it_touches(self) -> None:
        part = cut(daily(0, [10, 20, 30, 40]), (at(1, 17), at(2, 17)))
        assert (part.start, part.values["aqi"].tolist()) == (at(1), [20, 30])
