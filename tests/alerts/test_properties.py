"""Properties of the warning law on arbitrary air, under every rule set that the config knows.

What is not so by the texts is said here too: a clause that a higher level does not imply, and what four missing hours
of a day may do to its mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alerts.assessment import Assessment, assess
from alerts.blocks import GRADED
from alerts.bulk import levels
from alerts.chains import BLOCK_HOURS
from alerts.instants import DAY, HOUR, parse_instant
from alerts.levels import Level
from alerts.points import CAUSES, RANGED, VALUES, Point
from alerts.proposal import InForce, Step, may_lift, next_step
from alerts.proposal_words import Action
from alerts.rules import Criteria, LiftRule
from alerts.series import Series
from alerts.strictness import implies
from tests.alerts.air import EDITION_2012, EDITION_2026, LAW, STANDARDS, START, criteria, days, hourly, hours, judged

ALL = tuple(sorted(LAW.rules))
ROLLING = tuple(rules for rules in ALL if LAW.rules[rules].day == "rolling")
NATURAL = tuple(rules for rules in ALL if LAW.rules[rules].day == "natural")
NEWER = parse_instant("2026-03-08 00:00")
"""Under the AQI standard of 2026."""

SETS, ROLLING_SETS, NATURAL_SETS = st.sampled_from(ALL), st.sampled_from(ROLLING), st.sampled_from(NATURAL)
FINE = st.sampled_from([5.0, 60, 115, 115.5, 116, 150, 150.5, 151, 200, 250, 250.5, 251, 320, 499.5, 500, 700])
AQI = st.sampled_from([20, 60, 149, 150, 151, 160, 199, 200, 201, 230, 300, 301, 350, 499, 500])
GASES = {
    "pm10": st.sampled_from([50.0, 250, 251, 351, 421]),
    "so2": st.sampled_from([10.0, 475, 801]),
    "no2": st.sampled_from([40.0, 181, 281]),
    "co": st.sampled_from([0.4, 14.1, 24.1]),
}
RUNS = st.lists(st.tuples(st.integers(3, 40), FINE), min_size=1, max_size=5)
AQI_RUNS = st.lists(st.tuples(st.integers(3, 40), AQI), min_size=1, max_size=5)
DAYS = st.lists(AQI, min_size=1, max_size=7)


def always(*strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """For all of these, without a time limit per example: machines differ."""
    return lambda test: settings(deadline=None)(given(*strategies)(test))


def spread(runs: list[tuple[int, float]]) -> list[float]:
    return [float(value) for length, value in runs for _ in range(length)]


@st.composite
def air(draw: st.DrawFn) -> dict[str, list[float]]:
    """Hours of PM2.5, with one other pollutant that sometimes leads."""
    fine = spread(draw(RUNS))
    name = draw(st.sampled_from(sorted(GASES)))
    first, second = draw(GASES[name]), draw(GASES[name])
    turn = draw(st.integers(0, len(fine)))
    return {"pm25": fine, name: [first] * turn + [second] * (len(fine) - turn)}


def by(own: Criteria, series: Series, later: int = 0) -> Assessment:
    return assess(series, as_of=series.start + later * HOUR, criteria=own, standards=STANDARDS)


class TestMoreIsNeverLess:
    @always(air(), st.sampled_from(GRADED), st.integers(0, 200), st.integers(1, 60), st.integers(1, 400), SETS)
    def test_of_each_pollutant(
        self, columns: dict[str, list[float]], name: str, first: int, length: int, more: int, rules: str
    ) -> None:
        """Not lower, and not later at the same level. The end may come earlier: an earlier episode may count."""
        rise = more / 10 if name == "co" else more
        worse = dict(columns)
        clean = [0.0] * len(columns["pm25"])
        base = columns.get(name, clean)
        worse[name] = [value + rise * (first <= at < first + length) for at, value in enumerate(base)]
        here, there = judged(hourly(**{name: base, **columns}), rules), judged(hourly(**worse), rules)
        assert there.level >= here.level
        if there.level == here.level and here.starts_at is not None:
            assert there.starts_at is not None
            assert there.starts_at <= here.starts_at

    @always(AQI_RUNS, st.integers(0, 200), st.integers(1, 60), st.integers(1, 300), SETS)
    def test_of_the_index(self, runs: list[tuple[int, float]], first: int, length: int, more: int, rules: str) -> None:
        base = spread(runs)
        worse = [min(500, value + more * (first <= at < first + length)) for at, value in enumerate(base)]
        here, there = judged(hourly(aqi=base), rules), judged(hourly(aqi=worse), rules)
        assert there.level >= here.level
        if there.level == here.level and here.starts_at is not None:
            assert there.starts_at is not None
            assert there.starts_at <= here.starts_at

    @always(air(), st.lists(FINE, min_size=1, max_size=30), SETS)
    def test_more_hours_never_lower(self, columns: dict[str, list[float]], more: list[float], rules: str) -> None:
        longer = {name: [*values, *more] for name, values in columns.items()}
        assert judged(hourly(**longer), rules).level >= judged(hourly(**columns), rules).level

    @always(air(), FINE, st.integers(0, 30), SETS)
    def test_cleaner_air_is_never_lifted_later(
        self, columns: dict[str, list[float]], less: float, now: int, rules: str
    ) -> None:
        rule = LiftRule(at_most=150, forecast_hours=12)
        cleaner = {name: [min(value, less) for value in values] for name, values in columns.items()}
        here, there = judged(hourly(**columns), rules), judged(hourly(**cleaner), rules)
        assert may_lift(there, START + now * HOUR, rule) or not may_lift(here, START + now * HOUR, rule)


def not_implied(own: Criteria) -> list[str]:
    """The clauses above the lowest level that do not imply a clause of the level below."""
    known = own.known_levels
    return [
        f"{level.code}.any[{place}]"
        for below, level in pairwise(known)
        for place, condition in enumerate(own.conditions(level))
        if not any(implies(condition, lower) for lower in own.conditions(below))
    ]


class TestOrderOfLevels:
    @pytest.mark.parametrize("rules", ALL)
    def test_a_clause_implies_the_level_below_except_the_index_of_500(self, rules: str) -> None:
        """One day at AQI 500 was red by itself from 2016 to 2023, without the days that orange asks for."""
        leg = ["red.any[1]"] if rules in ("national-2016", "national-2017", "national-2019") else []
        assert not_implied(criteria(rules)) == leg

    @always(air(), SETS)
    def test_without_the_highest_level_the_air_reaches_the_one_below(
        self, columns: dict[str, list[float]], rules: str
    ) -> None:
        own = criteria(rules)
        found = by(own, hourly(**columns))
        assume(found.clause is not None and found.clause not in not_implied(own))
        assume(found.level > Level.YELLOW)
        below = own.known_levels[own.known_levels.index(found.level) - 1]
        less = {code: rule for code, rule in own.levels.items() if Level.of(code) < found.level}
        assert by(own.model_copy(update={"levels": less}), hourly(**columns)).level == below

    @always(air())
    def test_the_sets_of_2016_2017_follow_each_other(self, columns: dict[str, list[float]]) -> None:
        """The same lines; any 24 h instead of natural days, and merging, can only add."""
        assert judged(hourly(**columns), "national-2017").level >= judged(hourly(**columns), "national-2016").level

    @always(air())
    def test_the_set_of_2024_is_never_weaker_except_without_the_index_of_500(
        self, columns: dict[str, list[float]]
    ) -> None:
        before = judged(hourly(**columns), "national-2019")
        assume(before.clause != "red.any[1]")
        assert judged(hourly(**columns)).level >= before.level


def moved(step: Step, later: timedelta) -> Step:
    shifted = {
        name: at and at + later for name, at in (("effective_at", step.effective_at), ("planned_end", step.planned_end))
    }
    return step.model_copy(update=shifted | {"sentence_zh": "", "sentence_en": ""})


def proposed(found: Assessment, own: Criteria, in_force: InForce | None = None) -> Step:
    return next_step(found, in_force=in_force, prompt=None, criteria=own, now=found.as_of)


def in_force_since(at: Assessment, level: Level) -> InForce:
    return InForce(level=level, effective_at=at.as_of - HOUR, planned_end=None, announced_at=at.as_of - HOUR)


class TestShifts:
    def check(self, columns: dict[str, list[float]], rules: str, now: int, later: timedelta) -> None:
        own = criteria(rules)
        here, there = by(own, hourly(**columns), now), by(own, hourly(START + later, **columns), now)
        assert (there.level, there.clause, there.state) == (here.level, here.clause, here.state)
        assert there.starts_at == (here.starts_at and here.starts_at + later)
        assert there.ends_at == (here.ends_at and here.ends_at + later)
        for level in (None, Level.YELLOW, Level.ORANGE):
            steps = (proposed(at, own, level and in_force_since(at, level)) for at in (here, there))
            first, second = steps
            assert moved(second, timedelta(0)) == moved(first, later)

    @always(air(), ROLLING_SETS, st.integers(0, 60), st.integers(1, 50))
    def test_any_24_hours_move_by_hours(
        self, columns: dict[str, list[float]], rules: str, now: int, hours_later: int
    ) -> None:
        self.check(columns, rules, now, hours_later * HOUR)

    @always(air(), NATURAL_SETS, st.integers(0, 60), st.integers(1, 4))
    def test_natural_days_move_by_days(
        self, columns: dict[str, list[float]], rules: str, now: int, days_later: int
    ) -> None:
        self.check(columns, rules, now, days_later * DAY)

    def test_natural_days_do_not_move_by_hours(self) -> None:
        columns = {"pm25": [160.0] * 24 + [5.0] * 24}
        assert judged(hourly(**columns), "national-2016").level is Level.BLUE
        assert judged(hourly(START + 12 * HOUR, **columns), "national-2016").level is Level.NONE


class TestUnits:
    @always(st.lists(st.integers(0, 60_000), min_size=24, max_size=60), SETS)
    def test_carbon_monoxide_from_micrograms(self, micrograms: list[int], rules: str) -> None:
        """A feed's µg/m³ divided by 1000 is the same air as its mg/m³ written out."""
        fine = [40.0] * len(micrograms)
        divided = [value / 1000 for value in micrograms]
        written = [float(f"{value // 1000}.{value % 1000:03}") for value in micrograms]
        one, other = (judged(hourly(pm25=fine, co=values), rules) for values in (divided, written))
        assert one.model_dump_json() == other.model_dump_json()

    @always(st.lists(st.lists(FINE, min_size=24, max_size=24), min_size=1, max_size=5), st.randoms(), NATURAL_SETS)
    def test_the_order_of_hours_within_a_natural_day(
        self, given_: list[list[float]], random: Random, rules: str
    ) -> None:
        mixed = [random.sample(day, len(day)) for day in given_]
        here, there = (judged(hourly(pm25=[hour for day in air_ for hour in day]), rules) for air_ in (given_, mixed))
        assert (here.level, here.clause, here.blocks) == (there.level, there.clause, there.blocks)

    @always(st.lists(FINE, min_size=1, max_size=5), SETS)
    def test_a_day_is_its_24_equal_hours(self, fine: list[float], rules: str) -> None:
        """Natural days: the same. Any 24 h: never lower, for the days are among them."""
        first = date(2024, 11, 8)
        points = [Point(date=first + timedelta(days=at), pm25=value) for at, value in enumerate(fine)]
        daily = judged(Series.from_points("110000", points), rules)
        split = judged(hourly(pm25=[value for value in fine for _ in range(24)]), rules)
        assert split.level >= daily.level
        if rules in NATURAL:
            assert (split.level, split.clause, split.starts_at, split.ends_at) == (
                daily.level, daily.clause, daily.starts_at, daily.ends_at,
            )  # fmt: skip

    @always(AQI_RUNS, SETS)
    def test_the_zone_in_which_hours_are_written(self, runs: list[tuple[int, float]], rules: str) -> None:
        here = hours(spread(runs))
        there = [Point.model_validate({"time": point.end.astimezone(UTC), "aqi": point.aqi}) for point in here]
        one, other = (judged(Series.from_points("110000", points), rules) for points in (here, there))
        assert one.model_dump_json() == other.model_dump_json()


