from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.aqi import rate
from alerts.blocks import Basis, blocks_of, editions, hourly_graded
from alerts.instants import HOUR, parse_instant
from alerts.points import Point
from alerts.rules import AqiStandard, Line
from alerts.series import Series
from tests.alerts.air import EDITION_2012, EDITION_2026, STANDARDS, START, criteria, days, hourly

MARCH = parse_instant("2026-03-01 00:00")


def blocks(series: Series, rules: str = "national-2024"):
    return blocks_of(series, criteria(rules), STANDARDS)


class TestHours:
    @given(st.lists(st.one_of(st.none(), st.decimals(0, 700, places=1)), min_size=24, max_size=40))
    def test_every_block_is_its_exact_mean(self, given_: list) -> None:
        found = blocks(hourly(pm25=[None if value is None else float(value) for value in given_]))
        for at in range(len(given_) - 23):
            valid = [Fraction(value) for value in given_[at : at + 24] if value is not None]
            if len(valid) < 20:
                assert not found.complete[at]
                assert found.graded[at] == -1
            else:
                mean = round(sum(valid) / len(valid))
                assert found.mean["pm25"][at] == mean
                assert found.graded[at] == rate(EDITION_2012, "daily", {"pm25": Decimal(mean)}).aqi
            assert found.valid[at] == len(valid)

    def test_the_largest_index_counts_and_ozone_does_not(self) -> None:
        found = blocks(hourly(pm25=[35.0] * 24, no2=[180.0] * 24, o3=[300.0] * 24))
        assert (found.aqi[0], found.graded[0], found.index["no2"][0]) == (207, 150, 150)

    def test_ozone_is_the_largest_of_seventeen_means(self) -> None:
        ozone = [0.0] * 10 + [160.0] * 8 + [0.0] * 6
        assert blocks(hourly(pm25=[10.0] * 24, o3=ozone)).mean["o3"][0] == 160

    @pytest.mark.parametrize(("missing", "mean"), [(2, 160), (3, 140)])
    def test_an_eight_hour_mean_needs_six_hours(self, missing: int, mean: int) -> None:
        ozone = [None] * 16 + [160.0] * (8 - missing) + [None] * missing
        found = blocks(hourly(pm25=[10.0] * 24, o3=ozone))
        assert found.mean["o3"][0] == (mean if missing == 2 else -1)

    @pytest.mark.parametrize(("start", "index"), [(START, 400), (MARCH, 300)], ids=["2012", "2026"])
    def test_ozone_above_800(self, start, index: int) -> None:
        found = blocks(hourly(start, pm25=[10.0] * 24, o3=[1000.0] * 24))
        assert (found.index["o3"][0], found.graded[0]) == (index, 15)

    def test_hourly_aqi_where_there_is_no_concentration(self) -> None:
        found = blocks(hourly(aqi=[150.0] * 23 + [151.0]))
        assert (found.basis[0], found.graded[0], found.complete[0]) == (Basis.HOURLY_AQI, 151, True)

    def test_concentrations_come_before_the_feeds_aqi(self) -> None:
        found = blocks(hourly(pm25=[75.0] * 24, aqi=[300.0] * 24))
        assert (found.basis[0], found.graded[0]) == (Basis.CONCENTRATION, 100)

    def test_without_fine_particles_the_rest_is_a_lower_bound(self) -> None:
        found = blocks(hourly(pm10=[380.0] * 24, pm25=[None] * 24))
        assert (found.basis[0], found.graded[0], found.complete[0]) == (Basis.LOWER_BOUND, 243, False)
        assert found.above(Line(200))[0]
        assert not found.above(Line(300))[0]
        assert found.perhaps_above(Line(300))[0]

    def test_a_flagged_hour_leaves_fine_particles_alone(self) -> None:
        series = hourly(pm25=[75.0] * 25, pm10=[900.0] * 25)
        series.cause[0] = 1
        found = blocks(series)
        assert (found.graded[0], found.graded[1]) == (100, 500)
        assert found.aqi[0] == 500

    def test_a_flagged_block_without_fine_particles_is_unknown(self) -> None:
        series = hourly(aqi=[300.0] * 24)
        series.cause[3] = 2
        found = blocks(series)
        assert (found.graded[0], found.complete[0]) == (-1, False)

    def test_fireworks_change_nothing(self) -> None:
        series = hourly(pm25=[75.0] * 24, pm10=[500.0] * 24)
        series.cause[:] = 5
        assert blocks(series).graded[0] == 400

    def test_less_than_a_day_is_unknown_however_full(self) -> None:
        found = blocks(hourly(pm25=[300.0] * 23))
        assert (len(found.graded), found.complete[0]) == (1, False)


