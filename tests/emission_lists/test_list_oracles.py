"""Numbers held against slow and obvious ways of getting them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.cells import CellProblem, as_number, as_percent, as_whole, percent_cell
from emission_lists.columns import COLUMNS, column_letter
from emission_lists.floors import check_floors
from emission_lists.identifiers import (
    USCC_CHARACTERS,
    make_permit,
    make_uscc,
    organisation_check,
    permit_problem,
    uscc_check,
    uscc_problem,
    uscc_valid,
)
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import POLLUTANTS, EmissionListDraft, Line, ListRow, Pollutants
from emission_lists.measures import Action, Measure, number, percent, whole_units
from emission_lists.reductions import added, planned, totals, totals_by_enterprise
from tests.emission_lists.conftest import load_profile
from tests.emission_lists.list_samples import drafts, firm, line, measure

amounts = st.none() | st.integers(0, 10**12).map(lambda n: n / 10**6)
quantities = st.builds(Pollutants, amounts, amounts, amounts, amounts)


def slow_units(total: int, share: Decimal) -> int:
    """Whole units for a share, by counting up."""
    units = 0
    while units < share * total:
        units += 1
    return units


class TestWholeUnits:
    @pytest.mark.parametrize("total", [*range(1, 41), 97, 100, 128])
    def test_every_hundredth(self, total: int) -> None:
        for hundredths in range(101):
            share = Decimal(hundredths) / 100
            assert whole_units(total, float(share)) == slow_units(total, share)

    @pytest.mark.parametrize("total", [1, 2, 3, 7, 16, 30])
    def test_every_thousandth(self, total: int) -> None:
        for thousandths in range(1001):
            share = Decimal(thousandths) / 1000
            assert whole_units(total, float(share)) == slow_units(total, share)

    @pytest.mark.parametrize("total", range(1, 31))
    def test_every_whole_number_of_units_is_hit_by_its_own_share(self, total: int) -> None:
        for units in range(total + 1):
            share = round(units / total, 8)
            expected = slow_units(total, Decimal(repr(share)))
            assert whole_units(total, share) == min(total, expected)

    def test_more_of_either_never_stops_fewer(self) -> None:
        for total in range(1, 25):
            for hundredths in range(100):
                here = whole_units(total, hundredths / 100)
                assert here <= whole_units(total, (hundredths + 1) / 100)
                assert here <= whole_units(total + 1, hundredths / 100)

    @settings(deadline=None)
    @given(st.integers(1, 200), st.integers(1, 100))
    def test_a_measure_stops_what_the_share_says(self, total: int, hundredths: int) -> None:
        one = Measure(Action.STOP, hundredths / 100, total_units=total)
        assert one.units_to_stop == slow_units(total, Decimal(hundredths) / 100)

    def test_of_a_list_the_share_survives_the_sheet(self) -> None:
        for hundredths in range(2, 101):
            ratio = as_percent(percent_cell(hundredths / 100))
            assert ratio is not None
            for total in (3, 7, 50, 100):
                assert whole_units(total, ratio) == slow_units(total, Decimal(hundredths) / 100)


def slow_totals(rows: list[ListRow]) -> dict[str, list[Decimal]]:
    """Base and reductions of every row in exact decimals."""
    sums = {name: [Decimal(0)] * 4 for name in ("base", *(level.value for level in LEVELS))}
    for row in rows:
        parts = {"base": row.line.base}
        for level in LEVELS:
            known = row.line.measures.at(level).action is not Action.UNKNOWN
            parts[level.value] = row.line.reductions.at(level) if known else Pollutants()
        for name, values in parts.items():
            sums[name] = [a + Decimal(repr(b or 0.0)) for a, b in zip(sums[name], values, strict=True)]
    return sums


class TestSums:
    @settings(deadline=None, max_examples=40)
    @given(drafts())
    def test_are_those_of_exact_decimals(self, one: EmissionListDraft) -> None:
        exact = slow_totals(list(one.rows))
        got = totals(one.rows)
        assert [Decimal(repr(v)) for v in got.base] == exact["base"]
        assert got.gaps is not None
        for level in LEVELS:
            pairs = zip(got.reductions.at(level), got.gaps.computed.at(level), strict=True)
            assert [Decimal(repr(whole)) - Decimal(repr(computed)) for whole, computed in pairs] == exact[level.value]

    @settings(deadline=None, max_examples=30)
    @given(st.lists(quantities, min_size=1, max_size=30), st.randoms(), st.integers(1, 5))
    def test_do_not_depend_on_order_or_grouping(self, given_values: list[Pollutants], rng: Any, groups: int) -> None:
        idle = measure(Action.NONE)
        rows = [
            ListRow(
                firm(uscc=make_uscc("130202", n % groups)),
                line(str(n), idle, base=value, reductions=PerLevel(value, value, value)),
            )
            for n, value in enumerate(given_values)
        ]
        city = totals(rows)
        rng.shuffle(rows)
        assert totals(rows) == city
        by_enterprise = list(totals_by_enterprise(rows).values())
        rng.shuffle(by_enterprise)
        assert added(by_enterprise) == city
        cut = rng.randrange(len(rows) + 1)
        assert added([totals(rows[:cut]), totals(rows[cut:])]) == city

    def test_ten_thousand_tenths_are_a_thousand(self) -> None:
        one = line("1", measure(Action.NONE), base=Pollutants(0.1, 0.1, 0.1, 0.1))
        assert totals([ListRow(firm(), one)] * 10_000).base == Pollutants(1000, 1000, 1000, 1000)

    def test_of_nothing_are_nothing(self) -> None:
        assert totals([]).base == Pollutants(0, 0, 0, 0)
        assert totals_by_enterprise([]) == {}
        assert added([]) == totals([])

    @pytest.mark.parametrize("level", LEVELS)
    @pytest.mark.parametrize("action", list(Action))
    def test_only_what_is_established_counts(self, action: Action, level: Any) -> None:
        one = line("1", measure(action))
        expected = None if action is Action.UNKNOWN else 1.0
        assert planned(one, level) == Pollutants(*[expected] * 4)


class TestFloors:
    @settings(deadline=None, max_examples=100)
    @given(*[st.integers(0, 80)] * 4)
    def test_are_those_of_the_written_rule(self, so2: int, nox: int, pm: int, vocs: int) -> None:
        """Each share at least 10, 20, 30 %, SO2 and NOx together at least twice that."""
        saved = Pollutants(so2, nox, pm, vocs)
        whole = Pollutants(100, 100, 100, 100)
        floor = load_profile().floor("FLOOR-A")
        results = check_floors(PerLevel(saved, saved, saved), whole, floor)
        for result, least in zip(results, (10, 20, 30), strict=True):
            short = {name for name, value in zip(POLLUTANTS, saved, strict=True) if value < least}
            if so2 + nox >= 2 * least:
                assert result.swap_used is bool(short & {"so2", "nox"})
                short -= {"so2", "nox"}
            assert set(result.short) == short

    @pytest.mark.parametrize("missing", POLLUTANTS)
    def test_a_pollutant_without_a_base_is_not_judged(self, missing: str) -> None:
        whole = Pollutants(100, 100, 100, 100)._replace(**{missing: None})
        nothing = Pollutants(0, 0, 0, 0)
        for result in check_floors(PerLevel(nothing, nothing, nothing), whole, load_profile().floor()):
            assert missing not in result.short
            assert len(result.short) == 3
            assert getattr(result.shares, missing) is None

    def test_nothing_is_balanced_where_the_profile_does_not_allow_it(self) -> None:
        floor = load_profile().floor()
        strict = floor.model_copy(update={"so2_nox_swap": floor.so2_nox_swap.model_copy(update={"allowed": False})})
        saved = Pollutants(5, 55, 30, 30)
        results = check_floors(PerLevel(saved, saved, saved), Pollutants(100, 100, 100, 100), strict)
        assert [result.short for result in results] == [("so2",)] * 3
        assert not any(result.swap_used for result in results)

    def test_so2_is_not_balanced_against_an_unknown_nox(self) -> None:
        saved = Pollutants(5, 55, 30, 30)
        results = check_floors(PerLevel(saved, saved, saved), Pollutants(100, None, 100, 100), load_profile().floor())
        assert [result.short for result in results] == [("so2",)] * 3


class TestCreditCode:
    CODES = tuple(make_uscc(adcode, n) for adcode in ("130202", "659001") for n in (0, 7, 12345678, 99_999_999))

    @pytest.mark.parametrize("code", CODES)
    def test_every_change_of_one_character_is_found(self, code: str) -> None:
        for place in range(18):
            for character in USCC_CHARACTERS:
                if character != code[place]:
                    assert not uscc_valid(code[:place] + character + code[place + 1 :])

    @pytest.mark.parametrize("code", CODES)
    def test_every_swap_of_two_neighbours_is_found(self, code: str) -> None:
        for place in range(17):
            swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
            assert uscc_valid(swapped) is (swapped == code)

    @pytest.mark.parametrize("code", CODES)
    @pytest.mark.parametrize("character", "IOSVZ abcxyz-０１é\n")
    def test_no_other_character_may_stand_anywhere(self, code: str, character: str) -> None:
        for place in range(18):
            assert uscc_problem(code[:place] + character + code[place + 1 :]) == "characters"

    @pytest.mark.parametrize("code", CODES)
    def test_is_the_rule_of_the_standard(self, code: str) -> None:
        """GB 32100-2015: weights 3^(i-1) mod 31, check = 31 - sum mod 31."""
        total = sum(USCC_CHARACTERS.index(c) * 3**place for place, c in enumerate(code[:17]))
        assert USCC_CHARACTERS.index(code[17]) == (31 - total % 31) % 31
        assert uscc_check(code[:17]) == code[17]

    @settings(deadline=None)
    @given(st.integers(0, 99_999_999))
    def test_the_organisation_code_inside_is_that_of_its_own_standard(self, organisation: int) -> None:
        """GB 11714: weights 3 7 9 10 5 8 4 2, check = 11 - sum mod 11, 10 = X, 11 = 0."""
        code = make_uscc("130202", organisation)
        total = sum(int(c) * w for c, w in zip(code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
        assert "0X987654321"[total % 11] == code[16] == organisation_check(code[8:16])


class TestPermit:
    PERMIT = make_permit(make_uscc("130202", 12345678), 1)

    def test_every_change_of_one_character_of_its_code_is_found(self) -> None:
        for place in range(18):
            for character in USCC_CHARACTERS:
                changed = self.PERMIT[:place] + character + self.PERMIT[place + 1 :]
                if changed != self.PERMIT and not changed.startswith("H9"):
                    assert permit_problem(changed) in ("check", "format")

    @pytest.mark.parametrize("tail", ["001P", "999X", "000A"])
    def test_three_digits_and_a_letter_end_it(self, tail: str) -> None:
        assert permit_problem(self.PERMIT[:18] + tail) is None

    @pytest.mark.parametrize("tail", ["", "001", "01P", "0001P", "001p", "P001", "００１P", "001 P", "001P\n"])
    def test_nothing_else_does(self, tail: str) -> None:
        assert permit_problem(self.PERMIT[:18] + tail) == "format"


class TestColumnLetters:
    def test_count_like_a_sheet(self) -> None:
        letters = [column_letter(index) for index in range(18_278)]
        assert letters[:3] + letters[25:28] == ["A", "B", "C", "Z", "AA", "AB"]
        assert (letters[701], letters[702], letters[16_383], letters[-1]) == ("ZZ", "AAA", "XFD", "ZZZ")
        assert letters == sorted(letters, key=lambda text: (len(text), text))
        assert len(set(letters)) == len(letters)

    def test_every_column_of_the_list_has_its_own_header(self) -> None:
        assert len({column.key for column in COLUMNS}) == len(COLUMNS)


class TestNumbers:
    @settings(deadline=None)
    @given(st.integers(0, 10**10))
    def test_shown_numbers_say_the_same_number(self, millionths: int) -> None:
        shown = number(millionths / 10**6)
        assert Decimal(shown) == Decimal(millionths) / 10**6
        assert shown == format(Decimal(shown).normalize(), "f") or shown == "0"

    @pytest.mark.parametrize("thousandths", range(0, 1001, 13))
    def test_shares_are_shown_in_percent(self, thousandths: int) -> None:
        assert Decimal(percent(thousandths / 1000).removesuffix(" %")) == Decimal(thousandths) / 10

    @pytest.mark.parametrize(("cell", "value"), [(1, 1.0), ("1", 1.0), (" 2.50 ", 2.5), (7.0000004, 7.0), ("9%", 9.0)])
    def test_are_read(self, cell: object, value: float) -> None:
        assert as_number(0, 10)(cell) == value

    @pytest.mark.parametrize(
        "cell", [-0.001, 10.001, float("nan"), float("inf"), "1,5", "ten", "1 2", True, [], 10**400]
    )
    def test_or_refused(self, cell: object) -> None:
        with pytest.raises(CellProblem):
            as_number(0, 10)(cell)

    @pytest.mark.parametrize(("cell", "value"), [(3, 3), (3.0, 3), ("3", 3), (None, None), ("", None)])
    def test_whole_ones(self, cell: object, value: int | None) -> None:
        assert as_whole(1, 5)(cell) == value

    @pytest.mark.parametrize("cell", [1, 1.0, 0.5, 0, -5, 100.01, "50％％x"])
    def test_a_share_that_can_be_misread_is_refused(self, cell: object) -> None:
        with pytest.raises(CellProblem):
            as_percent(cell)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(1, 100))
def test_a_line_of_several_units_counts_like_its_parts(counts: list[int], hundredths: int) -> None:
    """Units of one row and the same units on rows of their own need equally many stops in all."""
    total = sum(counts)
    needed = whole_units(total, hundredths / 100)
    together: Line = replace(line("1", Measure(Action.STOP, hundredths / 100, total_units=total)))
    assert together.measures.red.units_to_stop == needed
    assert sum(whole_units(count, hundredths / 100) for count in counts) >= needed
