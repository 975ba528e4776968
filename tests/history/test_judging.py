"""The level at an instant, and the lifting test around a published lifting."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.assessment import Assessment
from alerts.instants import HOUR, parse_instant
from alerts.levels import Level
from alerts.rules import LiftRule
from service.demo.tracks import Track
from service.history.judging import Case, Verdict, case_of, judge, lifting, observed
from tests.alerts.air import hourly as series
from tests.alerts.air import judged
from tests.history.made import HENGSHUI, air, around, daily, national, record

RULE = LiftRule(at_most=150, forecast_hours=36)
START = parse_instant("2024-11-08 00:00")
GOOD, BAD = 60, 220


def case(track: Track, **cells: str) -> Case:
    row = record(**cells)
    return case_of(row, HENGSHUI, "衡水", national(), air(track).around(HENGSHUI, row.at))


def verdict(track: Track, **cells: str) -> Verdict:
    of = case(track, **cells)
    assert of.window is not None
    assert of.criteria is not None
    return judge(of, of.window, of.criteria)


class TestCaseOf:
    def test_the_law_of_the_day_by_the_records_instant(self) -> None:
        for effective, rules in [("2023-12-31 18:00", "national-2019"), ("2024-01-01 00:00", "national-2024")]:
            criteria = case(daily([60] * 30), effective=effective).criteria
            assert criteria is not None
            assert criteria.rules_id == rules

    def test_no_law_before_the_first(self) -> None:
        assert case(daily([60] * 30), effective="2015-12-22 14:00").criteria is None

    def test_a_national_default_is_not_a_plan_of_the_place(self) -> None:
        assert not case(daily([60] * 30)).own_plan

    @pytest.mark.parametrize(
        ("cells", "reach"),
        [
            ({}, "2024-12-13 00:00"),
            ({"effective": "2024-12-10"}, "2024-12-14 00:00"),
            ({"action": "in_force", "effective": "2024-12-10"}, "2024-12-11 00:00"),
            ({"action": "in_force", "effective": "2024-12-10 15:00"}, "2024-12-10 16:00"),
        ],
    )
    def test_until_when_a_start_belongs_to_it(self, cells: dict[str, str], reach: str) -> None:
        assert case(daily([60] * 30), **cells).reach == parse_instant(reach)


class TestJudge:
    def test_what_starts_with_the_record(self) -> None:
        found = verdict(daily(around([210, 220])))
        assert found.level is Level.ORANGE
        assert found.assessment.starts_at == parse_instant("2024-12-10 00:00")
        assert found.elsewhere is None

    def test_what_has_been_running(self) -> None:
        found = verdict(daily([*[60] * 7, 210, 220, 205, *[60] * 14]))
        assert found.level is Level.ORANGE
        assert found.assessment.starts_at == parse_instant("2024-12-08 00:00")

    def test_what_is_over_does_not_count(self) -> None:
        assert verdict(daily([*[60] * 4, 210, 220, *[60] * 18])).level is Level.NONE

    def test_what_starts_too_late_lies_elsewhere(self) -> None:
        found = verdict(daily(around([60, 60, 60, 210, 220])))
        assert found.level is found.possible is Level.NONE
        assert found.elsewhere is not None
        assert found.elsewhere.level is Level.ORANGE

    def test_a_later_episode_does_not_hide_the_first(self) -> None:
        found = verdict(daily(around([210, 60, 60, 60, 310, 220, 230])))
        assert found.level is Level.YELLOW
        assert found.whole.level is Level.RED
        assert found.elsewhere is found.whole

    def test_in_force_needs_the_day_itself(self) -> None:
        later = daily(around([60, 210, 220]))
        assert verdict(later, action="in_force", effective="2024-12-10").level is Level.NONE
        assert verdict(later, action="start", effective="2024-12-10").level is Level.ORANGE

    def test_unknown_days_leave_a_span(self) -> None:
        found = verdict(daily(around([210, None, 60])))
        assert (found.level, found.possible) == (Level.YELLOW, Level.ORANGE)

    def test_merged_when_the_days_do_not_touch(self) -> None:
        assert verdict(daily(around([210, 60, 210]))).merged
        assert not verdict(daily(around([210, 210]))).merged

    @given(st.lists(st.sampled_from([60, 151, 201, 301]), min_size=1, max_size=8))
    def test_nothing_begins_beyond_the_reach(self, aqis: list[int]) -> None:
        of = case(daily(around(aqis)))
        assert of.window is not None
        assert of.criteria is not None
        found = judge(of, of.window, of.criteria)
        assert found.assessment.starts_at is None or found.assessment.starts_at < of.reach
        assert found.level <= found.whole.level
        assert (found.elsewhere is None) == (found.whole.starts_at is None or found.whole.starts_at < of.reach)


class TestObserved:
    def test_from_the_records_day_on(self) -> None:
        row, found = record(), verdict(daily(around([210, 220, 100], before=400)))
        seen = observed(row, found.whole, parse_instant("2024-12-13 00:00"))
        assert (seen.peak, seen.mean, seen.days, seen.known) == (220, 177, 3, 3)

    def test_missing_days_are_counted_and_not_averaged(self) -> None:
        seen = observed(record(), verdict(daily(around([200, None, 100]))).whole, parse_instant("2024-12-13 00:00"))
        assert (seen.peak, seen.mean, seen.days, seen.known) == (200, 150, 3, 2)

    def test_nothing_known(self) -> None:
        seen = observed(record(), verdict(daily(around([None, None, 100]))).whole, parse_instant("2024-12-12 00:00"))
        assert (seen.peak, seen.mean, seen.days, seen.known) == (None, None, 2, 0)


def hours(*runs: tuple[int, float | None]) -> Assessment:
    """Hourly AQI from 2024-11-08 00:00, in runs."""
    return judged(series(aqi=[value for length, value in runs for _ in range(length)]))


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


class TestLifting:
    def test_held_and_since_when(self) -> None:
        found = lifting(hours((30, BAD), (80, GOOD)), at(40), RULE)
        assert (found.held, found.earliest, found.unknown) == (True, at(31), False)

    def test_exactly_at_the_published_instant(self) -> None:
        found = lifting(hours((30, BAD), (80, GOOD)), at(31), RULE)
        assert (found.held, found.earliest) == (True, at(31))

    def test_not_yet(self) -> None:
        found = lifting(hours((30, BAD), (80, GOOD)), at(25), RULE)
        assert (found.held, found.earliest, found.unknown) == (False, at(31), False)

    def test_no_longer_but_before(self) -> None:
        found = lifting(hours((30, BAD), (60, GOOD), (20, BAD)), at(60), RULE)
        assert (found.held, found.earliest) == (False, at(31))

    def test_the_good_hours_were_too_few(self) -> None:
        found = lifting(hours((30, BAD), (20, GOOD), (10, BAD), (60, GOOD)), at(40), RULE)
        assert (found.held, found.earliest) == (False, at(61))

    def test_never_within_reach(self) -> None:
        found = lifting(hours((120, BAD)), at(60), RULE)
        assert (found.held, found.earliest, found.unknown) == (False, None, False)

    def test_always_good_since_the_first_known_hour(self) -> None:
        found = lifting(hours((10, None), (110, GOOD)), at(60), RULE)
        assert (found.held, found.earliest) == (True, at(11))

    @pytest.mark.parametrize("line", [149, 150, 151])
    def test_the_line_itself_is_good(self, line: int) -> None:
        assert lifting(hours((120, line)), at(60), RULE).held is (line <= 150)

    def test_a_missing_hour_decides_nothing(self) -> None:
        found = lifting(hours((30, BAD), (20, GOOD), (1, None), (60, GOOD)), at(31), RULE)
        assert (found.held, found.earliest, found.unknown) == (None, None, True)

    def test_a_bad_hour_decides_beside_a_missing_one(self) -> None:
        found = lifting(hours((30, BAD), (1, GOOD), (1, None), (5, GOOD), (5, BAD), (60, GOOD)), at(31), RULE)
        assert (found.held, found.unknown) == (False, False)

    def test_beyond_the_series_nothing_is_known(self) -> None:
        found = lifting(hours((30, BAD), (20, GOOD)), at(31), RULE)
        assert (found.held, found.unknown) == (None, True)

    @given(
        st.lists(st.tuples(st.integers(1, 50), st.sampled_from([GOOD, 150, 151, BAD])), min_size=1, max_size=6),
        st.integers(1, 100),
    )
    def test_against_every_hour_looked_at_one_by_one(self, runs: list[tuple[int, int]], hour: int) -> None:
        values = [value for length, value in runs for _ in range(length)]
        hour = min(hour, len(values))
        found = lifting(judged(series(aqi=values)), at(hour), RULE)
        good = [
            all(value <= 150 for value in values[end - 1 : end + 36]) and end + 36 <= len(values)
            for end in range(1, len(values) + 1)
        ]
        bad_before = [end for end in range(1, hour + 1) if values[end - 1] > 150]
        first = (bad_before[-1] + 1) if bad_before else 1
        by_then = [end for end in range(first, hour + 1) if good[end - 1]]
        if by_then:
            assert found.earliest == at(by_then[0])
        elif found.earliest is not None:
            later = [end for end in range(hour, len(values) + 1) if good[end - 1]]
            assert found.earliest == at(later[0])
        if found.held:
            assert good[hour - 1]


def test_hours_are_whole() -> None:
    found = lifting(hours((30, BAD), (80, GOOD)), at(40) + HOUR / 2, RULE)
    assert (found.held, found.earliest) == (True, at(31))