def whole_days(aqis: list[int]) -> list[float]:
    return [float(aqi) for aqi in aqis for _ in range(24)]


class TestMerging:
    @always(DAYS, DAYS, st.integers(0, 80), ROLLING_SETS)
    def test_never_below_the_parts(self, one: list[int], other: list[int], gap: int, rules: str) -> None:
        both = judged(hourly(aqi=whole_days(one) + [20.0] * gap + whole_days(other)), rules).level
        assert both >= max(judged(hourly(aqi=whole_days(part)), rules).level for part in (one, other))

    @always(DAYS, DAYS, st.integers(0, 35), ROLLING_SETS)
    def test_a_short_gap_adds_the_hours_up(self, one: list[int], other: list[int], gap: int, rules: str) -> None:
        """As if the days had followed each other directly."""
        directly = by(criteria(rules).model_copy(update={"merge_gap_hours": None}), days([*one, *other])).level
        assert judged(hourly(aqi=whole_days(one) + [20.0] * gap + whole_days(other)), rules).level >= directly

    @always(DAYS, DAYS, st.integers(2, 4), SETS)
    def test_two_clean_days_separate(self, one: list[int], other: list[int], clean: int, rules: str) -> None:
        both = judged(days([*one, *[60] * clean, *other]), rules).level
        assert both == max(judged(days(part), rules).level for part in (one, other))

    @always(st.integers(1, 4), st.integers(1, 4), st.integers(24, 60), ROLLING_SETS)
    def test_36_clean_hours_separate_and_35_do_not(self, one: int, other: int, gap: int, rules: str) -> None:
        """Just above the lowest line, so that no clean hour can belong to a block."""
        aqi = float(criteria(rules).episode_line + 1)
        both = judged(hourly(aqi=[aqi] * 24 * one + [0.0] * gap + [aqi] * 24 * other), rules).level
        together = one + other if gap < 36 else max(one, other)
        assert both == judged(hourly(aqi=[aqi] * 24 * together), rules).level

    @always(DAYS, st.integers(1, 2), NATURAL_SETS)
    def test_natural_days_never_merge(self, aqis: list[int], clean: int, rules: str) -> None:
        twice = judged(days([*aqis, *[60] * clean, *aqis]), rules)
        assert twice.level == judged(days(aqis), rules).level


