"""Proposals (预警建议): what to do about a division, and why. The service proposes, a named role decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, field_validator

from alerts.assessment import Assessment
from alerts.instants import HOUR, hour_ceil, hour_floor, require_aware
from alerts.levels import Level
from alerts.proposal_words import Action, Reason, sentences
from alerts.rules import Criteria, LiftRule


class InForce(BaseModel):
    """A warning in force or announced. `planned_end` is the end its notice states, None: nothing is stated.

    With `fixed_end` it ends there by itself; otherwise that is what is expected and the lifting is announced apart
    (解除时间另行通知). `level_at`: when a level that is announced above the one in force begins; None: with the warning.
    """

    model_config = ConfigDict(frozen=True)

    level: Level
    effective_at: datetime
    planned_end: datetime | None
    announced_at: datetime
    fixed_end: bool = True
    level_at: datetime | None = None

    _aware = field_validator("effective_at", "announced_at")(require_aware)

    @property
    def begins_at(self) -> datetime:
        """When the level begins, or began."""
        return self.effective_at if self.level_at is None else self.level_at

    def lapsed(self, now: datetime) -> bool:
        """Whether the end that its notice printed has passed: it ends by itself at that instant."""
        return self.fixed_end and self.planned_end is not None and self.planned_end <= now


class PromptView(BaseModel):
    """What a regional prompt (区域预警提示) asks of one division; `ends_at` None: until further notice.

    `linked`: the level is that of the linked divisions of its province or zone, in principle (原则上同级), not its own.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    level: Level
    starts_at: datetime
    ends_at: datetime | None
    linked: bool = False

    def over(self, now: datetime) -> bool:
        """Whether it asks for nothing any more."""
        return self.ends_at is not None and self.ends_at <= now


class Step(BaseModel):
    """One proposed step. `effective_at` None: on decision; `planned_end` None: open; instants are aware.

    Flags: insufficient, lead_short, second_episode, fluctuating, range, fireworks, observed_heavy, same_level,
    common_start.
    """

    model_config = ConfigDict(frozen=True)

    action: Action
    from_level: Level
    to_level: Level
    reason: Reason
    effective_at: datetime | None
    planned_end: datetime | None
    lead_hours: float | None
    flags: tuple[str, ...]
    sentence_zh: str
    sentence_en: str


class _Asked(BaseModel):
    """What is asked for now: the higher of the own level and the prompt's."""

    level: Level
    by_prompt: bool
    starts_at: datetime | None
    ends_at: datetime | None
    open_end: bool
    at_once: bool = False
    linked: bool = False
    common: bool = False


def next_step(
    assessment: Assessment,
    *,
    in_force: InForce | None,
    prompt: PromptView | None,
    criteria: Criteria,
    now: datetime,
    recent: Sequence[Level] = (),
) -> Step:
    """What to propose for a division at `now` (aware), and why.

    `recent` holds the levels of the runs before this one, oldest first; a lower level is proposed only when
    the last `lower_after_runs` runs, this one included, all lie below the level in force. Without history one
    run is enough.
    """
    now = require_aware(now)
    current = None if in_force is None or in_force.lapsed(now) else in_force
    live = None if prompt is None or prompt.over(now) or prompt.level is Level.NONE else prompt
    asked = _asked(assessment, live, current, now)
    flags = _noted(assessment)
    if current is None:
        return _start(assessment, asked, now, flags, criteria)
    if asked.level <= current.level and live is not None and begins_late(current, live, now):
        return _late(assessment, asked, current, live, criteria, now, recent, flags)
    lift_at = (
        None if live is not None and live.ends_at is None else _lift_instant(assessment, current, live, criteria, now)
    )
    clearing = not asked.by_prompt and _is_clearing(assessment, now, criteria)
    if lift_at is not None and (clearing or not _rises_before(asked, current, lift_at, criteria)):
        return _lift(assessment, current, lift_at, criteria, now, flags)
    if asked.level > current.level:
        return _raise(asked, current, now, flags, criteria)
    if asked.level < current.level:
        return _below(assessment, asked, current, criteria, recent, flags)
    return _same(asked, current, now, flags, criteria)


