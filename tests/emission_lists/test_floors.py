"""Floors by class of sources: what counts, how a pollutant stands, and the worksheet of the export."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from emission_lists.checks import check_list
from emission_lists.findings import Finding
from emission_lists.floor_sheet import FLOOR_SHEET
from emission_lists.floors import FloorReport, Verdict, floor_report, report_document
from emission_lists.guides import Guide, ListProfile
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import NOT_STATED, POLLUTANTS, EmissionListDraft, Line, Pollutants, SourceClass
from emission_lists.measures import Action, Measure
from emission_lists.reductions import Totals, added, totals
from emission_lists.sheets.kinds import Sheet, SheetRecord
from emission_lists.source_totals import PARTS, CitySource, city_totals, source_totals, whole_society
from emission_lists.workbook import read_workbook
from emission_lists.workbook_writer import write_long
from tests.emission_lists.conftest import load_profile
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure
from tests.emission_lists.sheet_samples import many_records, record

WHOLE = Pollutants(100.0, 100.0, 100.0, 100.0)


def reaching(so2: float, nox: float = 30.0, pm: float = 30.0, vocs: float = 30.0, whole: Pollutants = WHOLE) -> FloorReport:
    """A city of 100 kg/d each that cuts so much at every level, against 10, 20 and 30 %."""
    cut = Pollutants(so2, nox, pm, vocs)
    return floor_report({CitySource.INDUSTRY: Totals(WHOLE, PerLevel(cut, cut, cut))}, whole, load_profile().floor())


def red(report: FloorReport) -> list[Verdict]:
    return [report.results[2].verdict(name) for name in POLLUTANTS]


class TestVerdicts:
    @pytest.mark.parametrize(
        ("report", "verdicts", "passed"),
        [
            (reaching(30), [Verdict.MET] * 4, True),
            (reaching(29, 31), [Verdict.SWAPPED, Verdict.MET, Verdict.MET, Verdict.MET], True),
            (reaching(31, 29), [Verdict.MET, Verdict.SWAPPED, Verdict.MET, Verdict.MET], True),
            (reaching(29, 30.9), [Verdict.SHORT, Verdict.MET, Verdict.MET, Verdict.MET], False),
            (reaching(30, 30, 29.9), [Verdict.MET, Verdict.MET, Verdict.SHORT, Verdict.MET], False),
            (
                reaching(30, whole=Pollutants(100.0, 100.0, None, 0.0)),
                [Verdict.MET, Verdict.MET, Verdict.NOT_JUDGED, Verdict.NOT_JUDGED],
                None,
            ),
        ],
    )
    def test_at_red(self, report: FloorReport, verdicts: list[Verdict], passed: bool | None) -> None:
        assert red(report) == verdicts
        assert report.passed is passed

    def test_without_the_swap_each_counts_alone(self, profile: ListProfile) -> None:
        floor = profile.floor()
        alone = floor.model_copy(update={"so2_nox_swap": floor.so2_nox_swap.model_copy(update={"allowed": False})})
        cut = Pollutants(29.0, 31.0, 30.0, 30.0)
        report = floor_report({CitySource.INDUSTRY: Totals(WHOLE, PerLevel(cut, cut, cut))}, WHOLE, alone)
        assert red(report)[0] is Verdict.SHORT

    @given(st.lists(st.floats(0, 100), min_size=4, max_size=4), st.integers(0, 3), st.floats(0, 50))
    def test_cutting_more_never_makes_it_worse(self, cuts: list[float], place: int, more: float) -> None:
        better = [cut + more if index == place else cut for index, cut in enumerate(cuts)]
        order = [Verdict.SHORT, Verdict.SWAPPED, Verdict.MET]
        before, after = red(reaching(*cuts)), red(reaching(*better))
        assert all(order.index(new) >= order.index(old) for new, old in zip(after, before, strict=True))


class TestOpenLines:
    """One line of which nobody knows what it saves, in a city of 100 kg/d each; 10, 20 and 30 % are asked for."""

    @staticmethod
    def _report(base: Pollutants, asked: Measure, saved: Pollutants = NOT_STATED) -> FloorReport:
        one = draft((firm(), line("1", asked, base=base, reductions=PerLevel(saved, saved, saved))))
        return floor_report(source_totals(one), WHOLE, load_profile().floor())

    @pytest.mark.parametrize(
        ("base", "verdicts"),
        [
            (5.0, [Verdict.SHORT] * 3),
            (9.99, [Verdict.SHORT] * 3),
            (10.0, [Verdict.NOT_ESTABLISHED, Verdict.SHORT, Verdict.SHORT]),
            (30.0, [Verdict.NOT_ESTABLISHED] * 3),
            (None, [Verdict.NOT_ESTABLISHED] * 3),
        ],
    )
    def test_short_is_only_what_is_short_even_if_it_saves_all(self, base: float | None, verdicts: list[Verdict]) -> None:
        report = self._report(Pollutants(base, base, base, base), measure(Action.UNKNOWN))
        assert [result.verdict("pm") for result in report.results] == verdicts
        assert report.passed is (None if Verdict.SHORT not in verdicts else False)

    def test_what_is_known_to_be_enough_is_met_whatever_is_open(self) -> None:
        one = draft(
            (firm(), line("1", measure(Action.STOP, 1.0), base=WHOLE, reductions=PerLevel(*[Pollutants(30, 30, 30, 30)] * 3))),
            (firm(), line("2", measure(Action.UNKNOWN), base=WHOLE)),
        )
        report = floor_report(source_totals(one), WHOLE, load_profile().floor())
        assert report.passed is True
        told = report_document(report)["levels"][2]["pollutants"][0]
        assert (told["share"], told["open_lines"], told["share_at_most"]) == (0.3, 1, 1.3)

    def test_what_is_open_of_one_may_balance_the_other(self) -> None:
        report = self._report(Pollutants(20, 60, 40, 40), measure(Action.UNKNOWN))
        assert red(report) == [Verdict.NOT_ESTABLISHED] * 4

    def test_a_stop_without_reductions_saves_its_base_and_says_so(self) -> None:
        report = self._report(Pollutants(30, 30, 30, 30), measure(Action.STOP, 1.0))
        assert report.passed is True
        told = report_document(report)["levels"][2]["pollutants"][0]
        assert (told["planned"], told["planned_computed"], told["open_lines"]) == (30.0, 30.0, 0)

    def test_the_report_has_no_number_where_nothing_is_established(self) -> None:
        told = report_document(self._report(NOT_STATED, measure(Action.UNKNOWN)))["levels"][0]["pollutants"][0]
        assert (told["planned"], told["share"], told["share_at_most"], told["open_lines"]) == (None, None, None, 1)
        assert told["by_source"] == {"industry": None}
        assert told["verdict"] == "not_established"

    def test_the_findings_advise_what_helps(self, guide: Guide, profile: ListProfile) -> None:
        def found(base: float) -> list[Finding]:
            four = Pollutants(base, base, base, base)
            one = draft((firm(), line("1", measure(Action.UNKNOWN), base=four, reductions=PerLevel(*[NOT_STATED] * 3))), base=WHOLE)
            return [one for one in check_list(one, guide, profile) if one.code.startswith("FLOOR")]

        assert {(one.code, one.blocking) for one in found(30)} == {("FLOOR_NOT_ESTABLISHED", False)}
        assert "确定措施" in found(30)[0].advice
        assert "增加减排措施" not in found(30)[0].advice
        short = found(5)
        assert {(one.code, one.blocking) for one in short} == {("FLOOR_NOT_MET", True)}
        assert "0 % – 5 %" in short[0].message

    @settings(deadline=None, max_examples=20)
    @given(drafts(), st.lists(st.floats(0, 500), min_size=4, max_size=4))
    def test_a_floor_told_as_short_stays_short_whatever_the_open_lines_turn_out_to_save(
        self, one: EmissionListDraft, whole: list[float]
    ) -> None:
        floor, base = load_profile().floor(), Pollutants(*whole)
        before = floor_report(source_totals(one), base, floor)
        stopped = tuple(
            row if row.enterprise.long_stopped else row._replace(line=all_saved(row.line)) for row in one.rows
        )
        after = floor_report(source_totals(replace(one, rows=stopped)), base, floor)
        for result, later in zip(before.results, after.results, strict=True):
            assert set(result.short) <= set(later.short)


def all_saved(one: Line) -> Line:
    """The line with a whole stop wherever its measure is not established."""
    known = [asked.executable for asked in one.measures]
    return replace(
        one,
        measures=PerLevel(*(asked if ok else measure(Action.STOP, 1.0) for asked, ok in zip(one.measures, known, strict=True))),
        reductions=PerLevel(*(saved if ok else one.base for saved, ok in zip(one.reductions, known, strict=True))),
    )


class TestSources:
    def test_each_class_of_industry_is_told_apart(self) -> None:
        one = draft(
            (firm(), line("1", measure(Action.STOP, 1.0))),
            (firm(source_class=SourceClass.POWER_PLANT), line("2", measure(Action.STOP, 1.0))),
            (firm(source_class=SourceClass.HEATING_BOILER), line("3", measure(Action.STOP, 1.0))),
            (firm(small_micro=True), line("4", measure(Action.STOP, 1.0))),
            (firm(), line("5", measure(Action.STOP, 1.0), process="公路运输")),
        )
        distinct = replace(one, rows=tuple(row._replace(enterprise=replace(row.enterprise, uscc=str(n))) for n, row in enumerate(one.rows)))
        found = source_totals(distinct)
        assert {source: part.base.so2 for source, part in found.items()} == {
            CitySource.INDUSTRY: 50.0,
            CitySource.POWER_PLANT: 10.0,
            CitySource.HEATING_BOILER: 10.0,
            CitySource.SMALL_MICRO: 10.0,
            CitySource.PLANT_TRANSPORT: 10.0,
        }

    @settings(max_examples=40)
    @given(drafts(), many_records(most=3))
    def test_the_city_is_the_sum_of_its_classes(self, one: EmissionListDraft, records: tuple[SheetRecord, ...]) -> None:
        sources = source_totals(replace(one, records=records))
        assert city_totals(sources) == added(sources[part] for part in PARTS if part in sources)
        assert sources[CitySource.INDUSTRY] == totals(one.rows)

    def test_a_measure_that_is_not_established_saves_nothing(self) -> None:
        unknown = draft(base=WHOLE)
        unknown = replace(unknown, records=(record(Sheet.DUST, red="unknown"),))
        assert source_totals(unknown)[CitySource.DUST].planned(ResponseLevel.RED).pm is None
        assert source_totals(unknown)[CitySource.DUST].open_lines(ResponseLevel.RED) == (0, 0, 1, 0)
        assert source_totals(unknown)[CitySource.DUST].reductions.orange.pm == 70

    def test_the_sheet_of_the_whole_society_comes_before_the_summary(self) -> None:
        stated = record(Sheet.SUMMARY, source="whole_society", item="base", so2=7.0, nox=None, pm=None, vocs=None)
        assert whole_society(replace(draft(base=WHOLE), records=(stated,))) == WHOLE
        assert whole_society(replace(draft(), records=(stated,))) == Pollutants(7.0)
        assert whole_society(draft()) is None


class TestWorksheet:
    def test_says_what_the_report_says_and_is_not_read_back(self, tmp_path: Path) -> None:
        one = draft((firm(), line("1", measure(Action.STOP, 1.0))), base=Pollutants(2.5, 2.5, 3.4, None))
        report = floor_report(source_totals(one), one.whole_society, load_profile().floor())
        path = tmp_path / "list.xlsx"
        write_long(path, one.rows, (), one.whole_society, None, report_document(report))
        content = path.read_bytes()
        cells = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(FLOOR_SHEET).to_python()
        assert cells[9][:4] == ["红色", "SO2", 1.0, 2.5]
        assert [row[6] for row in cells[9:13]] == ["达到", "达到", "未达到", "无法判定"]
        assert (cells[11][4], cells[11][5]) == (pytest.approx(1 / 3.4), 0.3)
        assert cells[12][3:5] == ["", ""]
        reading = read_workbook(content)
        assert (reading.errors, tuple(reading.rows)) == ([], one.rows)


def test_levels_of_a_report_stand_in_order() -> None:
    document = report_document(reaching(30))
    assert [level["level"] for level in document["levels"]] == [level.value for level in LEVELS]
    assert [one["verdict"] for one in document["levels"][2]["pollutants"]] == ["met"] * 4