def points_of(series: Series) -> list[Point]:
    """The points of a series, back from its arrays."""
    points = []
    for at in range(series.steps):
        values = {name: series.values[name][at] for name in VALUES}
        if series.low is not None and series.high is not None:
            for name in RANGED:
                values |= {f"{name}_low": series.low[name][at], f"{name}_high": series.high[name][at]}
        known = {name: None if np.isnan(value) else float(value) for name, value in values.items()}
        code = int(series.cause[at])
        cause = None if code == 0 else CAUSES[code - 1]
        when = (
            {"time": series.start + (at + 1) * HOUR}
            if series.kind == "hourly"
            else {"date": (series.start + at * DAY).date()}
        )
        points.append(Point.model_validate(when | known | {"cause": cause}))
    return points


POINTS = st.lists(
    st.fixed_dictionaries(
        {"pm25": st.one_of(st.none(), FINE), "aqi": st.one_of(st.none(), AQI), "o3": st.one_of(st.none(), FINE)},
        optional={"cause": st.sampled_from(["dust", "fireworks", "wildfire"])},
    ),
    min_size=1,
    max_size=60,
)
CHANGES = (Action.RAISE, Action.LOWER, Action.EXTEND)


class TestAgain:
    @always(air(), SETS, st.integers(0, 60))
    def test_the_same_bytes(self, columns: dict[str, list[float]], rules: str, now: int) -> None:
        first, second = (by(criteria(rules), hourly(**columns), now) for _ in range(2))
        assert first.model_dump_json() == second.model_dump_json()
        assert proposed(first, criteria(rules)) == proposed(second, criteria(rules))

    @always(POINTS, st.booleans(), SETS)
    def test_points_to_series_and_back(self, given_: list[dict[str, object]], daily: bool, rules: str) -> None:
        kept = given_[:20] if daily else given_
        first = date(2024, 11, 8)
        points = [
            Point.model_validate(
                values | ({"date": first + timedelta(days=at)} if daily else {"time": START + (at + 1) * HOUR})
            )
            for at, values in enumerate(kept)
        ]
        series = Series.from_points("110000", points)
        again = Series.from_points("110000", points_of(series))
        assert points_of(again) == points_of(series) == points
        assert judged(again, rules).model_dump_json() == judged(series, rules).model_dump_json()

    @always(DAYS, SETS, st.integers(0, 150), st.sampled_from([None, *list(Level)[1:]]))
    def test_what_was_done_is_not_proposed_again(
        self, aqis: list[int], rules: str, now: int, level: Level | None
    ) -> None:
        """After a raise, a lowering or an extension there is nothing left to raise, lower or extend."""
        own = criteria(rules)
        found = by(own, days(aqis), now)
        step = proposed(found, own, level and in_force_since(found, level))
        assume(step.action in (Action.ISSUE, *CHANGES))
        done = InForce(
            level=step.to_level,
            effective_at=step.effective_at or found.as_of,
            planned_end=step.planned_end,
            announced_at=found.as_of,
        )
        assume(not done.lapsed(found.as_of))
        assert proposed(found, own, done).action not in CHANGES


