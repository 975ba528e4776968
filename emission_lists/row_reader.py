"""One row of cells → one `ListRow`, or everything that is wrong with it.

Enterprises, line names and measures repeat over thousands of rows, so each distinct group of cells is read only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter
from sys import intern
from typing import Any, Generic, NamedTuple, TypeVar

from emission_lists.cells import DECIMALS, MAX_QUANTITY, CellProblem
from emission_lists.columns import (
    COLUMNS,
    ENTERPRISE_COLUMNS,
    ENTERPRISE_PARTICULARS,
    LEVEL_COLUMNS,
    LINE_COLUMNS,
    LINE_PARTICULARS,
    LIST_SHEET,
    REDUCTION_COLUMNS,
    SHARED_COLUMNS,
    Column,
    column_letter,
)
from emission_lists.example_rows import is_example
from emission_lists.findings import Finding, finding, shorten
from emission_lists.levels import PerLevel
from emission_lists.lists import Enterprise, EnterpriseParticulars, Line, LineParticulars, ListRow, Means, Pollutants
from emission_lists.measure_reading import GroupProblem, level_cells, load_cap, measure_of
from emission_lists.measures import Measure
from emission_lists.row_cells import EXAMPLE_ROW, enterprise_cells, row_cells

T = TypeVar("T")
_EXAMPLE_CELLS = dict(zip((column.header for column in COLUMNS), row_cells(EXAMPLE_ROW), strict=True))

MOST_REMEMBERED = 4000
"""Sets of cells that a group keeps: what repeats does so nearby, and a long list must not be held twice."""

MOST_NUMBERS = 50_000
"""Quantities that are remembered."""


class Problem(NamedTuple):
    """A problem before it is tied to a row. `place`: the column in the sheet, counted from 0."""

    code: str
    place: int
    header: str
    value: object
    facts: tuple[tuple[str, object], ...]


_NO_PROBLEMS: list[Problem] = []  # never added to


class Group(Generic[T]):
    """Columns of the template that make one value. Each distinct set of cells is read once."""

    def __init__(self, columns: Sequence[Column], places: dict[str, int], build: Callable[..., T]) -> None:
        """`places`: where each column stands; an optional one that is not there reads as empty."""
        self.columns = tuple(columns)
        self._place = [places.get(column.header, -1) for column in columns]
        self._there = [index for index, place in enumerate(self._place) if place >= 0]
        self.places = [self._place[index] for index in self._there]
        self._pick = _picker(self.places)
        self._readers = tuple(columns[index].read for index in self._there)
        self._build = build
        self._cache: dict[Any, tuple[T | None, list[Problem]]] = {}

    def read(self, raw: list[Any]) -> tuple[T | None, list[Problem]]:
        cells = self._pick(raw)
        known = self._cache.get(cells)
        if known is None:
            if len(self._cache) >= MOST_REMEMBERED:
                self._cache.clear()
            known = self._cache[cells] = self._read(cells)
        return known

    def problem(self, index: int, code: str, value: object, facts: Mapping[str, object]) -> Problem:
        return Problem(code, self._place[index], self.columns[index].header, value, tuple(facts.items()))

    def _read(self, cells: tuple[Any, ...]) -> tuple[T | None, list[Problem]]:
        values: list[Any] = [None] * len(self.columns)
        problems: list[Problem] = []
        for index, read, cell in zip(self._there, self._readers, cells, strict=True):
            try:
                values[index] = read(cell)
            except CellProblem as wrong:
                problems.append(self.problem(index, wrong.code, cell, wrong.facts))
        if problems:
            return None, problems
        try:
            return self._build(*values), problems
        except GroupProblem as wrong:
            return None, [self.problem(wrong.column, wrong.code, wrong.value, wrong.facts)]


def _picker(places: Sequence[int]) -> Callable[[list[Any]], tuple[Any, ...]]:
    """Takes the cells at some places out of a row; a tuple also of one cell or none."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda raw: tuple(raw[place] for place in places)


class Rounded(dict[float, float]):
    """Quantities as they are kept, in kg/d. Equal ones are one object; −0 is 0."""

    def __missing__(self, value: float) -> float:
        if len(self) >= MOST_NUMBERS:
            self.clear()
        kept = self[value] = round(value, DECIMALS) or 0.0
        return kept


