"""Rates carry their size and the interval that it allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.verification_rates import Rate

RATES = st.integers(1, 500).flatmap(lambda n: st.builds(Rate, st.integers(0, n), st.just(n)))


class TestRate:
    @pytest.mark.parametrize(
        ("hits", "n", "low", "high"),
        # worked by hand from (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n), z = 1.96
        [
            (8, 10, 0.4902, 0.9433),
            (0, 10, 0.0, 0.2775),
            (10, 10, 0.7225, 1.0),
            (90, 100, 0.8256, 0.9448),
            (1, 1, 0.2065, 1.0),
        ],
    )
    def test_the_wilson_interval(self, hits: int, n: int, low: float, high: float) -> None:
        assert Rate(hits, n).interval == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))

    def test_nothing_has_no_rate(self) -> None:
        assert (Rate(0, 0).value, Rate(0, 0).interval) == (None, None)
        assert Rate(0, 0).contract() == {"rate": None, "hits": 0, "n": 0, "low": None, "high": None}

    def test_four_decimals_are_published(self) -> None:
        assert Rate(2, 3).contract() == {"rate": 0.6667, "hits": 2, "n": 3, "low": 0.2077, "high": 0.9385}

    @pytest.mark.parametrize(("hits", "n"), [(2, 1), (-1, 3), (1, 0)])
    def test_more_hits_than_cases_are_refused(self, hits: int, n: int) -> None:
        with pytest.raises(ValueError, match="is no rate"):
            Rate(hits, n)

    @given(rate=RATES)
    def test_the_interval_holds_the_rate_and_stays_a_share(self, rate: Rate) -> None:
        assert rate.interval is not None
        assert rate.value is not None
        low, high = rate.interval
        assert 0 <= low <= rate.value <= high <= 1

    @given(rate=RATES)
    def test_what_is_not_a_hit_has_the_mirrored_interval(self, rate: Rate) -> None:
        assert rate.interval is not None
        other = Rate(rate.n - rate.hits, rate.n).interval
        assert other == (pytest.approx(1 - rate.interval[1]), pytest.approx(1 - rate.interval[0]))

    @given(rate=RATES)
    def test_more_cases_of_the_same_rate_are_surer(self, rate: Rate) -> None:
        more = Rate(rate.hits * 4, rate.n * 4).interval
        assert rate.interval is not None
        assert more is not None
        assert more[1] - more[0] < rate.interval[1] - rate.interval[0]
