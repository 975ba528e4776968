"""The sentence of every proposal, word by word: it is what whoever decides reads first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from alerts.assessment import Assessment, assess
from alerts.instants import DAY, HOUR
from alerts.levels import Level
from alerts.points import CAUSES, Point
from alerts.proposal import InForce, PromptView, Step, next_step
from alerts.proposal_words import Action
from alerts.rules import EarlyStart
from alerts.series import Series
from tests.alerts.air import STANDARDS, START, criteria, days, hourly, judged

CLEAN = judged(hourly(aqi=[60.0] * 96))
YELLOW, ORANGE = judged(days([160, 170])), judged(days([210, 210]))


def step(
    assessment: Assessment,
    level: Level | None = None,
    planned_end: datetime | None = None,
    prompt: PromptView | None = None,
    now: datetime = START,
    recent: tuple[Level, ...] = (),
    ahead: datetime | None = None,
) -> Step:
    stands = None
    if level is not None:
        begins = ahead or START - DAY
        stands = InForce(
            level=level, effective_at=begins, planned_end=planned_end, announced_at=START - DAY, fixed_end=False
        )
    return next_step(assessment, in_force=stands, prompt=prompt, criteria=criteria(), now=now, recent=recent)


def asks(level: Level, starts_at: datetime, ends_at: datetime | None = None) -> PromptView:
    return PromptView(id="p", level=level, starts_at=starts_at, ends_at=ends_at)


SENTENCES: list[tuple[Callable[[], Step], Action, str, str]] = [
    (lambda: step(CLEAN), Action.NONE, "无需启动预警。", "Nothing to propose."),
    (
        lambda: step(ORANGE, now=START - 60 * HOUR),
        Action.ISSUE,
        "建议发布橙色预警，自2024-11-08 00:00起，预计至2024-11-10 00:00。",
        "Propose to issue the orange warning from 2024-11-08 00:00, expected until 2024-11-10 00:00.",
    ),
    (
        lambda: step(ORANGE),
        Action.ISSUE,
        "建议发布橙色预警，自批准时起，预计至2024-11-10 00:00；提前量不足，应立即办理。",
        "Propose to issue the orange warning on decision, expected until 2024-11-10 00:00; "
        "the lead time falls short, act at once.",
    ),
    (
        lambda: step(CLEAN, prompt=asks(Level.YELLOW, START + 3 * DAY)),
        Action.ISSUE,
        "按区域预警提示，建议发布黄色预警，自2024-11-11 00:00起，解除时间另行通知。",
        "Propose to issue the yellow warning on the regional prompt from 2024-11-11 00:00, open-ended.",
    ),
    (
        lambda: step(ORANGE, Level.YELLOW, now=START - 60 * HOUR),
        Action.RAISE,
        "建议将黄色预警升级为橙色，自2024-11-08 00:00起，预计至2024-11-10 00:00。",
        "Propose to raise yellow to orange from 2024-11-08 00:00, expected until 2024-11-10 00:00.",
    ),
    (
        lambda: step(YELLOW, Level.RED),
        Action.LOWER,
        "建议将红色预警降级为黄色，自批准时起，预计至2024-11-10 00:00。",
        "Propose to lower red to yellow on decision, expected until 2024-11-10 00:00.",
    ),
    (
        lambda: step(YELLOW, Level.RED, recent=(Level.RED,)),
        Action.HOLD,
        "建议维持红色预警；近几次预报级别波动，从高执行。",
        "Propose to keep the red warning; recent runs disagree, the higher level stays.",
    ),
    (
        lambda: step(ORANGE, Level.ORANGE, START + DAY),
        Action.EXTEND,
        "建议延长橙色预警，自批准时起，预计至2024-11-10 00:00。",
        "Propose to extend the orange warning on decision, expected until 2024-11-10 00:00.",
    ),
    (
        lambda: step(ORANGE, Level.ORANGE, START + DAY, asks(Level.ORANGE, START)),
        Action.EXTEND,
        "建议延长橙色预警，自批准时起，解除时间另行通知。",
        "Propose to extend the orange warning on decision, open-ended.",
    ),
    (
        lambda: step(ORANGE, Level.ORANGE, prompt=asks(Level.ORANGE, START - 40 * HOUR), now=START - 60 * HOUR, ahead=START),
        Action.ADVANCE,
        "按区域预警提示，建议提前启动橙色预警，自2024-11-06 08:00起，解除时间另行通知；提前量不足，应立即办理。",
        "Propose to bring the start of the orange warning forward on the regional prompt from 2024-11-06 08:00, open-ended; "
        "the lead time falls short, act at once.",
    ),
    (
        lambda: step(judged(hourly(aqi=[80.0] * 120), as_of=START + DAY), Level.ORANGE, now=START + DAY),
        Action.LIFT,
        "建议解除橙色预警，自批准时起。",
        "Propose to lift the orange warning on decision.",
    ),
    (
        lambda: step(judged(hourly(aqi=[160.0] * 32 + [80.0] * 61 + [210.0] * 48), as_of=START + DAY), Level.YELLOW, now=START + DAY),
        Action.LIFT,
        "建议解除黄色预警，自2024-11-09 09:00起；其后预计再次污染，请准备新的预警。",
        "Propose to lift the yellow warning from 2024-11-09 09:00; heavy air is forecast again, prepare a new warning.",
    ),
    (
        lambda: step(judged(hourly(pm25=[160.0] * 30 + [None] * 24)), Level.ORANGE),
        Action.HOLD,
        "建议维持橙色预警；数据不足，级别为可证明的最高级别。",
        "Propose to keep the orange warning; data are missing, the level is the best provable one.",
    ),
]


class TestSentences:
    @pytest.mark.parametrize(("proposed", "action", "zh", "en"), SENTENCES, ids=[zh for _, _, zh, _ in SENTENCES])
    def test_in_words(self, proposed: Callable[[], Step], action: Action, zh: str, en: str) -> None:
        found = proposed()
        assert (found.action, found.sentence_zh, found.sentence_en) == (action, zh, en)

    def test_every_action_is_among_them(self) -> None:
        assert {action for _, action, _, _ in SENTENCES} == set(Action)


class TestFlags:
    """What whoever decides must know of the assessment is kept by every action, not by some."""

    def ranged(self, low: float, high: float) -> Assessment:
        points = [Point(date=date(2024, 11, 8) + timedelta(days=at), aqi_low=low, aqi_high=high) for at in (0, 1)]
        return judged(Series.from_points("110000", points))

    @pytest.mark.parametrize(
        ("level", "end", "action"),
        [
            (None, None, Action.ISSUE),
            (Level.YELLOW, None, Action.RAISE),
            (Level.RED, None, Action.LOWER),
            (Level.ORANGE, START + DAY, Action.EXTEND),
            (Level.ORANGE, None, Action.HOLD),
        ],
    )
    def test_levels_that_differ_within_the_range(
        self, level: Level | None, end: datetime | None, action: Action
    ) -> None:
        found = step(self.ranged(190, 215), level, end, now=START - 60 * HOUR)
        assert (found.action, found.flags) == (action, ("range",))
        assert found.sentence_zh.endswith("；预报范围内级别不一，请会商。")
        assert found.sentence_en.endswith("; the levels differ within the forecast's range, consult.")

    def test_a_range_within_one_level_is_no_flag(self) -> None:
        assert step(self.ranged(205, 215), now=START - 60 * HOUR).flags == ()

    def test_one_that_is_open_by_a_prompt(self) -> None:
        found = step(self.ranged(190, 215), Level.ORANGE, START + DAY, asks(Level.ORANGE, START))
        assert (found.action, found.flags) == (Action.EXTEND, ("range",))

    def test_fireworks(self) -> None:
        series = hourly(pm25=[160.0] * 48)
        series.cause[5] = 1 + CAUSES.index("fireworks")
        found = step(judged(series), now=START - 60 * HOUR)
        assert found.flags == ("fireworks",)
        assert found.sentence_zh.endswith("；受烟花爆竹影响，请会商，避免企业停产（2023年征求意见稿，正式文本未确认）。")
        assert found.sentence_en.endswith(
            "; fireworks contribute: consult and avoid stopping production (draft of 2023, not confirmed in the final text)."
        )

    def test_heavy_now_starts_on_decision(self) -> None:
        law = criteria().model_copy(update={"early_start": EarlyStart(over=200, hours=6)})
        measured = [Point(time=START + (at + 1) * HOUR, aqi=210) for at in range(4)]
        forecast = [Point(time=START + (at + 1) * HOUR, aqi=210 if at < 12 else 260) for at in range(4, 84)]
        now = START + 4 * HOUR
        series = Series.joined("110000", measured, forecast, now)
        found = assess(series, as_of=now, criteria=law, standards=STANDARDS)
        assert found.observed_heavy
        sooner = next_step(found, in_force=None, prompt=None, criteria=law, now=START - HOUR)
        assert (sooner.effective_at, sooner.lead_hours) == (None, 0)
        assert sooner.flags == ("observed_heavy", "lead_short")
        assert "；监测已达重度且短时无明显改善，应尽快启动" in sooner.sentence_zh
        assert "; the air is heavy already and will not improve soon, start as soon as possible" in sooner.sentence_en


class TestLiftOrRaise:
    """A lifting test that holds, while a higher level begins inside its 36 h: the running warning is raised."""

    @pytest.mark.parametrize(
        ("clean", "action"), [(60, Action.RAISE), (70, Action.RAISE), (71, Action.LIFT), (90, Action.LIFT)]
    )
    def test_by_the_start_of_the_higher_level(self, clean: int, action: Action) -> None:
        now = START + DAY
        assessment = judged(hourly(aqi=[80.0] * clean + [320.0] * 72), as_of=now)
        assert assessment.starts_at == START + (clean - 11) * HOUR
        found = step(assessment, Level.YELLOW, now=now)
        assert found.action is action
        assert found.flags == (("second_episode",) if action is Action.LIFT else ("lead_short",))
