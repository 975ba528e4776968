"""A decision that another supersedes before it begins never begins, whenever it is asked and in whatever order it is read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.grades import Grade
from emission_lists.standing import Decided, DecisionKind, standing_at, taking_effect
from tests.emission_lists.test_grade_standing import T0, decided

grades = st.sampled_from(list(Grade))


class TestSupersededBeforeItBegan:
    """A is published to begin at hour 30; what is recorded after it and begins before it keeps it from beginning."""

    LATER = decided(1, Grade.A, 30, case=1)
    FALL = decided(2, Grade.D, 10, kind=DecisionKind.FALSE_MATERIAL, case=2)

    def grade(self, hour: float, *made: Decided) -> Grade | None:
        standing = standing_at(made, T0 + timedelta(hours=hour))
        return None if standing is None else standing.grade

    @given(st.permutations([LATER, FALL]))
    def test_a_downgrade_keeps_it_off_for_good(self, made: list[Decided]) -> None:
        assert [self.grade(hour, *made) for hour in (9, 10, 30, 500)] == [None, Grade.D, Grade.D, Grade.D]

    def test_recorded_after_it_or_about_something_else_it_begins(self) -> None:
        assert self.grade(30, decided(3, Grade.A, 30, case=3), self.FALL) is Grade.A
        for other in (decided(2, Grade.D, 10, industry="石灰窑"), decided(2, Grade.D, 10, line_code="MF1")):
            assert taking_effect([self.LATER, other]) == (other, self.LATER)

    def test_a_rating_does_not_keep_a_downgrade_off(self) -> None:
        """Decided to begin later; what is published meanwhile holds until then."""
        fall = decided(1, Grade.D, 30, kind=DecisionKind.FINDING, case=1)
        rated = decided(2, Grade.A, 10, case=2)
        assert [self.grade(hour, fall, rated) for hour in (10, 29, 30)] == [Grade.A, Grade.A, Grade.D]

    @pytest.mark.parametrize(("sooner", "then"), [(Grade.D, Grade.D), (Grade.C, Grade.C), (Grade.B, Grade.C)])
    def test_a_downgrade_keeps_off_one_that_goes_no_further(self, sooner: Grade, then: Grade) -> None:
        """A second downgrade that begins sooner never lifts the grade when the first one was to begin."""
        first = decided(1, Grade.C, 30, kind=DecisionKind.FINDING, case=1)
        second = decided(2, sooner, 10, kind=DecisionKind.FINDING, case=2)
        assert [self.grade(hour, first, second) for hour in (10, 30)] == [sooner, then]

    def test_a_downgrade_that_was_reversed_before_its_begin_never_begins(self) -> None:
        fall = decided(1, Grade.D, 30, kind=DecisionKind.FINDING, case=1)
        back = decided(2, Grade.B, 10, kind=DecisionKind.APPEAL_GRANTED, case=1)
        assert [self.grade(hour, fall, back) for hour in (10, 30)] == [Grade.B, Grade.B]
        other = decided(3, Grade.A, 12, kind=DecisionKind.APPEAL_GRANTED, case=9)
        assert self.grade(30, fall, other) is Grade.D

    @pytest.mark.parametrize("appealed", [False, True])
    def test_a_line_rated_for_later_falls_with_its_enterprise(self, appealed: bool) -> None:
        line = decided(1, Grade.A, 30, line_code="MF1", case=1)
        back = decided(3, Grade.B, 20, kind=DecisionKind.APPEAL_GRANTED, case=2)
        standing = standing_at([line, self.FALL, *([back] if appealed else [])], T0 + timedelta(hours=40))
        assert standing is not None
        own = standing.of_line("MF1")
        assert own is not None
        assert own.grade is (Grade.A if appealed else Grade.D)

    @given(
        st.lists(
            st.tuples(st.integers(0, 50), grades, st.sampled_from(list(DecisionKind)), st.integers(1, 3)), max_size=7
        ),
        st.integers(0, 60),
        st.data(),
    )
    def test_what_is_recorded_now_changes_no_instant_before(
        self, made: list[tuple[int, Grade, DecisionKind, int]], now: int, data: st.DataObject
    ) -> None:
        """Whatever is recorded at `now` begins later: every instant up to now answers as before."""
        known = [decided(number, grade, hour, kind=kind, case=case) for number, (hour, grade, kind, case) in enumerate(made)]
        hour = data.draw(st.integers(now + 1, 100))
        kind, case = data.draw(st.sampled_from(list(DecisionKind))), data.draw(st.integers(1, 3))
        more = [*known, decided(100, data.draw(grades), hour, kind=kind, case=case)]
        for past in range(now + 1):
            at = T0 + timedelta(hours=past)
            assert standing_at(known, at) == standing_at(more, at)
