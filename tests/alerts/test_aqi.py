from decimal import Decimal
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.aqi import half_even, index_table, indices_of, last_place, least_above, rate, rounded_mean, scaled
from alerts.rules import AqiItem, AqiStandard
from tests.alerts.air import EDITION_2012, EDITION_2026

EDITIONS = (EDITION_2012, EDITION_2026)
ITEMS = [(edition, name) for edition in EDITIONS for name in edition.items]


@pytest.fixture(autouse=True)
def made_anew() -> None:
    """Tables that an earlier test left behind would answer for the code under test."""
    index_table.cache_clear()


def oracle(standard: AqiStandard, item: AqiItem, value: Fraction) -> int:
    """The formula of HJ 633 as it stands, one value at a time."""
    points = item.breakpoints
    if value > points[-1]:
        capped = standard.indices[-1] if len(points) == len(standard.indices) else item.beyond
        return -1 if capped is None else capped
    at = next(at for at in range(1, len(points)) if value <= points[at])
    low, high = points[at - 1], points[at]
    index = standard.indices
    return ceil(Fraction(index[at] - index[at - 1], high - low) * (value - low) + index[at - 1])


@pytest.mark.parametrize(("edition", "name"), ITEMS, ids=lambda given: getattr(given, "id", given))
def test_every_rounded_concentration_has_its_exact_index(edition: AqiStandard, name: str) -> None:
    item = edition.items[name]
    places = last_place(item)
    values = np.arange(item.breakpoints[-1] * places + 20)
    found = indices_of(item, edition.indices, values).tolist()
    assert found == [oracle(edition, item, Fraction(value, places)) for value in values.tolist()]


def test_a_missing_concentration_has_no_index() -> None:
    assert indices_of(EDITION_2012.items["pm25_24h"], EDITION_2012.indices, np.array([-1])).tolist() == [-1]


@pytest.mark.parametrize("name", ["pm25_24h", "pm10_24h", "so2_24h", "no2_24h", "co_24h", "o3_8h"])
@pytest.mark.parametrize("line", [150, 200, 300])
def test_lines_did_not_move_in_2026(name: str, line: int) -> None:
    old, new = (least_above(edition.items[name], edition.indices, line) for edition in EDITIONS)
    assert old == new


@pytest.mark.parametrize(("line", "least"), [(150, 116), (200, 151), (300, 251), (499, 499)])
def test_where_fine_particles_pass_a_line(line: int, least: int) -> None:
    assert least_above(EDITION_2012.items["pm25_24h"], EDITION_2012.indices, line) == least


def test_sulphur_dioxide_of_one_hour_never_passes_200() -> None:
    assert least_above(EDITION_2012.items["so2_1h"], EDITION_2012.indices, 200) is None


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_rounding_is_half_to_even(total: int, divisor: int) -> None:
    assert int(half_even(np.array([total]), divisor)[0]) == round(Fraction(total, divisor))


@given(st.lists(st.decimals(0, 600, places=1), min_size=1, max_size=24))
def test_means_are_exact(values: list[Decimal]) -> None:
    item = EDITION_2012.items["pm25_24h"]
    total = scaled(np.array([float(value) for value in values])).sum(keepdims=True)
    mean = Fraction(sum(values)) / len(values)
    assert int(rounded_mean(total, len(values), item)[0]) == round(mean)


def test_carbon_monoxide_keeps_one_decimal() -> None:
    item = EDITION_2012.items["co_24h"]
    assert rounded_mean(scaled(np.array([4.25, 4.35, 4.26])), 1, item).tolist() == [42, 44, 43]


