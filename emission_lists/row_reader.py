"""One row of cells → one `ListRow`, or everything that is wrong with it.

Enterprises, line names and measures repeat over thousands of rows, so each distinct group of cells is read only once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from emission_lists.cells import DECIMALS, MAX_QUANTITY, CellProblem
from emission_lists.columns import (
    COLUMNS,
    ENTERPRISE_COLUMNS,
    LEVEL_COLUMNS,
    LINE_COLUMNS,
    LIST_SHEET,
    REDUCTION_COLUMNS,
    SHARED_COLUMNS,
    Column,
    column_letter,
)
from emission_lists.findings import Finding, finding
from emission_lists.levels import PerLevel
from emission_lists.lists import Enterprise, Line, ListRow, Pollutants
from emission_lists.measures import Action, LoadCap, Measure, VehicleRule

T = TypeVar("T")


class Problem(NamedTuple):
    """A problem before it is tied to a row. `place`: the column in the sheet, counted from 0."""

    code: str
    place: int
    header: str
    value: object
    facts: tuple[tuple[str, object], ...]


_NO_PROBLEMS: list[Problem] = []  # never added to


class GroupProblem(Exception):
    """Cells that do not go together; `column`: the one to look at, counted in its group."""

    def __init__(self, code: str, column: int, value: object = None, **facts: object) -> None:
        super().__init__(code)
        self.code, self.column, self.value, self.facts = code, column, value, facts


class Group(Generic[T]):
    """Columns of the template that make one value. Each distinct set of cells is read once."""

    def __init__(self, columns: Sequence[Column], places: dict[str, int], build: Callable[..., T]) -> None:
        self.columns = tuple(columns)
        self.places = [places[column.header] for column in columns]
        self._pick = itemgetter(*self.places)
        self._readers = tuple(column.read for column in columns)
        self._build = build
        self._cache: dict[Any, tuple[T | None, list[Problem]]] = {}

    def read(self, raw: list[Any]) -> tuple[T | None, list[Problem]]:
        cells = self._pick(raw)
        known = self._cache.get(cells)
        if known is None:
            known = self._cache[cells] = self._read(cells)
        return known

    def problem(self, index: int, code: str, value: object, facts: Mapping[str, object]) -> Problem:
        return Problem(code, self.places[index], self.columns[index].header, value, tuple(facts.items()))

    def _read(self, cells: tuple[Any, ...]) -> tuple[T | None, list[Problem]]:
        values: list[Any] = []
        problems: list[Problem] = []
        for read, cell in zip(self._readers, cells, strict=True):
            try:
                values.append(read(cell))
            except CellProblem as wrong:
                problems.append(self.problem(len(values), wrong.code, cell, wrong.facts))
                values.append(None)
        if problems:
            return None, problems
        try:
            return self._build(*values), problems
        except GroupProblem as wrong:
            return None, [self.problem(wrong.column, wrong.code, wrong.value, wrong.facts)]


class Quantities(Group[Pollutants]):
    """Four quantities in kg/d. Ordinary cells are read together, anything else cell by cell."""

    def __init__(self, columns: Sequence[Column], places: dict[str, int]) -> None:
        super().__init__(columns, places, Pollutants)

    def read(self, raw: list[Any]) -> tuple[Pollutants | None, list[Problem]]:
        cells = so2, nox, pm, vocs = self._pick(raw)
        if type(so2) is type(nox) is type(pm) is type(vocs) is float and (
            0 <= so2 <= MAX_QUANTITY
            and 0 <= nox <= MAX_QUANTITY
            and 0 <= pm <= MAX_QUANTITY
            and 0 <= vocs <= MAX_QUANTITY
        ):
            six = DECIMALS
            return Pollutants(round(so2, six), round(nox, six), round(pm, six), round(vocs, six)), _NO_PROBLEMS
        return self._read(cells)


class Plan:
    """The measures of a line at each level, from the columns they share and their own."""

    def __init__(self, places: dict[str, int]) -> None:
        self._shared = Group(SHARED_COLUMNS, places, lambda *cells: cells)
        self._levels = [Group(columns, places, _level_cells) for columns in LEVEL_COLUMNS]
        groups: list[Group[Any]] = [self._shared, *self._levels]
        self._pick = itemgetter(*(place for group in groups for place in group.places))
        self._cache: dict[tuple[Any, ...], PerLevel[Measure]] = {}

    def read(self, raw: list[Any]) -> tuple[PerLevel[Measure] | None, list[Problem]]:
        cells = self._pick(raw)
        known = self._cache.get(cells)
        if known is not None:
            return known, _NO_PROBLEMS
        shared, of_shared = self._shared.read(raw)
        problems, measures = [*of_shared], []
        for group in self._levels:
            level, of_level = group.read(raw)
            problems += of_level
            if shared is not None and level is not None:
                problems += self._unit_problems(group, shared, level)
                measures.append(_measure(shared, level))
        if problems:
            return None, problems
        plan = self._cache[cells] = PerLevel(*measures)
        return plan, problems

    def _unit_problems(self, group: Group[Any], shared: tuple[Any, ...], level: tuple[Any, ...]) -> list[Problem]:
        """Stopped units need a number of units, and are no more than that."""
        stopped, total = level[3], shared[_TOTAL]
        if stopped is None or (total is not None and stopped <= total):
            return _NO_PROBLEMS
        if total is None:
            facts = {"what": "设备总数", "what_en": "the number of units"}
            return [self._shared.problem(_TOTAL, "MEASURE_INCOMPLETE", level[0].zh, facts)]
        return [group.problem(_STOPPED, "UNITS", stopped, {"what": total})]


class RowReader:
    """Reads rows whose columns stand at `order` (template order, the number column last)."""

    def __init__(self, order: Sequence[int]) -> None:
        self.errors: list[Finding] = []
        places = dict(zip((column.header for column in COLUMNS), order, strict=False))
        self._first = order[0]
        self._data = itemgetter(*order[:-1])
        self._blank = ("",) * len(COLUMNS)
        self._enterprise = Group(ENTERPRISE_COLUMNS, places, _enterprise)
        self._line = Group(LINE_COLUMNS[:3], places, lambda *cells: cells)
        self._base = Quantities(LINE_COLUMNS[3:], places)
        self._reductions = tuple(Quantities(columns, places) for columns in REDUCTION_COLUMNS)
        self._plan = Plan(places)
        self._row_of_line: dict[tuple[str, str], int] = {}
        self._row_of_enterprise: dict[str, tuple[Enterprise, int]] = {}

    def is_empty(self, raw: list[Any]) -> bool:
        return bool(raw[self._first] == "" and self._data(raw) == self._blank)

    def read(self, number: int, raw: list[Any]) -> ListRow | None:
        """The row, or None with its problems added to `errors`. `number` counts from 1 as Excel does."""
        enterprise, of_enterprise = self._enterprise.read(raw)
        line, of_line = self._line.read(raw)
        plan, of_plan = self._plan.read(raw)
        base, wrong = self._base.read(raw)
        saved = []
        for group in self._reductions:
            reduction, of_reduction = group.read(raw)
            saved.append(reduction)
            if of_reduction:
                wrong = [*wrong, *of_reduction]
        if enterprise is None or line is None or plan is None or wrong or base is None:
            self._report(number, [*of_enterprise, *of_line, *of_plan, *wrong])
            return None
        code, name, process = line
        read = Line(code, name, process, plan, base, PerLevel(*saved))  # type: ignore[arg-type]
        row = ListRow(enterprise, read, number)
        return row if self._agrees(row) else None

    def _agrees(self, row: ListRow) -> bool:
        """True unless the row repeats another, or gives its enterprise other data than before."""
        before = self._row_of_line.setdefault(row.key, row.number)
        uscc = row.enterprise.uscc
        first, first_row = self._row_of_enterprise.setdefault(uscc, (row.enterprise, row.number))
        problems: list[Problem] = []
        if before != row.number:
            problems.append(self._line.problem(0, "DUPLICATE", row.line.code, {"what": before}))
        if first is not row.enterprise and first != row.enterprise:
            problems.append(self._enterprise.problem(0, "ENTERPRISE_DIFFERS", uscc, {"what": first_row}))
        if problems:
            self._report(row.number, problems)
        return not problems

    def _report(self, number: int, problems: list[Problem]) -> None:
        """Each problem once, from left to right as the sheet shows them."""
        for problem in sorted(dict.fromkeys(problems), key=attrgetter("place")):
            column = f"{column_letter(problem.place)} {problem.header}"
            shown = "" if problem.value is None else problem.value
            self.errors.append(
                finding(
                    problem.code,
                    sheet=LIST_SHEET,
                    row=number,
                    column=column,
                    value=shown,
                    **dict[str, Any](problem.facts),
                )
            )


def _cap(metric: str | None, value: float | None, unit: str | None, column: int) -> LoadCap | None:
    if metric is None and value is None and unit is None:
        return None
    if value is None or unit is None:
        raise GroupProblem("CAP_INCOMPLETE", column, value)
    return LoadCap(value, unit, metric)


def _enterprise(*cells: Any) -> Enterprise:
    (uscc, name, adcode, industry, key_industry, grade, permit_no, address, gbt4754,
     guarantee, until, metric, value, unit, small_micro, long_stopped, contact) = cells  # fmt: skip
    cap = _cap(metric, value, unit, _CAP_IN_ENTERPRISE)
    if guarantee is None and (until is not None or cap is not None):
        raise GroupProblem("GUARANTEE_DATE", _CAP_IN_ENTERPRISE - 3, until)
    return Enterprise(
        uscc=uscc,
        name=name,
        adcode=adcode,
        industry=industry,
        key_industry=key_industry,
        grade=grade,
        permit_no=permit_no,
        address=address,
        gbt4754=gbt4754,
        guarantee=guarantee,
        guarantee_until=until,
        guarantee_cap=cap,
        small_micro=small_micro,
        long_stopped=long_stopped,
        contact=contact,
    )


_CAP_IN_ENTERPRISE = 12
_TOTAL = 1  # among the columns that a line states once
_ACTION, _RATIO, _STOPPED, _CAP, _VEHICLE = 0, 1, 3, 5, 7  # among those of a level
_LEFT_ALONE = frozenset({Action.SELF_DETERMINED, Action.NONE, Action.UNKNOWN})


def _level_cells(*cells: Any) -> tuple[Any, ...]:
    """Action, share, lower bound, stopped units, load cap, vehicle rule, hours and note of one level."""
    action, ratio, at_least, stopped, metric, value, unit, vehicle_rule, window, note = cells
    cap = _cap(metric, value, unit, _CAP)
    _check_parts(action, ratio, stopped, cap, vehicle_rule, window)
    if at_least and ratio is None:
        raise GroupProblem("MEASURE_INCOMPLETE", _RATIO, action.zh, what="比例", what_en="its share")
    return action, ratio, bool(at_least), stopped, cap, vehicle_rule, window, note


def _measure(shared: tuple[Any, ...], level: tuple[Any, ...]) -> Measure:
    count_unit, total, basis, verification, point = shared
    action, ratio, at_least, stopped, cap, vehicle_rule, window, note = level
    return Measure(
        action, ratio, at_least, count_unit, stopped, total, basis, cap,
        vehicle_rule, window, verification, point, note,
    )  # fmt: skip


def _check_parts(
    action: Action,
    ratio: float | None,
    stopped: int | None,
    cap: LoadCap | None,
    vehicle_rule: VehicleRule | None,
    window: str | None,
) -> None:
    """Raises if the measure lacks what it needs, or carries what does not go with it."""

    def lacks(column: int, what: str, what_en: str) -> GroupProblem:
        return GroupProblem("MEASURE_INCOMPLETE", column, action.zh, what=what, what_en=what_en)

    def contradicts(column: int, what: str, what_en: str) -> GroupProblem:
        return GroupProblem("MEASURE_CONTRADICTS", column, action.zh, what=what, what_en=what_en)

    if action is Action.STOP and ratio is None and stopped is None:
        raise lacks(_RATIO, "比例或停产数量", "its share or its number of units")
    if action is Action.LIMIT and ratio is None and cap is None:
        raise lacks(_RATIO, "比例或负荷上限", "its share or its load cap")
    if action is Action.TRANSPORT and vehicle_rule is None:
        raise lacks(_VEHICLE, "车辆管控", "its vehicle rule")
    if action is not Action.STOP and stopped is not None:
        raise contradicts(_STOPPED, "停产数量", "a number of units")
    if action not in (Action.STOP, Action.LIMIT) and ratio is not None:
        raise contradicts(_RATIO, "比例", "a share")
    if action in _LEFT_ALONE and (cap is not None or vehicle_rule is not None or window is not None):
        raise contradicts(_ACTION, "负荷上限、车辆管控或时段", "a load cap, vehicle rule or hours")