class Quantities(Group[Pollutants]):
    """Four quantities in kg/d. Ordinary cells are read together, anything else cell by cell.

    `rounded`, `known`: what the groups of a row share, since a reduction is often the base or that of the level before.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        places: dict[str, int],
        rounded: Rounded,
        known: dict[tuple[Any, ...], Pollutants],
    ) -> None:
        super().__init__(columns, places, Pollutants)
        self._rounded, self._known = rounded, known

    def read(self, raw: list[Any]) -> tuple[Pollutants | None, list[Problem]]:
        cells = so2, nox, pm, vocs = self._pick(raw)
        known = self._known.get(cells)
        if known is not None:
            return known, _NO_PROBLEMS
        if type(so2) is type(nox) is type(pm) is type(vocs) is float and (
            0 <= so2 <= MAX_QUANTITY
            and 0 <= nox <= MAX_QUANTITY
            and 0 <= pm <= MAX_QUANTITY
            and 0 <= vocs <= MAX_QUANTITY
        ):
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            kept = self._rounded
            read = self._known[cells] = Pollutants(kept[so2], kept[nox], kept[pm], kept[vocs])
            return read, _NO_PROBLEMS
        return self._read(cells)


class Plan:
    """The measures of a line at each level, from the columns they share and their own."""

    def __init__(self, places: dict[str, int]) -> None:
        self._shared = Group(SHARED_COLUMNS, places, lambda *cells: cells)
        self._levels = [Group(columns, places, level_cells) for columns in LEVEL_COLUMNS]
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
                try:
                    measures.append(measure_of(shared, level))
                except GroupProblem as wrong:
                    where = self._shared if wrong.shared else group
                    problems.append(where.problem(wrong.column, wrong.code, wrong.value, wrong.facts))
        if problems:
            return None, problems
        if len(self._cache) >= MOST_REMEMBERED:
            self._cache.clear()
        plan = self._cache[cells] = PerLevel(*measures)
        return plan, problems


class RowReader:
    """Reads rows whose columns stand at `order` (template order, the number column last; -1 = column not there)."""

    def __init__(self, order: Sequence[int]) -> None:
        self.errors: list[Finding] = []
        places = dict(zip((column.header for column in COLUMNS), order, strict=False))
        self._first = order[0]
        self._places = places
        self.places = {header: f"{column_letter(place)} {header}" for header, place in places.items() if place >= 0}
        there = [place for place in order[:-1] if place >= 0]
        self._data = itemgetter(*there)
        self._blank = ("",) * len(there)
        self._enterprise = Group((*ENTERPRISE_COLUMNS, *ENTERPRISE_PARTICULARS), places, _enterprise)
        self._line = Group(LINE_COLUMNS[:3], places, lambda *cells: cells)
        numbers, four = Rounded(), dict[tuple[Any, ...], Pollutants]()
        self._base = Quantities(LINE_COLUMNS[3:], places, numbers, four)
        self._yellow, self._orange, self._red = (
            Quantities(columns, places, numbers, four) for columns in REDUCTION_COLUMNS
        )
        self._plan = Plan(places)
        particulars = Group(LINE_PARTICULARS, places, _line_particulars)
        self._particulars = particulars if particulars.places else None
        self._row_of_line: dict[tuple[str, str], int] = {}
        self._row_of_enterprise: dict[str, tuple[Enterprise, int]] = {}

    def is_empty(self, raw: list[Any]) -> bool:
        return bool(raw[self._first] == "" and self._data(raw) == self._blank)

    def pass_over(self, number: int, raw: list[Any]) -> None:
        """A row marked as the example: a fault if any of its cells is filled with something else than the template has there."""
        for header, place in self._places.items():
            if place >= 0 and not is_example(raw[place], _EXAMPLE_CELLS[header]):
                self._report(number, [Problem("EXAMPLE_FILLED", place, header, raw[place], (("what", header),))])
                return

    def read(self, number: int, raw: list[Any]) -> ListRow | None:
        """The row, or None with its problems added to `errors`. `number` counts from 1 as Excel does."""
        enterprise, of_enterprise = self._enterprise.read(raw)
        line, of_line = self._line.read(raw)
        plan, of_plan = self._plan.read(raw)
        base, wrong = self._base.read(raw)
        yellow, of_yellow = self._yellow.read(raw)
        orange, of_orange = self._orange.read(raw)
        red, of_red = self._red.read(raw)
        if of_yellow or of_orange or of_red:
            wrong = [*wrong, *of_yellow, *of_orange, *of_red]
        particulars = None
        if self._particulars is not None:
            particulars, of_particulars = self._particulars.read(raw)
            if of_particulars:
                wrong = [*wrong, *of_particulars]
        if enterprise is None or line is None or plan is None or wrong or base is None:
            self._report(number, [*of_enterprise, *of_line, *of_plan, *wrong])
            return None
        code, name, process = line
        read = Line(code, name, process, plan, base, PerLevel(yellow, orange, red), particulars)  # type: ignore[arg-type]
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
            problems += self._differing(row.enterprise, first, first_row)
        if problems:
            self._report(row.number, problems)
        return not problems

    def _differing(self, firm: Enterprise, first: Enterprise, first_row: int) -> Iterator[Problem]:
        """Each cell in which an enterprise is another than on its first row."""
        for index, (here, there) in enumerate(zip(enterprise_cells(firm), enterprise_cells(first), strict=True)):
            if here != there:
                facts = {"what": first_row, "header": self._enterprise.columns[index].header}
                told = {"here": _told(here), "there": _told(there)}
                yield self._enterprise.problem(index, "ENTERPRISE_DIFFERS", here, facts | told)

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


def _told(cell: object) -> str:
    """A cell as a sentence names it."""
    return "–" if cell is None else shorten(str(cell))


def _enterprise(*cells: Any) -> Enterprise:
    (uscc, name, adcode, industry, key_industry, grade, permit_no, address, gbt4754,
     guarantee, until, metric, value, unit, small_micro, long_stopped, contact, subtype, source_class,
     lon, lat, legal_representative) = cells  # fmt: skip
    cap = load_cap(metric, value, unit, _CAP_IN_ENTERPRISE)
    if guarantee is None and (until is not None or cap is not None):
        raise GroupProblem("GUARANTEE_DATE", _CAP_IN_ENTERPRISE - 3, until)
    return Enterprise(
        uscc=uscc,
        name=name,
        adcode=intern(adcode),
        industry=intern(industry),
        key_industry=key_industry,
        grade=grade,
        permit_no=permit_no,
        address=address,
        gbt4754=None if gbt4754 is None else intern(gbt4754),
        guarantee=guarantee,
        guarantee_until=until,
        guarantee_cap=cap,
        small_micro=small_micro,
        long_stopped=long_stopped,
        contact=contact,
        subtype=subtype,
        source_class=source_class,
        particulars=_enterprise_particulars(lon, lat, legal_representative),
    )


_CAP_IN_ENTERPRISE = 12


def _enterprise_particulars(
    lon: float | None, lat: float | None, legal_representative: str | None
) -> EnterpriseParticulars | None:
    if (lon is None) != (lat is None):
        raise GroupProblem(
            "HALF_POSITION", len(ENTERPRISE_COLUMNS) + (lon is None), lat if lon is None else lon, what="经纬度"
        )
    if lon is None and legal_representative is None:
        return None
    return EnterpriseParticulars(lon, lat, legal_representative)


def _line_particulars(*cells: Any) -> LineParticulars | None:
    if not any(cell is not None for cell in cells):
        return None
    (product, capacity, unit, output, fuel, treatment, manager, phone, plan, remark, *means) = cells
    if unit is None and (capacity is not None or output is not None):
        place = _CAPACITY if capacity is not None else _OUTPUT
        raise GroupProblem("NO_UNIT", place, cells[place], what="产能单位")
    stated = [place for place in range(_MEANS, _MEAN_UNIT) if cells[place] is not None]
    if stated and cells[_MEAN_UNIT] is None:
        raise GroupProblem("NO_UNIT", stated[0], cells[stated[0]], what="日均值单位")
    return LineParticulars(
        product,
        capacity,
        unit,
        output,
        fuel,
        treatment,
        manager,
        phone,
        plan,
        remark,
        Means(*means) if any(means) else None,
    )


_CAPACITY, _OUTPUT, _MEANS, _MEAN_UNIT = 1, 3, 10, 13