class TestRate:
    def test_the_largest_index_leads(self) -> None:
        rating = rate(EDITION_2012, "daily", {"pm25": Decimal(75), "no2": Decimal(40), "co": Decimal("2.04")})
        assert rating.model_dump() == {
            "aqi": 100,
            "iaqi": {"pm25": 100, "no2": 50, "co": 50},
            "primary": ("pm25",),
            "category": "良",
            "grade": 2,
            "standard": "HJ 633-2012",
        }

    @pytest.mark.parametrize(
        ("edition", "aqi", "iaqi"),
        [(EDITION_2012, 119, {"pm25": None, "pm25_24h": 119}), (EDITION_2026, 310, {"pm25": 310, "pm25_24h": None})],
        ids=["2012", "2026"],
    )
    def test_hourly_particles_differ_by_edition(
        self, edition: AqiStandard, aqi: int, iaqi: dict[str, int | None]
    ) -> None:
        rating = rate(edition, "hourly", {"pm25": Decimal(260), "pm25_24h": Decimal(90)})
        assert (rating.aqi, rating.iaqi, rating.primary) == (aqi, iaqi, ("pm25",))

    def test_the_day_of_2026_leaves_out_the_ozone_hour(self) -> None:
        given_ = {"o3_8h": Decimal(100), "o3_1h": Decimal(300)}
        assert rate(EDITION_2012, "daily", given_).aqi == 150
        assert rate(EDITION_2026, "daily", given_).aqi == 50

    def test_half_a_unit_goes_to_the_even_neighbour(self) -> None:
        assert rate(EDITION_2012, "daily", {"pm25": Decimal("74.5")}).aqi == 99
        assert rate(EDITION_2012, "daily", {"pm25": Decimal("75.5")}).aqi == 102

    def test_nothing_known_gives_nothing(self) -> None:
        rating = rate(EDITION_2012, "daily", {"pm25": None})
        assert (rating.aqi, rating.category, rating.grade, rating.primary) == (None, None, None, ())

    def test_clean_air(self) -> None:
        rating = rate(EDITION_2026, "daily", {"pm25": Decimal(0)})
        assert (rating.aqi, rating.category, rating.primary) == (0, "优", ())

    def test_unknown_keys_are_named(self) -> None:
        with pytest.raises(ValueError, match="unknown value pm1; use pm25"):
            rate(EDITION_2012, "daily", {"pm1": Decimal(1)})


class TestTables:
    def test_a_table_is_shared_and_cannot_be_written(self) -> None:
        item, indices = EDITION_2012.items["pm25_24h"], EDITION_2012.indices
        table = index_table(item, indices)
        assert index_table(item, indices) is table
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 1

    def test_its_last_two_places_are_beyond_and_missing(self) -> None:
        for edition, name in ITEMS:
            item = edition.items[name]
            table = index_table(item, edition.indices)
            assert len(table) == item.breakpoints[-1] * last_place(item) + 3
            capped = 500 if len(item.breakpoints) == 8 else item.beyond
            assert table[-2:].tolist() == [-1 if capped is None else capped, -1]

    @given(st.lists(st.one_of(st.integers(0, 600), st.just(float("nan"))), min_size=1))
    def test_missing_values_count_as_nothing(self, values: list[float]) -> None:
        found = scaled(np.array(values, dtype=float))
        assert found.tolist() == [0 if np.isnan(value) else value * 1000 for value in values]

    @pytest.mark.parametrize(
        ("total", "count", "name", "mean"),
        [
            (115_500 * 24, 24, "pm25", 116),
            (150_500 * 24, 24, "pm25", 150),
            (150_500 * 24 + 1, 24, "pm25", 151),
            (2_450 * 20, 20, "co", 24),
            (2_350 * 20, 20, "co", 24),
            (2_350 * 20 - 1, 20, "co", 23),
            (0, 0, "pm25", 0),
        ],
    )
    def test_means_in_the_items_last_place(self, total: int, count: int, name: str, mean: int) -> None:
        item = EDITION_2012.items[EDITION_2012.daily[name]]
        assert rounded_mean(np.array([total]), np.array([count]), item).tolist() == [mean]

    def test_an_unknown_value_is_named(self) -> None:
        with pytest.raises(ValueError, match="unknown value") as error:
            rate(EDITION_2012, "daily", {"pm1": Decimal(1), "o4": Decimal(1)})
        assert str(error.value) == (
            "unknown value o4, pm1; use pm25, pm10, so2, no2, co, o3_8h, o3_1h, pm25_24h, pm10_24h, so2_24h"
        )


class TestIncompleteReports:
    """HJ 633-2026 publishes an AQI with a pollutant missing only above 100; 2012 always."""

    @pytest.mark.parametrize(("fine", "old", "new"), [("60", 82, None), ("61", 83, 101)])
    def test_the_line_itself_is_not_above(self, fine: str, old: int, new: int | None) -> None:
        given = {"pm25": Decimal(fine), "pm10": None}
        assert (rate(EDITION_2012, "daily", given).aqi, rate(EDITION_2026, "daily", given).aqi) == (old, new)
        assert rate(EDITION_2026, "daily", {"pm25": Decimal("60"), "pm10": Decimal(10)}).aqi == 100
