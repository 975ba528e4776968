"""The measured leg: already heavy, and no improvement in the next hours (Liaocheng 2019)."""

from __future__ import annotations

from datetime import datetime

import pytest

from alerts.assessment import Assessment, assess
from alerts.instants import HOUR, parse_instant
from alerts.levels import Level
from alerts.points import Point
from alerts.proposal import InForce, PromptView, Step, next_step
from alerts.proposal_words import Action, Reason
from alerts.rules import Criteria, EarlyStart
from alerts.series import Series
from tests.alerts.air import STANDARDS, criteria

NOW = parse_instant("2019-12-08 10:00")


def own(rules: str = "national-2019") -> Criteria:
    return criteria(rules).model_copy(update={"early_start": EarlyStart(over=200, hours=12)})


def found(
    measured: list[float | None], ahead: list[float | None], rules: Criteria | None = None, now: datetime = NOW
) -> Assessment:
    """Hourly AQI measured up to NOW and forecast from NOW on, assessed at `now`."""
    past = [Point(time=NOW - (len(measured) - 1 - at) * HOUR, aqi=aqi) for at, aqi in enumerate(measured)]
    coming = [Point(time=NOW + (at + 1) * HOUR, aqi=aqi) for at, aqi in enumerate(ahead)]
    series = Series.joined("371500", past, coming, now)
    return assess(series, as_of=now, criteria=rules or own(), standards=STANDARDS)


def step(assessment: Assessment, rules: Criteria | None = None) -> Step:
    return next_step(assessment, in_force=None, prompt=None, criteria=rules or own(), now=assessment.as_of)


class TestObservedHeavy:
    def test_heavy_now_and_for_twelve_hours(self) -> None:
        assert found([201], [201] * 12).observed_heavy

    @pytest.mark.parametrize(
        ("measured", "ahead"),
        [
            ([200], [250] * 12),
            ([250], [250] * 11 + [200]),
            ([250], [200] + [250] * 11),
            ([250], [250] * 11),
            ([250], [250] * 5 + [None] + [250] * 6),
            ([None], [250] * 12),
        ],
    )
    def test_at_the_line_improving_or_unknown_it_is_not(self, measured: list[float], ahead: list[float]) -> None:
        assert not found(measured, ahead).observed_heavy

    def test_the_thirteenth_hour_does_not_matter(self) -> None:
        assert found([250], [250] * 12 + [20]).observed_heavy

    def test_a_forecast_alone_is_not_measured(self) -> None:
        series = Series.from_points("371500", [Point(time=NOW + at * HOUR, aqi=250) for at in range(30)])
        assert not assess(series, as_of=NOW, criteria=own(), standards=STANDARDS).observed_heavy

    def test_an_hour_that_nobody_measured_yet_is_not_measured(self) -> None:
        late = NOW + HOUR
        assert not found([250], [250] * 14, now=late).observed_heavy

    def test_within_the_hour_the_last_complete_one_counts(self) -> None:
        assert found([250], [250] * 13, now=NOW.replace(minute=59)).observed_heavy

    def test_where_no_rule_says_so_it_is_not_asked(self) -> None:
        assert not found([250], [250] * 12, criteria("national-2024")).observed_heavy


class TestProposal:
    def test_without_a_level_it_is_for_the_consultation(self) -> None:
        judged = found([250] * 2, [250] * 12 + [40] * 36)
        assert judged.level is Level.NONE
        assert "observed_heavy_consult" in judged.advice
        assert any("未见规定" in note for note in judged.trace.notes_zh)
        assert any("not established" in note for note in judged.trace.notes_en)
        assert step(judged).action is Action.NONE

    def test_with_a_level_it_starts_at_once(self) -> None:
        natural = own("national-2016").model_copy(update={"grade_on_range": None})
        judged = found([250] * 4, [250] * 14 + [250] * 48 + [40] * 24, natural)
        assert judged.level is Level.YELLOW
        assert judged.starts_at is not None
        assert judged.starts_at > NOW
        made = step(judged, natural)
        assert (made.action, made.effective_at) == (Action.ISSUE, None)
        assert {"observed_heavy", "lead_short"} <= set(made.flags)
        assert "应尽快启动" in made.sentence_zh
        assert "observed_heavy_consult" not in judged.advice

    def test_what_already_runs_is_not_flagged(self) -> None:
        judged = found([250] * 30, [250] * 48)
        assert judged.starts_at is not None
        assert judged.starts_at <= NOW
        assert "observed_heavy" not in step(judged).flags


