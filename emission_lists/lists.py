"""The emission-reduction list (应急减排清单): enterprises, their lines, and a measure per line and level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from emission_lists.grades import Grade
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.measures import Labelled, LoadCap, Measure
from emission_lists.sheets.kinds import Sheet, SheetRecord

POLLUTANTS = ("so2", "nox", "pm", "vocs")
POLLUTANT_LABELS = {"so2": "SO2", "nox": "NOx", "pm": "PM", "vocs": "VOCs"}
ROAD_TRANSPORT = "公路运输"  # the process of a line-like row that carries an enterprise's transport measure


class Pollutants(NamedTuple):
    """SO2, NOx, PM and VOCs in kg/d; None = not stated."""

    so2: float | None = None
    nox: float | None = None
    pm: float | None = None
    vocs: float | None = None


NOT_STATED = Pollutants()


NO_REDUCTIONS: PerLevel[Pollutants] = PerLevel(NOT_STATED, NOT_STATED, NOT_STATED)


class GuaranteeType(Labelled):
    """Why an enterprise keeps running under a warning (保障类)."""

    LIVELIHOOD = ("livelihood", "民生保障", "livelihood")
    CITY_OPERATION = ("city_operation", "城市运转", "city operation")
    STRATEGIC_INDUSTRY = ("strategic_industry", "国家战略性产业", "national strategic industry")
    MAJOR_PROJECT = ("major_project", "重大工程", "major project")
    OTHER = ("other", "其他", "other")


class SourceClass(Labelled):
    """Which class of industrial sources an enterprise is counted under (源类别). Small-micro emitters have a column of their own."""

    INDUSTRY = ("industry", "一般工业企业", "industry")
    POWER_PLANT = ("power_plant", "电厂", "power plant")
    HEATING_BOILER = ("heating_boiler", "供热锅炉", "heating boiler")


@dataclass(frozen=True, slots=True)
class Means:
    """The three daily means from whose smallest a limit may be counted (三者日均值), in `unit` such as t/d. None = not stated."""

    eia_capacity: float | None = None
    permit_capacity: float | None = None
    actual_output: float | None = None
    unit: str | None = None

    @property
    def smallest(self) -> float | None:
        """The smallest of those that are stated: the smallest of all three is not above it."""
        stated = (self.eia_capacity, self.permit_capacity, self.actual_output)
        return min((mean for mean in stated if mean is not None), default=None)


@dataclass(frozen=True, slots=True)
class EnterpriseParticulars:
    """What a list may say of an enterprise beside what its measures need: where it lies (degrees), who represents it.

    `legal_representative` (法定代表人) is personal data: for officials of the region, as is the contact; no notice, sheet or
    public page carries it.
    """

    lon: float | None = None
    lat: float | None = None
    legal_representative: str | None = None


@dataclass(frozen=True, slots=True)
class LineParticulars:
    """What a list may say of a line beside what its measures need.

    `capacity` (产能): of all units of the row, in `capacity_unit`; `actual_output`: in the same unit; `manager`,
    `manager_phone` (责任人): personal data, kept as an enterprise's legal representative is.
    """

    product: str | None = None
    capacity: float | None = None
    capacity_unit: str | None = None
    actual_output: float | None = None
    fuel: str | None = None
    treatment: str | None = None
    manager: str | None = None
    manager_phone: str | None = None
    seasonal_plan: str | None = None
    remark: str | None = None
    means: Means | None = None


@dataclass(frozen=True, slots=True)
class Enterprise:
    """An air-emitting enterprise (涉气企业).

    `adcode`: its county; `industry`: the guide's Chinese name, or any other text where `key_industry` is
    false; `contact`: a post or a switchboard, not a person; `subtype`: the guide's sub-type (行业子类), where
    grades differ inside an industry; `source_class`: None = an ordinary industrial enterprise.
    """

    uscc: str
    name: str
    adcode: str
    industry: str
    key_industry: bool
    grade: Grade
    permit_no: str | None = None
    address: str | None = None
    gbt4754: str | None = None
    guarantee: GuaranteeType | None = None
    guarantee_until: date | None = None
    guarantee_cap: LoadCap | None = None
    small_micro: bool = False
    long_stopped: bool = False
    contact: str | None = None
    subtype: str | None = None
    source_class: SourceClass | None = None
    particulars: EnterpriseParticulars | None = None

    def guaranteed_on(self, day: date) -> bool:
        """True if the guarantee is approved for `day`. Without an end date it is not established."""
        return self.guarantee is not None and self.guarantee_until is not None and day <= self.guarantee_until


@dataclass(frozen=True, slots=True)
class Line:
    """A production line, device or process (生产线/工序/设备). `base`: emissions of a normal day, kg/d.

    `particulars`: None where the list says nothing beside the measures.
    """

    code: str
    name: str
    process: str
    measures: PerLevel[Measure]
    base: Pollutants = NOT_STATED
    reductions: PerLevel[Pollutants] = NO_REDUCTIONS
    particulars: LineParticulars | None = None

    def measure(self, level: ResponseLevel) -> Measure:
        return self.measures.at(level)


class ListRow(NamedTuple):
    """One row: a line with its enterprise. `number` = row in the sheet it came from, 0 if none."""

    enterprise: Enterprise
    line: Line
    number: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What identifies a row in every version of a list: credit code and line code."""
        return self.enterprise.uscc, self.line.code


Places = Mapping[str, Mapping[str, str]]
"""Sheet → column (its header in the list, its field in a further sheet) → letter and header, as “G 绩效等级”."""


@dataclass(frozen=True, slots=True)
class EmissionListDraft:
    """A list before it is a version.

    `whole_society`: all emissions of the city, kg/d (全社会排放量), against which the floors are checked;
    `records`: the further sheets (扬尘源、移动源、用车大户、白名单、保障类、汇总); `places`: where the columns of each sheet
    stand in the workbook that was read (see `Places`), nothing where there was none.
    """

    adcode: str
    rows: tuple[ListRow, ...]
    whole_society: Pollutants | None = None
    title: str = ""
    records: tuple[SheetRecord, ...] = ()
    places: Places = field(default_factory=dict, compare=False, repr=False)

    def of_sheet(self, sheet: Sheet) -> tuple[SheetRecord, ...]:
        """The records of one further sheet, in the order of the list."""
        return tuple(record for record in self.records if record.sheet is sheet)

    def by_enterprise(self) -> dict[str, list[ListRow]]:
        """Rows by credit code, in the order of the list."""
        groups: dict[str, list[ListRow]] = {}
        for row in self.rows:
            groups.setdefault(row.enterprise.uscc, []).append(row)
        return groups


def all_measures(line: Line) -> tuple[tuple[ResponseLevel, Measure], ...]:
    """The line's measures with their levels, yellow first."""
    return tuple(zip(LEVELS, line.measures, strict=True))
