"""What a guide asks of one process, as data: every shape of the measure algebra, written in YAML."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emission_lists.levels import ResponseLevel
from emission_lists.measures import (
    LOAD_BASES,
    MAX_HOURS,
    Action,
    Basis,
    CountUnit,
    Cycle,
    Labelled,
    Later,
    LoadCap,
    Measure,
    NonRoadRule,
    StopMode,
    VehicleRule,
)

Confidence = Literal["high", "medium", "low", "partial", "unknown"]
Ratio = Annotated[float, Field(ge=0, le=1)]
Hours = Annotated[float, Field(gt=0, le=MAX_HOURS)]


class Data(BaseModel):
    """Data of a guide: read once, never changed, and no key that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InForce(Data):
    """Half-open: `from` belongs to it, `until` does not; `until` None = still in force."""

    from_: date = Field(alias="from")
    until: date | None

    def holds_on(self, day: date) -> bool:
        return self.from_ <= day and (self.until is None or day < self.until)


class Label(Data):
    """What a process is called. `aliases`: other names under which lists have it."""

    zh: str
    en: str
    aliases: tuple[str, ...] = ()


class SingleUnitPolicy(Labelled):
    """What a share below 100 % means for an enterprise with one line (单条生产线): each was seen in some place."""

    LOWER_LOAD = ("lower_load", "降低负荷", "lower the load by the share")
    STOP_ALL = ("stop_all", "全部停产", "stop it")
    STAGED = ("staged", "分阶段停产", "stop it at a later hour")
    STOP_2_MONTHS = ("stop_2_months", "停产2个月", "stop for two months of the season")
    KEEP_ONE = ("keep_one", "保留一条运行", "one line may run")


class CycleData(Data):
    off_hours: Hours
    on_hours: Hours


class CapData(Data):
    value: Annotated[float, Field(gt=0)]
    unit: str
    metric: str | None = None


class MeasureData(Data):
    """One measure. A stop or limit says how much, or `basis: not_stated` says that its source does not."""

    action: Action
    ratio: Ratio | None = None
    ratio_up_to: Ratio | None = None
    at_least: bool = False
    count_unit: CountUnit | None = None
    basis: Basis | None = None
    load_cap: CapData | None = None
    vehicle_rule: VehicleRule | None = None
    non_road_ban: NonRoadRule | None = None
    window: Annotated[str, Field(pattern=r"^\d{2}:\d{2}-\d{2}:\d{2}$")] | None = None
    coking_hours: Hours | None = None
    cycle: CycleData | None = None
    heats_per_day: Annotated[int, Field(ge=1)] | None = None
    stop_mode: StopMode | None = None
    keep_running: Annotated[int, Field(ge=1)] | None = None
    complete_within_hours: Hours | None = None
    note_zh: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> MeasureData:
        if self.action is Action.UNKNOWN:
            raise ValueError("leave an unknown measure out instead of writing it down")
        if self.action is Action.TRANSPORT and self.vehicle_rule is None and self.non_road_ban is None:
            raise ValueError("transport control needs a vehicle_rule or a non_road_ban")
        if self.ratio_up_to is not None and not (self.at_least and (self.ratio or 0) < self.ratio_up_to):
            raise ValueError("ratio_up_to stands above a ratio that is a lower bound (at_least)")
        if self.action in (Action.STOP, Action.LIMIT) and not self._says_how_much():
            raise ValueError(f"a {self.action.value} needs a ratio, or basis not_stated where its source gives none")
        return self

    def _says_how_much(self) -> bool:
        stated: tuple[object, ...] = (self.ratio, self.keep_running, self.coking_hours, self.cycle)
        stated = (*stated, self.heats_per_day, self.load_cap)
        return any(part is not None for part in stated) or self.basis in LOAD_BASES | {Basis.NOT_STATED}

    def _fields(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in MeasureData.model_fields if name != "ratio_up_to"}
        if self.cycle is not None:
            fields["cycle"] = Cycle(self.cycle.off_hours, self.cycle.on_hours)
        if self.load_cap is not None:
            fields["load_cap"] = LoadCap(self.load_cap.value, self.load_cap.unit, self.load_cap.metric)
        return fields


class LaterData(MeasureData):
    """What stands instead from `after_hours` after the measures' start."""

    after_hours: Hours


class MeasureTemplate(MeasureData):
    """What the guide asks of one process; `process` "all" = every line of the enterprise.

    `units_from`, `units_to`: it is asked where the enterprise has so many units (三条及以上); `single_unit`: what its share
    means for one unit, where the source says so.
    """

    process: str
    units_from: Annotated[int, Field(ge=1)] | None = None
    units_to: Annotated[int, Field(ge=1)] | None = None
    single_unit: SingleUnitPolicy | None = None
    later: tuple[LaterData, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> MeasureTemplate:
        if self.units_from is not None and self.units_to is not None and self.units_from > self.units_to:
            raise ValueError("units_from is above units_to")
        reducing = any(one.action is not Action.TRANSPORT for one in (self, *self.later))
        if reducing and any(one.vehicle_rule or one.non_road_ban for one in (self, *self.later)):
            raise ValueError("a transport rule beside a stop or limit: write it as a row of its own")
        self.measure()  # ValueError if its stages are out of order
        return self

    def applies_to(self, units: int) -> bool:
        """True if an enterprise with so many units of the process is asked for it."""
        return (self.units_from or 1) <= units and (self.units_to is None or units <= self.units_to)

    def measure(self) -> Measure:
        later = tuple(Later(stage.after_hours, Measure(**stage._fields())) for stage in self.later)
        return Measure(**self._fields(), later=later)


class Season(Data):
    """Months in which an entry holds (秋冬季). `choice`: the months are ours, the source names only the season."""

    months: Annotated[frozenset[Annotated[int, Field(ge=1, le=12)]], Field(min_length=1)]
    zh: str
    en: str
    choice: bool
    source: tuple[str, ...]


class GradeMeasures(Data):
    """The measures of one grade. An empty list = unknown. `season`: they hold in those months only."""

    yellow: tuple[MeasureTemplate, ...] = ()
    orange: tuple[MeasureTemplate, ...] = ()
    red: tuple[MeasureTemplate, ...] = ()
    season: Season | None = None

    def at(self, level: ResponseLevel, on: date | None = None) -> tuple[MeasureTemplate, ...]:
        """What is asked at a level; on a day outside its season nothing is known. Without a day the season is taken."""
        if on is not None and self.season is not None and on.month not in self.season.months:
            return ()
        return {"yellow": self.yellow, "orange": self.orange, "red": self.red}[level.value]

    @property
    def templates(self) -> tuple[MeasureTemplate, ...]:
        return (*self.yellow, *self.orange, *self.red)
