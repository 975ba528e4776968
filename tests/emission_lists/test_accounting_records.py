"""Dust and mobile sources beside industry: what is stated counts, nothing is made up, classes and hours add up exactly."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emission_lists.accounting import NOTHING, Origin
from emission_lists.accounting_records import (
    GROUP_OF,
    Group,
    RecordAccounts,
    by_group,
    hours_by_group,
    plan_of,
    total_of,
)
from emission_lists.accounting_sums import FOURS, Accounts, By, Tally
from emission_lists.accounting_weights import Span
from emission_lists.levels import LEVELS, ResponseLevel
from emission_lists.lists import EmissionListDraft
from emission_lists.measures import Action, Measure
from emission_lists.sheets.kinds import Sheet, SheetRecord
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure
from tests.emission_lists.sheet_samples import record
from tests.emission_lists.sheet_samples import records as records_of

SLOW = [HealthCheck.too_slow]
"""How quickly examples are made says something of the machine, nothing of the code."""
START = datetime(2016, 12, 16, 20, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
YELLOW, ORANGE, RED = LEVELS
PM, NOX = 2, 1
MG = 1_000_000
OPEN, UNASKED, STATED, COMPUTED = Origin.NOT_ESTABLISHED, Origin.NOT_ASKED, Origin.STATED, Origin.COMPUTED

some_records = st.lists(st.sampled_from(list(GROUP_OF)).flatmap(records_of), max_size=5)
several_spans = st.lists(
    st.tuples(st.sampled_from(LEVELS), st.integers(0, 90), st.integers(1, 4000)), min_size=1, max_size=3
).map(
    lambda parts: [
        Span(key, level, START + timedelta(days=4 * key, minutes=offset), START + timedelta(days=4 * key, minutes=offset + long))
        for key, (level, offset, long) in enumerate(parts, start=1)
    ]
)


def day(level: ResponseLevel = ORANGE, hours: float = 24, key: int = 1) -> Span:
    return Span(key, level, START, START + timedelta(hours=hours))


def of(records: list[SheetRecord], spans: list[Span], listed: frozenset[str] = frozenset()) -> RecordAccounts:
    accounts = RecordAccounts(spans)
    for one in records:
        accounts.add(one, listed=one.key in listed)
    return accounts


def industry(draft: EmissionListDraft, spans: list[Span]) -> tuple[Accounts, Tally]:
    accounts = Accounts(spans)
    for rows in draft.by_enterprise().values():
        accounts.add(rows[0].enterprise, [row.line for row in rows])
    return accounts, accounts.finish().get((By.WHOLE, ""), Tally())


class TestPlan:
    def test_a_site_saves_what_its_row_states_and_emits_nothing_but_dust(self) -> None:
        plan = plan_of(record(Sheet.DUST), ORANGE)
        assert plan.saved == (0, 0, 70 * MG, 0)
        assert plan.base == (0, 0, 85 * MG, 0)
        assert plan.origins == (UNASKED, UNASKED, STATED, UNASKED)

    def test_more_than_the_base_counts_up_to_the_base(self) -> None:
        assert plan_of(record(Sheet.DUST, orange_pm=900), ORANGE).saved[PM] == 85 * MG
        assert plan_of(record(Sheet.DUST, orange_pm=900, base_pm=None), ORANGE).saved[PM] == 900 * MG

    @pytest.mark.parametrize("measure", ["stop", "stop_outdoor", "stop_earthworks", "suppress"])
    def test_what_a_site_saves_does_not_follow_from_its_base(self, measure: str) -> None:
        plan = plan_of(record(Sheet.DUST, orange=measure, orange_pm=None), ORANGE)
        assert (plan.asked, plan.saved, plan.origins[PM]) == (True, NOTHING, OPEN)

    @pytest.mark.parametrize("measure", ["ban_heavy_truck_le_cn4_incl_gas", "stop_road_transport"])
    def test_a_ban_without_a_figure_is_not_established(self, measure: str) -> None:
        plan = plan_of(record(Sheet.ROAD_MOBILE, orange=measure, orange_nox=None), ORANGE)
        assert plan.origins == (OPEN, OPEN, STATED, STATED)
        assert plan.saved[NOX] == 0

    def test_a_stated_nothing_is_established(self) -> None:
        plan = plan_of(record(Sheet.ROAD_MOBILE, orange_nox=0), ORANGE)
        assert (plan.saved[NOX], plan.origins[NOX]) == (0, STATED)

    def test_a_machine_out_of_use_saves_its_base_and_what_is_not_stated_stays_open(self) -> None:
        plan = plan_of(record(Sheet.NON_ROAD, orange_nox=None, orange_pm=None), ORANGE)
        assert plan.origins == (OPEN, COMPUTED, COMPUTED, OPEN)
        assert plan.saved == plan.base == (0, round(3.2 * MG), round(0.2 * MG), 0)

    @pytest.mark.parametrize("sheet", [Sheet.DUST, Sheet.ROAD_MOBILE, Sheet.NON_ROAD, Sheet.BULK_TRANSPORT])
    def test_none_asks_nothing_and_unknown_establishes_nothing(self, sheet: Sheet) -> None:
        none, unknown = (plan_of(record(sheet, orange=measure), ORANGE) for measure in ("none", "unknown"))
        assert (none.asked, none.saved, none.origins) == (False, NOTHING, (UNASKED,) * 4)
        assert (unknown.asked, unknown.saved) == (False, NOTHING)
        assert unknown.origins == ((UNASKED, UNASKED, OPEN, UNASKED) if sheet is Sheet.DUST else (OPEN,) * 4)

    def test_a_bulk_unit_has_no_amount_unless_its_transport_is_a_line_of_the_list(self) -> None:
        unit = record(Sheet.BULK_TRANSPORT)
        alone = plan_of(unit, ORANGE)
        assert (alone.origins, alone.unstated) == ((OPEN,) * 4, (True,) * 4)
        assert plan_of(unit, ORANGE, listed=True) == (True, NOTHING, NOTHING, (UNASKED,) * 4, True, (False,) * 4)


class TestSums:
    def test_a_response_of_half_a_day_saves_half(self) -> None:
        tally = of([record(Sheet.DUST)], [day(hours=12)]).sheets()[Sheet.DUST]
        assert (tally.planned[PM], tally.base[PM], tally.stated[PM]) == (35 * MG, 85 * MG // 2, 35 * MG)
        assert (tally.lines, tally.asked_lines, tally.unestablished) == (1, 1, [0, 0, 0, 0])

    def test_rows_that_are_open_at_any_level_are_counted_once(self) -> None:
        one = record(Sheet.DUST, yellow="unknown", yellow_pm=None)
        two = record(Sheet.DUST, code="SG-2")
        accounts = of([one, two], [day(YELLOW), Span(2, ORANGE, START + timedelta(days=1), START + timedelta(days=2))])
        tally = accounts.sheets()[Sheet.DUST]
        assert (tally.lines, tally.asked_lines, tally.unknown_lines, tally.unestablished[PM]) == (2, 2, 1, 1)
        assert accounts.of_level(YELLOW)[Sheet.DUST].unestablished[PM] == 1
        assert accounts.of_level(ORANGE)[Sheet.DUST].unestablished[PM] == 0
        assert accounts.of_level(RED) == {}

    def test_rows_without_a_base_are_counted_for_what_they_emit(self) -> None:
        blank, zero = record(Sheet.DUST, base_pm=None), record(Sheet.DUST, code="SG-2", base_pm=0, orange_pm=0)
        unasked = record(Sheet.DUST, code="SG-3", base_pm=None, orange="none", orange_pm=None)
        accounts = of([blank, zero, unasked], [day()])
        tally = accounts.sheets()[Sheet.DUST]
        assert (tally.unstated, tally.baseless, tally.base[PM]) == ([0, 0, 2, 0], [0, 0, 1, 0], 0)
        assert accounts.of_response(accounts.spans[0]) == {Sheet.DUST: tally}

    def test_listed_units_are_counted_as_such(self) -> None:
        unit = record(Sheet.BULK_TRANSPORT)
        accounts = of([unit], [day()], frozenset({unit.key}))
        assert accounts.listed[Sheet.BULK_TRANSPORT] == 1
        assert accounts.sheets()[Sheet.BULK_TRANSPORT].unestablished == [0, 0, 0, 0]

    def test_a_line_that_is_not_established_is_counted_in_industry_too(self) -> None:
        two = draft((firm(), line("MF0001", Measure(Action.UNKNOWN))), (firm(), line("MF0002", measure(Action.STOP, 1.0))))
        _, whole = industry(two, [day()])
        assert (whole.lines, whole.unknown_lines, whole.unestablished) == (2, 1, [1, 1, 1, 1])

    def test_sheets_without_sources_and_empty_responses_count_nothing(self) -> None:
        accounts = of([record(Sheet.GUARANTEE), record(Sheet.SUMMARY), record(Sheet.WHITELIST)], [day()])
        assert accounts.sheets() == {}
        assert of([record(Sheet.DUST)], [day(hours=0)]).sheets()[Sheet.DUST].planned == [0, 0, 0, 0]


class TestExact:
    @settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
    @given(some_records, several_spans)
    def test_hours_and_levels_add_up_to_each_class(self, records: list[SheetRecord], spans: list[Span]) -> None:
        accounts = of(records, spans)
        groups = by_group(accounts.sheets(), Tally())
        for group in (Group.DUST, Group.MOBILE):
            hourly = [sum(int(accounts.hours(group, span)[place].sum()) for span in spans) for place in range(4)]
            by_level = [by_group(accounts.of_level(level), Tally())[group].planned for level in LEVELS]
            assert hourly == [sum(parts) for parts in zip(*by_level, strict=True)] == groups[group].planned
            assert all(accounts.hours(group, span).min(initial=0) >= 0 for span in spans)

    @settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
    @given(some_records, several_spans, st.randoms(use_true_random=False))
    def test_the_order_of_the_rows_plays_no_part(
        self, records: list[SheetRecord], spans: list[Span], mixed: Random
    ) -> None:
        other = list(records)
        mixed.shuffle(other)
        assert of(records, spans).sheets() == of(other, spans).sheets()

    @settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
    @given(drafts(), some_records, several_spans)
    def test_the_classes_add_up_to_the_total(
        self, draft: EmissionListDraft, records: list[SheetRecord], spans: list[Span]
    ) -> None:
        lines, whole = industry(draft, spans)
        accounts = of(records, spans)
        groups = by_group(accounts.sheets(), whole)
        total = total_of(groups)
        for name in ("lines", "asked_lines", "unknown_lines"):
            assert getattr(total, name) == sum(getattr(one, name) for one in groups.values())
        for name in (*FOURS, "unestablished"):
            parts = [getattr(one, name) for one in groups.values()]
            assert getattr(total, name) == [sum(four) for four in zip(*parts, strict=True)]
        planned = [0, 0, 0, 0]
        for span in spans:
            for rows in hours_by_group(lines.hours[span.key], accounts).values():
                planned = [before + int(row.sum()) for before, row in zip(planned, rows, strict=True)]
        assert planned == total.planned

    @settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
    @given(some_records, st.sampled_from(LEVELS))
    def test_nothing_is_made_up(self, records: list[SheetRecord], level: ResponseLevel) -> None:
        for one in records:
            if one.sheet not in GROUP_OF:
                continue
            plan = plan_of(one, level)
            for place, name in enumerate(("so2", "nox", "pm", "vocs")):
                stated, base = one.number_of(f"{level.value}_{name}"), one.number_of(f"base_{name}")
                if plan.origins[place] is STATED:
                    assert stated is not None
                    assert plan.saved[place] <= round(stated * MG)
                elif plan.origins[place] is COMPUTED:
                    assert (one.sheet, one.text(level.value), stated) == (Sheet.NON_ROAD, "stop", None)
                    assert base is not None
                else:
                    assert plan.saved[place] == 0
                assert base is None or plan.saved[place] <= plan.base[place]
