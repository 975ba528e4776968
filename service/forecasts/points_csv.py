"""A CSV of hours or days into points, with every problem at once, by row and column. Shared by command line and pages."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise

from alerts.instants import hour_floor, parse_day, parse_instant
from alerts.points import CAUSES, LIMITS, MAX_SPAN, RANGED, VALUES, Cause, Point
from service.forecasts.csv_words import Lang, Said, said

BOUNDS = tuple(f"{name}_{edge}" for name in RANGED for edge in ("low", "high"))
NUMBERS = (*VALUES, *BOUNDS)
COLUMNS = ("time", "date", *NUMBERS, "cause")
MISSING = frozenset({"", "NA", "N/A", "-", "--", "—", "/"})
MOST_BYTES = 10_000_000
MOST_ROWS, MOST_PROBLEMS = 1000, 500
FIRST_YEAR, LAST_YEAR = 1990, 2199


@dataclass(frozen=True)
class CsvProblem:
    """One problem: the line of the file (1 is the header, 0 the whole file), the column, and which of `FAULTS` it is."""

    row: int
    column: str
    fault: str
    values: Mapping[str, object] = field(default_factory=dict)

    def said(self, lang: Lang = "en") -> Said:
        """What is wrong, and what to do."""
        return said(self.fault, dict(self.values), lang)

    def document(self, lang: Lang = "en") -> dict[str, object]:
        """As plain values."""
        problem, advice = self.said(lang)
        return {"row": self.row, "column": self.column, "problem": problem, "advice": advice}


class CsvInvalid(ValueError):
    """A file that cannot be assessed; `problems` holds everything that is wrong with it."""

    def __init__(self, problems: Sequence[CsvProblem]) -> None:
        super().__init__(f"{len(problems)} problem(s) in the file")
        self.problems = tuple(problems)


def points_of_csv(content: bytes, most_bytes: int = MOST_BYTES) -> list[Point]:
    """The points of a file's bytes (UTF-8, comma-separated, with a header). Raises CsvInvalid."""
    problems: list[CsvProblem] = []
    table = csv.reader(io.StringIO(_text(content, most_bytes)), strict=True)
    points: list[Point] = []
    rows: list[int] = []
    try:
        header = [name.strip().lower() for name in next(table, [])]
        _check_header(header)
        for cells in table:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) >= MOST_ROWS or len(problems) >= MOST_PROBLEMS:
                full = ("too_many_rows", MOST_ROWS) if len(rows) >= MOST_ROWS else ("too_many_faults", MOST_PROBLEMS)
                problems.append(CsvProblem(table.line_num, "", full[0], {"most": full[1]}))
                break
            point = _point(header, cells, table.line_num, problems)
            if point is not None:
                points.append(point)
                rows.append(table.line_num)
    except csv.Error as error:
        problems.append(CsvProblem(table.line_num, "", "unreadable", {"reason": error}))
    if not points and not problems:
        problems.append(CsvProblem(1, "", "empty"))
    if not problems:
        _check_order(points, rows, problems)
    if problems:
        raise CsvInvalid(problems)
    return points


def whole_file(fault: str, **values: object) -> CsvInvalid:
    """A fault of the file as a whole."""
    return CsvInvalid([CsvProblem(0, "", fault, values)])


def _text(content: bytes, most_bytes: int) -> str:
    if len(content) > most_bytes:
        raise whole_file("too_large", megabytes=most_bytes // 1_000_000)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise whole_file("not_utf8") from error


def _check_header(header: Sequence[str]) -> None:
    problems = []
    for name in sorted(set(header) - set(COLUMNS))[:MOST_PROBLEMS]:
        problems.append(CsvProblem(1, name, "unknown_column", {"known": ", ".join(COLUMNS)}))
    for name in sorted(name for name, times in Counter(header).items() if times > 1)[:MOST_PROBLEMS]:
        problems.append(CsvProblem(1, name, "column_twice"))
    if ("time" in header) == ("date" in header):
        problems.append(CsvProblem(1, "time", "time_or_date"))
    if not set(header) & set(NUMBERS):
        problems.append(CsvProblem(1, "aqi", "no_values", {"known": ", ".join(VALUES)}))
    if problems:
        raise CsvInvalid(problems)


def _point(header: Sequence[str], cells: Sequence[str], row: int, problems: list[CsvProblem]) -> Point | None:
    if len(cells) != len(header):
        problems.append(CsvProblem(row, "", "cells", {"found": len(cells), "wanted": len(header)}))
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
            problems.append(CsvProblem(row, missing, "half_range"))
        elif low is not None and high is not None and not low <= (low if value is None else value) <= high:
            problems.append(CsvProblem(row, f"{name}_low", "range_order", {"name": name}))


def _when(given: Mapping[str, str], row: int, problems: list[CsvProblem]) -> tuple[datetime | None, date | None]:
    column = "time" if "time" in given else "date"
    text = {"text": given[column]}
    try:
        day = parse_day(given[column]) if column == "date" else None
        time = parse_instant(given[column]) if day is None else None
    except (ValueError, OverflowError):
        problems.append(CsvProblem(row, column, "not_day" if column == "date" else "not_instant", text))
        return None, None
    if not FIRST_YEAR <= (time or day or date.min).year <= LAST_YEAR:
        problems.append(CsvProblem(row, column, "out_of_years", text))
    elif time is not None and time != hour_floor(time):
        problems.append(CsvProblem(row, column, "not_whole_hour", text))
    return time, day


def _value(name: str, text: str, row: int, problems: list[CsvProblem]) -> float | None:
    if text.upper() in MISSING:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        problems.append(CsvProblem(row, name, "not_number", {"text": text}))
        return None
    limit = LIMITS[name.partition("_")[0]]
    if value < 0 or value > limit:
        problems.append(CsvProblem(row, name, "out_of_range", {"text": text, "limit": limit}))
        return None
    return value


def _cause(text: str, row: int, problems: list[CsvProblem]) -> Cause | None:
    if text.upper() in MISSING:
        return None
    for cause in CAUSES:
        if text.lower() == cause:
            return cause
    problems.append(CsvProblem(row, "cause", "unknown_cause", {"text": text, "known": ", ".join(CAUSES)}))
    return None


def _check_order(points: Sequence[Point], rows: Sequence[int], problems: list[CsvProblem]) -> None:
    column = "time" if points[0].time is not None else "date"
    for (before, point), row in zip(pairwise(points), rows[1:], strict=True):
        if point.start == before.start:
            problems.append(CsvProblem(row, column, "given_twice"))
        elif point.start < before.start:
            problems.append(CsvProblem(row, column, "out_of_order"))
    if points[-1].end - points[0].start > MAX_SPAN:
        problems.append(CsvProblem(rows[-1], column, "too_long"))
