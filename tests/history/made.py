"""Records, air and law made by hand for the tests of the comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np

from alerts.instants import DAY, HOUR, day_start, parse_instant
from alerts.law import Law
from alerts.rules import NATIONAL
from service.demo.tracks import FIELDS, Track
from service.history.air import Collection, Source
from service.history.comparison import Comparison, compare, compare_all
from service.history.reasons import Known, Reason, reasons_of
from service.history.records import Record, read_records
from service.law.loader import load_law
from service.law.names import load_names

HENGSHUI = "131100"
NOTHING = Known((), (), {})
COLUMNS = ("rec", "city", "colour", "response", "action", "announced", "effective", "planned_end", "as_published")


@cache
def national() -> Law:
    """The shipped law with no plan but the national default, so that a new city plan changes no test here."""
    law = load_law()
    plans = {plan_id: plan for plan_id, plan in law.plans.items() if plan.adcode == NATIONAL}
    return Law(standards=law.standards, rules=law.rules, plans=plans, divisions=law.divisions)


@cache
def shipped() -> tuple[Comparison, ...]:
    """Every shipped record by the law as it is in config now."""
    return compare_all(load_law())


def row(**cells: str) -> dict[str, str]:
    """A row of the records' file: Hengshui starts orange on 2024-12-10 00:00."""
    given = dict.fromkeys(COLUMNS, "") | {"rec": "1", "city": "衡水", "colour": "orange", "action": "start"}
    return given | {"effective": "2024-12-10 00:00", "certainty": "high", "note": ""} | cells


def record(**cells: str) -> Record:
    """The record of such a row."""
    return read_records([row(**cells)])[0]


def daily(aqis: Sequence[float | None], first: date = date(2024, 12, 1), adcode: str = HENGSHUI) -> Track:
    """Days of AQI; None is missing."""
    return _track(adcode, "daily", first, aqis, "aqi")


def hourly(pm25: Sequence[float | None], first: date = date(2024, 12, 1), adcode: str = HENGSHUI) -> Track:
    """Hours of PM2.5; None is missing."""
    return _track(adcode, "hourly", first, pm25, "pm25")


def _track(adcode: str, kind: str, first: date, values: Sequence[float | None], name: str) -> Track:
    table = np.full((len(values), len(FIELDS)), np.nan)
    table[:, FIELDS.index(name)] = [np.nan if value is None else value for value in values]
    begins = day_start(first) + (HOUR if kind == "hourly" else timedelta(0))
    return Track(adcode, "hourly" if kind == "hourly" else "daily", begins, table)


def air(*tracks: Track) -> Collection:
    """A collection of these tracks."""
    found: Mapping[str, Track] = {track.adcode: track for track in tracks}
    first = min((track.first for track in tracks), default=parse_instant("2024-12-01 00:00")).date()
    until = max((track.end for track in tracks), default=parse_instant("2024-12-02 00:00")) + DAY
    return Collection((Source(first, until.date(), lambda: found),))


def compared(row_of: Record, *tracks: Track) -> Comparison:
    """The record beside the national law on this air."""
    return compare(row_of, national(), load_names(), air(*tracks))


def why(comparison: Comparison, known: Known = NOTHING) -> list[str]:
    """The codes of its reasons."""
    return [reason.code.value for reason in reasons_of(comparison, known)]


def reason(comparison: Comparison, code: str, known: Known = NOTHING) -> Reason:
    """Its reason of that code."""
    return next(each for each in reasons_of(comparison, known) if each.code.value == code)


def around(on_the_day: Sequence[float | None], before: float = 60, after: float = 60) -> list[float | None]:
    """Nine days before 2024-12-10, the days from it on, and days after them up to 2024-12-25."""
    return [*[before] * 9, *on_the_day, *[after] * (16 - len(on_the_day))]
