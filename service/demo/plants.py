"""The plants that the demonstration plays, and what they and the bureau file: pure, the same for the same list.

Their meters are invented. One plant keeps a line running that has to stand still, so that there is something to find.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from emission_lists.identifiers import make_permit, make_uscc
from emission_lists.levels import LEVELS
from emission_lists.lists import ROAD_TRANSPORT, Enterprise, Line, all_measures
from emission_lists.measures import Action, Measure
from emission_lists.permits import Management, Permit

HOUR = timedelta(hours=1)
PLANTS = 12
DEFIANT = 5
"""Which of the plants keeps a line running."""
NORMAL_DAYS = 7
IDLE = 0.02
"""What a line that stands still draws, as a share of its normal power: lighting and control. Invented."""
UNLISTED = 6
"""Permit holders that the register has and the list has not."""
LEFT_OUT = 150
"""Every so many rows one is missing from the register."""
OUT_OF_DATE = 97
_INVENTED = 96_000_000
_KW = 240.0

Listed = tuple[Enterprise, tuple[Line, ...]]


@dataclass(frozen=True)
class Plant:
    """A plant with a meter at every line. `defies`: the line that runs on."""

    enterprise: Enterprise
    lines: tuple[Line, ...]
    defies: str | None = None

    @property
    def uscc(self) -> str:
        """Its credit code."""
        return self.enterprise.uscc

    def normal(self, line: Line) -> float:
        """Power of a line on a normal day, kW: invented, by its units."""
        units = line.measures.red.total_units or 1
        return _KW * units

    def points(self) -> list[dict[str, Any]]:
        """The meters as the registry of points takes them."""
        return [
            {"uscc": self.uscc, "point": meter(line), "kind": "power", "line": line.code, "role": "production",
             "rated": self.normal(line) * 1.5}
            for line in self.lines
        ]  # fmt: skip


def meter(line: Line) -> str:
    """The number of a line's meter."""
    return f"DB-{line.code}"


def plants_of(listed: Iterable[Listed], also: str | None = None) -> list[Plant]:
    """Enterprises of key industries whose lines all stand still at red, in the order of the list, and `also`."""
    found: list[Plant] = []
    for enterprise, lines in listed:
        works = tuple(line for line in lines if line.process != ROAD_TRANSPORT)
        shown = enterprise.uscc == also
        enough = len(found) >= PLANTS
        if not shown and (enough or not _plain(enterprise, works)):
            continue
        defies = works[0].code if len(found) == DEFIANT and not shown else None
        found.append(Plant(enterprise, works, defies))
    return found


def _plain(enterprise: Enterprise, lines: Sequence[Line]) -> bool:
    relieved = enterprise.guarantee is not None or enterprise.small_micro or enterprise.long_stopped
    stops = all(line.measures.red.action is Action.STOP and _whole(line.measures.red) for line in lines)
    return enterprise.key_industry and not relieved and 1 < len(lines) <= 4 and stops


def _whole(measure: Measure) -> bool:
    return not measure.later and measure.window is None and (measure.ratio in (None, 1.0))


def load_of(plant: Plant, line: Line, asked: Mapping[str, Any] | None) -> float:
    """The share of its normal power that a line draws in an hour. `asked`: its part of the requirement, None: nothing.

    What cannot be put into a number (trucks, hours of coking) leaves the power as it is.
    """
    if asked is None or plant.defies == line.code:
        return 1.0
    if asked["action"] == "stop":
        total, stopped = asked["total_units"], asked["stopped_units"]
        running = 0.0 if not total or stopped is None else 1 - stopped / total
        return max(IDLE, running)
    if asked["action"] == "limit" and asked["ratio"] is not None:
        return float(1 - asked["ratio"])
    return 1.0


def hours_message(loads: Iterable[tuple[Plant, Line, Sequence[tuple[datetime, float]]]], at: datetime) -> dict[str, Any]:
    """The message of a meter platform: for each line the ends of hours with the share of the normal power."""
    data = [
        {
            "uscc": plant.uscc,
            "point": meter(line),
            "hours": [
                {"time": end.isoformat(), "value": round(plant.normal(line) * share * _wave(end), 1)} for end, share in hours
            ],
        }
        for plant, line, hours in loads
    ]
    return {"type": "evidence.power", "timestamp": at.isoformat(), "data": data}


def _wave(end: datetime) -> float:
    """A little life in the figures: the same at the same hour."""
    return 1 + ((end.hour * 7 + end.day * 3) % 9 - 4) / 100


def normal_days(until: datetime) -> list[tuple[datetime, float]]:
    """Hours of normal production before an instant."""
    return [(until - HOUR * back, 1.0) for back in range(24 * NORMAL_DAYS - 1, -1, -1)]


def points_message(plants: Iterable[Plant], at: datetime) -> dict[str, Any]:
    """The meters, for the registry."""
    data = [point for plant in plants for point in plant.points()]
    return {"type": "evidence.points", "timestamp": at.isoformat(), "data": data}


def register_of(listed: Iterable[Listed], adcode: str, today: date) -> list[Permit]:
    """A permit register beside the list: most agree, some rows have no permit in it, and some holders are not listed."""
    permits = []
    for number, (enterprise, _) in enumerate(listed, start=1):
        if enterprise.permit_no is None or number % LEFT_OUT == 0:
            continue
        over = number % OUT_OF_DATE == 0
        permits.append(
            Permit(
                permit_no=enterprise.permit_no,
                name=enterprise.name,
                management=Management.KEY if enterprise.key_industry else Management.REGISTERED,
                air=True,
                adcode=enterprise.adcode,
                uscc=enterprise.uscc,
                gbt4754=enterprise.gbt4754,
                valid_until=date(today.year - 1, 12, 31) if over else date(today.year + 3, 12, 31),
            )
        )
    for number in range(UNLISTED):
        uscc = make_uscc(adcode, _INVENTED + number)
        permits.append(
            Permit(
                permit_no=make_permit(uscc),
                name=f"未列入清单的持证单位{number + 1}（示例生成）",
                management=Management.SIMPLIFIED,
                air=True,
                adcode=adcode,
                uscc=uscc,
                valid_until=date(today.year + 2, 6, 30),
            )
        )
    return permits


def plan_of(enterprise: Enterprise, lines: Sequence[Line]) -> dict[str, Any]:
    """The operating plan of an enterprise after its list: posts and switchboard numbers are invented."""
    works = [line for line in lines if line.process != ROAD_TRANSPORT]
    return {
        "main_process": "、".join(dict.fromkeys(line.process for line in works)),
        "emission_points": [
            {"code": f"DA{number:03d}", "name": f"{line.name}排放口", "pollutants": "SO2、NOx、PM、VOCs"}
            for number, line in enumerate(works, start=1)
        ],
        "lines": [
            {
                "code": line.code,
                "post": f"{line.name}值班长",
                "phone": "010-00000000",
                "levels": [
                    {"level": level.value, "steps": measure.render_zh()}
                    for level, measure in all_measures(line)
                    if measure.executable
                ],
            }
            for line in lines
            if any(line.measures.at(level).executable for level in LEVELS)
        ],
        "command_group": [{"post": "厂长（总指挥）", "duty": "下达停限产指令", "phone": "010-00000000"}],
    }
