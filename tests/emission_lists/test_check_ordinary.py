"""Ordinary rows are passed over by the checks of single rows: nothing that those would say may be lost."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists import check_ordinary, checks
from emission_lists.check_ordinary import TOLERANCE, unusual_rows
from emission_lists.checks import check_list
from emission_lists.levels import PerLevel
from emission_lists.lists import NOT_STATED, EmissionListDraft, Line, ListRow, Pollutants
from emission_lists.measures import Action, Basis, Measure
from emission_lists.source_totals import sums_of
from tests.emission_lists.conftest import load_guide, load_profile
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure

STOP, LIMIT = measure(Action.STOP, 0.5), measure(Action.LIMIT, 0.5, basis=Basis.SMALLEST_DAILY_MEAN)
near = st.sampled_from([0.0, 0.5, 1.0, 1.0 + TOLERANCE / 2, 1.0 + 2 * TOLERANCE, 2.0]) | st.none()
few = st.builds(Pollutants, near, near, near, near)
plans = st.builds(PerLevel, *[st.sampled_from([STOP, LIMIT, measure(Action.NONE), measure(Action.UNKNOWN)])] * 3)


@st.composite
def near_rows(draw: st.DrawFn) -> EmissionListDraft:
    """Rows whose quantities stand close to each other."""
    rows = [
        (firm(long_stopped=draw(st.booleans())), replace(line(f"MF000{n}", STOP), measures=draw(plans), base=draw(few),
         reductions=PerLevel(draw(few), draw(few), draw(few))))
        for n in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    return draft(*rows)


def all_checked(one: EmissionListDraft, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is found when every row is looked at closely."""
    with monkeypatch.context() as patched:
        patched.setattr(checks, "unusual_rows", lambda rows: set(map(id, rows)))
        return list(check_list(one, load_guide("g2020"), load_profile(), as_of=date(2024, 1, 1)))


class TestNothingIsLost:
    @settings(max_examples=150)
    @given(drafts() | near_rows())
    def test_against_every_row_looked_at(self, one: EmissionListDraft) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            expected = all_checked(one, monkeypatch)
        assert check_list(one, load_guide("g2020"), load_profile(), as_of=date(2024, 1, 1)) == expected

    def test_in_a_long_list(self, generated: EmissionListDraft, monkeypatch: pytest.MonkeyPatch) -> None:
        """In several batches, with plans that repeat."""
        monkeypatch.setattr(check_ordinary, "_BATCH", 7)
        expected = all_checked(generated, monkeypatch)
        assert check_list(generated, load_guide("g2020"), load_profile(), as_of=date(2024, 1, 1)) == expected
        assert 0 < len(unusual_rows(generated.rows)) < len(generated.rows) / 2


SAVED = Pollutants(1.0, 1.0, 1.0, 1.0)
TWO = Pollutants(2.0, 2.0, 2.0, 2.0)


def seen(one: Line) -> bool:
    return bool(unusual_rows([ListRow(firm(), one)]))


class TestWhatIsUnusual:
    def test_an_ordinary_row_is_not(self) -> None:
        assert not seen(line("MF0001", STOP))
        assert not seen(line("MF0001", STOP, reductions=PerLevel(SAVED, SAVED, TWO)))

    @pytest.mark.parametrize(
        "plan",
        [
            (measure(Action.UNKNOWN),),
            (measure(Action.STOP, 0.5, verification=()),),
            (measure(Action.STOP, 0.5, total_units=3, stopped_units=1),),
            (measure(Action.LIMIT, 0.5),),
            (measure(Action.LIMIT, 0.5, basis=Basis.SMALLEST_DAILY_MEAN, verification=()),),
            (measure(Action.STOP, 0.9, total_units=10), measure(Action.STOP, 0.5, total_units=10), STOP),
            (STOP, STOP, measure(Action.NONE)),
        ],
    )
    def test_a_plan_that_is_flawed_in_itself(self, plan: tuple[Measure, ...]) -> None:
        assert seen(line("MF0001", *plan))

    @pytest.mark.parametrize("place", range(4))
    @pytest.mark.parametrize("level", range(3))
    def test_one_quantity_of_sixteen(self, place: int, level: int) -> None:
        reductions = [SAVED, SAVED, SAVED]
        for value in (None, 10.0 + 2 * TOLERANCE):
            reductions[level] = _with(SAVED, place, value)
            assert seen(line("MF0001", STOP, reductions=PerLevel(*reductions)))
        reductions[level] = SAVED
        assert seen(line("MF0001", STOP, base=_with(TWO, place, None)))
        if level:
            reductions[level] = _with(SAVED, place, 0.5)
            assert seen(line("MF0001", STOP, reductions=PerLevel(*reductions)))

    def test_a_reduction_where_nothing_is_done(self) -> None:
        nothing = Pollutants(0.0, 0.0, 0.0, 0.0)
        idle = line("MF0001", measure(Action.NONE))
        assert seen(idle)
        assert not seen(replace(idle, reductions=PerLevel(nothing, nothing, nothing)))

    def test_no_reduction_where_output_is_cut(self) -> None:
        nothing = Pollutants(0.0, 0.0, 0.0, 0.0)
        cut = line("MF0001", STOP, reductions=PerLevel(nothing, nothing, nothing))
        assert seen(cut)
        assert not seen(replace(cut, base=nothing))
        assert seen(replace(cut, base=NOT_STATED))

    def test_no_rows(self) -> None:
        assert unusual_rows([]) == set()


def _with(values: Pollutants, place: int, value: float | None) -> Pollutants:
    return Pollutants(*(value if index == place else kept for index, kept in enumerate(values)))


@settings(max_examples=30)
@given(drafts())
def test_sums_that_are_known_change_no_finding(one: EmissionListDraft) -> None:
    guide, profile = load_guide("g2020"), load_profile()
    assert check_list(one, guide, profile, sums=sums_of(one)) == check_list(one, guide, profile)
