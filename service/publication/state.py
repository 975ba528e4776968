"""What the public may see: decided and announced things, and nothing else.
Only government publishes warnings (大气污染防治法 art. 95). Nothing that is merely proposed has a type
here: every step carries the decision it rests on and the instant it was announced, and a step whose
announcement lies after `as_of` is refused.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, IntEnum, StrEnum

from alerts.cap_values import MessageType, Status
from alerts.levels import Level


class PublicStateError(ValueError):
    """A state that must not be published; the message says which place or message, and what to do."""


class PublicReason(StrEnum):
    """Why a step was taken, as the public is told (the reasons of the warning's life, `no_change`
    excepted).
    """

    CRITERIA_MET = "criteria_met"
    LEVEL_RAISED = "level_raised"
    LEVEL_LOWERED = "level_lowered"
    PROLONGED = "prolonged"
    IMPROVED = "improved"
    REGIONAL_PROMPT = "regional_prompt"
    UPPER_ORDER = "upper_order"
    ISSUED_IN_ERROR = "issued_in_error"


class StepKind(StrEnum):
    """What an announced step does to a warning."""

    ISSUE = "issue"
    RAISE = "raise"
    LOWER = "lower"
    EXTEND = "extend"
    ADVANCE = "advance"
    LIFT = "lift"
    REVOKE = "revoke"

    @property
    def ends(self) -> bool:
        """Whether the warning is over once this step takes effect."""
        return self in {StepKind.LIFT, StepKind.REVOKE}


class Phase(Enum):
    """Where a warning stands at an instant."""

    ANNOUNCED = "announced"
    IN_FORCE = "in_force"
    ENDED = "ended"


class AirCategory(IntEnum):
    """AQI category (空气质量级别) 1 to 6. Its colours belong to air alone, never to warnings."""

    EXCELLENT = 1
    GOOD = 2
    LIGHT = 3
    MODERATE = 4
    HEAVY = 5
    SEVERE = 6


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What one group of people should do (健康防护建议), as the plan in force says it."""

    group: Words
    text: Words


@dataclass(frozen=True, slots=True)
class PublicStep:
    """One announced step. `level` is the level from `effective_at` on; for lift and revoke, the level that
    ends.

    `decision_id` names the recorded approval. `planned_end` is None where the end is announced later
    (解除时间另行通知). All instants are aware.
    """

    kind: StepKind
    level: Level
    decision_id: str
    announced_at: datetime
    effective_at: datetime
    planned_end: datetime | None
    reason: PublicReason
    cap_identifier: str


@dataclass(frozen=True, slots=True)
class PublicWarning:
    """One warning (预警) of one place with its steps in the order of their announcement.

    `items` says what to expect (警示事项): days, AQI range, primary pollutant; `advice` what to do.
    """

    id: str
    issuer: Words
    status: Status
    steps: tuple[PublicStep, ...]
    items: Words
    advice: tuple[Advice, ...]

    @property
    def first(self) -> PublicStep:
        return self.steps[0]

    @property
    def latest(self) -> PublicStep:
        return self.steps[-1]

    @property
    def starts_at(self) -> datetime:
        """When the warning first took, or takes, effect."""
        return min(step.effective_at for step in self.steps)

    @property
    def ends_at(self) -> datetime | None:
        """The instant at which it ends or ended, None while that is open."""
        return self.latest.effective_at if self.latest.kind.ends else self.latest.planned_end

    @property
    def highest(self) -> Level:
        return max(step.level for step in self.steps)

    def standing(self, at: datetime) -> PublicStep | None:
        """The step whose level holds at `at`: the last one that has taken effect; None before the first."""
        effective = [step for step in self.steps if step.effective_at <= at]
        return effective[-1] if effective else None

    def phase(self, at: datetime) -> Phase:
        """Announced, in force or ended at `at`. A fixed planned end ends it by itself."""
        if self.ends_at is not None and self.ends_at <= at:
            return Phase.ENDED
        return Phase.ANNOUNCED if self.standing(at) is None else Phase.IN_FORCE


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """One day's published forecast: AQI range and category."""

    date: date
    aqi_low: int
    aqi_high: int
    category: AirCategory


@dataclass(frozen=True, slots=True)
class Place:
    """A division (行政区) with its warnings, newest last, and its published forecast. `adcode` has 6
    digits.
    """

    adcode: str
    name: Words
    province: Words
    warnings: tuple[PublicWarning, ...] = ()
    forecast: tuple[ForecastDay, ...] = ()
    forecast_issued_at: datetime | None = None
    forecast_note: Words | None = None


@dataclass(frozen=True, slots=True)
class PublicMessage:
    """A CAP message as it was sent: its frozen bytes and what the feeds need to know of it."""

    identifier: str
    xml: bytes
    title: str
    summary: str
    sent: datetime
    status: Status
    msg_type: MessageType
    expires: datetime | None
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicState:
    """Everything the public site is made of. `base_address` is the absolute address of /public/, with its
    slash.

    `clock_note` is set when the clock is simulated or this is a drill; then nothing may have status Actual,
    and without it nothing shown may have another status.
    """

    as_of: datetime
    base_address: str
    publisher: Words
    places: tuple[Place, ...]
    messages: tuple[PublicMessage, ...] = ()
    sources: tuple[Words, ...] = ()
    clock_note: Words | None = None


def next_change(state: PublicState) -> datetime | None:
    """The next instant at which time alone changes the site: a level starts, a warning ends, a message
    expires.

    Render and publish again then. None when nothing is ahead.
    """
    steps = [step for place in state.places for warning in place.warnings for step in warning.steps]
    instants = [step.effective_at for step in steps]
    instants += [warning.ends_at for place in state.places for warning in place.warnings if warning.ends_at]
    instants += [message.expires for message in state.messages if message.expires]
    return min((instant for instant in instants if instant > state.as_of), default=None)
