import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.assessment import assess
from alerts.blocks import GRADED
from alerts.bulk import levels, numpy_limit
from alerts.instants import HOUR
from alerts.levels import Level
from alerts.rules import Criteria
from alerts.series import Series
from tests.alerts.air import EDITION_2012, RULES, STANDARDS, START, criteria, judged

SHAPE = (6, 130)


def air(seed: int, hours: int, missing: float, scale: float) -> list[np.ndarray]:
    """Waves of pollution with sharp values around the lines, gases that sometimes lead, and holes."""
    random = np.random.default_rng(seed)
    fine = np.round(random.gamma(2, 45, (6, 1)) * scale * (1 + 0.6 * np.sin(np.arange(hours) / 15)), 1)
    fine = np.where(random.random((6, hours)) < 0.3, random.choice([115.5, 116, 150.5, 151, 250.5], (6, hours)), fine)
    arrays = [fine, fine * 1.5, random.gamma(2, 8, (6, hours)), random.gamma(3, 40, (6, hours)),
              random.gamma(3, 2, (6, hours))]  # fmt: skip
    for array in arrays:
        array[random.random((6, hours)) < missing] = np.nan
    return arrays


@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.integers(10, 140),
    st.sampled_from([0.0, 0.03, 0.2]),
    st.sampled_from([0.7, 1.5, 3.0]),
    st.sampled_from(RULES),
    st.integers(0, 23),
)
def test_the_same_as_one_by_one(
    seed: int, hours: int, missing: float, scale: float, rules: str, first: int
) -> None:
    arrays = air(seed, hours, missing, scale)
    found = levels(*arrays, criteria=criteria(rules), standard=EDITION_2012, first_hour=first)
    blank = np.full(hours, np.nan)
    for row in range(len(arrays[0])):
        values = {name: array[row] for name, array in zip(GRADED, arrays, strict=True)} | {"aqi": blank, "o3": blank}
        series = Series("110000", "hourly", START + first * HOUR, values, np.zeros(hours, dtype=np.int8))
        one = judged(series, rules)
        assert (found.level[row], found.insufficient[row]) == (one.level, one.state == "insufficient")


def test_rows_do_not_touch_each_other() -> None:
    heavy = np.full((300, 72), 160.0)
    heavy[::2] = 20.0
    clean = np.full(heavy.shape, 5.0)
    found = levels(heavy, clean, clean, clean, clean / 10, criteria=criteria(), standard=EDITION_2012)
    assert found.level.tolist() == [0, 3] * 150
    assert not found.insufficient.any()


def test_the_given_arrays_stay_as_they_are() -> None:
    arrays = air(1, 60, 0.1, 2.0)
    before = [array.copy() for array in arrays]
    levels(*arrays, criteria=criteria(), standard=EDITION_2012)
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_shapes_must_agree() -> None:
    one, other = np.zeros((2, 48)), np.zeros((2, 49))
    with pytest.raises(ValueError, match="one shape"):
        levels(one, one, one, one, other, criteria=criteria(), standard=EDITION_2012)


def test_nothing_to_do() -> None:
    none = np.zeros((0, 48))
    assert len(levels(none, none, none, none, none, criteria=criteria(), standard=EDITION_2012).level) == 0


def test_the_limit_does_real_work() -> None:
    assert numpy_limit(np.full((2, 48), 160.0)) == 2 * 25 * 2


def own(**changes: object) -> Criteria:
    return Criteria.model_validate(criteria().model_dump(by_alias=True) | changes)


OWN_LAWS = {
    "two days or nothing": own(levels={"yellow": {"any": [{"over": 200, "hours": 48}]}}),
    "lines of PM2.5": own(
        levels={
            "yellow": {"any": [{"over": 150, "hours": 24}, {"over": 115, "hours": 48, "of": "pm25"}]},
            "orange": {
                "any": [{"over": 115, "hours": 72, "of": "pm25", "containing": {"over": 150, "hours": 24, "of": "pm25"}}]
            },
        }
    ),
    "PM2.5 and PM10 alone": own(graded=["pm25", "pm10"]),
    "gases alone": own(graded=["so2", "no2", "co"]),
    "no merging": own(merge_gap_hours=None),
    "natural days": own(day="natural", merge_gap_hours=None),
}


@pytest.mark.parametrize("law", OWN_LAWS.values(), ids=OWN_LAWS)
@pytest.mark.parametrize(("hours", "missing"), [(20, 0.0), (24, 1.0), (30, 0.0), (75, 0.1), (130, 0.03)])
def test_the_same_under_laws_of_ones_own(law: Criteria, hours: int, missing: float) -> None:
    for seed in range(3):
        arrays = air(seed, hours, missing, 1.5)
        found = levels(*arrays, criteria=law, standard=EDITION_2012, first_hour=seed * 7)
        assert [(level, lacking) for level, lacking in zip(*found, strict=True)] == one_by_one(arrays, law, seed * 7)


