from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.assessment import Assessment
from alerts.instants import DAY, HOUR
from alerts.levels import Level
from alerts.proposal import InForce, PromptView, Step, may_lift, next_step
from alerts.proposal_words import Action, Reason
from alerts.rules import LiftRule
from tests.alerts.air import START, criteria, days, hourly, judged

NOW = START


def step(
    assessment: Assessment,
    in_force: InForce | None = None,
    prompt: PromptView | None = None,
    now: datetime = NOW,
    rules: str = "national-2024",
    recent: tuple[Level, ...] = (),
) -> Step:
    return next_step(
        assessment, in_force=in_force, prompt=prompt, criteria=criteria(rules), now=now, recent=recent
    )


def warning(level: Level, planned_end: datetime | None = None, effective_at: datetime = NOW - DAY) -> InForce:
    return InForce(level=level, effective_at=effective_at, planned_end=planned_end, announced_at=effective_at)


def prompt(level: Level, starts_at: datetime = NOW + 2 * DAY, ends_at: datetime | None = None) -> PromptView:
    return PromptView(id="p", level=level, starts_at=starts_at, ends_at=ends_at)


CLEAN = judged(hourly(aqi=[60.0] * 96), as_of=NOW)
YELLOW, ORANGE, RED = judged(days([160, 170])), judged(days([210, 210])), judged(days([310, 310, 310]))


class TestNothingInForce:
    def test_clean_air(self) -> None:
        found = step(CLEAN)
        assert (found.action, found.reason, found.lead_hours) == (Action.NONE, Reason.NO_CHANGE, None)

    def test_criteria_met(self) -> None:
        found = step(ORANGE, now=NOW - 60 * HOUR)
        assert (found.action, found.to_level, found.reason) == (Action.ISSUE, Level.ORANGE, Reason.CRITERIA_MET)
        assert (found.effective_at, found.planned_end) == (START, START + 2 * DAY)
        assert (found.lead_hours, found.flags) == (60, ())

    @pytest.mark.parametrize(("lead", "flags"), [(48, ()), (47, ("lead_short",)), (0, ("lead_short",))])
    def test_lead_time_is_a_flag_never_a_blocker(self, lead: int, flags: tuple[str, ...]) -> None:
        found = step(ORANGE, now=NOW - lead * HOUR)
        assert (found.action, found.flags, found.lead_hours) == (Action.ISSUE, flags, lead)

    def test_what_has_begun_starts_on_decision(self) -> None:
        assert step(ORANGE, now=NOW + HOUR).effective_at is None

    def test_a_lapsed_warning_is_none(self) -> None:
        found = step(CLEAN, warning(Level.ORANGE, planned_end=NOW))
        assert (found.action, found.from_level) == (Action.NONE, Level.NONE)

    def test_blue_where_it_existed(self) -> None:
        assert step(judged(days([210]), "national-2017"), rules="national-2017").to_level is Level.BLUE


class TestHigher:
    def test_raise(self) -> None:
        found = step(RED, warning(Level.YELLOW))
        assert (found.action, found.from_level, found.to_level) == (Action.RAISE, Level.YELLOW, Level.RED)
        assert found.reason is Reason.LEVEL_RAISED

    def test_a_provable_rise_counts_even_with_holes(self) -> None:
        assessment = judged(hourly(pm25=[160.0] * 48 + [None] * 24))
        found = step(assessment, warning(Level.YELLOW))
        assert (found.action, "insufficient" in found.flags) == (Action.RAISE, True)


class TestSame:
    @pytest.mark.parametrize(
        ("ends", "action"),
        [(48, Action.HOLD), (47, Action.EXTEND), (96, Action.HOLD), (None, Action.HOLD)],
    )
    def test_extend_only_when_later(self, ends: int | None, action: Action) -> None:
        planned = None if ends is None else START + ends * HOUR
        found = step(ORANGE, warning(Level.ORANGE, planned))
        assert found.action is action
        assert found.planned_end == (START + 2 * DAY if action is Action.EXTEND else planned)

    def test_reasons(self) -> None:
        assert step(ORANGE, warning(Level.ORANGE, START + DAY)).reason is Reason.PROLONGED
        assert step(ORANGE, warning(Level.ORANGE)).reason is Reason.NO_CHANGE


