"""Reductions over time: exact sums in every order, hours that add up, planned, reported and verified kept apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.accounting import Measured, Origin, Readings, account_line, verify
from emission_lists.accounting_reports import LineState, ReportedDay, reported
from emission_lists.accounting_sums import Accounts, By, RemarkKind, Tally
from emission_lists.accounting_weights import Ints, Span, hour_minutes, weights, whole
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import ROAD_TRANSPORT, EmissionListDraft, Line, ListRow, Pollutants
from emission_lists.measures import Action, Cycle, Later, Measure, StopMode
from emission_lists.reductions import totals
from tests.emission_lists.list_samples import draft, drafts, firm, lines, measure, windows

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2016, 12, 16, 20, 0, tzinfo=SHANGHAI)
HOUR = timedelta(hours=1)
BASE = Pollutants(24.0, 48.0, 2.4, 240.0)
UNSTATED = PerLevel(Pollutants(), Pollutants(), Pollutants())
PER_KG = 1_000_000

spans = st.builds(
    lambda level, offset, minutes, before: Span(
        1, level, START + timedelta(minutes=offset), START + timedelta(minutes=offset + minutes), before
    ),
    st.sampled_from(LEVELS),
    st.integers(0, 3000),
    st.integers(1, 8000),
    st.none() | st.sampled_from(LEVELS),
)


def span(hours: float = 24, level: ResponseLevel = ResponseLevel.RED, start: datetime = START, **more: object) -> Span:
    return Span(1, level, start, start + timedelta(hours=hours), **more)  # type: ignore[arg-type]


def line(*measures: Measure, **fields: object) -> Line:
    """A line of 24 kg/d SO2 (1 kg/h), 48 NOx, 2.4 PM, 240 VOCs that states no reductions."""
    each = measures * 3 if len(measures) == 1 else measures
    given: dict[str, object] = {"base": BASE, "reductions": UNSTATED}
    return Line("MF0001", "1号线", "熟料生产线", PerLevel(*each), **{**given, **fields})  # type: ignore[arg-type]


def kg(milligrams: int) -> float:
    return milligrams / PER_KG


def added(one: EmissionListDraft, several: list[Span], rows: list[ListRow] | None = None) -> Accounts:
    accounts = Accounts(several)
    groups: dict[str, list[ListRow]] = {}
    for row in rows or one.rows:
        groups.setdefault(row.enterprise.uscc, []).append(row)
    for group in groups.values():
        accounts.add(group[0].enterprise, [row.line for row in group])
    return accounts


class TestSpan:
    def test_needs_a_zone_and_goes_forward(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            Span(1, ResponseLevel.RED, datetime(2016, 12, 16), START)  # noqa: DTZ001
        with pytest.raises(ValueError, match="before it starts"):
            Span(1, ResponseLevel.RED, START, START - HOUR)
        with pytest.raises(ValueError, match="after it starts"):
            span(begun=START + HOUR)

    def test_hours_are_clock_hours_by_their_end_touched_in_part(self) -> None:
        one = span(2, start=START.replace(minute=40))
        assert [hour.hour for hour in one.hours] == [21, 22, 23]
        assert list(hour_minutes(one)) == [20, 60, 40]

    @settings(deadline=None, max_examples=60)
    @given(spans)
    def test_hours_and_days_partition_it(self, one: Span) -> None:
        assert int(hour_minutes(one).sum()) == one.minutes
        assert sum(one.minutes_of_day(day) for day in one.days) == one.minutes

    def test_an_empty_one_has_no_hours(self) -> None:
        one = span(0)
        assert (one.hours, one.days, whole(one).total(1000)) == ((), (), 0)


class TestWeights:
    @settings(deadline=None, max_examples=60)
    @given(spans, st.fractions(0, 1, max_denominator=500), st.lists(st.integers(0, 10**13), min_size=1, max_size=6))
    def test_hours_add_up_to_the_whole_for_every_amount(self, one: Span, share: Fraction, amounts: list[int]) -> None:
        made = weights([(0, one.minutes, share)], one)
        hourly = made.hourly(np.array(amounts, dtype=np.int64))
        assert [int(row.sum()) for row in hourly] == [made.total(amount) for amount in amounts]
        assert (hourly >= 0).all()

    def test_a_day_is_the_daily_amount_exactly(self) -> None:
        assert whole(span(24)).total(123_456_789) == 123_456_789
        assert whole(span(72)).total(1) == 3


class TestAccountLine:
    def test_base_times_what_is_not_run(self) -> None:
        account = account_line(line(measure(Action.LIMIT, 0.3)), span(12))
        assert [kg(value) for value in account.planned] == pytest.approx([3.6, 7.2, 0.36, 36.0])
        assert [kg(value) for value in account.base] == pytest.approx([12.0, 24.0, 1.2, 120.0])
        assert set(account.origins) == {Origin.COMPUTED}

    def test_whole_units(self) -> None:
        one = line(measure(Action.STOP, 0.5, total_units=3))
        assert kg(account_line(one, span()).planned[0]) == pytest.approx(16.0, abs=1e-6)

    def test_what_the_list_states_is_the_plan_and_told_as_such(self) -> None:
        stated = Pollutants(5.0, None, 1.0, None)
        account = account_line(line(measure(Action.STOP, 1.0), reductions=PerLevel(stated, stated, stated)), span(48))
        assert [kg(value) for value in account.planned] == pytest.approx([10.0, 96.0, 2.0, 480.0])
        assert [origin.value for origin in account.origins] == ["stated", "computed", "stated", "computed"]

    def test_a_stated_figure_above_the_base_counts_up_to_it(self) -> None:
        stated = Pollutants(25.0, 1.0, 1.0, 1.0)
        account = account_line(line(measure(Action.STOP, 1.0), reductions=PerLevel(stated, stated, stated)), span())
        assert (account.planned[0], account.above_base) == (account.base[0], True)

    def test_an_unknown_measure_saves_nothing_whatever_is_stated(self) -> None:
        account = account_line(line(measure(Action.UNKNOWN), reductions=PerLevel(BASE, BASE, BASE)), span())
        assert (set(account.planned), set(account.origins), account.asked) == ({0}, {Origin.NOT_ESTABLISHED}, False)

    def test_a_line_stopped_long_before_has_no_base(self) -> None:
        account = account_line(line(measure(Action.STOP, 1.0)), span(), long_stopped=True)
        assert (set(account.base), set(account.planned), account.asked) == ({0}, {0}, False)

    @pytest.mark.parametrize(
        "unsaid",
        [
            measure(Action.SELF_DETERMINED),
            measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING),
            measure(Action.LIMIT, coking_hours=36.0),
        ],
    )
    def test_what_names_no_share_is_not_made_up(self, unsaid: Measure) -> None:
        account = account_line(line(unsaid), span())
        assert (set(account.planned), set(account.origins), account.asked) == ({0}, {Origin.NOT_ESTABLISHED}, True)

    def test_a_window_saves_in_its_hours_only_whether_stated_or_computed(self) -> None:
        one = span(24, start=START.replace(hour=0))
        stated = PerLevel(*[Pollutants(8.0, None, 2.4, None)] * 3)
        account = account_line(line(measure(Action.STOP, 1.0, window="17:00-09:00"), reductions=stated), one)
        so2, nox, pm, _ = account.hourly(one)
        for hourly, rate in ((so2, 0.5), (nox, 2.0), (pm, 0.15)):
            assert [kg(int(value)) for value in hourly] == pytest.approx([rate] * 9 + [0.0] * 8 + [rate] * 7)
        assert account.planned[0] == 8_000_000

    def test_nothing_is_saved_before_it_must_be_complete(self) -> None:
        one = span(24)
        account = account_line(line(measure(Action.STOP, 1.0, complete_within_hours=6.0)), one)
        assert [kg(int(value)) for value in account.hourly(one)[0]] == pytest.approx([0.0] * 6 + [1.0] * 18)

    def test_after_a_raise_the_former_level_goes_on_until_then(self) -> None:
        half, stop = measure(Action.LIMIT, 0.5), measure(Action.STOP, 1.0, complete_within_hours=6.0)
        one = span(24, before=ResponseLevel.ORANGE)
        account = account_line(line(half, half, stop), one)
        assert [kg(int(value)) for value in account.hourly(one)[0]] == pytest.approx([0.5] * 6 + [1.0] * 18)

    def test_stages_are_counted_hour_by_hour(self) -> None:
        staged = measure(Action.LIMIT, 0.5, later=(Later(4, measure(Action.STOP, 1.0)), Later(12, measure(Action.NONE))))
        one = span(24)
        account = account_line(line(staged), one)
        assert [kg(int(value)) for value in account.hourly(one)[0]] == pytest.approx([0.5] * 4 + [1.0] * 8 + [0.0] * 12)

    def test_a_stated_figure_belongs_to_the_strictest_stage(self) -> None:
        staged = measure(Action.LIMIT, 0.5, later=(Later(12, measure(Action.STOP, 1.0)),))
        stated = PerLevel(*[Pollutants(12.0, 12.0, 1.2, 12.0)] * 3)
        account = account_line(line(staged, reductions=stated), span(24))
        assert kg(account.planned[0]) == pytest.approx(12.0 * (0.5 * 0.5 + 0.5))

    def test_a_cycle_saves_its_share_of_the_time(self) -> None:
        account = account_line(line(measure(Action.LIMIT, cycle=Cycle(48, 12))), span())
        assert kg(account.planned[0]) == pytest.approx(24 * 0.8)

    @settings(deadline=None, max_examples=120)
    @given(lines(), spans, st.booleans())
    def test_planned_is_never_negative_nor_above_the_base(self, one: Line, over: Span, stopped: bool) -> None:
        account = account_line(one, over, long_stopped=stopped)
        for planned, base, daily in zip(account.planned, account.base, one.base, strict=True):
            assert planned >= 0
            assert daily is None or planned <= base
        assert [int(row.sum()) for row in account.hourly(over)] == list(account.planned)

    @settings(deadline=None, max_examples=200)
    @given(lines(), spans, st.integers(1, 7999), st.integers(0, 60), st.lists(st.integers(1, 90), max_size=2, unique=True))
    def test_an_extension_saves_what_the_whole_response_saves(
        self, one: Line, over: Span, minutes: int, within: int, stages: list[int]
    ) -> None:
        """Cut in two by an extension, a response saves the same in every hour, stages and time to carry out included."""
        cut = over.start + timedelta(minutes=min(minutes, over.minutes))
        later = tuple(
            Later(hours, measure(Action.LIMIT, share)) for hours, share in zip(sorted(stages), (0.5, 0.2), strict=False)
        )
        staged = measure(Action.STOP, 1.0, complete_within_hours=float(within), later=later)
        measures = one.measures if within % 2 else PerLevel(*[staged] * 3)
        roomy = replace(one, base=Pollutants(*[10_000.0] * 4), measures=measures)
        first = Span(1, over.level, over.start, cut, over.before)
        second = Span(2, over.level, cut, over.end, over.before, over.start)
        halves: dict[datetime, Ints] = {}
        for part in (first, second):
            for hour, saved in zip(part.hours, account_line(roomy, part).hourly(part).T, strict=True):
                halves[hour] = halves.get(hour, 0) + saved
        whole_saved = account_line(roomy, over).hourly(over).T
        for hour, saved in zip(over.hours, whole_saved, strict=True):
            assert (np.abs(halves[hour] - saved) <= 4 + saved * 1e-7).all()  # each part is cut to whole milligrams

    @settings(deadline=None, max_examples=60)
    @given(drafts(), st.none() | windows)
    def test_a_day_is_what_the_list_adds_up_to(self, one: EmissionListDraft, window: str | None) -> None:
        """With everything stated, within its base and asked for, a day of response is the list's planned total, whatever hours
        of the day it is asked for in."""
        stop = measure(Action.STOP, 1.0, window=window)
        rows = [
            row._replace(line=replace(row.line, measures=PerLevel(stop, stop, stop), base=Pollutants(*[10_000.0] * 4)))
            for row in one.rows
            if not row.enterprise.long_stopped
            and all(value is not None for values in row.line.reductions for value in values)
        ]
        for level in LEVELS:
            tally = added(one, [span(24, level)], rows).finish()[By.WHOLE, ""] if rows else Tally()
            expected = totals(rows).reductions.at(level)
            assert tally.planned == [round((value or 0) * PER_KG) for value in expected]


class TestSums:
    @settings(deadline=None, max_examples=40)
    @given(drafts(), st.lists(spans, min_size=1, max_size=3), st.integers(0, 100))
    def test_every_dimension_adds_up_to_the_whole_in_any_order(
        self, one: EmissionListDraft, several: list[Span], seed: int
    ) -> None:
        numbered = [Span(key, each.level, each.start, each.end, each.before) for key, each in enumerate(several)]
        shuffled = list(one.rows)
        Random(seed).shuffle(shuffled)
        first, second = added(one, numbered), added(one, numbered, shuffled)
        tallies = first.finish()
        assert tallies == second.finish()
        assert first.largest == second.largest
        alone = [
            account_line(row.line, each, long_stopped=row.enterprise.long_stopped)
            for row in one.rows
            for each in numbered
        ]
        for name in ("planned", "base"):
            exact = [sum(getattr(account, name)[place] for account in alone) for place in range(4)]
            for by in By:
                parts = [getattr(tally, name) for (of, _), tally in tallies.items() if of is by]
                assert [sum(values) for values in zip(*parts, strict=True)] == exact
            hourly = sum(getattr(hours, name).sum(axis=1) for hours in first.hours.values())
            assert [int(value) for value in hourly] == exact

    def test_lines_and_enterprises_count_once_over_several_responses(self) -> None:
        rows = draft((firm(), line(measure(Action.STOP, 1.0))), (firm(), replace(line(measure(Action.NONE)), code="2")))
        several = [span(8, ResponseLevel.ORANGE), Span(2, ResponseLevel.RED, START + 8 * HOUR, START + 20 * HOUR)]
        tallies = added(rows, several).finish()
        for place in ((By.WHOLE, ""), (By.LEVEL, "red"), (By.RESPONSE, "2"), (By.COUNTY, "130202")):
            tally = tallies[place]
            assert (tally.enterprises, tally.lines, tally.asked_lines) == (1, 2, 1), place
        assert tallies[By.WHOLE, ""].asked_minutes == [20 * 60] * 4

    def test_remarks_name_what_the_list_lacks(self) -> None:
        stop = measure(Action.STOP, 1.0)
        rows = draft(
            (firm(), replace(line(measure(Action.UNKNOWN)), code="unknown")),
            (firm(), replace(line(stop, base=Pollutants()), code="nothing")),
            (firm(), replace(line(measure(Action.STOP, 1.0, verification=())), code="unverified")),
        )
        accounts = added(rows, [span()])
        accounts.finish()
        named = {kind: [remark.line for remark in found] for kind, found in accounts.remarks.items() if found}
        assert named == {
            RemarkKind.MEASURE_UNKNOWN: ["unknown"],
            RemarkKind.NO_AMOUNT: ["nothing"],
            RemarkKind.NOT_MEASURED: ["nothing"],
            RemarkKind.NO_VERIFICATION: ["unverified"],
        }


FIRST_HOUR = int(START.timestamp()) // 3600 + 1


def power(*values: float | None, baseline: float | None = 100.0, first: int = FIRST_HOUR) -> Measured:
    known = [(first + place, value) for place, value in enumerate(values) if value is not None]
    hours = np.array([hour for hour, _ in known], dtype=np.int64)
    return Measured(Readings(hours, np.array([value for _, value in known], dtype=np.float64)), baseline)


class TestVerify:
    STOP = line(measure(Action.STOP, 1.0))

    def test_the_share_of_the_baseline_that_was_not_used(self) -> None:
        one = span(4)
        found = verify(account_line(self.STOP, one), one, power(0, 25, 100, 150))
        assert found.saved[0] is not None
        assert kg(found.saved[0]) == pytest.approx(1.25, abs=1e-6)
        assert (found.minutes, found.planned) == ((240,) * 4, account_line(self.STOP, one).planned)

    def test_hours_without_data_are_neither_no_reduction_nor_the_full_one(self) -> None:
        one = span(24)
        found = verify(account_line(self.STOP, one), one, power(0, None, 50))
        assert found.saved[0] is not None
        assert kg(found.saved[0]) == pytest.approx(1.5, abs=1e-6)
        assert found.minutes[0] == 120
        assert kg(found.planned[0]) == pytest.approx(2.0, abs=1e-5)

    @pytest.mark.parametrize(
        "nothing", [Measured(), power(), power(5, baseline=None), power(5, baseline=0.0), power(5, first=FIRST_HOUR + 99)]
    )
    def test_without_evidence_nothing_is_known(self, nothing: Measured) -> None:
        one = span(4)
        found = verify(account_line(self.STOP, one), one, nothing)
        assert (found.saved, found.minutes) == ((None,) * 4, (0,) * 4)

    def test_what_nobody_asked_for_is_no_reduction(self) -> None:
        one = span(4)
        for action in (Action.NONE, Action.UNKNOWN):
            assert verify(account_line(line(measure(action)), one), one, power(0, 0)).saved == (None,) * 4

    def test_cems_counts_before_electricity_for_its_pollutant(self) -> None:
        one = span(2)
        cems = Readings(np.array([FIRST_HOUR, FIRST_HOUR + 1]), np.array([0.5, 2.5]))
        found = verify(account_line(self.STOP, one), one, replace(power(0, 0), cems={1: cems}))
        assert [None if value is None else kg(value) for value in found.saved] == pytest.approx([2.0, 1.0, 0.2, 20.0])

    def test_a_broken_reading_is_none(self) -> None:
        one = span(2)
        found = verify(account_line(self.STOP, one), one, power(float("nan"), float("inf")))
        assert found.saved == (None,) * 4

    @settings(deadline=None, max_examples=80)
    @given(lines(), spans, st.lists(st.none() | st.floats(0, 1e6), max_size=150), st.floats(0.001, 1e6))
    def test_verified_is_never_above_the_base_nor_known_for_more_than_the_response(
        self, one: Line, over: Span, values: list[float | None], baseline: float
    ) -> None:
        account = account_line(one, over)
        found = verify(account, over, power(*values, baseline=baseline))
        for saved, base, minutes, planned, plan in zip(
            found.saved, account.base, found.minutes, found.planned, account.planned, strict=True
        ):
            assert saved is None or 0 <= saved <= base
            assert (saved is None) == (minutes == 0)
            assert minutes <= over.minutes
            assert planned <= plan

    def test_a_batch_furnace_at_its_normal_mean_saves_nothing(self) -> None:
        one = span(8)
        assert verify(account_line(self.STOP, one), one, power(*[0, 200] * 4)).saved == (0,) * 4

    @settings(deadline=None, max_examples=120)
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0.001, 1e6), st.randoms(use_true_random=False))
    def test_power_with_a_normal_mean_is_no_saving_in_any_order(
        self, swings: list[float], normal: float, order: Random
    ) -> None:
        used = [normal * (1 + sign * swing) for swing in swings for sign in (1, -1)]
        order.shuffle(used)
        one = span(len(used))
        account = account_line(self.STOP, one)
        found = verify(account, one, power(*used, baseline=normal))
        for saved, base in zip(found.saved, account.base, strict=True):
            assert saved is not None
            assert 0 <= saved <= base * 1e-5

    @settings(deadline=None, max_examples=120)
    @given(spans, st.lists(st.none() | st.floats(-10, 1e9), min_size=1, max_size=150), st.floats(0.001, 100))
    def test_never_more_than_a_standstill_nor_than_hour_by_hour(
        self, over: Span, values: list[float | None], normal: float
    ) -> None:
        account = account_line(self.STOP, over)
        first = int(over.hours[0].timestamp()) // 3600
        found = verify(account, over, power(*values, baseline=normal, first=first))
        still = verify(account, over, power(*(None if one is None else 0.0 for one in values), first=first))
        kinder = verify(
            account,
            over,
            power(*(None if one is None else min(one, normal) for one in values), baseline=normal, first=first),
        )
        for saved, most, clipped in zip(found.saved, still.saved, kinder.saved, strict=True):
            assert (saved is None) == (most is None)
            assert saved is None or most is None or clipped is None or 0 <= saved <= clipped <= most

    def test_an_absurd_reading_saves_nothing_and_does_not_overflow(self) -> None:
        one = span(720)
        assert verify(account_line(self.STOP, one), one, power(*[0.0] * 719, 1e300)).saved == (0,) * 4

    def test_hours_set_off_add_up_to_the_total_and_none_is_below_nothing(self) -> None:
        one = span(6)
        accounts = Accounts([one])
        accounts.add(firm(), [self.STOP], measured={"MF0001": power(150, 0, 0, 50, 200, 40)})
        total, hours = accounts.finish()[By.WHOLE, ""], accounts.hours[1]
        assert kg(total.verified[0]) == pytest.approx(1.6)
        assert [kg(int(value)) for value in hours.verified[0]] == pytest.approx([0, 0.5, 0.5, 0, 0, 0.6])
        assert [int(row.sum()) for row in hours.verified] == total.verified

    @pytest.mark.parametrize(
        "hot",
        [
            measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING),
            measure(Action.STOP, 1.0, stop_mode=StopMode.KEEP_WARM),
            measure(Action.LIMIT, 0.5, later=(Later(4, measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING)),)),
        ],
    )
    def test_a_furnace_that_stays_hot_is_verified_by_cems_only(self, hot: Measure) -> None:
        one = span(4)
        account = account_line(line(hot), one)
        assert verify(account, one, power(0, 0, 0, 0)).saved == (None,) * 4
        cems = Readings(np.array([FIRST_HOUR]), np.array([0.5]))
        assert verify(account, one, replace(power(0), cems={1: cems})).saved == (None, 1_500_000, None, None)

    def test_the_former_level_keeps_it_hot_until_the_new_one_is_complete(self) -> None:
        banked = measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING)
        cold = measure(Action.STOP, 1.0, complete_within_hours=6.0)
        raised = span(24, before=ResponseLevel.ORANGE)
        assert not account_line(line(cold, banked, cold), raised).by_power
        assert account_line(line(cold, banked, cold), span(24)).by_power
        assert account_line(line(cold, banked, measure(Action.STOP, 1.0)), raised).by_power

    def test_trucks_draw_no_power_that_proves_anything(self) -> None:
        one = span(2)
        trucks = replace(self.STOP, process=ROAD_TRANSPORT)
        assert verify(account_line(trucks, one), one, power(0, 0)).saved == (None,) * 4

    def test_hours_with_the_treatment_off_save_nothing_by_power(self) -> None:
        one = span(4)
        off = replace(power(0, 0, 150, 0), untreated=frozenset({FIRST_HOUR, FIRST_HOUR + 2, FIRST_HOUR - 9}))
        found = verify(account_line(self.STOP, one), one, off)
        assert (found.saved[0], found.minutes[0]) == (1_500_000, 240)

    def test_a_furnace_with_power_only_is_named_for_correction(self) -> None:
        accounts = Accounts([span(4)])
        hot = line(measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING), reductions=PerLevel(BASE, BASE, BASE))
        accounts.add(firm(), [hot], measured={"MF0001": power(0, 0)})
        assert {kind for kind, count in accounts.counts.items() if count} == {RemarkKind.NOT_BY_POWER}

    def test_sums_keep_what_is_unknown_apart_from_nothing(self) -> None:
        one = span(4)
        rows = [replace(self.STOP, code=code) for code in "abc"]
        accounts = Accounts([one])
        accounts.add(firm(), rows, measured={"a": power(0, 0, 0, 0), "b": power(100, None, 100, None)})
        total = accounts.finish()[By.WHOLE, ""]
        assert kg(total.verified[0]) == pytest.approx(4.0)
        assert (total.verified_lines[0], total.verified_minutes[0], total.asked_minutes[0]) == (2, 360, 720)
        hours = accounts.hours[1]
        assert hours.known[0].tolist() == [2, 1, 2, 1]
        assert [kg(int(value)) for value in hours.verified[0]] == pytest.approx([1.0] * 4)
        assert [int(row.sum()) for row in hours.verified] == total.verified


class TestReported:
    def day(self, state: LineState, hours: float, ran_at: float | None = None, *stated: float | None) -> ReportedDay:
        return ReportedDay(state, hours, ran_at, Pollutants(*stated))

    def test_from_hours_and_base(self) -> None:
        days = [
            self.day(LineState.STOPPED, 12),
            self.day(LineState.LIMITED, 24, 0.25),
            self.day(LineState.RUNNING, 0),
        ]
        total = reported(BASE, days)
        assert total is not None
        assert (total.days, kg(total.saved[0] or 0)) == (3, 12.0 + 18.0)

    def test_stated_kg_count_as_they_are(self) -> None:
        total = reported(BASE, [self.day(LineState.LIMITED, 24, None, 1.5)])
        assert total is not None
        assert total.saved == (1_500_000, None, None, None)

    def test_without_a_base_nothing_follows_from_hours(self) -> None:
        total = reported(Pollutants(), [self.day(LineState.STOPPED, 24)])
        assert total is not None
        assert total.saved == (None,) * 4

    def test_no_day_is_no_report(self) -> None:
        assert reported(BASE, []) is None
