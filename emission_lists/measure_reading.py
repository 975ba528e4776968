"""The cells of one level of one line → a measure, or what is wrong with them."""

from __future__ import annotations

from typing import Any

from emission_lists.cells import CellProblem
from emission_lists.columns import LEVEL_FIELDS
from emission_lists.later_notation import parse_stages
from emission_lists.measures import Action, Later, LoadCap, Measure

Cells = dict[str, Any]  # by LEVEL_FIELDS


class GroupProblem(Exception):
    """Cells that do not go together; `column`: the one to look at, counted in its group.

    `shared`: its group is that of the columns which all levels of a line share.
    """

    def __init__(self, code: str, column: int, value: object = None, *, shared: bool = False, **facts: object) -> None:
        super().__init__(code)
        self.code, self.column, self.value, self.shared, self.facts = code, column, value, shared, facts


_PLACE = {field: place for place, field in enumerate(LEVEL_FIELDS)}
_TOTAL = 1  # among the columns that a line states once
_LEFT_ALONE = frozenset({Action.SELF_DETERMINED, Action.NONE, Action.UNKNOWN})


def load_cap(metric: str | None, value: float | None, unit: str | None, column: int) -> LoadCap | None:
    """The cap of three cells. GroupProblem at `column` if only some of it is given."""
    if metric is None and value is None and unit is None:
        return None
    if value is None or unit is None:
        raise GroupProblem("CAP_INCOMPLETE", column, value)
    return LoadCap(value, unit, metric)


def level_cells(*values: Any) -> tuple[Cells, list[tuple[float, Cells]]]:
    """The cells of one level by their field, and those of its later stages. GroupProblem if they do not go together."""
    cells = dict(zip(LEVEL_FIELDS, values, strict=True))
    text = cells.pop("later")
    _check(cells)
    if text is None:
        return cells, []
    if cells["action"] is Action.UNKNOWN:
        raise _contradicts("later", cells, "后续措施", "later stages")
    try:
        stages = parse_stages(text)
        for _, later in stages:
            _check(later)
    except (CellProblem, GroupProblem) as wrong:
        facts = {"value": text, **wrong.facts}
        raise GroupProblem(wrong.code, _PLACE["later"], facts.pop("value"), **facts) from None
    return cells, stages


def measure_of(shared: tuple[Any, ...], level: tuple[Cells, list[tuple[float, Cells]]]) -> Measure:
    """The measure of a level with what its line states once. GroupProblem if the two do not go together."""
    cells, stages = level
    measure = _measure(shared, cells)
    _check_units(measure, _PLACE["ratio"])
    later = tuple(Later(hours, _measure(shared, stage)) for hours, stage in stages)
    for one in later:
        _check_units(one.measure, _PLACE["later"])
    return _measure(shared, cells, later) if later else measure


def _measure(shared: tuple[Any, ...], cells: Cells, later: tuple[Later, ...] = ()) -> Measure:
    count_unit, total, basis, verification, point = shared
    fields = {field: value for field, value in cells.items() if not field.startswith("cap_")}
    fields["at_least"] = bool(fields["at_least"])
    value, unit = cells["cap_value"], cells["cap_unit"]
    return Measure(
        **fields,
        load_cap=None if value is None else LoadCap(value, unit, cells["cap_metric"]),
        count_unit=count_unit,
        total_units=total,
        basis=basis,
        verification=verification,
        verification_point=point,
        later=later,
    )


def _check_units(measure: Measure, column: int) -> None:
    """Stopped units need a number of units and are no more than that; a limit says how much."""
    stopped, kept, total = measure.stopped_units, measure.keep_running, measure.total_units
    if stopped is not None and total is None:
        raise GroupProblem(
            "MEASURE_INCOMPLETE", _TOTAL, measure.action.zh, shared=True, what="设备总数", what_en="the number of units"
        )
    later = column == _PLACE["later"]
    if stopped is not None and total is not None and stopped > total:
        raise GroupProblem("UNITS", column if later else _PLACE["stopped_units"], stopped, what=total)
    if kept is not None and total is not None and kept > total:
        raise GroupProblem("KEPT_UNITS", column if later else _PLACE["keep_running"], kept, what=total)
    if measure.action is Action.LIMIT and not measure.share_stated:
        raise GroupProblem(
            "MEASURE_INCOMPLETE",
            column,
            measure.action.zh,
            what="比例或负荷上限",
            what_en="its share or its load cap",
        )


def _lacks(field: str, cells: Cells, what: str, what_en: str) -> GroupProblem:
    return GroupProblem("MEASURE_INCOMPLETE", _PLACE[field], cells["action"].zh, what=what, what_en=what_en)


def _contradicts(field: str, cells: Cells, what: str, what_en: str) -> GroupProblem:
    return GroupProblem("MEASURE_CONTRADICTS", _PLACE[field], cells["action"].zh, what=what, what_en=what_en)


# Fields that go with one action only.
_ONLY = (
    ("stopped_units", Action.STOP, "停产数量", "a number of units"),
    ("stop_mode", Action.STOP, "停产方式", "a way of stopping"),
    ("keep_running", Action.STOP, "保留运行", "units that keep running"),
    ("coking_hours", Action.LIMIT, "出焦时间", "coking hours"),
    ("cycle", Action.LIMIT, "停开周期", "a cycle of hours"),
    ("heats_per_day", Action.LIMIT, "日最多炉数", "a number of heats"),
)


def _check(cells: Cells) -> None:
    """Raises if the measure lacks what it needs, or carries what does not go with it."""
    action, ratio, kept = cells["action"], cells["ratio"], cells["keep_running"]
    load_cap(cells["cap_metric"], cells["cap_value"], cells["cap_unit"], _PLACE["cap_value"])
    if action is Action.STOP and ratio is None and cells["stopped_units"] is None and kept is None:
        raise _lacks("ratio", cells, "比例或停产数量", "its share or its number of units")
    if action is Action.TRANSPORT and cells["vehicle_rule"] is None and cells["non_road_ban"] is None:
        raise _lacks("vehicle_rule", cells, "车辆管控", "its vehicle rule")
    for field, only, zh, en in _ONLY:
        if action is not only and cells[field] is not None:
            raise _contradicts(field, cells, zh, en)
    if action not in (Action.STOP, Action.LIMIT) and ratio is not None:
        raise _contradicts("ratio", cells, "比例", "a share")
    if kept is not None and (ratio is not None or cells["stopped_units"] is not None):
        raise _contradicts("keep_running", cells, "保留运行，又填写了比例或停产数量", "both kept and stopped units")
    ordered = ("cap_value", "vehicle_rule", "window", "non_road_ban", "complete_within_hours")
    if action in _LEFT_ALONE and any(cells[field] is not None for field in ordered):
        raise _contradicts("action", cells, "负荷上限、车辆管控或时段", "a load cap, vehicle rule or hours")
    if cells["at_least"] and ratio is None:
        raise _lacks("ratio", cells, "比例", "its share")