class TestMissing:
    @always(DAYS, st.sets(st.integers(0, 6)), SETS)
    def test_missing_days_never_raise(self, aqis: list[int], gone: set[int], rules: str) -> None:
        holed = [None if at in gone else aqi for at, aqi in enumerate(aqis)]
        whole, found = judged(days(aqis), rules), judged(days(holed), rules)
        assert found.level <= whole.level <= found.possible_level

    @always(air(), st.sets(st.integers(0, 199), max_size=40), SETS)
    def test_missing_hours_raise_only_through_means_of_20_hours(
        self, columns: dict[str, list[float]], gone: set[int], rules: str
    ) -> None:
        """A day with four clean hours missing has a higher mean, and the standard takes it for valid. Nothing else."""
        full = hourly(**columns)
        fine = [None if at in gone else value for at, value in enumerate(columns["pm25"])]
        whole, found = judged(full, rules), judged(hourly(**{**columns, "pm25": fine}), rules)
        if found.level > whole.level:
            assert any(block.valid_hours < BLOCK_HOURS for block in found.blocks)

    @always(RUNS, SETS)
    def test_five_missing_hours_of_every_24_leave_everything_open(
        self, runs: list[tuple[int, float]], rules: str
    ) -> None:
        fine = [None if at % 4 == 0 else value for at, value in enumerate(spread(runs))]
        found = judged(hourly(pm25=fine), rules)
        assert (found.level, found.state) == (Level.NONE, "insufficient")

    @always(AQI_RUNS, st.sets(st.integers(0, 199), max_size=60), st.integers(0, 60), SETS)
    def test_missing_hours_never_make_lifting_possible(
        self, runs: list[tuple[int, float]], gone: set[int], now: int, rules: str
    ) -> None:
        full = spread(runs)
        holed = [None if at in gone else value for at, value in enumerate(full)]
        rule, at = LiftRule(at_most=150, forecast_hours=12), START + now * HOUR
        if may_lift(judged(hourly(aqi=holed), rules), at, rule):
            assert may_lift(judged(hourly(aqi=full), rules), at, rule)

    @always(RUNS, st.sets(st.integers(0, 199), max_size=60), st.integers(0, 60))
    def test_nor_missing_hours_of_fine_particles_under_the_standard_of_2026(
        self, runs: list[tuple[int, float]], gone: set[int], now: int
    ) -> None:
        """Until 2026 an hour's index is that of a running mean, which four missing hours may move."""
        full = spread(runs)
        holed = [None if at in gone else value for at, value in enumerate(full)]
        rule, at = LiftRule(at_most=150, forecast_hours=12), NEWER + now * HOUR
        if may_lift(judged(hourly(NEWER, pm25=holed)), at, rule):
            assert may_lift(judged(hourly(NEWER, pm25=full)), at, rule)

    @always(DAYS, st.sets(st.integers(0, 6), min_size=1), SETS, st.sampled_from(list(Level)[1:]), st.integers(0, 100))
    def test_an_open_answer_never_lowers(
        self, aqis: list[int], gone: set[int], rules: str, level: Level, now: int
    ) -> None:
        own = criteria(rules)
        found = by(own, days([None if at in gone else aqi for at, aqi in enumerate(aqis)]), now)
        assume(found.state == "insufficient")
        assert proposed(found, own, in_force_since(found, level)).action is not Action.LOWER