def _noted(assessment: Assessment) -> list[str]:
    """What whoever decides must know of the assessment itself."""
    ranged = assessment.range
    noted = {
        "insufficient": assessment.state == "insufficient",
        "range": ranged is not None and ranged.lower != ranged.upper,
        "fireworks": "fireworks_review" in assessment.advice,
    }
    return [flag for flag, holds in noted.items() if holds]


def begins_late(current: InForce, prompt: PromptView, now: datetime) -> bool:
    """Whether what is announced reaches a live prompt's level, has not begun, and begins after the common start."""
    return current.level >= prompt.level and current.begins_at > max(prompt.starts_at, now)


def common_start(assessment: Assessment, prompt: PromptView, current: InForce | None, now: datetime) -> bool:
    """Whether an own level, the prompt's or above it, begins at the common start though the air asks for it later.

    Established for the prompt's own level (规则 6.3 第 52 例); that a higher level begins then too is a choice, one start
    instead of two, and flagged.
    """
    missing = current is None or current.level < prompt.level or begins_late(current, prompt, now)
    later = assessment.starts_at is not None and assessment.starts_at > max(prompt.starts_at, now)
    return assessment.level >= prompt.level and later and missing


def _asked(assessment: Assessment, prompt: PromptView | None, current: InForce | None, now: datetime) -> _Asked:
    own = assessment.level
    if prompt is None or own > prompt.level:
        common = prompt is not None and common_start(assessment, prompt, current, now)
        return _Asked(
            level=own,
            by_prompt=False,
            starts_at=prompt.starts_at if prompt is not None and common else assessment.starts_at,
            common=common,
            ends_at=_later(assessment.ends_at, prompt.ends_at if prompt else None),
            open_end=prompt is not None and prompt.ends_at is None,
            at_once=assessment.observed_heavy,
        )
    starts = prompt.starts_at
    if own == prompt.level and assessment.starts_at is not None:
        starts = min(starts, assessment.starts_at)
    return _Asked(
        level=prompt.level,
        by_prompt=prompt.level > own,
        starts_at=starts,
        ends_at=_later(assessment.ends_at, prompt.ends_at),
        open_end=prompt.ends_at is None,
        at_once=assessment.observed_heavy and own == prompt.level,
        linked=prompt.linked and prompt.level > own,
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    known = [instant for instant in (one, other) if instant is not None]
    return max(known, default=None)


def _start(assessment: Assessment, asked: _Asked, now: datetime, flags: list[str], criteria: Criteria) -> Step:
    if asked.level is Level.NONE or (not asked.by_prompt and _is_clearing(assessment, now, criteria)):
        return _step(Action.NONE, Level.NONE, Level.NONE, Reason.NO_CHANGE, flags=flags)
    reason = Reason.REGIONAL_PROMPT if asked.by_prompt else Reason.CRITERIA_MET
    return _begin(Action.ISSUE, Level.NONE, asked, reason, now, flags, criteria)


def _is_clearing(assessment: Assessment, now: datetime, criteria: Criteria) -> bool:
    """Whether only hours that are over keep the level up: what would be lifted at once is not issued."""
    began = assessment.starts_at is not None and assessment.starts_at <= now
    return began and criteria.lift is not None and may_lift(assessment, now, criteria.lift)


def _raise(asked: _Asked, current: InForce, now: datetime, flags: list[str], criteria: Criteria) -> Step:
    reason = Reason.REGIONAL_PROMPT if asked.by_prompt else Reason.LEVEL_RAISED
    return _begin(Action.RAISE, current.level, asked, reason, now, flags, criteria)


def _begin(
    action: Action,
    from_level: Level,
    asked: _Asked,
    reason: Reason,
    now: datetime,
    flags: list[str],
    criteria: Criteria,
) -> Step:
    starts = asked.starts_at if asked.starts_at is not None and asked.starts_at > now else None
    if starts is not None and asked.at_once:
        starts, flags = None, [*flags, "observed_heavy"]
    lead = (starts - now) / HOUR if starts is not None else 0.0
    if criteria.lead_time_hours is not None and lead < criteria.lead_time_hours:
        flags = [*flags, "lead_short"]
    if asked.linked:
        flags = [*flags, "same_level"]
    if asked.common:
        flags = [*flags, "common_start"]
    return _step(
        action,
        from_level,
        asked.level,
        reason,
        effective_at=starts,
        planned_end=None if asked.open_end else asked.ends_at,
        lead_hours=lead,
        flags=flags,
    )


def _late(
    assessment: Assessment,
    asked: _Asked,
    current: InForce,
    prompt: PromptView,
    criteria: Criteria,
    now: datetime,
    recent: Sequence[Level],
    flags: list[str],
) -> Step:
    """The announced level begins late: it is brought forward, but no more than is asked for is hurried; that is lowered.

    Air that is measured heavy at that level waits neither for its announced start nor for the common one.
    """
    if asked.level < current.level:
        below = _below(assessment, asked, current, criteria, recent, flags)
        if below.action is Action.LOWER:
            return below
        flags = list(below.flags)
    elif asked.at_once and prompt.starts_at > now:
        return _advance(asked, current, now, Reason.CRITERIA_MET, now, [*flags, "observed_heavy"], criteria)
    return _advance(asked, current, prompt.starts_at, Reason.REGIONAL_PROMPT, now, flags, criteria)


def _advance(
    asked: _Asked,
    current: InForce,
    earlier: datetime,
    reason: Reason,
    now: datetime,
    flags: list[str],
    criteria: Criteria,
) -> Step:
    """Bring an announced start forward to an earlier one, or to now; an end that the level would outlast moves with it."""
    starts = earlier if earlier > now else None
    lead = (starts - now) / HOUR if starts is not None else 0.0
    if criteria.lead_time_hours is not None and lead < criteria.lead_time_hours:
        flags = [*flags, "lead_short"]
    planned = current.planned_end
    if planned is not None and asked.level == current.level:
        longer = asked.ends_at is not None and asked.ends_at >= planned + HOUR
        planned = None if asked.open_end else asked.ends_at if longer else planned
    return _step(
        Action.ADVANCE,
        current.level,
        current.level,
        reason,
        effective_at=starts,
        planned_end=planned,
        lead_hours=lead,
        flags=flags,
    )


def _same(asked: _Asked, current: InForce, now: datetime, flags: list[str], criteria: Criteria) -> Step:
    """The level asked for is announced already. Air that is measured heavy does not wait for an announced start."""
    if asked.at_once and current.begins_at > now:
        return _advance(asked, current, now, Reason.CRITERIA_MET, now, [*flags, "observed_heavy"], criteria)
    planned = current.planned_end
    if planned is not None and asked.open_end:
        return _step(Action.EXTEND, current.level, current.level, Reason.PROLONGED, flags=flags)
    if planned is not None and asked.ends_at is not None and asked.ends_at >= planned + HOUR:
        return _step(
            Action.EXTEND,
            current.level,
            current.level,
            Reason.PROLONGED,
            planned_end=asked.ends_at,
            flags=flags,
        )
    return _hold(current, flags)


def _hold(current: InForce, flags: list[str]) -> Step:
    return _step(
        Action.HOLD,
        current.level,
        current.level,
        Reason.NO_CHANGE,
        planned_end=current.planned_end,
        flags=flags,
    )


def _below(
    assessment: Assessment,
    asked: _Asked,
    current: InForce,
    criteria: Criteria,
    recent: Sequence[Level],
    flags: list[str],
) -> Step:
    """Less is asked than is in force.

    Lower, unless data are missing, runs disagree or only lifting is left.
    """
    if assessment.state == "insufficient" or asked.level is Level.NONE:
        return _hold(current, flags)
    before = recent[max(0, len(recent) - criteria.lower_after_runs + 1) :] if criteria.lower_after_runs > 1 else ()
    if any(level >= current.level for level in before):
        return _hold(current, [*flags, "fluctuating"])
    return _step(
        Action.LOWER,
        current.level,
        asked.level,
        Reason.LEVEL_LOWERED,
        planned_end=None if asked.open_end else asked.ends_at,
        flags=flags,
    )


def _rises_before(asked: _Asked, current: InForce, lift_at: datetime, criteria: Criteria) -> bool:
    """Whether a higher level is asked for that belongs to the running episode, so that lifting would be
    wrong.
    """
    if asked.level <= current.level or asked.starts_at is None or criteria.lift is None:
        return False
    return asked.starts_at < lift_at + criteria.lift.forecast_hours * HOUR


def _lift_instant(
    assessment: Assessment, current: InForce, prompt: PromptView | None, criteria: Criteria, now: datetime
) -> datetime | None:
    """The earliest instant, now or ahead, at which the lifting test holds; None when there is none.

    The test itself refuses missing hours; what is unknown beyond its window does not concern it.
    """
    rule = criteria.lift
    if rule is None:
        return None
    earliest = max(now, current.effective_at)
    if prompt is not None and prompt.ends_at is not None:
        earliest = max(earliest, prompt.ends_at)
    latest = now + criteria.lift_ahead_hours * HOUR
    candidate = earliest
    while candidate <= latest:
        if may_lift(assessment, candidate, rule):
            return candidate
        candidate = hour_ceil(candidate + timedelta(microseconds=1))
    return None


def may_lift(assessment: Assessment, at: datetime, rule: LiftRule) -> bool:
    """The lifting test (解除条件): the last complete hour and all of the next `forecast_hours` at or below
    the line.

    A missing hour forbids it.
    """
    start, values = assessment.hourly.start, assessment.hourly.values
    first = round((hour_floor(at) - start) / HOUR) - 1
    last = round((hour_ceil(at + rule.forecast_hours * HOUR) - start) / HOUR) - 1
    if first < 0 or last >= len(values):
        return False
    return all(value is not None and value <= rule.at_most for value in values[first : last + 1])


def _lift(
    assessment: Assessment,
    current: InForce,
    at: datetime,
    criteria: Criteria,
    now: datetime,
    flags: list[str],
) -> Step:
    if criteria.lift is not None and _heavy_after(assessment, at + criteria.lift.forecast_hours * HOUR):
        flags = [*flags, "second_episode"]
    return _step(
        Action.LIFT,
        current.level,
        Level.NONE,
        Reason.IMPROVED,
        effective_at=at if at > now else None,
        flags=flags,
    )


def _heavy_after(assessment: Assessment, instant: datetime) -> bool:
    """Whether a block above the episode's line starts at or after the instant."""
    line = assessment.rolling
    first = max(0, -((line.start - instant) // HOUR))
    return any(value is not None and value > assessment.episode_line for value in line.values[first:])


def _step(
    action: Action,
    from_level: Level,
    to_level: Level,
    reason: Reason,
    *,
    effective_at: datetime | None = None,
    planned_end: datetime | None = None,
    lead_hours: float | None = None,
    flags: Sequence[str] = (),
) -> Step:
    zh, en = sentences(action, from_level, to_level, reason, effective_at, planned_end, flags)
    return Step(
        action=action,
        from_level=from_level,
        to_level=to_level,
        reason=reason,
        effective_at=effective_at,
        planned_end=planned_end,
        lead_hours=lead_hours,
        flags=tuple(flags),
        sentence_zh=zh,
        sentence_en=en,
    )
