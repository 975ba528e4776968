import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.blocks import GRADED
from alerts.bulk import levels, numpy_limit
from alerts.instants import HOUR
from alerts.series import Series
from tests.alerts.air import EDITION_2012, RULES, START, criteria, judged

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