class TestLeftOut:
    @always(air(), st.sampled_from([0.0, 120, 280, 820]), SETS)
    def test_ozone_changes_no_level(self, columns: dict[str, list[float]], ozone: float, rules: str) -> None:
        plain = judged(hourly(**columns), rules)
        found = judged(hourly(**columns, o3=[ozone] * len(columns["pm25"])), rules)
        assert (found.level, found.clause, found.starts_at, found.ends_at, found.state) == (
            plain.level, plain.clause, plain.starts_at, plain.ends_at, plain.state,
        )  # fmt: skip

    @always(air(), st.integers(1, 4), st.integers(0, 100), st.integers(1, 100), SETS)
    def test_an_excluded_cause_never_raises(
        self, columns: dict[str, list[float]], code: int, first: int, length: int, rules: str
    ) -> None:
        series = hourly(**columns)
        cause = series.cause.copy()
        cause[first : first + length] = code
        assert judged(replace(series, cause=cause), rules).level <= judged(series, rules).level

    @always(AQI_RUNS, st.integers(1, 4), st.integers(0, 100), st.integers(1, 100), SETS)
    def test_nor_where_only_the_index_is_given(
        self, runs: list[tuple[int, float]], code: int, first: int, length: int, rules: str
    ) -> None:
        series = hourly(aqi=spread(runs))
        cause = series.cause.copy()
        cause[first : first + length] = code
        assert judged(replace(series, cause=cause), rules).level <= judged(series, rules).level

    @always(air(), st.integers(0, 100), st.integers(1, 100), SETS)
    def test_fireworks_are_not_excluded(
        self, columns: dict[str, list[float]], first: int, length: int, rules: str
    ) -> None:
        series = hourly(**columns)
        cause = series.cause.copy()
        cause[first : first + length] = 5
        assert judged(replace(series, cause=cause), rules).level == judged(series, rules).level