class TestLower:
    def test_to_what_the_forecast_supports(self) -> None:
        found = step(YELLOW, warning(Level.RED))
        assert (found.action, found.to_level, found.reason) == (Action.LOWER, Level.YELLOW, Reason.LEVEL_LOWERED)
        assert found.planned_end == START + 2 * DAY

    def test_never_below_yellow_except_by_lifting(self) -> None:
        assessment = judged(days([140, 160, 140]))
        assert assessment.level is Level.NONE
        assert step(assessment, warning(Level.ORANGE)).action is Action.HOLD

    def test_never_on_missing_data(self) -> None:
        assessment = judged(hourly(pm25=[160.0] * 30 + [None] * 24))
        assert (assessment.level, assessment.possible_level) == (Level.YELLOW, Level.ORANGE)
        assert step(assessment, warning(Level.ORANGE)).action is Action.HOLD

    @pytest.mark.parametrize(
        ("recent", "action"),
        [
            ((), Action.LOWER),
            ((Level.RED,), Action.HOLD),
            ((Level.ORANGE, Level.RED), Action.HOLD),
            ((Level.RED, Level.ORANGE), Action.LOWER),
        ],
    )
    def test_fluctuation_keeps_the_higher(self, recent: tuple[Level, ...], action: Action) -> None:
        found = step(ORANGE, warning(Level.RED), recent=recent)
        assert found.action is action
        assert ("fluctuating" in found.flags) == (action is Action.HOLD)


class TestLift:
    def lift(self, aqis: list[float | None], at: int = 24, **more) -> Step:
        now = START + at * HOUR
        return step(judged(hourly(aqi=aqis), as_of=now), warning(Level.ORANGE), now=now, **more)

    def test_clean_now_and_for_36_hours(self) -> None:
        found = self.lift([80.0] * 60)
        assert (found.action, found.to_level, found.reason) == (Action.LIFT, Level.NONE, Reason.IMPROVED)
        assert (found.effective_at, found.flags) == (None, ())

    def test_a_series_one_hour_too_short(self) -> None:
        assert self.lift([80.0] * 59).action is Action.HOLD

    @pytest.mark.parametrize("hole", [23, 24, 59])
    def test_a_missing_hour_forbids(self, hole: int) -> None:
        aqis: list[float | None] = [80.0] * 60
        aqis[hole] = None
        assert self.lift(aqis).action is Action.HOLD

    def test_the_line_itself_is_allowed(self) -> None:
        assert self.lift([80.0] * 23 + [150.0] * 37).action is Action.LIFT

    @pytest.mark.parametrize("hours", [1, 9, 23])
    def test_a_lifting_instant_may_lie_ahead(self, hours: int) -> None:
        found = self.lift([160.0] * (23 + hours) + [80.0] * 60)
        assert found.action is Action.LIFT
        assert found.effective_at == START + (24 + hours) * HOUR

    def test_but_not_farther_than_a_day(self) -> None:
        assert self.lift([160.0] * (24 + 24) + [80.0] * 60).action is not Action.LIFT

    def test_between_whole_hours_the_whole_span_is_asked_for(self) -> None:
        now = START + 24 * HOUR + HOUR / 3
        aqis = [80.0] * 60
        assessment = judged(hourly(aqi=aqis), as_of=now)
        rule = LiftRule(at_most=150, forecast_hours=36)
        assert not may_lift(assessment, now, rule)
        assert may_lift(judged(hourly(aqi=[*aqis, 80.0]), as_of=now), now, rule)

    def test_a_later_episode_is_flagged(self) -> None:
        found = self.lift([80.0] * 61 + [210.0] * 48)
        assert (found.action, found.flags) == (Action.LIFT, ("second_episode",))

    def test_not_before_the_warning_has_begun(self) -> None:
        assessment = judged(hourly(aqi=[80.0] * 120), as_of=START + DAY)
        later = warning(Level.YELLOW, effective_at=START + DAY + 5 * HOUR)
        found = step(assessment, later, now=START + DAY)
        assert (found.action, found.effective_at) == (Action.LIFT, START + DAY + 5 * HOUR)

    def test_a_higher_level_of_the_same_episode_is_raised_not_lifted(self) -> None:
        now = START + DAY
        assessment = judged(hourly(aqi=[80.0] * 24 + [80.0] * 30 + [320.0] * 72), as_of=now)
        assert step(assessment, warning(Level.YELLOW), now=now).action is Action.RAISE

    def test_without_a_rule_nothing_is_lifted(self) -> None:
        now = START + DAY
        law = criteria().model_copy(update={"lift": None})
        assessment = judged(hourly(aqi=[80.0] * 90), as_of=now)
        found = next_step(assessment, in_force=warning(Level.YELLOW), prompt=None, criteria=law, now=now)
        assert found.action is Action.HOLD

    def test_the_line_of_the_set(self) -> None:
        now = START + DAY
        assessment = judged(hourly(aqi=[190.0] * 90), "national-2019", as_of=now)
        assert step(assessment, warning(Level.ORANGE), now=now, rules="national-2019").action is Action.LIFT
        assert step(assessment, warning(Level.ORANGE), now=now).action is Action.HOLD


