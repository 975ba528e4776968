"""How evidence is read against requirements (合规判定): the numbers as data, each with its reason or reference."""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emission_lists.measure_kinds import Basis

T = TypeVar("T")


class Rule(StrEnum):
    """What a finding says. BY_HAND: an inspector or officer raised it."""

    RUNNING_WHILE_STOPPED = "RUNNING_WHILE_STOPPED"
    LOAD_OVER_CAP = "LOAD_OVER_CAP"
    TREATMENT_OFF = "TREATMENT_OFF"
    BANNED_VEHICLE = "BANNED_VEHICLE"
    NO_PLAN = "NO_PLAN"
    BY_HAND = "BY_HAND"

    @property
    def zh(self) -> str:
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        return _WORDS[self][1]


_WORDS = {
    Rule.RUNNING_WHILE_STOPPED: ("应停未停", "running while it must stand still"),
    Rule.LOAD_OVER_CAP: ("超负荷生产", "load above what is allowed"),
    Rule.TREATMENT_OFF: ("生产时治理设施停运", "treatment off while production runs"),
    Rule.BANNED_VEHICLE: ("放行禁行车辆", "banned vehicle let in"),
    Rule.NO_PLAN: ("无操作方案", "no operating plan"),
    Rule.BY_HAND: ("现场检查问题", "found by inspection"),
}


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stated(_Data, Generic[T]):
    """One value: either chosen here with a reason in both languages, or taken from a document with its reference."""

    value: T
    choice: bool
    reason_zh: str | None = None
    reason_en: str | None = None
    reference: str | None = None

    @model_validator(mode="after")
    def _grounded(self) -> Stated[T]:
        if self.choice and not (self.reason_zh and self.reason_en):
            raise ValueError("a choice states its reason in both languages")
        if not self.choice and not self.reference:
            raise ValueError("what is no choice names its document")
        return self

    def why(self) -> dict[str, object]:
        """Where the value comes from, for the proof of a finding."""
        return {
            "choice": self.choice,
            "reason_zh": self.reason_zh,
            "reason_en": self.reason_en,
            "reference": self.reference,
        }


class Running(_Data):
    """When a line draws power. Shares are of a normal hour or of the rated power."""

    idle_share: Stated[float]
    idle_share_of_rated: Stated[float]
    least_kwh: Stated[float]


class Load(_Data):
    """How far a limited line may go over, and which limits are counted from its own normal day (核算基准)."""

    tolerance: Stated[float]
    own_day_bases: Stated[tuple[Basis | Literal["unnamed"], ...]]


class Treatment(_Data):
    """When treatment is off while production runs."""

    off_share: Stated[float]
    production_on_share: Stated[float]
    cems_stopped_flags: Stated[tuple[str, ...]]


class Vehicles(_Data):
    """Which plates always pass, and which fuels are gas and diesel."""

    passing_colours: Stated[tuple[str, ...]]
    gas_fuels: Stated[tuple[str, ...]]
    diesel_fuels: Stated[tuple[str, ...]]


class BaselineRule(_Data):
    """Which days before a response are days of normal production."""

    lookback_days: Stated[int]
    days: Stated[int]
    least_days: Stated[int]
    hours_of_day: Stated[int]
    normal_share: Stated[float]


class Night(_Data):
    """When night use is flagged as a hint."""

    ratio: Stated[float]


class Process(_Data):
    """Deadlines of the due process."""

    answer_hours: Stated[int]


class Plans(_Data):
    """When a missing operating plan is looked for without evidence."""

    kept_share: Stated[float]


class ComplianceRules(_Data):
    """Everything that judging needs besides requirements and evidence."""

    id: str
    running: Running
    load: Load
    treatment: Treatment
    vehicles: Vehicles
    baseline: BaselineRule
    night: Night
    plans: Plans
    process: Process


class Consequence(_Data):
    """What a law says may follow a breach; shown, never decided. Amounts in CNY; `division` None: everywhere."""

    id: str
    basis: str
    basis_en: str
    zh: str
    en: str
    least: int = Field(ge=0)
    most: int = Field(ge=0)
    serious_zh: str | None = None
    serious_en: str | None = None
    division: str | None = None
    rules: tuple[Rule, ...]
    reference: str


class NotEstablished(_Data):
    """A rule for which no clause was seen (未确立)."""

    zh: str
    en: str


class Consequences(_Data):
    """The table of consequences."""

    id: str
    items: tuple[Consequence, ...]
    unknown: dict[Rule, NotEstablished]

    def of(self, rule: Rule, adcode: str) -> tuple[Consequence, ...]:
        """The clauses that name a rule and hold in a division."""
        return tuple(
            one for one in self.items if rule in one.rules and (one.division is None or _inside(adcode, one.division))
        )


def _inside(adcode: str, division: str) -> bool:
    prefix = division[:2] if division.endswith("0000") else division[:4] if division.endswith("00") else division
    return adcode.startswith(prefix)