def own_criteria() -> list[Criteria]:
    """Every rule set, and the two plans that grade on something of their own."""
    chengdu = LAW.criteria_for("510100", parse_instant("2022-01-15 00:00"))
    sichuan = LAW.criteria_for("510300", parse_instant("2024-11-08 00:00"))
    assert chengdu.levels != criteria("national-2019").levels
    assert sichuan.graded == ("pm25",)
    return [*(criteria(rules) for rules in ALL), chengdu, sichuan]


class TestBulk:
    @always(
        st.lists(air(), min_size=1, max_size=3),
        st.sets(st.integers(0, 199), max_size=20),
        st.integers(0, 23),
        st.sampled_from([EDITION_2012, EDITION_2026]),
        st.sampled_from(own_criteria()),
    )
    def test_the_same_as_one_by_one(
        self, given_: list[dict[str, list[float]]], gone: set[int], first: int, standard: object, own: Criteria
    ) -> None:
        length = min(len(columns["pm25"]) for columns in given_)
        start = (START if standard is EDITION_2012 else NEWER) + first * HOUR
        rows = [hourly(start, **{name: values[:length] for name, values in columns.items()}) for columns in given_]
        arrays = {name: np.stack([row.values[name] for row in rows]) for name in GRADED}
        arrays["pm25"][:, [at for at in gone if at < length]] = np.nan
        chosen = EDITION_2012 if standard is EDITION_2012 else EDITION_2026
        found = levels(**arrays, criteria=own, standard=chosen, first_hour=first)
        for at, row in enumerate(rows):
            one = by(own, replace(row, values={**row.values, **{name: arrays[name][at] for name in GRADED}}))
            assert (found.level[at], found.insufficient[at]) == (one.level, one.state == "insufficient")


class TestRanges:
    @always(st.lists(st.tuples(FINE, FINE), min_size=24, max_size=100), SETS)
    def test_lower_middle_upper(self, bounds: list[tuple[float, float]], rules: str) -> None:
        points = [
            Point(time=START + (at + 1) * HOUR, pm25_low=min(pair), pm25_high=max(pair))
            for at, pair in enumerate(bounds)
        ]
        found = judged(Series.from_points("110000", points), rules)
        assert found.range is not None
        assert found.range.lower <= found.range.middle <= found.range.upper
        graded = {"lower": found.range.lower, "middle": found.range.middle, "upper": found.range.upper}
        assert found.level == graded[found.range.graded_on]
        assert found.range.graded_on == (criteria(rules).grade_on_range or "middle")
