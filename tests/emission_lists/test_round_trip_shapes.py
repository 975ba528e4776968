"""Every shape of measure through a workbook: import(export(x)) = x, and a clear answer to what cannot be read."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from emission_lists.cells import CellProblem
from emission_lists.columns import COLUMNS, LIST_SHEET, NUMBER_HEADER, OPTIONAL, header_key
from emission_lists.later_notation import MAX_STAGES, parse_stages, write_stages
from emission_lists.levels import PerLevel
from emission_lists.lists import EmissionListDraft, Enterprise, Line, ListRow
from emission_lists.measures import (
    Action,
    Basis,
    CountUnit,
    Cycle,
    Later,
    LoadCap,
    Measure,
    NonRoadRule,
    StopMode,
)
from emission_lists.workbook import Reading, read_workbook
from emission_lists.workbook_writer import template, write_workbook
from tests.emission_lists.list_samples import draft, drafts, enterprises, firm, line, measure, texts
from tests.emission_lists.measure_shapes import commons, hours, measures


@st.composite
def shaped_lists(draw: st.DrawFn) -> EmissionListDraft:
    """One enterprise whose lines hold measures of any shape."""
    owner = draw(enterprises())
    rows = []
    for code in draw(st.lists(texts, min_size=1, max_size=3, unique=True)):
        common = draw(commons())
        plan = PerLevel(*(draw(measures(common)) for _ in range(3)))
        rows.append(ListRow(owner, Line(code, code, "工序", plan), len(rows) + 2))
    return EmissionListDraft("130200", tuple(rows), None)


def cells_of(data: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(data)).get_sheet_by_name(LIST_SHEET).to_python(skip_empty_area=False)


def written(rows: list[list[Any]]) -> bytes:
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"strings_to_formulas": False}) as made:
        page = made.add_worksheet(LIST_SHEET)
        for index, row in enumerate(rows):
            for place, cell in enumerate(row):
                if cell not in ("", None):
                    page.write(index, place, cell.isoformat() if isinstance(cell, date) else cell)
    return target.getvalue()


def filled(**cells: Any) -> Reading:
    """The example row of the template with these cells, read back."""
    header, example = cells_of(template())[:2]
    row = dict(zip(header, example, strict=True)) | {NUMBER_HEADER: 1} | cells
    return read_workbook(written([header, [row[name] for name in header]]))


class TestRoundTrip:
    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(shaped_lists())
    def test_a_list_of_any_shape_comes_back_as_it_was(self, given_list: EmissionListDraft) -> None:
        reading = read_workbook(write_workbook(given_list))
        assert reading.errors == []
        assert tuple(reading.rows) == given_list.rows

    @settings(deadline=None, max_examples=10)
    @given(drafts())
    def test_a_workbook_made_before_these_columns_reads_the_same(self, given_list: EmissionListDraft) -> None:
        rows = cells_of(write_workbook(given_list))
        kept = [place for place, name in enumerate(rows[0]) if header_key(name) not in OPTIONAL]
        assert len(rows[0]) - len(kept) > 8 * 3
        reading = read_workbook(written([[row[place] for place in kept] for row in rows]))
        assert reading.errors == []
        without = [row._replace(enterprise=_as_before(row), line=replace(row.line, particulars=None)) for row in given_list.rows]
        assert reading.rows == without

    def test_a_needed_column_may_not_be_missing(self) -> None:
        header = cells_of(template())[0]
        for column in COLUMNS:
            reading = read_workbook(written([[name for name in header if name != column.header]]))
            missing = [found.message for found in reading.errors if found.code == "HEADER_MISSING"]
            assert bool(missing) != column.optional

    def test_stages_that_differ_in_what_a_line_states_once_are_not_written(self) -> None:
        one = measure(Action.STOP, 1.0, later=(Later(120, measure(Action.STOP, 0.5, total_units=9)),))
        with pytest.raises(ValueError, match="once per line"):
            write_workbook(draft((firm(), line("1", one))))


def _as_before(row: ListRow) -> Enterprise:
    return replace(row.enterprise, subtype=None, source_class=None, particulars=None)


class TestFilledIn:
    @pytest.mark.parametrize(
        ("cells", "expected"),
        [
            ({"红色-停产方式": "焖炉"}, {"stop_mode": StopMode.BANKING}),
            ({"红色-非道路机械": "停用国二及以下非道路移动机械"}, {"non_road_ban": NonRoadRule.BAN_LE_CN2}),
            ({"红色-完成时限（h）": 8}, {"complete_within_hours": 8.0}),
            (
                {"红色-比例（%）": "", "红色-停产数量": "", "红色-保留运行": 1},
                {"keep_running": 1, "ratio": None, "stopped_units": None},
            ),
            (
                {"红色-措施": "限产", "红色-比例（%）": "", "红色-停产数量": "", "红色-出焦时间（h）": 36},
                {"coking_hours": 36.0, "ratio": None},
            ),
            (
                {
                    "红色-措施": "限产",
                    "红色-停产数量": "",
                    "红色-比例（%）": "",
                    "红色-停开周期": "停 48 小时、开 12 小时",
                },
                {"cycle": Cycle(48, 12)},
            ),
            (
                {"红色-措施": "限产", "红色-停产数量": "", "红色-比例（%）": "", "红色-日最多炉数": 22},
                {"heats_per_day": 22},
            ),
            (
                {"红色-措施": "限产", "红色-停产数量": "", "红色-比例（%）": "", "核算基准": Basis.HEAT_SUPPLY.zh},
                {"basis": Basis.HEAT_SUPPLY, "ratio": None},
            ),
        ],
    )
    def test_is_read(self, cells: dict[str, Any], expected: dict[str, Any]) -> None:
        reading = filled(**cells)
        assert reading.errors == []
        red = reading.rows[0].line.measures.red
        assert {name: getattr(red, name) for name in expected} == expected

    def test_stages_are_read_with_what_the_line_states_once(self) -> None:
        reading = filled(
            **{
                "红色-后续措施": "120小时后：停产 50%（含）以上，措施说明 放宽；168 h后: 限产，出焦时间：36，负荷上限 5，负荷单位 t"
            }
        )
        first, second = reading.rows[0].line.measures.red.later
        assert (first.after_hours, first.measure.ratio, first.measure.at_least) == (120.0, 0.5, True)
        assert (first.measure.note_zh, first.measure.total_units) == ("放宽", 2)
        assert (second.measure.coking_hours, second.measure.load_cap) == (36.0, LoadCap(5.0, "t"))
        assert second.measure.count_unit is CountUnit.PRODUCTION_LINE

    @pytest.mark.parametrize(
        ("cells", "code", "column"),
        [
            ({"红色-停开周期": "48/12"}, "CYCLE", "红色-停开周期"),
            ({"红色-停开周期": "停0开12"}, "CYCLE", "红色-停开周期"),
            ({"红色-出焦时间（h）": 0}, "OUT_OF_RANGE", "红色-出焦时间（h）"),
            ({"红色-出焦时间（h）": 28}, "MEASURE_CONTRADICTS", "红色-出焦时间（h）"),
            ({"红色-日最多炉数": 2.5}, "NOT_WHOLE", "红色-日最多炉数"),
            ({"红色-保留运行": 1}, "MEASURE_CONTRADICTS", "红色-保留运行"),
            ({"红色-比例（%）": "", "红色-停产数量": "", "红色-保留运行": 3}, "KEPT_UNITS", "红色-保留运行"),
            ({"红色-停产方式": "熄火"}, "NOT_A_CHOICE", "红色-停产方式"),
            ({"红色-措施": "未确定", "红色-比例（%）": "", "红色-停产数量": "", "红色-后续措施": "5小时后：停产 50%"},
             "MEASURE_CONTRADICTS", "红色-后续措施"),
            ({"红色-措施": "限产", "红色-停产数量": "", "红色-比例（%）": ""}, "MEASURE_INCOMPLETE", "红色-比例（%）"),
            ({"红色-措施": "运输管控", "红色-停产数量": "", "红色-比例（%）": ""}, "MEASURE_INCOMPLETE", "红色-车辆管控"),
            ({"红色-后续措施": "以后停产"}, "LATER", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停产 0.5%"}, "PERCENT", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停工 50%"}, "NOT_A_CHOICE", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：未确定"}, "NOT_A_CHOICE", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停产"}, "MEASURE_INCOMPLETE", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：限产"}, "MEASURE_INCOMPLETE", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停产，停产数量 3"}, "UNITS", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停产 50%，颜色 红"}, "LATER", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停产 50%，时段 晚上"}, "WINDOW", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停产 50%，措施说明"}, "LATER", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停产 50%，措施说明 a，措施说明 b"}, "LATER", "红色-后续措施"),
            ({"红色-后续措施": '120小时后：停产 50%，措施说明 "放宽'}, "LATER", "红色-后续措施"),
            ({"红色-后续措施": "120小时后：停产 50%；48小时后：停产 80%"}, "LATER", "红色-后续措施"),
            ({"红色-后续措施": "0小时后：停产 50%"}, "OUT_OF_RANGE", "红色-后续措施"),
            ({"红色-后续措施": "；".join(f"{n}小时后：停产 50%" for n in range(1, 7))}, "LATER", "红色-后续措施"),
            ({"红色-后续措施": "；"}, "LATER", "红色-后续措施"),
            ({"红色-后续措施": "x" * 1501}, "TOO_LONG", "红色-后续措施"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_named_at_its_column(self, cells: dict[str, Any], code: str, column: str) -> None:
        reading = filled(**cells)
        assert reading.rows == []
        assert [(found.code, (found.column or "").partition(" ")[2]) for found in reading.errors] == [(code, column)]
        assert reading.errors[0].advice


class TestNotation:
    @settings(deadline=None)
    @given(texts, texts, hours)
    def test_free_texts_with_any_mark_come_back(self, note: str, unit: str, after: float) -> None:
        one = Measure(Action.LIMIT, load_cap=LoadCap(2.5, unit), note_zh=note)
        [(read_after, cells)] = parse_stages(write_stages((Later(after, one),)) or "")
        assert (read_after, cells["note_zh"], cells["cap_unit"]) == (after, note, unit)

    @settings(deadline=None)
    @given(st.text(alphabet=list('0123456789小时后：停产限%（含）以上，；"“”说明时段 .a'), max_size=40))
    def test_any_text_is_read_or_refused_by_name(self, text: str) -> None:
        refused = ""
        try:
            stages = parse_stages(text)
        except CellProblem as problem:
            stages, refused = [], problem.code
        named = {"LATER", "NOT_A_CHOICE", "NOT_A_NUMBER", "OUT_OF_RANGE", "PERCENT", "WINDOW"}
        assert bool(stages) != (refused in named)

    def test_more_stages_than_a_cell_holds_are_not_written(self) -> None:
        half = Measure(Action.STOP, 0.5)
        with pytest.raises(ValueError, match="up to"):
            write_stages(tuple(Later(float(n), half) for n in range(1, MAX_STAGES + 2)))
        with pytest.raises(ValueError, match="shorten"):
            write_stages(
                (Later(1.0, Measure(Action.STOP, 0.5, note_zh="长" * 1000)),) * 1
                + (Later(2.0, Measure(Action.STOP, 0.5, note_zh="长" * 600)),)
            )
