"""The summary: every dimension adds up to the whole, exactly, in whatever order the enterprises come."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import (
    NOT_STATED,
    ROAD_TRANSPORT,
    EmissionListDraft,
    Enterprise,
    GuaranteeType,
    Line,
    Pollutants,
    SourceClass,
)
from emission_lists.measures import Action
from emission_lists.reductions import GAPS, totals
from emission_lists.sheets.kinds import Sheet, SheetRecord
from emission_lists.summary import (
    PER_KG,
    WIDTH,
    Dimension,
    Source,
    Standing,
    Sum,
    Summary,
    source_of,
    standing_of,
    summed,
)
from tests.emission_lists.list_samples import drafts, firm, line, measure


def pairs(draft: EmissionListDraft) -> list[tuple[Enterprise, list[Line]]]:
    return [(rows[0].enterprise, [row.line for row in rows]) for rows in draft.by_enterprise().values()]


def of(sums: Iterable[Sum], dimension: Dimension) -> dict[str, Sum]:
    return {one.key: one for one in sums if one.dimension is dimension}


class TestSums:
    @settings(deadline=None, max_examples=40)
    @given(drafts(), st.integers(0, 1000))
    def test_every_dimension_adds_up_to_the_whole(self, draft: EmissionListDraft, seed: int) -> None:
        firms = pairs(draft)
        sums = summed(firms)
        whole = sums[0]
        assert whole.dimension is Dimension.LIST
        assert (whole.enterprises, whole.lines) == (len(firms), len(draft.rows))
        assert whole.totals() == totals(draft.rows)
        for dimension in set(Dimension) - {Dimension.SHEET}:
            parts = of(sums, dimension).values()
            assert sum(part.lines for part in parts) == whole.lines
            assert tuple(map(sum, zip(*(part.milligrams for part in parts), strict=True))) == whole.milligrams
            if dimension is not Dimension.SOURCE:
                assert sum(part.enterprises for part in parts) == whole.enterprises
        Random(seed).shuffle(firms)
        assert summed(firms) == sums

    def test_a_generated_list_is_split_as_its_rows_are(self, generated: EmissionListDraft) -> None:
        sums = summed(pairs(generated))
        for dimension, key in (
            (Dimension.COUNTY, lambda row: row.enterprise.adcode),
            (Dimension.INDUSTRY, lambda row: row.enterprise.industry),
            (Dimension.GRADE, lambda row: row.enterprise.grade.value),
            (Dimension.STANDING, lambda row: standing_of(row.enterprise).value),
            (Dimension.SOURCE, lambda row: source_of(row.enterprise, row.line).value),
        ):
            parts = of(sums, dimension)
            assert set(parts) == {key(row) for row in generated.rows}
            for name, part in parts.items():
                rows = [row for row in generated.rows if key(row) == name]
                assert part.lines == len(rows)
                assert part.enterprises == len({row.enterprise.uscc for row in rows})
                assert part.totals() == totals(rows)

    def test_nothing_adds_up_to_nothing(self) -> None:
        assert summed([]) == [Sum(Dimension.LIST, "all", 0, 0, (0,) * WIDTH, (0,) * GAPS)]

    def test_what_a_measure_that_is_not_established_saves_is_open_and_its_base_counts(self) -> None:
        ten = Pollutants(10, 10, 10, 10)
        unknown = line("1", measure(Action.UNKNOWN), base=ten, reductions=PerLevel(ten, ten, ten))
        whole = summed([(firm(), [unknown])])[0]
        assert whole.milligrams == (10 * PER_KG,) * 4 + (0,) * 12
        found = whole.totals()
        for level in LEVELS:
            assert found.planned(level) == Pollutants()
            assert found.open_lines(level) == (1, 1, 1, 1)
            assert found.most(level) == ten

    @settings(deadline=None, max_examples=20)
    @given(drafts(), st.data())
    def test_what_is_left_blank_is_counted_as_the_rows_alone_say(self, draft: EmissionListDraft, data: st.DataObject) -> None:
        blank = st.sampled_from(["", "reductions", "base", "both", "vocs"])
        rows = []
        for row in draft.rows:
            what = data.draw(blank)
            reductions = row.line.reductions
            if what in ("reductions", "both"):
                reductions = PerLevel(NOT_STATED, NOT_STATED, NOT_STATED)
            elif what == "vocs":
                reductions = PerLevel(*(one._replace(vocs=None) for one in reductions))
            base = NOT_STATED if what in ("base", "both") else row.line.base
            rows.append(row._replace(line=replace(row.line, base=base, reductions=reductions)))
        made = replace(draft, rows=tuple(rows))
        assert summed(pairs(made))[0].totals() == totals(made.rows)

    def test_plans_that_come_and_go_are_not_mixed_up(self) -> None:
        """A streamed list makes each plan anew, at an address that another had."""
        summary = Summary()
        for number in range(500):
            kind = Action.UNKNOWN if number % 2 else Action.NONE
            summary.add(firm(uscc=str(number)), [line("1", measure(kind), reductions=PerLevel(*[NOT_STATED] * 3))])
        assert summary.sums()[0].totals().open_lines(LEVELS[0]) == (250,) * 4

    def test_an_enterprise_that_was_stopped_long_before_leaves_nothing_open(self) -> None:
        still = line("1", measure(Action.STOP, 1.0), base=NOT_STATED, reductions=PerLevel(*[NOT_STATED] * 3))
        found = summed([(firm(long_stopped=True), [still])])[0]
        assert found.gaps == (0,) * GAPS

    def test_tenths_add_up_exactly(self) -> None:
        tenth = Pollutants(0.1, 0, None, 0.1)
        lines = [line(str(number), measure(Action.NONE), base=tenth) for number in range(10)]
        assert summed([(firm(), lines)])[0].totals().base == Pollutants(1.0, 0.0, 0.0, 1.0)

    def test_further_sheets_are_summed_apart(self, generated: EmissionListDraft) -> None:
        sums = summed(pairs(generated), generated.records)
        assert [one for one in sums if one.dimension is not Dimension.SHEET] == summed(pairs(generated))
        sheets = of(sums, Dimension.SHEET)
        assert set(sheets) == {"dust", "road_mobile", "non_road"}
        dust = generated.of_sheet(Sheet.DUST)
        assert (sheets["dust"].enterprises, sheets["dust"].lines) == (0, len(dust))
        base = sum(Fraction(repr(record.number_of("base_pm"))) for record in dust)
        assert sheets["dust"].totals().base == Pollutants(0, 0, float(base), 0)
        machines = generated.of_sheet(Sheet.NON_ROAD)
        saved = sum(Fraction(repr(record.number_of("red_nox"))) for record in machines)
        assert sheets["non_road"].totals().reductions.red.nox == float(saved)

    def test_machines_that_are_not_used_save_their_base_and_banned_trucks_stay_open(self) -> None:
        machine = {"base_nox": 3.0, "base_pm": 1.0, "yellow": "none", "orange": "stop", "red": "stop", "red_nox": 2.0}
        found = of(summed([], [SheetRecord(Sheet.NON_ROAD, "1", machine)]), Dimension.SHEET)["non_road"].totals()
        assert found.planned(ResponseLevel.YELLOW) == Pollutants(0, 0, 0, 0)
        assert found.planned(ResponseLevel.ORANGE) == Pollutants(None, 3.0, 1.0, None)
        assert found.reductions.red == Pollutants(0, 2.0, 1.0, 0)
        truck = {"base_so2": 1.0, "base_nox": 5.0, "base_pm": 1.0, "base_vocs": 1.0, "red": "ban_heavy_truck_le_cn4_incl_gas"}
        found = of(summed([], [SheetRecord(Sheet.ROAD_MOBILE, "1", truck)]), Dimension.SHEET)["road_mobile"].totals()
        assert found.planned(ResponseLevel.RED) == Pollutants()
        assert found.most(ResponseLevel.RED).nox == 5.0

    def test_a_site_whose_measure_is_not_established_saves_nothing(self) -> None:
        fields = {"base_pm": 5.0, "yellow": "unknown", "yellow_pm": 1.0, "orange": "stop", "orange_pm": 2.0}
        site = summed([], [SheetRecord(Sheet.DUST, "1", fields)])[1].totals()
        assert (site.base.pm, site.reductions.yellow.pm, site.reductions.orange.pm) == (5.0, 0.0, 2.0)

    def test_an_enterprise_with_a_transport_row_counts_in_both_sources(self) -> None:
        lines = [line("1", measure(Action.NONE)), line("2", measure(Action.NONE), process=ROAD_TRANSPORT)]
        found = of(summed([(firm(), lines)]), Dimension.SOURCE)
        assert {key: (one.enterprises, one.lines) for key, one in found.items()} == {
            Source.INDUSTRY.value: (1, 1),
            Source.TRANSPORT.value: (1, 1),
        }


class TestSource:
    @pytest.mark.parametrize(
        ("process", "facts", "expected"),
        [
            (ROAD_TRANSPORT, {"small_micro": True}, Source.TRANSPORT),
            ("x", {"small_micro": True, "source_class": SourceClass.HEATING_BOILER}, Source.SMALL_MICRO),
            ("x", {"source_class": SourceClass.HEATING_BOILER}, Source.HEATING_BOILER),
            ("x", {"source_class": SourceClass.POWER_PLANT}, Source.POWER_PLANT),
            ("x", {"source_class": SourceClass.INDUSTRY}, Source.INDUSTRY),
            ("x", {}, Source.INDUSTRY),
        ],
    )
    def test_the_first_that_applies(self, process: str, facts: dict[str, object], expected: Source) -> None:
        row = line("1", measure(Action.NONE), process=process)
        assert source_of(replace(firm(), **facts), row) is expected  # type: ignore[arg-type]


class TestStanding:
    GUARANTEED: ClassVar[dict[str, object]] = {
        "guarantee": GuaranteeType.LIVELIHOOD,
        "guarantee_until": date(2030, 1, 1),
    }

    @pytest.mark.parametrize(
        ("facts", "expected"),
        [
            ({"long_stopped": True, "small_micro": True, **GUARANTEED}, Standing.LONG_STOPPED),
            ({"small_micro": True, **GUARANTEED}, Standing.GUARANTEE),
            ({"small_micro": True, "key_industry": False}, Standing.SMALL_MICRO),
            ({"key_industry": True, "grade": Grade.C}, Standing.GRADED),
            ({"key_industry": True, "grade": Grade.UNGRADED}, Standing.UNGRADED),
            ({"key_industry": False, "grade": Grade.UNGRADED}, Standing.OTHER),
        ],
    )
    def test_the_first_that_applies(self, facts: dict[str, object], expected: Standing) -> None:
        assert standing_of(replace(firm(), **facts)) is expected  # type: ignore[arg-type]