class TestNaturalDays:
    def test_days_that_are_not_whole_are_unknown(self) -> None:
        found = blocks(hourly(START + 2 * HOUR, pm25=[300.0] * 68), "national-2016")
        at = np.flatnonzero(found.exists)
        assert at.tolist() == [0, 24, 48]
        assert found.first == START
        assert found.complete[at].tolist() == [False, True, False]


class TestDays:
    def test_rows_as_given(self) -> None:
        found = blocks(days([160, None, 190.5]))
        at = np.flatnonzero(found.exists)
        assert found.graded[at].tolist() == [160, -1, 191]
        assert found.basis[at].tolist() == [Basis.DAILY_AQI, Basis.UNKNOWN, Basis.DAILY_AQI]
        assert found.valid[at].tolist() == [24, 0, 24]

    def test_concentrations_of_days(self) -> None:
        point = Point(date=date(2024, 11, 8), aqi=300, pm25=116, o3=240)
        found = blocks(Series.from_points("110000", [point]))
        assert (found.graded[0], found.aqi[0], found.basis[0]) == (152, 175, Basis.CONCENTRATION)


class TestEditions:
    def test_the_first_hour_chooses(self) -> None:
        found = blocks(hourly(MARCH - HOUR, pm25=[75.0] * 26))
        assert found.graded.tolist() == [100, 114, 114]

    @pytest.mark.parametrize("hours", [0, 1, 30])
    def test_stretches_cover_everything_once(self, hours: int) -> None:
        parts = list(editions(STANDARDS, MARCH - timedelta(hours=hours), 40))
        assert [at for _, part in parts for at in range(40)[part]] == list(range(40))
        expected = ([EDITION_2012] if hours else []) + [EDITION_2026]
        assert [standard for standard, _ in parts] == expected


class TestHourly:
    def graded(self, series: Series) -> list[int]:
        return hourly_graded(series, criteria(), STANDARDS).tolist()

    def test_the_feeds_aqi_wins(self) -> None:
        assert self.graded(hourly(aqi=[129.0, 129.5, None])) == [129, 130, -1]

    def test_2012_takes_the_rolling_mean(self) -> None:
        found = self.graded(hourly(pm25=[75.0] * 30))
        assert found == [-1] * 19 + [100] * 11

    def test_2026_takes_the_hour(self) -> None:
        assert self.graded(hourly(MARCH, pm25=[260.0, None, 60.0], o3=[500.0] * 3)) == [310, -1, 100]

    def test_gases_count_by_the_hour(self) -> None:
        assert self.graded(hourly(MARCH, pm25=[35.0], no2=[700.0])) == [150]

    def test_sulphur_dioxide_above_800(self) -> None:
        assert self.graded(hourly(MARCH, pm25=[35.0], so2=[900.0])) == [200]
        assert self.graded(hourly(pm25=[35.0] * 24, so2=[900.0] * 24))[-1] == 213

    def test_a_flagged_hour_is_fine_particles_alone(self) -> None:
        series = hourly(MARCH, pm25=[60.0], pm10=[900.0], aqi=[500.0])
        series.cause[0] = 1
        assert self.graded(series) == [100]

    def test_a_day_stands_for_its_hours(self) -> None:
        assert self.graded(days([160, None])) == [160] * 24 + [-1] * 24


class TestDailyReports:
    """A day's concentrations are rated as the report of that day would, each in its own last place."""

    @pytest.mark.parametrize(
        ("name", "key", "value"),
        [
            ("pm25", "pm25", "150.5"),
            ("pm10", "pm10", "351"),
            ("so2", "so2", "800.4"),
            ("no2", "no2", "283"),
            ("co", "co", "24.1"),
            ("co", "co", "3.95"),
            ("o3", "o3_8h", "215.5"),
            ("pm25", "pm25", "0"),
        ],
    )
    @pytest.mark.parametrize("edition", [EDITION_2012, EDITION_2026], ids=["2012", "2026"])
    def test_index(self, edition: AqiStandard, name: str, key: str, value: str) -> None:
        day = date(2024, 11, 8) if edition is EDITION_2012 else date(2026, 3, 1)
        found = blocks(Series.from_points("110000", [Point.model_validate({"date": day, name: float(value)})]))
        rated = rate(edition, "daily", {key: Decimal(value)}).iaqi[key]
        assert found.index[name].tolist() == [rated]


class TestOzoneThatCounts:
    """Under a law that leaves nothing out, a block that ozone leads is graded on it."""

    LAW = criteria().model_copy(update={"excluded_causes": ()})

    def test_hours_and_days(self) -> None:
        for series in (
            hourly(pm25=[43.0] * 24, o3=[280.0] * 24),
            Series.from_points("110000", [Point(date=date(2024, 11, 8), pm25=43, o3=280)]),
        ):
            found = blocks_of(series, self.LAW, STANDARDS)
            assert found.graded.tolist() == found.aqi.tolist() == found.index["o3"].tolist()
            assert blocks(series).graded.tolist() == [60]
