"""What a prompt names begins together: no start lies after the common one unless it is decided later."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.levels import WARNING_LEVELS, Level
from alerts.proposal import InForce, PromptView, Step, next_step
from alerts.proposal_words import Action
from alerts.region_step import prompted_step
from tests.alerts.test_region_step import CLEAN, NOW, assessed, criteria, prompt, spans, stored

HOUR = timedelta(hours=1)
STARTING = {Action.ISSUE, Action.RAISE, Action.ADVANCE}


def decided(before: InForce | None, step: Step) -> InForce:
    """What stands once a step is decided at once: as carrying it out does."""
    at = step.effective_at or NOW
    if before is None:
        return InForce(level=step.to_level, effective_at=at, planned_end=step.planned_end, announced_at=NOW, fixed_end=False)
    begun = before.begins_at <= NOW
    if step.action is Action.LOWER:
        at = before.begins_at if not begun else NOW
    running = before.effective_at <= NOW
    return InForce(
        level=step.to_level,
        effective_at=min(before.effective_at, at),
        planned_end=step.planned_end,
        announced_at=before.announced_at,
        fixed_end=False,
        level_at=at if running and at > NOW else None,
    )


class TestTheCommonStart:
    @given(
        spans=spans,
        level=st.sampled_from(WARNING_LEVELS),
        starts=st.integers(-30, 60),
        lasts=st.one_of(st.none(), st.integers(1, 120)),
        standing=st.one_of(st.none(), st.tuples(st.sampled_from(WARNING_LEVELS), st.integers(-40, 70))),
        level_ahead=st.one_of(st.none(), st.integers(1, 70)),
    )
    def test_no_prompted_start_lies_after_it(
        self,
        spans: list[tuple[float | None, int]],
        level: Level,
        starts: int,
        lasts: int | None,
        standing: tuple[Level, int] | None,
        level_ahead: int | None,
    ) -> None:
        found = assessed([value for value, hours in spans for _ in range(hours)])
        asked = prompt(level, starts, None if lasts is None else starts + lasts)
        stands = None
        if standing is not None:
            begun = standing[1] <= 0
            stands = InForce(
                level=standing[0],
                effective_at=NOW + standing[1] * HOUR,
                planned_end=None,
                announced_at=NOW - 50 * HOUR,
                level_at=NOW + level_ahead * HOUR if begun and level_ahead is not None else None,
            )
        step = None
        for _ in range(4):
            step = next_step(found, in_force=stands, prompt=asked, criteria=criteria(), now=NOW)
            if step.action in (Action.HOLD, Action.NONE, Action.LIFT, Action.EXTEND):
                break
            stands = decided(stands, step)
        assert step is not None
        assert step.action in (Action.HOLD, Action.NONE, Action.LIFT, Action.EXTEND), "the steps come to an end"
        if stands is not None and not asked.over(NOW) and step.action is not Action.LIFT:
            assert stands.level >= asked.level
            assert stands.begins_at <= max(asked.starts_at, NOW)

    @given(
        level=st.sampled_from(WARNING_LEVELS),
        starts=st.integers(-30, 60),
        begins=st.integers(-20, 80),
        lasts=st.one_of(st.none(), st.integers(1, 120)),
    )
    def test_the_quick_way_says_the_same_of_what_is_announced(
        self, level: Level, starts: int, begins: int, lasts: int | None
    ) -> None:
        full, asked = assessed(CLEAN), prompt(level, starts, None if lasts is None else starts + lasts)
        stands = announced(level, begins)
        quick = prompted_step(stored(full), in_force=stands, prompt=asked, criteria=criteria(), now=NOW)
        slow = next_step(full, in_force=stands, prompt=asked, criteria=criteria(), now=NOW)
        assert quick is None or quick == slow
        late = begins > max(starts, 0) and not asked.over(NOW)
        assert (slow.action is Action.ADVANCE) is late
        if late:
            assert quick is not None


def announced(level: Level = Level.RED, begins: float = 36, **given: object) -> InForce:
    at = NOW + begins * HOUR
    return InForce.model_validate(
        {"level": level, "effective_at": at, "planned_end": None, "announced_at": NOW - HOUR, **given}
    )


def step(stands: InForce, asked: PromptView) -> Step:
    return next_step(assessed(CLEAN), in_force=stands, prompt=asked, criteria=criteria(), now=NOW)


class TestBroughtForward:
    @pytest.mark.parametrize(("starts", "effective"), [(32, 32), (35.9, 35.9), (-3, None), (0, None)])
    def test_to_the_common_start_or_to_now(self, starts: float, effective: float | None) -> None:
        found = step(announced(), prompt(Level.RED, starts))
        assert (found.action, found.from_level, found.to_level) == (Action.ADVANCE, Level.RED, Level.RED)
        assert found.effective_at == (None if effective is None else NOW + effective * HOUR)

    @pytest.mark.parametrize(("begins", "starts"), [(36, 36), (36, 40), (0, -5), (-2, -5)])
    def test_nothing_that_is_not_late(self, begins: float, starts: float) -> None:
        assert step(announced(begins=begins), prompt(Level.RED, starts)).action is Action.HOLD

    def test_nothing_without_a_prompt_or_after_it(self) -> None:
        alone = next_step(assessed(CLEAN), in_force=announced(), prompt=None, criteria=criteria(), now=NOW)
        assert alone.action is not Action.ADVANCE
        assert step(announced(), prompt(Level.RED, -9, -1)).action is not Action.ADVANCE

    def test_a_raise_that_is_announced_for_later(self) -> None:
        stands = announced(begins=-10, level_at=NOW + 36 * HOUR)
        found = step(stands, prompt(Level.RED, 32))
        assert (found.action, found.effective_at) == (Action.ADVANCE, NOW + 32 * HOUR)

    @pytest.mark.parametrize(
        ("planned", "lasts", "end"), [(60, None, None), (60, 40, 72), (100, 40, 100), (None, 40, None)]
    )
    def test_the_end_moves_only_to_a_later_one(self, planned: int | None, lasts: int | None, end: int | None) -> None:
        stands = announced(planned_end=None if planned is None else NOW + planned * HOUR)
        found = step(stands, prompt(Level.RED, 32, None if lasts is None else 32 + lasts))
        assert found.planned_end == (None if end is None else NOW + end * HOUR)

    def test_in_words(self) -> None:
        found = step(announced(), prompt(Level.RED, 32))
        assert found.sentence_zh.startswith("按区域预警提示，建议提前启动红色预警，自2016-12-16 20:20起，解除时间另行通知")
        assert found.sentence_en.startswith(
            "Propose to bring the start of the red warning forward on the regional prompt from 2016-12-16 20:20, open-ended"
        )
