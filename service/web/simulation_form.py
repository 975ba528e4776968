"""The simulation form as it was sent, and what it asks; every fault with its field."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from starlette.datastructures import FormData, QueryParams

from alerts.instants import parse_instant
from alerts.points import Point
from alerts.simulation import MOST_CASES
from service.simulations.schemas import SimulationBody

IN_FORCE = "in_force"
LEVELS = ("blue", "yellow", "orange", "red")
YEARS = (2000, 2199)
LONGEST_SHIFT = 240
MOST_FACTOR = 10
LONGEST_FIELD = 64
Value = TypeVar("Value")


@dataclass(frozen=True)
class FormFault:
    """A field that cannot be used; `key` names the text that says what to do."""

    name: str
    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SimulationForm:
    """What somebody typed. No `forecast`: what is known there now. Cases are `in_force`, `rules:<id>` or `plan:<id>`."""

    adcode: str = ""
    forecast: str = ""
    alone: bool = False
    factor: str = ""
    shift: str = ""
    as_of: str = ""
    cases: tuple[str, ...] = ()
    level: str = ""
    effective: str = ""
    planned_end: str = ""

    @classmethod
    def of(cls, form: FormData) -> SimulationForm:
        """The form as it was posted; files are read apart."""
        texts = {name: _text(form, name) for name in ("forecast", "factor", "shift", "as_of", "level", "effective")}
        return cls(
            adcode=_text(form, "adcode"),
            alone=_text(form, "alone") == "yes",
            cases=tuple(
                dict.fromkeys(one[: LONGEST_FIELD + 8] for one in form.getlist("case") if isinstance(one, str))
            ),
            planned_end=_text(form, "planned_end"),
            **texts,
        )

    @classmethod
    def asked(cls, query: QueryParams, adcode: str, usual: Sequence[str]) -> SimulationForm:
        """The form as a link fills it in: `forecast`, `rules` and `plan`; otherwise the usual cases."""
        named = [f"plan:{one}" for one in query.getlist("plan")] + [f"rules:{one}" for one in query.getlist("rules")]
        return cls(
            adcode=adcode,
            forecast=query.get("forecast", "")[:LONGEST_FIELD],
            cases=tuple(dict.fromkeys((IN_FORCE, *named))) if named else tuple(usual),
        )

    def body(self, points: Sequence[Point] | None) -> tuple[SimulationBody | None, list[FormFault]]:
        """What the form asks, or everything that is wrong with it. `points` are those of an uploaded file, which goes first."""
        faults: list[FormFault] = []

        def read(name: str, text: str, key: str, reader: Callable[[str], Value], **values: Any) -> Value | None:
            if not text:
                return None
            try:
                return reader(text)
            except (ValueError, OverflowError):
                faults.append(FormFault(name, key, values))
                return None

        factor = read("factor", self.factor, "sim_fault_factor", _factor)
        shift = read("shift", self.shift, "sim_fault_shift", _shift)
        as_of = read("as_of", self.as_of, "sim_fault_instant", _instant)
        forecast = read("forecast", self.forecast, "sim_fault_forecast", _id)
        effective = read("effective", self.effective, "sim_fault_instant", _instant)
        planned_end = read("planned_end", self.planned_end, "sim_fault_instant", _instant)
        if self.level in LEVELS and not self.effective:
            faults.append(FormFault("effective", "sim_fault_effective"))
        if not 1 <= len(self.cases) <= MOST_CASES:
            faults.append(FormFault("cases", "sim_fault_cases", {"most": MOST_CASES, "n": len(self.cases)}))
        if faults:
            return None, faults
        edit = {"shift_hours": shift or 0, "factor": {} if factor is None else {"pm25": factor}}
        stands = {"level": self.level, "effective_at": effective, "planned_end": planned_end}
        body = SimulationBody.model_validate(
            {
                "adcode": self.adcode,
                "as_of": as_of,
                "points": list(points) if points is not None else None,
                "forecast": forecast if points is None else None,
                "alone": self.alone,
                "edit": edit if factor is not None or shift else None,
                "in_force": stands if self.level in LEVELS else None,
                "cases": [_case(one) for one in self.cases],
            }
        )
        return body, []


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip()[:LONGEST_FIELD] if isinstance(value, str) else ""


def _factor(text: str) -> float:
    value = float(text)
    if not math.isfinite(value) or not 0 <= value <= MOST_FACTOR:
        raise ValueError(text)
    return value


def _shift(text: str) -> int:
    value = int(text)
    if abs(value) > LONGEST_SHIFT:
        raise ValueError(text)
    return value


def _id(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 2**62:
        raise ValueError(text)
    return value


def _instant(text: str) -> datetime:
    """An instant of years for which there can be data, Beijing time."""
    value = parse_instant(text)
    if not YEARS[0] <= value.year <= YEARS[1]:
        raise ValueError(text)
    return value


def _case(text: str) -> dict[str, str]:
    kind, _, name = text.partition(":")
    return {kind: name[:LONGEST_FIELD]} if kind in {"rules", "plan"} else {}
