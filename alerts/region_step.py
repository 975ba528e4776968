"""The step that a regional prompt (区域预警提示) leads to, from what a stored assessment says, without its hours.

A prompt names many divisions at once and must not wait for their air to be assessed anew. Where the hours matter (an
end that may be near, air that may be clearing) nothing is said here, and the division is assessed in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.assessment import Assessment, Line, RangeView
from alerts.instants import HOUR, parse_instant
from alerts.levels import Level
from alerts.proposal import InForce, PromptView, Step, begins_late, common_start, next_step
from alerts.rules import Criteria
from alerts.trace import Trace


def from_document(adcode: str, as_of: datetime, document: Mapping[str, Any]) -> Assessment:
    """A stored assessment with no hours and no blocks: what its notice and its flags need.

    `document` holds `assessment` (the published contract), `trace` and `observed_heavy`.
    """
    said = document["assessment"]
    level, ranged = Level.of(said["level"]), said.get("range")
    nothing = Line(start=as_of, values=())
    return Assessment.model_construct(
        adcode=adcode,
        as_of=as_of,
        level=level,
        state=said["state"],
        possible_level=level,
        clause=said["clause"],
        starts_at=_instant(said["starts_at"]),
        ends_at=_instant(said["ends_at"]),
        rules=said["rules"],
        plan=None,
        aqi_basis=said["aqi_basis"],
        blocks=(),
        excluded=tuple(said["excluded"]),
        advice=tuple(said["advice"]),
        episode_line=0,
        lead_time_hours=None,
        trace=Trace.model_validate(document["trace"]),
        hourly=nothing,
        rolling=nothing,
        range=None if ranged is None else _range(ranged),
        observed_heavy=bool(document.get("observed_heavy", False)),
    )


def _range(said: Mapping[str, Any]) -> RangeView:
    lower, middle, upper = (Level.of(said[name]) for name in ("lower", "middle", "upper"))
    return RangeView(lower=lower, middle=middle, upper=upper, graded_on=said["graded_on"], by_rule=said["by_rule"])


def _instant(value: str | None) -> datetime | None:
    return None if value is None else parse_instant(value)


def prompted_step(
    known: Assessment, *, in_force: InForce | None, prompt: PromptView, criteria: Criteria, now: datetime
) -> Step | None:
    """What `next_step` says for a live prompt; None where that depends on the hours, which are not looked at.

    Whether lifting is near cannot be seen without them, so it must be out of the question: the prompt has no end within
    reach, or asks for more than is in force before its own end.
    """
    current = None if in_force is None or in_force.lapsed(now) else in_force
    if prompt.over(now) or not _is_settled(known, current, prompt, criteria, now):
        return None
    return next_step(known, in_force=in_force, prompt=prompt, criteria=criteria, now=now)


def _is_settled(
    known: Assessment, current: InForce | None, prompt: PromptView, criteria: Criteria, now: datetime
) -> bool:
    by_prompt = prompt.level > known.level
    ahead = known.starts_at is not None and known.starts_at > now
    if current is None:
        return by_prompt or ahead
    asked = max(prompt.level, known.level)
    if asked == current.level and begins_late(current, prompt, now):
        return True
    if asked < current.level:
        return False
    if criteria.lift is None or prompt.ends_at is None or prompt.ends_at > now + criteria.lift_ahead_hours * HOUR:
        return True
    starts = _start(known, prompt, current, now)
    return asked > current.level and (by_prompt or ahead) and starts is not None and starts < prompt.ends_at


def _start(known: Assessment, prompt: PromptView, current: InForce, now: datetime) -> datetime | None:
    if known.level > prompt.level:
        if common_start(known, prompt, current, now):
            return prompt.starts_at
        return known.starts_at
    if known.level == prompt.level and known.starts_at is not None:
        return min(prompt.starts_at, known.starts_at)
    return prompt.starts_at
