"""Lead days: which day is compared with which, and the measures, by hand."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.instants import DAY, HOUR, day_start
from alerts.law import LawNotFound
from alerts.points import Point
from alerts.series import Series
from alerts.verification import Issue, Skill, skill, verify
from alerts.verification_days import LeadDay
from tests.alerts.verified import Aqis, at, by_hour, daily, day, found, issue, measured, terms

AQI = st.integers(0, 500)
DAYS = st.lists(st.none() | AQI, min_size=4, max_size=12)


def first_day(measures: Skill) -> LeadDay:
    one = measures.lead_day(1)
    assert one is not None
    return one


class TestWhichDay:
    def test_lead_day_one_is_the_day_after_the_issue(self) -> None:
        [one] = measured([issue(0, [70])], [daily(0, [10, 70, 300])]).lead_days
        assert (one.lead_day, one.n, one.hit.hits, one.mae) == (1, 1, 1, 0)

    @pytest.mark.parametrize("hour", [0, 1, 12, 23])
    def test_the_day_of_issue_is_a_day_in_beijing(self, hour: int) -> None:
        [one] = found([issue(0, [70, 80], hour=hour)], [daily(0, [10, 70, 80])])
        assert [(pair.lead_day, pair.day) for pair in one.days.pairs] == [(1, day(1)), (2, day(2))]

    def test_the_last_issue_of_a_day_counts(self) -> None:
        issues = [issue(0, [300], hour=20), issue(0, [70], hour=22), issue(0, [200], hour=8)]
        measures = measured(issues, [daily(0, [10, 70])])
        assert (measures.issues, first_day(measures).n, first_day(measures).mae) == (3, 1, 0)

    def test_the_later_of_two_issues_of_one_instant_counts(self) -> None:
        assert first_day(measured([issue(0, [300]), issue(0, [70])], [daily(0, [10, 70])])).mae == 0

    def test_the_day_of_issue_itself_is_no_lead_day(self) -> None:
        assert measured([issue(0, [70, 70], first=0)], [daily(0, [10, 70])]).lead_days[0].lead_day == 1

    def test_a_day_that_the_issue_does_not_cover_whole_counts_nowhere(self) -> None:
        hours = Issue("f", "forecast", at(0, 17), by_hour(0, [70, 70], hour=17))  # to 17:00 of the second day after
        [one] = measured([hours], [daily(0, [70] * 4)]).lead_days
        assert (one.lead_day, one.n, one.missing_forecast) == (1, 1, 0)

    def test_days_before_the_first_forecast_day_count_nowhere(self) -> None:
        [one] = measured([issue(0, [70], first=3)], [daily(0, [70] * 4)]).lead_days
        assert (one.lead_day, one.n) == (3, 1)

    def test_ten_days_at_most(self) -> None:
        measures = measured([issue(0, [70] * 14)], [daily(0, [70] * 20)])
        assert [one.lead_day for one in measures.lead_days] == list(range(1, 11))

    def test_feeds_and_bases_stand_apart(self) -> None:
        issues = [issue(0, [70]), issue(0, [90], feed="g"), issue(0, [70], basis="perfect")]
        assert [(one.feed, one.basis) for one in found(issues, [daily(0, [70, 70])])] == [
            ("f", "forecast"),
            ("f", "perfect"),
            ("g", "forecast"),
        ]


class TestMeasures:
    def test_by_hand(self) -> None:
        """Forecast 50, 101, 260, 90 against 51, 100, 210, 310: errors −1, +1, +50, −220."""
        issues = [issue(k, [aqi]) for k, aqi in enumerate([50, 101, 260, 90])]
        one = first_day(measured(issues, [daily(0, [100, 51, 100, 210, 310])]))
        assert (one.hit.hits, one.hit.n) == (1, 4)  # only 260 and 210 are both 重度污染
        assert one.within_one.hits == 3
        assert one.mae == pytest.approx((1 + 1 + 50 + 220) / 4)
        assert one.bias == pytest.approx((-1 + 1 + 50 - 220) / 4)
        assert one.rmse == pytest.approx(((1 + 1 + 2500 + 48400) / 4) ** 0.5)

    @pytest.mark.parametrize(
        ("said", "came", "apart"),
        [(50, 51, 1), (100, 100, 0), (100, 101, 1), (300, 301, 1), (0, 500, 5), (201, 300, 0)],
    )
    def test_categories_are_those_of_the_standard(self, said: int, came: int, apart: int) -> None:
        one = first_day(measured([issue(0, [said])], [daily(0, [10, came])]))
        assert (one.hit.hits == 1, one.within_one.hits == 1) == (apart == 0, apart <= 1)

    def test_skill_is_measured_against_the_day_before_the_issue(self) -> None:
        """Issued on days 1 and 2; persistence says 100 (day 0) and 120 (day 1): errors 100 and 120; the forecast 20 and 24."""
        issues = [issue(1, [180]), issue(2, [264])]
        one = first_day(measured(issues, [daily(0, [100, 120, 200, 240])]))
        assert (one.skill, one.skill_n) == (pytest.approx(1 - 44 / 220), 2)

    def test_without_a_reference_there_is_no_skill(self) -> None:
        one = first_day(measured([issue(0, [180])], [daily(1, [200])]))
        assert (one.n, one.skill, one.skill_n) == (1, None, 0)

    def test_against_a_faultless_persistence_there_is_no_skill(self) -> None:
        assert first_day(measured([issue(1, [180])], [daily(0, [200, 90, 200])])).skill is None

    def test_divisions_are_pooled_pair_by_pair(self) -> None:
        one = verify("110000", [issue(0, [70]), issue(1, [70])], [daily(0, [70, 70, 70])], terms())
        other = verify("120000", [issue(0, [170])], [daily(0, [70, 70, 70])], terms())
        measures = skill([*one, *other])
        assert (measures.adcodes, measures.issues) == (("110000", "120000"), 3)
        assert (first_day(measures).hit.hits, first_day(measures).n) == (2, 3)

    def test_a_mixture_is_refused(self) -> None:
        issues = [issue(0, [70]), issue(0, [70], feed="g")]
        with pytest.raises(ValueError, match="exactly one feed"):
            skill(found(issues, [daily(0, [70, 70])]))
        with pytest.raises(ValueError, match="exactly one feed"):
            skill([])

    def test_nothing_issued_is_nothing_found(self) -> None:
        assert found([], [daily(0, [70])]) == []

    def test_days_without_a_standard_are_refused(self) -> None:
        old = Series.from_points("110000", [Point(date=date(2009, 1, 2), aqi=70)])
        with pytest.raises(LawNotFound, match="no AQI standard"):
            verify("110000", [Issue("f", "forecast", day_start(date(2009, 1, 1)), old)], [], terms())


class TestWhatADaysAqiIs:
    def hourly(self, first: int, days: int, **values: float) -> Series:
        points = [Point(time=at(first) + (k + 1) * HOUR, **values) for k in range(24 * days)]
        return Series.from_points("110000", points)

    def test_ozone_counts(self) -> None:
        """PM2.5 of 20 is 29; ozone of 215 for eight hours is 150."""
        said, came = self.hourly(1, 1, pm25=20), self.hourly(0, 2, pm25=20, o3=215)
        measures = measured([Issue("f", "forecast", at(0, 17), said)], [came])
        assert first_day(measures).bias == 29 - 150
        assert (measures.forecast_values, measures.observed_values) == (("pm25",), ("pm25", "o3"))

    def test_of_hours_the_mean_counts_not_the_mean_of_hourly_indices(self) -> None:
        values = [35.0] * 12 + [115.0] * 12  # mean 75 → AQI 100
        points = [Point(time=at(1) + (k + 1) * HOUR, pm25=value) for k, value in enumerate(values)]
        said = Issue("f", "forecast", at(0, 17), Series.from_points("110000", points))
        assert first_day(measured([said], [daily(0, [10, 100])])).mae == 0

    def test_without_fine_particles_the_day_is_missing(self) -> None:
        said = Issue("f", "forecast", at(0, 17), self.hourly(1, 1, pm10=420))
        one = first_day(measured([said], [daily(0, [10, 300])]))
        assert (one.n, one.missing_forecast) == (0, 1)

    def test_of_a_range_the_middle_counts(self) -> None:
        point = Point(date=day(1), aqi_low=150, aqi_high=250)
        said = Issue("f", "forecast", at(0, 17), Series.from_points("110000", [point]))
        assert first_day(measured([said], [daily(0, [10, 200])])).mae == 0

    @pytest.mark.parametrize(("hours", "known"), [(20, True), (19, False)])
    def test_twenty_hours_make_a_day(self, hours: int, known: bool) -> None:
        aqis: Aqis = [90 if k < hours else None for k in range(24)]
        points = [Point(time=at(1) + (k + 1) * HOUR, aqi=aqi) for k, aqi in enumerate(aqis)]
        one = first_day(measured([issue(0, [90])], [Series.from_points("110000", points)]))
        assert (one.n, one.missing_observed) == ((1, 0) if known else (0, 1))

    def test_measured_days_fill_in_where_hours_are_missing(self) -> None:
        one = measured([issue(0, [90, 90])], [daily(1, [10, 90]), by_hour(1, [90])])
        assert [lead.mae for lead in one.lead_days] == [0, 0]  # the hours of day 1 go before its day row

    def test_the_new_standard_holds_from_its_day(self) -> None:
        """PM2.5 of 70 is 94 by HJ 633-2012 and 110 by HJ 633-2026."""
        start = date(2026, 2, 26)
        points = [Point(date=start + k * DAY, pm25=70) for k in range(1, 5)]
        said = Issue("f", "forecast", day_start(start), Series.from_points("110000", points))
        came = Series.from_points("110000", [Point(date=start + k * DAY, aqi=94 if k < 3 else 110) for k in range(5)])
        late = day_start(date(2027, 1, 1))
        assert [one.mae for one in measured([said], [came], terms(known_until=late)).lead_days] == [0] * 4


class TestMissing:
    def test_each_day_has_one_fate(self) -> None:
        one = measured(
            [issue(0, [70, None, 70, 70])], [daily(0, [70, 70, 70, None, 70])], terms(known_until=at(4))
        ).lead_days
        fates = [(lead.n, lead.missing_forecast, lead.missing_observed, lead.pending) for lead in one]
        assert fates == [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]

    def test_a_day_is_over_at_its_midnight(self) -> None:
        air = [daily(0, [70, 70])]
        assert first_day(measured([issue(0, [70])], air, terms(known_until=at(2)))).n == 1
        assert first_day(measured([issue(0, [70])], air, terms(known_until=at(2) - HOUR))).pending == 1

    @pytest.mark.parametrize("observed", [[], [daily(0, [None] * 3)]])
    def test_without_any_observation_nothing_is_right_or_wrong(self, observed: list[Series]) -> None:
        measures = measured([issue(0, [70, 70])], observed)
        assert [(one.n, one.missing_observed, one.mae, one.hit.value) for one in measures.lead_days] == [
            (0, 1, None, None)
        ] * 2
        assert {
            score.hits + score.misses + score.false_alarms + score.correct_negatives for score in measures.levels
        } == {0}

    def test_an_issue_of_less_than_a_day_is_only_counted(self) -> None:
        hours = [Point(time=at(0, 18) + k * HOUR, aqi=70) for k in range(6)]
        short = Issue("f", "forecast", at(0, 17), Series.from_points("110000", hours))
        measures = measured([short], [])
        assert (measures.issues, measures.lead_days, measures.levels) == (1, (), ())

    @given(said=DAYS, came=DAYS, known=st.integers(0, 14))
    @settings(max_examples=60, deadline=None)
    def test_no_day_is_lost_or_counted_twice(self, said: Aqis, came: Aqis, known: int) -> None:
        measures = measured([issue(0, said)], [daily(0, came)], terms(known_until=at(known)))
        total = {
            one.lead_day: one.n + one.missing_forecast + one.missing_observed + one.pending
            for one in measures.lead_days
        }
        assert total == dict.fromkeys(range(1, min(len(said), 10) + 1), 1)

    @given(said=DAYS, came=DAYS, gone=st.integers(0, 11))
    @settings(max_examples=60, deadline=None)
    def test_taking_an_observation_away_never_makes_a_hit_or_a_fault(self, said: Aqis, came: Aqis, gone: int) -> None:
        fewer = [None if k == gone else aqi for k, aqi in enumerate(came)]
        [whole], [less] = found([issue(0, said)], [daily(0, came)]), found([issue(0, said)], [daily(0, fewer)])
        pairs = {(pair.day, pair.forecast, pair.observed) for pair in whole.days.pairs}
        assert {(pair.day, pair.forecast, pair.observed) for pair in less.days.pairs} <= pairs


class TestProperties:
    @given(came=st.lists(AQI, min_size=8, max_size=20))
    @settings(max_examples=40, deadline=None)
    def test_a_perfect_forecast_is_right_everywhere(self, came: list[int]) -> None:
        air = daily(0, came)
        issues = [issue(k, came[k + 1 :], basis="perfect") for k in range(len(came) - 1)]
        measures = measured(issues, [air])
        for one in measures.lead_days:
            assert one.hit.hits == one.within_one.hits == one.n > 0
            assert one.mae == one.bias == one.rmse == 0
        for score in measures.levels:
            assert score.misses == score.false_alarms == score.unknown == 0

    @given(came=st.lists(st.integers(60, 400), min_size=3, max_size=12), shift=st.integers(-60, 100))
    @settings(max_examples=40, deadline=None)
    def test_a_shift_is_the_bias(self, came: list[int], shift: int) -> None:
        measures = measured([issue(k, [came[k + 1] + shift]) for k in range(len(came) - 1)], [daily(0, came)])
        one = first_day(measures)
        assert one.bias == pytest.approx(shift)
        assert one.mae == one.rmse == pytest.approx(abs(shift))

    @given(said=st.lists(AQI, min_size=6, max_size=12), came=st.lists(AQI, min_size=12, max_size=14))
    @settings(max_examples=40, deadline=None)
    def test_errors_are_ordered(self, said: list[int], came: list[int]) -> None:
        one = first_day(measured([issue(k, [aqi]) for k, aqi in enumerate(said)], [daily(0, came)]))
        assert one.mae is not None
        assert one.rmse is not None
        assert one.bias is not None
        assert abs(one.bias) <= one.mae + 1e-9 <= one.rmse + 2e-9
        assert one.hit.hits <= one.within_one.hits

    @given(said=DAYS, came=DAYS)
    @settings(max_examples=40, deadline=None)
    def test_days_alone_are_the_same_days(self, said: Aqis, came: Aqis) -> None:
        issues = [issue(k, said, hour=hour) for k in range(3) for hour in (5, 17)]
        whole, alone = measured(issues, [daily(0, came)]), measured(issues, [daily(0, came)], terms(days_only=True))
        assert alone.lead_days == whole.lead_days
        assert (alone.levels, [times.leads for times in alone.lead_times]) == ((), [()] * 3)

    @given(hour=st.integers(0, 23), said=st.lists(AQI, min_size=2, max_size=5))
    @settings(max_examples=40, deadline=None)
    def test_hours_and_rules_of_natural_days_give_the_same_days(self, hour: int, said: list[int]) -> None:
        hours = Issue("f", "forecast", at(0, hour), by_hour(0, said, hour=hour))
        air = [daily(0, [100] * 8)]
        rolling, natural = (measured([hours], air, terms(rules)) for rules in ("national-2024", "national-2016"))
        assert rolling.lead_days == natural.lead_days


class TestContract:
    def test_as_published(self) -> None:
        body = measured([issue(0, [170, 170]), issue(1, [90])], [daily(0, [60, 180, 240])]).contract()
        assert body["evidence"] is True
        assert (body["first_issue"], body["last_issue"]) == ("2024-11-08T17:00:00+08:00", "2024-11-09T17:00:00+08:00")
        assert (body["rules"], body["plans"], body["divisions"], body["issues"]) == (["national-2024"], [], 1, 2)
        days = body["lead_days"]
        assert isinstance(days, list)
        assert days[0] == {
            "lead_day": 1,
            "n": 2,
            "hit": {"rate": 0.5, "hits": 1, "n": 2, "low": 0.0945, "high": 0.9055},
            "within_one": {"rate": 0.5, "hits": 1, "n": 2, "low": 0.0945, "high": 0.9055},
            "mae": 80.0,
            "bias": -80.0,
            "rmse": 106.3,
            "skill": 0.167,
            "skill_n": 1,
            "missing_forecast": 0,
            "missing_observed": 0,
            "pending": 0,
        }

    @pytest.mark.parametrize("basis", ["perfect", "persistence"])
    def test_a_rebuilt_forecast_is_no_evidence(self, basis: str) -> None:
        made = Issue("f", basis, at(0, 17), daily(1, [70]))  # type: ignore[arg-type]
        assert measured([made], [daily(0, [70, 70])]).contract()["evidence"] is False
