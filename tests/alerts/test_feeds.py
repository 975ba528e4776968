"""Which of several feeds counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.feeds import Judged, counted
from tests.alerts.air import START, days, hourly, judged

DAY = timedelta(hours=24)
NONE, YELLOW, ORANGE = judged(days([80])), judged(days([210])), judged(days([210, 220]))
PERHAPS_RED = judged(hourly(pm25=[170.0] * 46 + [None] * 26))


def at(hours: int, assessment, feed: str = "f") -> Judged:
    return Judged(feed, START + timedelta(hours=hours), assessment)


class TestCounted:
    def test_latest_is_the_newest_issue_whatever_it_says(self) -> None:
        assert counted([at(0, ORANGE), at(6, NONE)], "latest", DAY) == 1
        assert counted([at(6, NONE), at(0, ORANGE)], "latest", DAY) == 0

    def test_highest_is_the_highest_level(self) -> None:
        assert counted([at(0, ORANGE), at(6, NONE), at(7, YELLOW)], "highest", DAY) == 0

    def test_what_could_be_higher_wins_among_equals(self) -> None:
        assert PERHAPS_RED.level == ORANGE.level
        assert counted([at(0, PERHAPS_RED), at(6, ORANGE)], "highest", DAY) == 0

    def test_the_newest_wins_among_equals(self) -> None:
        assert counted([at(0, YELLOW), at(6, YELLOW)], "highest", DAY) == 1
        assert counted([at(6, YELLOW), at(0, YELLOW)], "highest", DAY) == 0

    def test_an_old_issue_is_shown_but_does_not_count(self) -> None:
        assert counted([at(0, ORANGE), at(24, NONE)], "highest", DAY) == 0
        assert counted([at(0, ORANGE), at(25, NONE)], "highest", DAY) == 1

    def test_a_lonely_old_issue_counts(self) -> None:
        assert counted([at(-47, ORANGE)], "highest", timedelta(hours=1)) == 0

    def test_without_forecasts_the_measured_air_counts(self) -> None:
        assert counted([Judged(None, None, YELLOW)], "highest", DAY) == 0

    def test_nothing_to_choose_from(self) -> None:
        with pytest.raises(ValueError, match="at least one series"):
            counted([], "highest", DAY)

    @given(st.lists(st.tuples(st.integers(0, 24), st.sampled_from([NONE, YELLOW, ORANGE])), min_size=1, max_size=6))
    def test_no_fresh_feed_lies_above_the_one_that_counts(self, issues) -> None:
        feeds = [at(hours, assessment) for hours, assessment in issues]
        chosen = feeds[counted(feeds, "highest", DAY)]
        assert chosen.assessment.level == max(one.assessment.level for one in feeds)
