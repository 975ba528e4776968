"""The committed document is what the command writes, byte for byte, and its tables are whole."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from service.history.codes import MEANINGS, Code
from service.history.comparison import Category, compare_all, count
from service.history.document import markdown
from service.history.reasons import load_known
from service.history.records import load_records, season
from service.law.loader import load_law
from tests.history.made import NOTHING, around, compared, daily, record, shipped

COMMITTED = Path(__file__).parents[2] / "docs" / "against-records.md"
CELL = re.compile(r"(?<!\\)\|")


def rows(text: str) -> list[list[str]]:
    """The cells of every table line."""
    return [[cell.strip() for cell in CELL.split(line)[1:-1]] for line in text.splitlines() if line.startswith("|")]


@pytest.fixture(scope="module")
def written() -> str:
    return markdown(shipped(), load_known())


class TestCommitted:
    def test_is_what_the_command_writes(self, written: str) -> None:
        committed = COMMITTED.read_bytes()
        assert committed == written.encode(), (
            "docs/against-records.md is out of date: run `make documents` and commit it"
        )

    def test_is_the_same_every_time(self, written: str) -> None:
        assert markdown(compare_all(load_law()), load_known()) == written


class TestMarkdown:
    def test_every_record_is_one_row(self, written: str) -> None:
        numbers = [int(cells[0]) for cells in rows(written) if cells[0].isdecimal()]
        assert sorted(numbers) == [each.rec for each in load_records()]
        assert len(numbers) == len(set(numbers))

    def test_records_stand_under_their_winter(self, written: str) -> None:
        records = {each.rec: each for each in load_records()}
        under = ""
        for line in written.splitlines():
            under = line.removeprefix("## ") if line.startswith("## ") else under
            number = line.split("|")[1].strip() if line.startswith("|") else ""
            if number.isdecimal():
                assert season(records[int(number)].at) == under

    def test_tables_are_even(self, written: str) -> None:
        width = 0
        for line in written.splitlines():
            if not line.startswith("|"):
                width = 0
                continue
            cells = len(CELL.split(line))
            assert width in {0, cells}, line
            width = cells

    def test_the_summary_adds_up(self, written: str) -> None:
        sums = [cells for cells in rows(written) if len(cells) == 2 + len(Category) and cells[1].isdecimal()]
        *winters, every = [[int(cell) for cell in cells[1:]] for cells in sums]
        assert [sum(column) for column in zip(*winters, strict=True)] == every
        assert all(total == sum(parts) for total, *parts in [*winters, every])
        found = count(shipped())
        assert every == [found.records, *(found.categories[category] for category in Category)]

    def test_the_legend_explains_every_code(self, written: str) -> None:
        named = {cells[0].strip("`") for cells in rows(written) if len(cells) == 3}
        assert {code.value for code in Code} <= named

    def test_codes_are_counted_by_record(self) -> None:
        text = markdown([compared(record(rec=str(rec))) for rec in (1, 2)], NOTHING)
        counts = {cells[0]: cells[2] for cells in rows(text) if len(cells) == 3}
        assert counts["`no_observations`"] == "2"
        assert counts["`other_time`"] == "0"

    def test_it_says_on_what_it_rests_in_both_languages(self, written: str) -> None:
        assert "预警依据预报而非实测" in written
        assert "Warnings follow forecasts, not observations" in written
        assert written.count("make documents") >= 3

    def test_nothing_of_the_machine_it_was_written_on(self, written: str) -> None:
        assert not re.search(r"(?:/home|/tmp|/root|/work|[A-Z]:\\)", written)
        assert written.endswith("\n")
        assert not written.endswith("\n\n")
        assert "\r" not in written

    def test_a_bar_in_a_name_does_not_break_the_table(self) -> None:
        text = markdown([compared(record(city="甲|乙"))], NOTHING)
        assert "甲\\|乙" in text

    def test_no_records_at_all(self) -> None:
        assert "0 records, 0 comparable" in markdown([], NOTHING)


class TestCells:
    def cells(self, row: dict[str, str], aqis: list[float | None]) -> list[str]:
        text = markdown([compared(record(**row), daily(around(aqis)))], NOTHING)
        return next(cells for cells in rows(text) if cells[0] == "1")

    def test_an_agreeing_start(self) -> None:
        row = {"effective": "2024-12-09 20:00", "announced": "2024-12-09 08:00", "planned_end": "2024-12-11 24:00"}
        assert self.cells(row, [210, 220]) == [
            "1",
            "衡水",
            "启动橙色 start orange<br>2024-12-09 20:00<br>提前12小时 lead 12 h",
            "220/163<br>(3/3)",
            "橙色 orange<br>12-10 00:00 – 12-12 00:00<br>`national-2024` `orange.any[0]`",
            "一致 agrees<br>公布约早4小时<br>published about 4 h before",
            "—",
        ]

    def test_a_level_that_was_not_reached(self) -> None:
        cells = self.cells({}, [100])
        assert cells[4] == "未达级别 no level<br>`national-2024`"
        assert cells[5] == "规则较低 rules lower"
        assert cells[6].endswith("<br>`local_plan_not_established`")

    @pytest.mark.parametrize(("heavy", "end"), [(7, "12-17 00:00"), (8, "12-18 00:00+"), (9, "12-18 00:00+")])
    def test_a_period_that_the_window_cuts_off(self, heavy: int, end: str) -> None:
        assert self.cells({}, [210] * heavy)[4].startswith(f"橙色 orange<br>12-10 00:00 – {end}<br>")

    def test_a_lifting(self) -> None:
        cells = self.cells({"action": "lift", "effective": "2024-12-12 10:00"}, [210, 220])
        assert cells[4] == (
            "≤150 × 36 h 公布时满足<br>最早 12-12 01:00<br>≤150 × 36 h held then<br>earliest 12-12 01:00<br>`national-2024`"
        )
        assert cells[5] == "一致 agrees<br>公布约晚9小时<br>published about 9 h after"

    def test_what_was_not_compared_says_by_which_rules_it_would_be(self) -> None:
        assert self.cells({}, [210, None])[3:] == [
            "`national-2024`",
            "`data_incomplete` 408小时中缺测24小时，级别在黄色与橙色之间"
            " · 24 of 408 h are missing; the level lies between yellow and orange",
        ]

    def test_no_rules_are_a_dash(self) -> None:
        text = markdown([compared(record(effective="2015-12-10 00:00"))], NOTHING)
        assert next(cells for cells in rows(text) if cells[0] == "1")[3] == "—"

    def test_general_words_stand_in_the_legend_only(self) -> None:
        text = markdown([compared(record())], NOTHING)
        assert Counter(re.findall(MEANINGS[Code.NO_OBSERVATIONS][0], text)).total() == 1
