"""A row of a list as the cells of its worksheet, in the order of the template, and the template's example."""

from __future__ import annotations

from datetime import date

from emission_lists.cells import cycle_cell, percent_cell
from emission_lists.grades import Grade
from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.later_notation import write_stages
from emission_lists.levels import PerLevel
from emission_lists.lists import (
    Enterprise,
    EnterpriseParticulars,
    Line,
    LineParticulars,
    ListRow,
    Means,
    Pollutants,
)
from emission_lists.measures import Action, CountUnit, LoadCap, Measure, Verification

Cell = str | float | int | bool | date | None


def has_particulars(row: ListRow) -> bool:
    """Whether the row fills a column of the particulars."""
    return row.line.particulars is not None or row.enterprise.particulars is not None


def row_cells(row: ListRow) -> list[Cell]:
    """The cells from the column after the number on; those of the particulars only where it has some.

    ValueError if its measures disagree on what is one column for all levels.
    """
    measures = list(row.line.measures)
    shared = _shared_cells(measures[0])
    later = [one.measure for measure in measures for one in measure.later]
    if any(_shared_cells(measure) != shared for measure in (*measures[1:], *later)):
        raise ValueError(
            f"Line {row.line.code} of {row.enterprise.uscc}: its measures differ in counting unit, number of "
            "units, basis or verification, which a list states once per line. Make them agree"
        )
    cells = [
        *_enterprise_cells(row.enterprise),
        row.line.code,
        row.line.name,
        row.line.process,
        *row.line.base,
    ]
    cells += shared
    for measure, reduction in zip(measures, row.line.reductions, strict=True):
        cells += [*_measure_cells(measure), *reduction]
    if has_particulars(row):
        cells += _particular_cells(row.enterprise.particulars, row.line.particulars)
    return cells


def _particular_cells(firm: EnterpriseParticulars | None, line: LineParticulars | None) -> list[Cell]:
    firm, line = firm or EnterpriseParticulars(), line or LineParticulars()
    means = line.means or Means()
    return [
        *(firm.lon, firm.lat, firm.legal_representative),
        *(line.product, line.capacity, line.capacity_unit, line.actual_output, line.fuel, line.treatment),
        *(line.manager, line.manager_phone, line.seasonal_plan, line.remark),
        *(means.eia_capacity, means.permit_capacity, means.actual_output, means.unit),
    ]


def _yes_no(value: bool) -> str:
    return "是" if value else "否"


def _cap_cells(cap: LoadCap | None) -> list[Cell]:
    return [None, None, None] if cap is None else [cap.metric, cap.value, cap.unit]


def enterprise_cells(enterprise: Enterprise) -> list[Cell]:
    """All cells of an enterprise: its columns and then its particulars."""
    firm = enterprise.particulars or EnterpriseParticulars()
    return [*_enterprise_cells(enterprise), firm.lon, firm.lat, firm.legal_representative]


def _enterprise_cells(enterprise: Enterprise) -> list[Cell]:
    guarantee = enterprise.guarantee
    return [
        enterprise.uscc,
        enterprise.name,
        enterprise.adcode,
        enterprise.industry,
        _yes_no(enterprise.key_industry),
        enterprise.grade.zh,
        enterprise.permit_no,
        enterprise.address,
        enterprise.gbt4754,
        None if guarantee is None else guarantee.zh,
        enterprise.guarantee_until,
        *_cap_cells(enterprise.guarantee_cap),
        _yes_no(enterprise.small_micro),
        _yes_no(enterprise.long_stopped),
        enterprise.contact,
        enterprise.subtype,
        None if enterprise.source_class is None else enterprise.source_class.zh,
    ]


def _shared_cells(measure: Measure) -> list[Cell]:
    return [
        None if measure.count_unit is None else measure.count_unit.zh,
        measure.total_units,
        None if measure.basis is None else measure.basis.zh,
        "、".join(kind.zh for kind in measure.verification) or None,
        measure.verification_point,
    ]


def _measure_cells(measure: Measure) -> list[Cell]:
    return [
        measure.action.zh,
        None if measure.ratio is None else percent_cell(measure.ratio),
        "是" if measure.at_least else None,
        measure.stopped_units,
        *_cap_cells(measure.load_cap),
        None if measure.vehicle_rule is None else measure.vehicle_rule.zh,
        measure.window,
        measure.note_zh,
        None if measure.stop_mode is None else measure.stop_mode.zh,
        measure.keep_running,
        measure.coking_hours,
        None if measure.cycle is None else cycle_cell(measure.cycle),
        measure.heats_per_day,
        None if measure.non_road_ban is None else measure.non_road_ban.zh,
        measure.complete_within_hours,
        write_stages(measure.later),
    ]


_SHARED = {
    "count_unit": CountUnit.PRODUCTION_LINE,
    "total_units": 2,
    "verification": (Verification.METER, Verification.CEMS),
    "verification_point": "1号窑总电表；DA001",
}
_EXAMPLE_USCC = make_uscc("130202", 12345678)
EXAMPLE_ROW = ListRow(
    Enterprise(
        uscc=_EXAMPLE_USCC,
        name="某某水泥有限公司（示例）",
        adcode="130202",
        industry="水泥",
        key_industry=True,
        grade=Grade.C,
        permit_no=make_permit(_EXAMPLE_USCC),
        gbt4754="3011",
        particulars=EnterpriseParticulars(lon=118.18, lat=39.63),
    ),
    Line(
        code="MF0001",
        name="熟料生产线",
        process="熟料生产线",
        measures=PerLevel(
            Measure(Action.STOP, ratio=0.5, stopped_units=1, **_SHARED),  # type: ignore[arg-type]
            Measure(Action.STOP, ratio=1.0, stopped_units=2, **_SHARED),  # type: ignore[arg-type]
            Measure(Action.STOP, ratio=1.0, stopped_units=2, **_SHARED),  # type: ignore[arg-type]
        ),
        base=Pollutants(120, 860, 95, 0),
        reductions=PerLevel(Pollutants(60, 430, 47.5, 0), Pollutants(120, 860, 95, 0), Pollutants(120, 860, 95, 0)),
        particulars=LineParticulars(
            product="熟料", capacity=10000, capacity_unit="t/d", fuel="煤", treatment="SCR脱硝 TA001"
        ),
    ),
)
