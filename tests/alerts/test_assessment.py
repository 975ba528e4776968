from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.assessment import Assessment, assess
from alerts.instants import DAY, HOUR, iso
from alerts.levels import Level
from alerts.rules import Condition, Criteria
from alerts.series import Series
from tests.alerts.air import RULES, STANDARDS, START, criteria, days, hourly, judged

AQIS = st.sampled_from([60, 149, 150, 151, 160, 199, 200, 201, 230, 300, 301, 350, 499, 500])
DAYS = st.lists(AQIS, min_size=1, max_size=7)
HOURS = st.lists(st.tuples(st.integers(4, 40), st.sampled_from([20, 60, 116, 152, 170, 252, 400])), min_size=1, max_size=6)
RULE_SETS = st.sampled_from(RULES)


def runs(given_: list[tuple[int, int]]) -> list[float]:
    return [float(value) for hours, value in given_ for _ in range(hours)]


def oracle(aqis: list[int | None], rules: str, unknown_is_above: bool = False) -> tuple[Level, int | None]:
    """Level and first day by trying every chain of days."""
    law = criteria(rules)
    step = 2 if law.merge_gap_hours else 1

    def above(at: int, line: int) -> bool:
        value = aqis[at]
        return unknown_is_above if value is None else value > line

    def chain(at: int, condition: Condition, blocks: int, needed: int) -> bool:
        inner = condition.containing
        if at >= len(aqis) or not above(at, condition.over):
            return False
        left = max(0, needed - (inner is not None and above(at, inner.over)))
        if blocks == 1:
            return left == 0
        return any(chain(at + 1 + gap, condition, blocks - 1, left) for gap in range(step))

    for level in reversed(law.known_levels):
        starts = [
            at
            for at in range(len(aqis))
            for condition in law.conditions(level)
            if chain(at, condition, condition.blocks, condition.containing.blocks if condition.containing else 0)
        ]
        if starts:
            return level, min(starts)
    return Level.NONE, None


@given(st.lists(st.one_of(AQIS, st.none()), min_size=1, max_size=7), RULE_SETS)
def test_days_against_every_chain(aqis: list[int | None], rules: str) -> None:
    level, first = oracle(aqis, rules)
    possible, _ = oracle(aqis, rules, unknown_is_above=True)
    found = judged(days(aqis), rules)
    assert (found.level, found.possible_level) == (level, possible)
    assert found.starts_at == (None if first is None else START + first * DAY)
    unknown = possible > level or all(aqi is None for aqi in aqis)
    assert found.state == ("insufficient" if unknown else "determined")


class TestAlways:
    @given(DAYS, st.integers(0, 6), st.integers(1, 300), RULE_SETS)
    def test_more_pollution_never_lowers(self, aqis: list[int], at: int, more: int, rules: str) -> None:
        worse = list(aqis)
        worse[at % len(aqis)] = min(500, worse[at % len(aqis)] + more)
        assert judged(days(worse), rules).level >= judged(days(aqis), rules).level

    @given(DAYS, AQIS, RULE_SETS)
    def test_a_longer_forecast_never_lowers(self, aqis: list[int], another: int, rules: str) -> None:
        assert judged(days([*aqis, another]), rules).level >= judged(days(aqis), rules).level

    @given(HOURS, st.integers(1, 48))
    def test_a_shift_in_time_shifts_the_answer(self, given_: list[tuple[int, int]], later: int) -> None:
        here = judged(hourly(pm25=runs(given_)))
        there = judged(hourly(START + later * HOUR, pm25=runs(given_)))
        assert (there.level, there.clause, there.state) == (here.level, here.clause, here.state)
        if here.starts_at and here.ends_at:
            assert there.starts_at == here.starts_at + later * HOUR
            assert there.ends_at == here.ends_at + later * HOUR

    @given(HOURS, st.sets(st.integers(0, 239), max_size=40), RULE_SETS)
    def test_missing_hours_never_hide_what_is_possible(
        self, given_: list[tuple[int, int]], holes: set[int], rules: str
    ) -> None:
        full = runs(given_)
        # equal values around a hole keep its block's mean, so the full series is one of the possible ones
        values = [None if at in holes else value for at, value in enumerate([full[0]] * len(full))]
        whole, holed = judged(hourly(pm25=[full[0]] * len(full)), rules), judged(hourly(pm25=values), rules)
        assert holed.level <= whole.level <= holed.possible_level

    @given(HOURS, st.sampled_from(["national-2019", "national-2024"]))
    def test_the_answer_is_consistent(self, given_: list[tuple[int, int]], rules: str) -> None:
        found = judged(hourly(pm25=runs(given_)), rules)
        blocks = found.blocks
        assert bool(blocks) == bool(found.level) == bool(found.clause)
        for earlier, later in pairwise(blocks):
            assert timedelta(0) <= later.start - earlier.end < timedelta(hours=36)
        if blocks:
            assert found.starts_at == blocks[0].start
            assert found.ends_at is not None
            assert found.ends_at >= blocks[-1].end

    @given(HOURS)
    def test_the_same_input_gives_the_same_bytes(self, given_: list[tuple[int, int]]) -> None:
        first, second = (judged(hourly(pm25=runs(given_))).model_dump_json() for _ in range(2))
        assert first == second
        assert Assessment.model_validate_json(first).model_dump_json() == first


