"""Ends and starts by hand: an end that the notice prints (到期自动结束) and a start that is brought forward (提前启动)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.guard import Act, Intent, Kind, Supported, act_of, deviation
from alerts.instants import DAY, HOUR
from alerts.levels import WARNING_LEVELS, Level
from alerts.proposal import PromptView
from alerts.proposal_words import Action
from tests.alerts.air import START

NOW = START
NONE, BLUE, YELLOW, ORANGE, RED = Level
END = NOW + 3 * DAY
MINUTE = timedelta(minutes=1)
EARLY, LONG = Kind.ENDS_BEFORE_CRITERIA, Kind.PROLONGED_WITHOUT_CRITERIA


def by_itself(from_: Level, to: Level, end: datetime) -> Intent:
    return Intent(act_of(from_, to, planned_end=end, in_error=False), from_, to, end, fixed_end=True)


def step(action: Action, to: Level, end: datetime | None = END, at: datetime | None = None) -> Supported:
    return Supported(action, to, effective_at=at, planned_end=end)


def prompt(level: Level, ends_at: datetime | None = None) -> PromptView:
    return PromptView(id="1", level=level, starts_at=NOW + DAY, ends_at=ends_at)


def judged(intent: Intent, supported: Supported | None, asked: PromptView | None = None) -> Kind | None:
    return deviation(intent, supported=supported, prompt=asked, now=NOW)


@pytest.mark.parametrize(
    ("from_", "to", "end", "supported", "asked", "kind"),
    [
        (NONE, ORANGE, END, step(Action.ISSUE, ORANGE), None, None),
        (NONE, ORANGE, END - HOUR + MINUTE, step(Action.ISSUE, ORANGE), None, None),
        (NONE, ORANGE, END - HOUR, step(Action.ISSUE, ORANGE), None, EARLY),
        (NONE, ORANGE, END + HOUR, step(Action.ISSUE, ORANGE), None, LONG),
        (YELLOW, RED, END - DAY, step(Action.RAISE, RED), None, EARLY),
        (RED, ORANGE, END - DAY, step(Action.LOWER, ORANGE), None, EARLY),
        (RED, RED, END - HOUR, step(Action.EXTEND, RED), None, EARLY),
        (RED, RED, END, step(Action.EXTEND, RED), None, None),
        (RED, RED, END - HOUR, step(Action.ADVANCE, RED), None, EARLY),
        (RED, RED, END, step(Action.ADVANCE, RED), None, None),
        (YELLOW, YELLOW, END + HOUR, step(Action.HOLD, YELLOW), None, LONG),
        (NONE, ORANGE, END, step(Action.ISSUE, ORANGE, None), prompt(ORANGE), EARLY),
        (NONE, ORANGE, END, step(Action.NONE, NONE, None), prompt(ORANGE, END), None),
        (NONE, ORANGE, END - HOUR, step(Action.NONE, NONE, None), prompt(ORANGE, END), EARLY),
        (NONE, RED, END, step(Action.ISSUE, RED), prompt(YELLOW, END + DAY), EARLY),
        (YELLOW, YELLOW, END + DAY, step(Action.HOLD, YELLOW), prompt(YELLOW, END + DAY), None),
        (NONE, RED, END, None, None, Kind.STARTED_WITHOUT_CRITERIA),
    ],
)
def test_it_may_end_by_itself_no_earlier_than_is_called_for(
    from_: Level, to: Level, end: datetime, supported: Supported | None, asked: PromptView | None, kind: Kind | None
) -> None:
    assert judged(by_itself(from_, to, end), supported, asked) is kind


@given(
    from_=st.sampled_from(Level),
    to=st.sampled_from(WARNING_LEVELS),
    action=st.sampled_from(Action),
    supported=st.sampled_from(Level),
    ends=st.none() | st.integers(1, 200),
    wanted=st.integers(1, 200),
    asked=st.none() | st.tuples(st.sampled_from(WARNING_LEVELS), st.none() | st.integers(1, 200)),
)
def test_that_it_ends_by_itself_only_ever_adds_this_one_departure(
    from_: Level,
    to: Level,
    action: Action,
    supported: Level,
    ends: int | None,
    wanted: int,
    asked: tuple[Level, int | None] | None,
) -> None:
    def after(hours: int | None) -> datetime | None:
        return None if hours is None else NOW + hours * HOUR

    found = step(action, supported, after(ends))
    view = None if asked is None else prompt(asked[0], after(asked[1]))
    fixed = by_itself(from_, to, NOW + wanted * HOUR)
    plain = judged(replace(fixed, fixed_end=False), found, view)
    assert judged(fixed, found, view) in ({plain} if plain is not None else {None, EARLY})


@pytest.mark.parametrize(
    ("wanted", "assessed", "kind"),
    [
        (NOW + 6 * HOUR, NOW + 6 * HOUR, None),
        (NOW + 7 * HOUR, NOW + 6 * HOUR, None),
        (NOW + 5 * HOUR, NOW + 6 * HOUR, Kind.ADVANCED_WITHOUT_CRITERIA),
        (None, NOW + 6 * HOUR, Kind.ADVANCED_WITHOUT_CRITERIA),
        (None, NOW - HOUR, None),
        (NOW + 6 * HOUR, None, Kind.ADVANCED_WITHOUT_CRITERIA),
    ],
)
def test_an_announced_start_may_be_moved_to_the_assessed_one(
    wanted: datetime | None, assessed: datetime | None, kind: Kind | None
) -> None:
    intent = Intent(Act.ADVANCE, YELLOW, YELLOW, effective_at=wanted)
    assert judged(intent, replace(step(Action.HOLD, YELLOW), starts_at=assessed)) is kind
