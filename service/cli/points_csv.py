"""A CSV file of hours or days into points, with every problem at once, by row and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

from alerts.instants import hour_floor, parse_day, parse_instant
from alerts.points import CAUSES, LIMITS, MAX_SPAN, RANGED, VALUES, Cause, Point

BOUNDS = tuple(f"{name}_{edge}" for name in RANGED for edge in ("low", "high"))
NUMBERS = (*VALUES, *BOUNDS)
COLUMNS = ("time", "date", *NUMBERS, "cause")
MISSING = frozenset({"", "NA", "N/A", "-", "--", "—", "/"})
MOST_BYTES = 10_000_000


@dataclass(frozen=True)
class CsvProblem:
    """One problem: the line of the file (1 is the header), the column, what is wrong and what to do."""

    row: int
    column: str
    problem: str
    advice: str


class CsvInvalid(ValueError):
    """A file that cannot be assessed; `problems` holds everything that is wrong with it."""

    def __init__(self, problems: Sequence[CsvProblem]) -> None:
        super().__init__(f"{len(problems)} problem(s) in the file")
        self.problems = tuple(problems)


def read_points(path: Path) -> list[Point]:
    """The points of a file (UTF-8, comma-separated, with a header). Raises CsvInvalid."""
    problems: list[CsvProblem] = []
    table = csv.reader(io.StringIO(_text(path)), strict=True)
    points: list[Point] = []
    rows: list[int] = []
    try:
        header = [name.strip().lower() for name in next(table, [])]
        _check_header(header)
        for cells in table:
            if not any(cell.strip() for cell in cells):
                continue
            point = _point(header, cells, table.line_num, problems)
            if point is not None:
                points.append(point)
                rows.append(table.line_num)
    except csv.Error as error:
        problems.append(CsvProblem(table.line_num, "", f"cannot be read: {error}", "save it as plain CSV"))
    if not points and not problems:
        problems.append(CsvProblem(1, "", "there are no rows", "give one row per hour or per day"))
    if not problems:
        _check_order(points, rows, problems)
    if problems:
        raise CsvInvalid(problems)
    return points


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _whole("is larger than 10 MB", "a series has at most 31 days; check the file")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise _whole(f"cannot be opened: {error.strerror}", "check the path") from error
    except UnicodeDecodeError as error:
        raise _whole("is not UTF-8 text", "save it as CSV UTF-8") from error


def _whole(problem: str, advice: str) -> CsvInvalid:
    return CsvInvalid([CsvProblem(0, "", problem, advice)])


def _check_header(header: Sequence[str]) -> None:
    problems = []
    for name in sorted(set(header) - set(COLUMNS)):
        problems.append(CsvProblem(1, name, "unknown column", f"use {', '.join(COLUMNS)}"))
    for name in sorted({name for name in header if header.count(name) > 1}):
        problems.append(CsvProblem(1, name, "the column stands twice", "keep one"))
    if ("time" in header) == ("date" in header):
        advice = "give `time` (end of the hour) for hours, or `date` for days"
        problems.append(CsvProblem(1, "time", "exactly one of `time` and `date` is needed", advice))
    if not set(header) & set(NUMBERS):
        problems.append(CsvProblem(1, "aqi", "there is no column of values", f"give any of {', '.join(VALUES)}"))
    if problems:
        raise CsvInvalid(problems)


def _point(header: Sequence[str], cells: Sequence[str], row: int, problems: list[CsvProblem]) -> Point | None:
    if len(cells) != len(header):
        advice = "give every row as many cells as the header"
        problems.append(CsvProblem(row, "", f"has {len(cells)} cells, the header has {len(header)}", advice))
        return None
    given = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    before = len(problems)
    values = {name: _value(name, given[name], row, problems) for name in NUMBERS if name in given}
    _check_ranges(values, row, problems)
    time, day = _when(given, row, problems)
    cause = _cause(given.get("cause", ""), row, problems)
    if len(problems) > before:
        return None
    return Point(time=time, date=day, cause=cause, **values)


def _check_ranges(values: Mapping[str, float | None], row: int, problems: list[CsvProblem]) -> None:
    for name in RANGED:
        low, value, high = values.get(f"{name}_low"), values.get(name), values.get(f"{name}_high")
        if (low is None) != (high is None):
            missing = f"{name}_{'low' if low is None else 'high'}"
            problems.append(CsvProblem(row, missing, "is missing", "give both bounds of the range, or neither"))
        elif low is not None and high is not None and not low <= (low if value is None else value) <= high:
            advice = f"{name}_low, {name} and {name}_high must not fall"
            problems.append(CsvProblem(row, f"{name}_low", "the range does not hold the value", advice))


def _when(given: Mapping[str, str], row: int, problems: list[CsvProblem]) -> tuple[datetime | None, date | None]:
    column = "time" if "time" in given else "date"
    try:
        if column == "date":
            return None, parse_day(given[column])
        time = parse_instant(given[column])
    except ValueError as error:
        problem, _, advice = str(error).partition("; ")
        problems.append(CsvProblem(row, column, problem, advice))
        return None, None
    if time != hour_floor(time):
        problems.append(CsvProblem(row, column, f"{given[column]!r} is not a whole hour", "give the hour's end"))
    return time, None


def _value(name: str, text: str, row: int, problems: list[CsvProblem]) -> float | None:
    if text.upper() in MISSING:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        problems.append(CsvProblem(row, name, f"{text!r} is not a number", "leave the cell empty when missing"))
        return None
    limit = LIMITS[name.partition("_")[0]]
    if value < 0 or value > limit:
        advice = f"give 0 to {limit:g}, or leave the cell empty when missing"
        problems.append(CsvProblem(row, name, f"{text} is out of range", advice))
        return None
    return value


def _cause(text: str, row: int, problems: list[CsvProblem]) -> Cause | None:
    if text.upper() in MISSING:
        return None
    for cause in CAUSES:
        if text.lower() == cause:
            return cause
    problems.append(CsvProblem(row, "cause", f"{text!r} is unknown", f"use {', '.join(CAUSES)} or leave it empty"))
    return None


def _check_order(points: Sequence[Point], rows: Sequence[int], problems: list[CsvProblem]) -> None:
    column = "time" if points[0].time is not None else "date"
    for (before, point), row in zip(pairwise(points), rows[1:], strict=True):
        if point.start == before.start:
            problems.append(CsvProblem(row, column, "is given twice", "keep one row for it"))
        elif point.start < before.start:
            problems.append(CsvProblem(row, column, "is out of order", "sort the rows by time"))
    if points[-1].end - points[0].start > MAX_SPAN:
        problems.append(CsvProblem(rows[-1], column, "the file spans more than 31 days", "split it"))