class TestRunningEpisodes:
    def test_elapsed_blocks_count(self) -> None:
        found = judged(days([210, 210, 60]), as_of=START + 30 * HOUR)
        assert (found.level, found.starts_at) == (Level.ORANGE, START)

    @pytest.mark.parametrize(("as_of", "level"), [(47, Level.ORANGE), (48, Level.NONE)])
    def test_an_episode_that_is_over_does_not(self, as_of: int, level: Level) -> None:
        assert judged(days([210, 210, 60, 60]), as_of=START + as_of * HOUR).level == level

    def test_a_second_episode_is_judged_alone(self) -> None:
        aqis = [210, 210, 60, 60, 160, 170]
        found = judged(days(aqis), as_of=START + 60 * HOUR)
        assert (found.level, found.starts_at) == (Level.YELLOW, START + 4 * DAY)

    def test_the_end_is_that_of_the_last_block_above_yellow(self) -> None:
        assert judged(days([210, 210, 60, 160, 60, 60, 160])).ends_at == START + 4 * DAY


class TestContract:
    KEYS = frozenset({
        "level", "state", "clause", "starts_at", "ends_at", "rules", "aqi_basis", "blocks", "excluded", "advice",
        "proposal", "lead_hours",
    })  # fmt: skip

    def test_keys_and_forms(self) -> None:
        answer = judged(hourly(pm25=[160.0] * 48), as_of=START - 10 * HOUR).contract()
        assert answer.keys() == self.KEYS
        assert answer["lead_hours"] == 10.0
        assert (answer["starts_at"], answer["ends_at"]) == (iso(START), iso(START + 2 * DAY))
        assert answer["proposal"] == "issue"
        assert answer["blocks"][0] == {  # type: ignore[index]
            "start": iso(START),
            "end": iso(START + DAY),
            "aqi": 210,
            "graded_aqi": 210,
            "index": {"pm25": 210},
            "primary": ["pm25"],
            "valid_hours": 24,
        }

    def test_nothing(self) -> None:
        answer = judged(days([60])).contract()
        assert [answer[key] for key in ("level", "clause", "starts_at", "lead_hours", "proposal")] == [
            "none", None, None, None, "none",
        ]  # fmt: skip
        assert answer["blocks"] == []


class TestBasis:
    @pytest.mark.parametrize(
        ("series", "basis"),
        [
            (hourly(pm25=[160.0] * 24), "concentration"),
            (hourly(aqi=[160.0] * 24), "hourly_aqi"),
            (days([210]), "daily_aqi"),
            (hourly(pm10=[400.0] * 24, pm25=[None] * 24), "lower_bound"),
            (hourly(pm25=[None] * 24), "none"),
            (hourly(pm25=[160.0] * 24 + [None] * 24, aqi=[None] * 24 + [210.0] * 24), "mixed"),
        ],
        ids=["concentration", "hourly_aqi", "daily_aqi", "lower_bound", "none", "mixed"],
    )
    def test_is_told(self, series: Series, basis: str) -> None:
        assert judged(series).aqi_basis == basis


class TestAdvice:
    def test_ozone_that_does_not_lead_says_nothing(self) -> None:
        assert judged(hourly(pm25=[160.0] * 24, o3=[240.0] * 24)).advice == ()

    @pytest.mark.parametrize(("ozone", "told"), [(215.0, False), (216.0, True)])
    def test_ozone_above_150(self, ozone: float, told: bool) -> None:
        found = judged(hourly(pm25=[30.0] * 24, o3=[ozone] * 24))
        assert ("ozone_health_prompt" in found.advice) == told
        assert ("ozone" in found.excluded) == told

    @pytest.mark.parametrize("code", [1, 2, 3, 4])
    def test_each_excluded_cause_has_its_prompt(self, code: int) -> None:
        series = hourly(pm25=[60.0] * 24, pm10=[500.0] * 24)
        series.cause[5] = code
        found = judged(series)
        assert found.level is Level.NONE
        assert found.advice == (f"{found.excluded[0]}_health_prompt",)

    def test_the_past_is_not_prompted_for(self) -> None:
        series = hourly(pm25=[60.0] * 96)
        series.cause[5] = 1
        as_of: datetime = START + 40 * HOUR
        assert judged(series, as_of=as_of).excluded == ()