def one_by_one(arrays: list[np.ndarray], law: Criteria, first: int) -> list[tuple[Level, bool]]:
    blank = np.full(arrays[0].shape[1], np.nan)
    answers = []
    for row in range(len(arrays[0])):
        values = {name: array[row] for name, array in zip(GRADED, arrays, strict=True)} | {"aqi": blank, "o3": blank}
        series = Series("110000", "hourly", START + first * HOUR, values, np.zeros(len(blank), dtype=np.int8))
        one = assess(series, as_of=series.start, criteria=law, standards=STANDARDS)
        answers.append((one.level, one.state == "insufficient"))
    return answers


@pytest.mark.parametrize("valid", [19, 20])
def test_holes_up_to_what_a_mean_allows(valid: int) -> None:
    fine = np.full((2, 24), 160.0)
    fine[0, valid:] = np.nan
    clean = np.full(fine.shape, 5.0)
    found = levels(fine, clean, clean, clean, clean / 10, criteria=criteria(), standard=EDITION_2012)
    assert found.level.tolist() == [Level.YELLOW if valid == 20 else Level.NONE, Level.YELLOW]
    assert found.insufficient.tolist() == [valid == 19, False]


def test_each_pollutant_can_reach_a_level_alone() -> None:
    # the least concentrations whose index is above 200 (HJ 633-2012, table 1), and the same less one place
    lines = {"pm25": (151.0, 150.0), "pm10": (352.0, 350.0), "so2": (805.0, 800.0), "no2": (283.0, 280.0), "co": (24.2, 24.0)}
    for name, (above, at) in lines.items():
        arrays = [np.full((2, 24), 5.0) for _ in GRADED]
        arrays[GRADED.index(name)][0], arrays[GRADED.index(name)][1] = above, at
        found = levels(*arrays, criteria=criteria(), standard=EDITION_2012)
        assert found.level.tolist() == [Level.YELLOW, Level.NONE]


@pytest.mark.parametrize("bad", [(2, 48, 1), (48,)])
def test_rows_and_hours_are_needed(bad: tuple[int, ...]) -> None:
    array = np.zeros(bad)
    with pytest.raises(ValueError, match=r"^give five arrays of one shape \[divisions, hours\]$"):
        levels(array, array, array, array, array, criteria=criteria(), standard=EDITION_2012)


def test_the_limit_counts_only_what_lies_above() -> None:
    rising = np.repeat([[100.0, 200.0]], 24, axis=1)
    assert numpy_limit(rising, lines=(100.0,)) == 24
    assert numpy_limit(rising, rising, lines=(100.0, 200.0)) == 48


@pytest.mark.parametrize(
    ("hours", "mean", "level"),
    [(72, 115.5, Level.ORANGE), (72, 115.499, Level.NONE), (24, 150.5, Level.NONE), (24, 150.501, Level.YELLOW)],
)
def test_halves_are_rounded_to_the_even_neighbour(hours: int, mean: float, level: Level) -> None:
    # 115.5 becomes 116 (AQI 152), 150.5 becomes 150 (AQI 200)
    fine, clean = np.full((1, hours), mean), np.full((1, hours), 5.0)
    found = levels(fine, clean, clean, clean, clean / 10, criteria=criteria(), standard=EDITION_2012)
    assert found.level.tolist() == [level]


@pytest.mark.parametrize(("thousandths", "level"), [(0, Level.NONE), (1, Level.YELLOW)])
def test_one_thousandth_in_one_hour_decides(thousandths: int, level: Level) -> None:
    for name, half in (("pm25", 150.5), ("pm10", 350.5), ("so2", 800.5), ("no2", 280.5), ("co", 24.05)):
        arrays = [np.full((1, 24), 5.0) for _ in GRADED]
        arrays[GRADED.index(name)][:] = half
        arrays[GRADED.index(name)][0, 7] += thousandths / 1000
        found = levels(*arrays, criteria=criteria(), standard=EDITION_2012)
        assert found.level.tolist() == [level], name


@pytest.mark.parametrize(("fine", "level"), [(115.4, Level.NONE), (115.5, Level.YELLOW), (116.0, Level.YELLOW)])
def test_a_line_of_pm25_is_passed_above_it(fine: float, level: Level) -> None:
    # above 115 for two days; 115.5 becomes 116
    clean = np.full((1, 48), 5.0)
    law = OWN_LAWS["lines of PM2.5"]
    found = levels(np.full((1, 48), fine), clean, clean, clean, clean / 10, criteria=law, standard=EDITION_2012)
    assert found.level.tolist() == [level]


def test_without_an_hour_the_first_is_midnight() -> None:
    law, clean = OWN_LAWS["natural days"], np.full((1, 24), 5.0)
    found = levels(np.full((1, 24), 160.0), clean, clean, clean, clean / 10, criteria=law, standard=EDITION_2012)
    assert (found.level.tolist(), found.insufficient.tolist()) == ([Level.YELLOW], [False])


@pytest.mark.parametrize(("last", "level"), [(160.0, Level.NONE), (160.001, Level.YELLOW)])
def test_halves_with_holes(last: float, level: Level) -> None:
    # 20 valid hours whose mean is 150.5, or a thousandth in one hour more
    fine, clean = np.full((1, 24), 150.0), np.full((1, 24), 5.0)
    fine[0, :4] = np.nan
    fine[0, -1] = last
    found = levels(fine, clean, clean, clean, clean / 10, criteria=criteria(), standard=EDITION_2012)
    assert found.level.tolist() == [level]
