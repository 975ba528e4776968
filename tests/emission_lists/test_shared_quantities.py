"""What rows of a long list share: equal quantities and names are held once, and nothing is taken for what it is not."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists import row_reader
from emission_lists.cells import DECIMALS
from emission_lists.levels import PerLevel
from emission_lists.lists import Pollutants
from emission_lists.measures import Action
from emission_lists.row_reader import Rounded
from emission_lists.workbook import read_workbook
from emission_lists.workbook_writer import write_workbook
from tests.emission_lists.list_samples import draft, firm, line, measure
from tests.emission_lists.test_workbook import book, changed

FOUR = Pollutants(1.25, 860.0, 95.123457, 0.0)


def stopped(number: int, base: Pollutants) -> object:
    return replace(line(f"MF{number:04d}", measure(Action.STOP, 1.0)), base=base, reductions=PerLevel(base, base, base))


class TestRowsShare:
    def test_equal_quantities_are_one_object(self) -> None:
        rows = read_workbook(write_workbook(draft(*((firm(), stopped(n, FOUR)) for n in range(1, 4))))).rows
        assert {id(four) for row in rows for four in (row.line.base, *row.line.reductions)} == {id(rows[0].line.base)}
        assert rows[0].line.base == FOUR

    def test_a_quantity_that_repeats_in_other_company_is_one_object(self) -> None:
        other = FOUR._replace(so2=7.5)
        one, two = read_workbook(write_workbook(draft((firm(), stopped(1, FOUR)), (firm(), stopped(2, other))))).rows
        assert one.line.base.nox is two.line.base.nox
        assert (one.line.base.so2, two.line.base.so2) == (1.25, 7.5)

    def test_nothing_is_mixed_up_when_the_memory_is_full(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(row_reader, "MOST_REMEMBERED", 2)
        monkeypatch.setattr(row_reader, "MOST_NUMBERS", 3)
        bases = [Pollutants(float(n % 3), float(n), n / 7, 0.5) for n in range(1, 12)]
        rows = read_workbook(
            write_workbook(draft(*((firm(), stopped(n, four)) for n, four in enumerate(bases, 1))))
        ).rows
        rounded = [Pollutants(*(round(value or 0, DECIMALS) for value in four)) for four in bases]
        assert [row.line.base for row in rows] == rounded

    def test_truth_is_no_quantity_though_one_was_read_before(self) -> None:
        ones = dict.fromkeys(
            ("现状排放SO2（kg/d）", "现状排放NOx（kg/d）", "现状排放PM（kg/d）", "现状排放VOCs（kg/d）"), 1.0
        )
        reading = read_workbook(book([changed(**ones), changed(**{**ones, "现状排放NOx（kg/d）": True})]))
        assert [(error.code, error.row) for error in reading.errors] == [("NOT_A_NUMBER", 3)]


class TestRounded:
    @settings(max_examples=200)
    @given(st.lists(st.floats(-1e9, 1e9, allow_nan=False)))
    def test_rounds_as_round_does(self, values: list[float]) -> None:
        kept = Rounded()
        assert [kept[value] for value in values] == [round(value, DECIMALS) for value in values]

    @pytest.mark.parametrize("order", [[0.0, -0.0], [-0.0, 0.0], [-1e-9, 0.0]])
    def test_there_is_no_zero_below_zero(self, order: list[float]) -> None:
        kept = Rounded()
        assert [repr(kept[value]) for value in order] == ["0.0", "0.0"]