class TestTrace:
    def test_why_and_why_not(self) -> None:
        trace = judged(days([160, 170, 190])).trace
        assert "orange.any[1]" in trace.why_zh
        assert "160、170、190" in trace.why_zh
        assert "日AQI大于150持续72小时" in trace.basis_zh
        assert "any[" not in trace.basis_zh + trace.basis_en
        assert trace.number == "环大气〔2024〕6号"
        assert trace.next is not None
        assert (trace.next.clause, trace.next.points, trace.next.hours) == ("red.any[0]", 111, 72)
        assert trace.next.containing_hours == 24
        assert trace.margin == 10
        assert "111 AQI points" in trace.not_next_en

    @given(DAYS, RULE_SETS)
    def test_the_gap_and_the_margin_are_true(self, aqis: list[int], rules: str) -> None:
        def shifted(by: int) -> Level:
            return oracle([aqi + by for aqi in aqis], rules)[0]

        found = judged(days(aqis), rules)
        if found.trace.next is not None and found.trace.next.points is not None:
            assert shifted(found.trace.next.points) > found.level
            assert shifted(found.trace.next.points - 1) <= found.level
        if found.trace.margin is not None:
            assert shifted(-found.trace.margin) < found.level
            assert shifted(1 - found.trace.margin) >= found.level

    def test_too_short_for_more(self) -> None:
        trace = judged(days([210])).trace
        assert trace.next is not None
        assert (trace.next.points, trace.next.hours) == (None, 24)
        assert "too short" in trace.not_next_en

    def test_the_highest_level_has_no_next(self) -> None:
        trace = judged(days([310, 310, 310])).trace
        assert (trace.next, trace.not_next_en) == (None, "This is the highest level.")

    def test_missing_data_are_named(self) -> None:
        trace = judged(hourly(pm25=[160.0] * 24 + [None] * 24)).trace
        assert "orange" in trace.notes_en[0]
        assert "橙色" in trace.notes_zh[0]

    def test_lines_for_the_page(self) -> None:
        found = judged(hourly(pm25=[160.0] * 30))
        assert found.rolling.values == (210,) * 7
        assert found.hourly.values == (None,) * 19 + (210,) * 11
        assert np.isclose(found.blocks[0].means["pm25"], 160)

    def test_an_index_of_nothing_is_an_index(self) -> None:
        (block,) = judged(hourly(pm25=[160.0] * 24, pm10=[0.0] * 24)).blocks
        assert block.index == {"pm25": 210, "pm10": 0}
        assert block.means == {"pm25": 160.0, "pm10": 0.0}

    @pytest.mark.parametrize(("pm10", "whole"), [(350.0, "计入与否不影响级别"), (351.0, "若计入，级别为黄色")])
    def test_what_is_left_out_counts_from_above_the_line(self, pm10: float, whole: str) -> None:
        series = hourly(pm25=[60.0] * 24, pm10=[pm10] * 24)
        series.cause[5] = 1
        assert whole in judged(series).trace.notes_zh[0]


class TestLinesOfOzone:
    """A law of one's own that grades on ozone: what is not measured is not presumed."""

    LAW = Criteria.model_validate(
        criteria().model_dump(by_alias=True)
        | {
            "levels": {
                "yellow": {"any": [{"over": 200, "hours": 24}]},
                "orange": {"any": [{"over": 150, "hours": 48, "of": "ozone_aqi"}]},
            }
        }
    )

    def assessed(self, series: Series) -> Assessment:
        return assess(series, as_of=START, criteria=self.LAW, standards=STANDARDS)

    def test_led_by_ozone(self) -> None:
        found = self.assessed(hourly(pm25=[43.0] * 48, o3=[280.0] * 48))
        assert (found.level, found.clause, found.state) == (Level.ORANGE, "orange.any[0]", "determined")

    def test_missing_hours_of_ozone_make_nothing_possible(self) -> None:
        found = self.assessed(hourly(pm25=[43.0] * 48, o3=[280.0] * 24 + [None] * 24))
        assert (found.level, found.possible_level, found.state) == (Level.NONE, Level.NONE, "determined")


class TestLeadIn:
    """Blocks that lead to the clause's own blocks belong to the episode, over a gap too (docs/adr/0006)."""

    @pytest.mark.parametrize(
        ("aqis", "chain"),
        [
            ([246, 271, 273, 420, 431], [0, 1, 3]),
            ([210, 60, 210, 210, 210, 310], [0, 2, 3, 5]),
            ([210, 210, 60, 210, 210, 310], [0, 1, 3, 5]),
            ([210, 60, 60, 210, 210, 310], [3, 4, 5]),
        ],
    )
    def test_where_it_begins(self, aqis: list[int], chain: list[int]) -> None:
        found = judged(days(aqis))
        assert found.level is Level.RED
        assert [(block.start - START) // DAY for block in found.blocks] == chain
        assert found.starts_at == START + chain[0] * DAY
