"""A measure over time: the stages of a response meet without gap, and a past instant keeps its answer."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.measures import Action, Later, Measure
from emission_lists.schedule import Stage, measure_at, stages
from tests.emission_lists.measure_shapes import any_measure

START = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
FULL, HALF = Measure(Action.STOP, 1.0), Measure(Action.STOP, 0.5, True)
RELIEVED = Measure(Action.STOP, 1.0, later=(Later(120, HALF),))
spans = st.integers(-100, 300_000).map(lambda n: timedelta(minutes=n))


class TestStages:
    def test_without_stages_there_is_one_until_the_end(self) -> None:
        assert stages(FULL, START, None) == (Stage(START, None, FULL),)

    def test_relief_stands_from_the_hour_it_begins(self) -> None:
        begins = START + timedelta(hours=120)
        assert stages(RELIEVED, START, None) == (Stage(START, begins, FULL), Stage(begins, None, HALF))

    def test_a_response_that_ends_at_the_hour_of_relief_has_no_relief(self) -> None:
        assert len(stages(RELIEVED, START, START + timedelta(hours=120))) == 1
        assert len(stages(RELIEVED, START, START + timedelta(hours=120, microseconds=1))) == 2

    def test_a_response_without_time_has_no_stage(self) -> None:
        assert stages(RELIEVED, START, START) == ()
        assert stages(RELIEVED, START, START - timedelta(hours=1)) == ()

    @settings(deadline=None)
    @given(any_measure, st.none() | spans)
    def test_stages_meet_without_gap_from_start_to_end(self, measure: Measure, length: timedelta | None) -> None:
        end = None if length is None else START + length
        found = stages(measure, START, end)
        if end is not None and end <= START:
            assert found == ()
            return
        assert (found[0].starts, found[-1].until) == (START, end)
        for before, after in pairwise(found):
            assert before.until == after.starts
            assert before.starts < after.starts
        assert all(stage.measure.later == () for stage in found)


class TestAt:
    @pytest.mark.parametrize(("hours", "asked"), [(-5, FULL), (0, FULL), (119.99, FULL), (120, HALF), (500, HALF)])
    def test_the_stage_of_the_hour(self, hours: float, asked: Measure) -> None:
        assert measure_at(RELIEVED, START, START + timedelta(hours=hours)) == asked

    @settings(deadline=None)
    @given(any_measure, st.integers(0, 200_000).map(lambda n: timedelta(minutes=n)))
    def test_an_instant_has_the_measure_of_the_stage_it_lies_in(self, measure: Measure, after: timedelta) -> None:
        instant = START + after
        [stage] = [
            stage
            for stage in stages(measure, START, None)
            if stage.starts <= instant and (stage.until is None or instant < stage.until)
        ]
        assert measure_at(measure, START, instant) == stage.measure

    @pytest.mark.parametrize("start", [datetime(2026, 1, 5), START])  # noqa: DTZ001 - that it has none is the point
    def test_instants_without_time_zone_are_refused(self, start: datetime) -> None:
        naive = datetime(2026, 1, 6)  # noqa: DTZ001
        with pytest.raises(ValueError, match="no time zone"):
            stages(FULL, start, naive)
        with pytest.raises(ValueError, match="no time zone"):
            measure_at(FULL, start, naive)