class TestPrompt:
    def test_it_raises_above_the_own_level(self) -> None:
        found = step(YELLOW, warning(Level.YELLOW), prompt(Level.ORANGE))
        assert (found.action, found.to_level, found.reason) == (
            Action.RAISE, Level.ORANGE, Reason.REGIONAL_PROMPT,
        )  # fmt: skip
        assert (found.effective_at, found.planned_end) == (NOW + 2 * DAY, None)

    def test_the_own_level_wins_when_higher(self) -> None:
        found = step(RED, None, prompt(Level.ORANGE))
        assert (found.to_level, found.reason) == (Level.RED, Reason.CRITERIA_MET)

    def test_equal_levels_take_the_earlier_start(self) -> None:
        found = step(ORANGE, None, prompt(Level.ORANGE, NOW - HOUR, NOW + 5 * DAY), now=NOW - 2 * HOUR)
        assert (found.reason, found.effective_at) == (Reason.CRITERIA_MET, NOW - HOUR)
        assert found.planned_end == NOW + 5 * DAY

    def test_it_extends_what_it_also_asks_for(self) -> None:
        found = step(ORANGE, warning(Level.ORANGE, START + 2 * DAY), prompt(Level.ORANGE, NOW, NOW + 5 * DAY))
        assert (found.action, found.planned_end) == (Action.EXTEND, NOW + 5 * DAY)
        assert step(ORANGE, warning(Level.ORANGE, NOW + DAY), prompt(Level.ORANGE)).planned_end is None

    @pytest.mark.parametrize(
        ("ends", "action", "effective"),
        [(None, Action.HOLD, None), (10, Action.LIFT, 10), (0, Action.LIFT, None), (40, Action.HOLD, None)],
    )
    def test_nothing_is_lifted_before_it_ends(self, ends: int | None, action: Action, effective: int | None) -> None:
        now = START + DAY
        until = None if ends is None else now + ends * HOUR
        assessment = judged(hourly(aqi=[80.0] * 120), as_of=now)
        found = step(assessment, warning(Level.ORANGE), prompt(Level.ORANGE, START, until), now=now)
        assert found.action is action
        assert found.effective_at == (None if effective is None else now + effective * HOUR)

    def test_an_old_or_empty_prompt_asks_for_nothing(self) -> None:
        assert step(CLEAN, None, prompt(Level.ORANGE, NOW - DAY, NOW)).action is Action.NONE
        assert step(CLEAN, None, prompt(Level.NONE)).action is Action.NONE


class TestSentences:
    def test_chinese_and_english(self) -> None:
        found = step(ORANGE, now=NOW - 10 * HOUR)
        assert found.sentence_zh == (
            "建议发布橙色预警，自2024-11-08 00:00起，预计至2024-11-10 00:00；提前量不足，应立即办理。"
        )
        assert found.sentence_en.startswith("Propose to issue the orange warning from 2024-11-08 00:00")

    def test_open_ends_and_prompts_are_said(self) -> None:
        found = step(CLEAN, None, prompt(Level.YELLOW))
        assert "按区域预警提示" in found.sentence_zh
        assert "解除时间另行通知" in found.sentence_zh


@given(
    st.lists(st.sampled_from([60, 155, 210, 320, None]), min_size=1, max_size=6),
    st.sampled_from([None, *list(Level)[1:]]),
    st.integers(0, 100),
)
def test_missing_data_never_lower_or_lift(aqis: list[int | None], level: Level | None, elapsed: int) -> None:
    now = START + elapsed * HOUR
    assessment = judged(days(aqis), as_of=now)
    found = step(assessment, None if level is None else warning(level), now=now)
    if assessment.state == "insufficient":
        assert found.action is not Action.LOWER
    if found.action is Action.LIFT:
        lift = criteria().lift
        assert lift is not None
        at = found.effective_at or now
        assert may_lift(assessment, at, lift)
        first = int((at - assessment.hourly.start) / HOUR) - 1
        assert None not in assessment.hourly.values[first : first + lift.forecast_hours + 1]
    assert found.to_level >= found.from_level or found.action in (Action.LOWER, Action.LIFT)
    assert Step.model_validate_json(found.model_dump_json()) == found
