"""Single cells, as people and programs write them."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.cells import (
    MAX_TEXT,
    CellProblem,
    as_choice,
    as_choices,
    as_date,
    as_digits,
    as_percent,
    as_permit,
    as_text,
    as_uscc,
    as_window,
    as_yes_no,
    labels,
    percent_cell,
    required,
)
from emission_lists.columns import COLUMNS, header_key
from emission_lists.import_texts import IMPORT_TEXTS
from emission_lists.measures import Action, Verification


def problem(read: Any, cell: object) -> str:
    with pytest.raises(CellProblem) as caught:
        read(cell)
    return caught.value.code


class TestText:
    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            ("甲", "甲"),
            ("  甲 乙\u3000", "甲 乙"),
            ("", None),
            (" \n\t\u3000", None),
            (None, None),
            (130202.0, "130202"),
            (130202, "130202"),
            (1.5, "1.5"),
            (-3.0, "-3"),
            ("'=1", "=1"),
            ("''=1", "'=1"),
            ("'甲", "'甲"),
            ("a\nb", "a\nb"),
            ("甲" * MAX_TEXT, "甲" * MAX_TEXT),
        ],
    )
    def test_is_read(self, cell: object, text: str | None) -> None:
        assert as_text(cell) == text

    @pytest.mark.parametrize(
        ("cell", "code"),
        [
            ("甲" * (MAX_TEXT + 1), "TOO_LONG"),
            ("a\x00", "CONTROL_CHARACTER"),
            ("a\x1bb", "CONTROL_CHARACTER"),
            ("a\x7f", "CONTROL_CHARACTER"),
            ("a\uffff", "CONTROL_CHARACTER"),
            (1e15, "CODE_AS_NUMBER"),
            (-1e15, "CODE_AS_NUMBER"),
            (float("nan"), "NOT_A_NUMBER"),
            (float("inf"), "NOT_A_NUMBER"),
        ],
    )
    def test_or_refused(self, cell: object, code: str) -> None:
        assert problem(as_text, cell) == code

    @settings(deadline=None, max_examples=200)
    @given(st.text(max_size=30) | st.floats() | st.integers() | st.booleans() | st.none())
    def test_any_cell_is_read_or_has_a_known_problem(self, cell: object) -> None:
        refused = set()
        for column in COLUMNS:
            try:
                column.read(cell)
            except CellProblem as problem_of_cell:
                refused.add(problem_of_cell.code)
        assert refused <= set(IMPORT_TEXTS)


class TestCodes:
    def test_blanks_around_a_code_do_not_matter(self) -> None:
        assert as_uscc(" 91130200699229617X ") == "91130200699229617X"
        assert as_permit(" 91130200699229617X001P") == "91130200699229617X001P"

    @pytest.mark.parametrize("read", [as_uscc, as_permit, as_window, as_date, as_percent, as_yes_no])
    @pytest.mark.parametrize("cell", [None, ""])
    def test_an_empty_cell_is_no_value(self, read: Any, cell: object) -> None:
        assert read(cell) is None

    @pytest.mark.parametrize("cell", ["１３０２０２", "13020", "1302022", "13020a", 13020.5])
    def test_digits_are_ascii_and_counted(self, cell: object) -> None:
        assert problem(as_digits(6, "ADCODE"), cell) == "ADCODE"

    def test_a_leading_zero_needs_a_text_cell(self) -> None:
        assert as_digits(4, "GBT4754")("0111") == "0111"
        assert problem(as_digits(4, "GBT4754"), 111) == "GBT4754"

    def test_required_says_what_is_missing(self) -> None:
        with pytest.raises(CellProblem) as caught:
            required(as_text, "企业名称")("  ")
        assert caught.value.facts == {"what": "企业名称"}
        assert required(as_yes_no, "x")("否") is False


class TestDates:
    @pytest.mark.parametrize(
        "cell",
        ["2026-09-30", " 2026-09-30 ", date(2026, 9, 30), datetime(2026, 9, 30, 8)],  # noqa: DTZ001
    )
    def test_are_read(self, cell: object) -> None:
        assert as_date(cell) == date(2026, 9, 30)

    @pytest.mark.parametrize("cell", ["2000-01-01", "2100-12-31"])
    def test_at_both_ends(self, cell: str) -> None:
        assert as_date(cell) == date.fromisoformat(cell)

    @pytest.mark.parametrize(
        "cell", ["1999-12-31", "2101-01-01", "2026-02-29", "20260930", "2026-9-30", "30.09.2026", 46295, 46295.0, "-"]
    )
    def test_or_refused(self, cell: object) -> None:
        assert problem(as_date, cell) == "NOT_A_DATE"


class TestWindows:
    @pytest.mark.parametrize(
        ("cell", "window"),
        [
            ("17:00-09:00", "17:00-09:00"),
            ("00:00-24:00", "00:00-24:00"),
            ("17：00—09：00", "17:00-09:00"),
            ("17:00~09:00", "17:00-09:00"),
            ("23:59-00:00", "23:59-00:00"),
        ],
    )
    def test_are_read(self, cell: str, window: str) -> None:
        assert as_window(cell) == window

    @pytest.mark.parametrize("cell", ["24:00-09:00", "17:00", "7:00-9:00", "17:60-18:00", "17:00-24:01", "夜间"])
    def test_or_refused(self, cell: str) -> None:
        assert problem(as_window, cell) == "WINDOW"


class TestChoices:
    ACTIONS = labels(Action)

    def test_labels_are_the_words_of_the_list(self) -> None:
        assert self.ACTIONS["未确定"] is Action.UNKNOWN
        assert len(self.ACTIONS) == len(Action)

    @pytest.mark.parametrize("cell", ["停产", " 停产 "])
    def test_one_is_read(self, cell: str) -> None:
        assert as_choice(self.ACTIONS)(cell) is Action.STOP

    @pytest.mark.parametrize("cell", ["停", "stop", "停产限产", 1, True])
    def test_nothing_is_guessed(self, cell: object) -> None:
        assert problem(as_choice(self.ACTIONS), cell) == "NOT_A_CHOICE"

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(list(Verification)), max_size=8), st.sampled_from("、,，;；/"))
    def test_several_stand_in_one_order_and_once(self, kinds: list[Verification], separator: str) -> None:
        cell = separator.join(kind.zh for kind in kinds)
        assert as_choices(labels(Verification))(cell) == tuple(kind for kind in Verification if kind in kinds)

    def test_one_wrong_among_several_is_refused(self) -> None:
        assert problem(as_choices(labels(Verification)), "门禁、猜测") == "NOT_A_CHOICE"

    @pytest.mark.parametrize("cell", ["Y", "yes", "√", "TRUE", 1, 0])
    def test_yes_and_no_are_words(self, cell: object) -> None:
        assert problem(as_yes_no, cell) == "NOT_A_CHOICE"


class TestPercent:
    @settings(deadline=None)
    @given(st.integers(101, 10_000))
    def test_is_written_as_it_is_read(self, hundredths: int) -> None:
        ratio = round(hundredths / 10_000, 8)
        assert as_percent(percent_cell(ratio)) == ratio
        assert as_percent(f"{percent_cell(ratio)}%") == ratio


class TestHeaders:
    @pytest.mark.parametrize(
        "text", ["现状排放SO2（kg/d）", "现状排放SO2(kg/d)", " 现状排放 SO2 \n(kg/d)", "现状排放SO2（kg/d)"]
    )
    def test_brackets_blanks_and_line_breaks_do_not_matter(self, text: str) -> None:
        assert header_key(text) == "现状排放SO2（kg/d）"

    def test_every_column_is_its_own_key(self) -> None:
        assert all(header_key(column.key) == column.key for column in COLUMNS)
