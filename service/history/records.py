"""Published warning records (预警记录): which city issued, raised or lifted which level when, as the press printed it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

from alerts.instants import DAY, HOUR, day_start, parse_day, parse_instant
from alerts.law import Division
from alerts.levels import Level
from service.demo.episodes import DATA as DEMO_DATA
from service.law.names import Names

DATA = Path(__file__).parent / "data"
PARTS = (DEMO_DATA / "2016-12" / "warning_records.csv", DATA / "warning_records.csv")
"""The records of winter 2016-17 lie with the episode that is played from them, all others here."""
LIFTINGS = frozenset({"lift", "suspend"})
STATES = frozenset({"in_force"})
ACTIONS = frozenset({"start", "issue", "restart", "upgrade", "extend"}) | STATES | LIFTINGS
_STATED = re.compile(r"^(about )?(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}))?(?: (\D[^:]*))?$")
_SEVERAL = re.compile(r"^(?P<whole>[^(（]+)[(（](?P<members>[^()（）]+)[)）]$")
_ORDER = re.compile(r"\bprovincial\b.*\border\b")
_DOUBT = re.compile(r"inferred|misprint|not stated")


class RecordInvalid(ValueError):
    """A record that cannot be read: names the record, the column and what to write instead."""

    def __init__(self, rec: str, column: str, problem: str) -> None:
        super().__init__(f"record {rec}: {column}: {problem}")


@dataclass(frozen=True)
class Stated:
    """An instant as printed: `at` is the start of the day where only a day is stated (`exact` False).

    `remark` keeps what stood around it, such as "night (adaptive)", "(forecast)", "consult" or "about".
    """

    at: datetime
    exact: bool
    remark: str
    printed: str

    @property
    def until(self) -> datetime:
        """The last instant it can mean: itself, or the end of the day."""
        return self.at if self.exact else self.at + DAY


def parse_stated(text: str) -> Stated | None:
    """Read an instant as the press prints it; None for an empty cell. 24:00 is the next day's 00:00.

    Raises ValueError that says how to write it.
    """
    if not text.strip():
        return None
    found = _STATED.match(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not an instant; write 2016-12-16 20:00, 2016-12-16 or about 2016-12-16")
    about, day, hour, said = found.groups()
    at = parse_instant(f"{day} {hour}") if hour else day_start(parse_day(day))
    return Stated(
        at, exact=hour is not None, remark=" ".join(filter(None, ((about or "").strip(), said))), printed=text
    )


@dataclass(frozen=True)
class Record:
    """One row: what was published. `level` is None where the text names no colour; `effective` is always stated."""

    rec: int
    place: str
    level: Level | None
    action: str
    announced: Stated | None
    effective: Stated
    planned_end: Stated | None
    as_published: str
    certainty: str
    note: str

    @property
    def at(self) -> datetime:
        """The instant that the comparison looks from."""
        return self.effective.at

    @property
    def lifts(self) -> bool:
        """Whether it ends or interrupts a warning."""
        return self.action in LIFTINGS

    @property
    def by_order(self) -> bool:
        """Whether a province ordered it for several cities."""
        return _ORDER.search(self.note) is not None

    @property
    def doubtful(self) -> bool:
        """Whether the row itself is in doubt: low or medium certainty, or something in it was inferred."""
        return self.certainty != "high" or _DOUBT.search(self.note) is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The places it names: one, or those in the brackets of a zone (区域一(石家庄 保定 …))."""
        several = _SEVERAL.match(self.place)
        return tuple(several["members"].split()) if several else (self.place,)

    @property
    def title(self) -> str:
        """The place without the list of members."""
        several = _SEVERAL.match(self.place)
        return several["whole"] if several else self.place

    def lead_hours(self) -> tuple[float, float] | None:
        """Least and most hours from announcing to effect (equal when both are exact); None when not announced."""
        if self.announced is None:
            return None
        least = (self.effective.at - self._announced_until) / HOUR
        return least, (self.effective.until - self.announced.at) / HOUR

    @property
    def _announced_until(self) -> datetime:
        """A day of announcing that is also the day of effect cannot mean an hour after it."""
        announced = self.announced
        assert announced is not None
        if announced.exact:
            return announced.at
        return min(announced.until, max(announced.at, self.effective.at))


def read_records(rows: Iterable[Mapping[str, str]]) -> tuple[Record, ...]:
    """The records in order of their number. Raises RecordInvalid for a bad cell or a number given twice."""
    found: dict[int, Record] = {}
    for row in rows:
        record = _record(row)
        if record.rec in found:
            raise RecordInvalid(row["rec"], "rec", "is given twice; every record has a number of its own")
        found[record.rec] = record
    return tuple(found[rec] for rec in sorted(found))


def _record(row: Mapping[str, str]) -> Record:
    rec = row["rec"]
    if not rec.isdecimal():
        raise RecordInvalid(rec, "rec", "is not a number")
    if row["action"] not in ACTIONS:
        raise RecordInvalid(rec, "action", f"{row['action']!r} is not one of {', '.join(sorted(ACTIONS))}")
    effective = _stated(row, "effective")
    if effective is None:
        raise RecordInvalid(rec, "effective", "is empty; without an instant nothing can be compared")
    return Record(
        rec=int(rec),
        place=row["city"].strip(),
        level=_level(row),
        action=row["action"],
        announced=_stated(row, "announced"),
        effective=effective,
        planned_end=_stated(row, "planned_end"),
        as_published=row["as_published"],
        certainty=row["certainty"],
        note=row["note"],
    )


def _stated(row: Mapping[str, str], column: str) -> Stated | None:
    try:
        return parse_stated(row[column])
    except ValueError as error:
        raise RecordInvalid(row["rec"], column, str(error)) from error


def _level(row: Mapping[str, str]) -> Level | None:
    if not row["colour"]:
        return None
    try:
        return Level.of(row["colour"])
    except ValueError as error:
        raise RecordInvalid(row["rec"], "colour", str(error)) from error


@cache
def load_records() -> tuple[Record, ...]:
    """All records of the collection, read once."""
    return read_records(row for part in PARTS for row in _rows(part))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        yield from csv.DictReader(table)


def divisions_of(
    record: Record, names: Names, divisions: Mapping[str, Division]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The codes of the places a record names, each with its name, and the names that have no code then."""
    found, unknown = {}, []
    for name in record.names:
        adcode = _adcode(name, record.at.date(), names, divisions)
        if adcode is None:
            unknown.append(name)
        else:
            found[adcode] = name
    return found, tuple(unknown)


def _adcode(name: str, day: date, names: Names, divisions: Mapping[str, Division]) -> str | None:
    """By the spellings of feeds; a county by its full name, where only one division has it that day."""
    spelled = names.adcode(name, day)
    if spelled is not None:
        return spelled
    called = [each.adcode for each in divisions.values() if each.name == name and _exists(each, day)]
    return called[0] if len(called) == 1 else None


def _exists(division: Division, day: date) -> bool:
    begun = division.valid_from is None or division.valid_from <= day
    return begun and (division.valid_until is None or day < division.valid_until)


def season(instant: datetime) -> str:
    """The winter half-year that an instant belongs to, July to June, such as 2016–17."""
    first = instant.year if instant.month >= 7 else instant.year - 1
    return f"{first}–{(first + 1) % 100:02d}"
