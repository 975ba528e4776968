"""The step of a prompt from a stored assessment is that of the full assessment, wherever it is given at all."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.assessment import Assessment, assess
from alerts.levels import WARNING_LEVELS, Level
from alerts.points import Point
from alerts.proposal import InForce, PromptView, next_step
from alerts.proposal_words import Action
from alerts.region_step import from_document, prompted_step
from alerts.rules import Criteria
from alerts.series import Series
from service.kit.canonical import canonical
from service.kit.clock import SHANGHAI
from service.law.loader import load_law

NOW = datetime(2016, 12, 15, 12, 20, tzinfo=SHANGHAI)
LAW = load_law()


def criteria() -> Criteria:
    return LAW.criteria_for("130100", NOW)


def assessed(values: list[float | None]) -> Assessment:
    """An assessment of hours that begin two days before now."""
    start = NOW.replace(minute=0) - timedelta(hours=48)
    points = [Point(time=start + timedelta(hours=number + 1), pm25=value) for number, value in enumerate(values)]
    series = Series.from_points("130100", points, NOW.replace(minute=0))
    return assess(series, as_of=NOW, criteria=criteria(), standards=LAW.standards)


def stored(assessment: Assessment) -> Assessment:
    """The same as it comes back from the database."""
    document = {
        "assessment": assessment.contract(),
        "trace": assessment.trace.model_dump(mode="json"),
        "observed_heavy": assessment.observed_heavy,
    }
    return from_document("130100", NOW, json.loads(canonical(document)))


def prompt(level: Level = Level.RED, starts: float = 32, ends: float | None = None) -> PromptView:
    hour = timedelta(hours=1)
    return PromptView(id="1", level=level, starts_at=NOW + starts * hour, ends_at=None if ends is None else NOW + ends * hour)


CLEAN = [40.0] * 200
HEAVY_SOON = [40.0] * 70 + [260.0] * 100 + [30.0] * 40
spans = st.lists(
    st.tuples(st.sampled_from([None, 20.0, 90.0, 130.0, 200.0, 300.0, 480.0]), st.integers(1, 40)), min_size=3, max_size=9
)


class TestSameAsTheFullAssessment:
    @given(
        spans=spans,
        level=st.sampled_from(WARNING_LEVELS),
        starts=st.integers(-30, 60),
        lasts=st.one_of(st.none(), st.integers(1, 120)),
        standing=st.one_of(st.none(), st.tuples(st.sampled_from(WARNING_LEVELS), st.integers(-40, 20))),
        ends=st.one_of(st.none(), st.integers(-5, 90)),
        fixed=st.booleans(),
    )
    def test_wherever_it_says_something(
        self,
        spans: list[tuple[float | None, int]],
        level: Level,
        starts: int,
        lasts: int | None,
        standing: tuple[Level, int] | None,
        ends: int | None,
        fixed: bool,
    ) -> None:
        full = assessed([value for value, hours in spans for _ in range(hours)])
        asked = prompt(level, starts, None if lasts is None else starts + lasts)
        hour = timedelta(hours=1)
        in_force = standing and InForce(
            level=standing[0],
            effective_at=NOW + standing[1] * hour,
            planned_end=None if ends is None else NOW + max(ends, standing[1] + 1) * hour,
            announced_at=NOW - 50 * hour,
            fixed_end=fixed,
        )
        found = prompted_step(stored(full), in_force=in_force, prompt=asked, criteria=criteria(), now=NOW)
        if found is not None:
            assert found == next_step(full, in_force=in_force, prompt=asked, criteria=criteria(), now=NOW)


class TestWhatItSays:
    def test_clean_air_follows_the_prompt_with_the_common_start(self) -> None:
        found = prompted_step(stored(assessed(CLEAN)), in_force=None, prompt=prompt(), criteria=criteria(), now=NOW)
        assert found is not None
        assert (found.action, found.to_level, found.effective_at) == (Action.ISSUE, Level.RED, NOW + timedelta(hours=32))

    def test_own_higher_level_wins(self) -> None:
        found = prompted_step(
            stored(assessed(HEAVY_SOON)), in_force=None, prompt=prompt(Level.YELLOW), criteria=criteria(), now=NOW
        )
        assert found is not None
        assert found.to_level > Level.YELLOW
        assert found.reason.value == "criteria_met"

    def test_an_end_within_reach_needs_the_hours(self) -> None:
        same = InForce(level=Level.RED, effective_at=NOW, planned_end=None, announced_at=NOW)
        near = prompt(Level.RED, -5, 3)
        assert prompted_step(stored(assessed(CLEAN)), in_force=same, prompt=near, criteria=criteria(), now=NOW) is None

    def test_less_than_is_in_force_needs_the_runs_before(self) -> None:
        red = InForce(level=Level.RED, effective_at=NOW, planned_end=None, announced_at=NOW)
        less = prompt(Level.ORANGE)
        assert prompted_step(stored(assessed(CLEAN)), in_force=red, prompt=less, criteria=criteria(), now=NOW) is None

    def test_a_prompt_that_is_over_leads_to_nothing(self) -> None:
        over = prompt(Level.RED, -9, -1)
        assert prompted_step(stored(assessed(CLEAN)), in_force=None, prompt=over, criteria=criteria(), now=NOW) is None