class TestAnnouncedForLater:
    """Heavy air does not wait for an announced start (尽快启动); the forecast alone moves none."""

    @staticmethod
    def made(
        measured: float,
        level: Level,
        begins: datetime,
        end: datetime | None = None,
        fixed: bool = False,
        prompt: PromptView | None = None,
    ) -> Step:
        natural = own("national-2016").model_copy(update={"grade_on_range": None})
        judged = found([measured] * 4, [250] * 62 + [40] * 60, natural)
        assert judged.level is Level.YELLOW
        standing = InForce(level=level, effective_at=begins, planned_end=end, announced_at=NOW - HOUR, fixed_end=fixed)
        return next_step(judged, in_force=standing, prompt=prompt, criteria=natural, now=NOW)

    def test_it_is_brought_forward_to_now(self) -> None:
        made = self.made(250, Level.YELLOW, NOW + 14 * HOUR)
        assert (made.action, made.reason, made.from_level, made.to_level) == (
            Action.ADVANCE,
            Reason.CRITERIA_MET,
            Level.YELLOW,
            Level.YELLOW,
        )
        assert (made.effective_at, made.planned_end) == (None, None)
        assert {"observed_heavy", "lead_short"} <= set(made.flags)
        assert made.sentence_zh.startswith("建议提前启动黄色预警，自批准时起")

    @pytest.mark.parametrize("fixed", [True, False])
    def test_its_end_stays_where_the_level_does_not_outlast_it(self, fixed: bool) -> None:
        end = NOW + 200 * HOUR
        assert self.made(250, Level.YELLOW, NOW + 14 * HOUR, end, fixed).planned_end == end

    def test_what_has_begun_or_begins_now_is_not(self) -> None:
        for begins in (NOW - HOUR, NOW):
            assert self.made(250, Level.YELLOW, begins).action is not Action.ADVANCE

    def test_a_higher_announced_level_is_not_hurried(self) -> None:
        assert self.made(250, Level.RED, NOW + 14 * HOUR).action is not Action.ADVANCE

    def test_a_forecast_alone_brings_nothing_forward(self) -> None:
        assert self.made(90, Level.YELLOW, NOW + 40 * HOUR).action is Action.HOLD

    @pytest.mark.parametrize("asked", [Level.BLUE, Level.YELLOW])
    def test_it_does_not_wait_for_a_common_start_either(self, asked: Level) -> None:
        prompt = PromptView(id="1", level=asked, starts_at=NOW + 6 * HOUR, ends_at=None)
        made = self.made(250, Level.YELLOW, NOW + 14 * HOUR, prompt=prompt)
        assert (made.action, made.reason, made.effective_at) == (Action.ADVANCE, Reason.CRITERIA_MET, None)
        assert "observed_heavy" in made.flags

    @pytest.mark.parametrize(
        ("measured", "level", "asked", "starts"),
        [
            (90, Level.YELLOW, Level.YELLOW, 6),  # a forecast alone
            (250, Level.ORANGE, Level.ORANGE, 6),  # heavy, but not at the level of the prompt
            (250, Level.YELLOW, Level.YELLOW, -1),  # the common start has come: it begins now on the prompt
        ],
    )
    def test_on_a_prompt_alone_it_begins_at_the_common_start(
        self, measured: float, level: Level, asked: Level, starts: int
    ) -> None:
        prompt = PromptView(id="1", level=asked, starts_at=NOW + starts * HOUR, ends_at=None)
        made = self.made(measured, level, NOW + 14 * HOUR, prompt=prompt)
        assert (made.action, made.reason) == (Action.ADVANCE, Reason.REGIONAL_PROMPT)
        assert made.effective_at == (prompt.starts_at if starts > 0 else None)
        assert "observed_heavy" not in made.flags
