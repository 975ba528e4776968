"""What a feed of evidence posts (Standard Webhooks body `{type, timestamp, data}`), and how it becomes records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from emission_lists.identifiers import uscc_valid
from service.evidence.layouts import MOST
from service.evidence.records import (
    CEMS_ITEMS,
    LOAD_ITEM,
    POWER_ITEM,
    Hour,
    Inspected,
    Kind,
    Passage,
    PointRecord,
    Record,
)
from service.kit.problems import Invalid

MAX_ITEMS = 20_000
Code = Annotated[str, Field(min_length=1, max_length=64)]
Uscc = Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Quantity = Annotated[float, Field(ge=0, le=MOST, allow_inf_nan=False)]
Flag = Literal["N", "F", "M", "S", "D", "C", "T", "B"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HourValue(_Strict):
    """One hour by its end. A missing value needs a flag that says why."""

    time: AwareDatetime
    value: Quantity | None = None
    flag: Flag | None = None


class Hours(_Strict):
    """Hours of one meter, load counter or monitor; `item` only of a monitor."""

    uscc: Uscc
    point: Code
    item: Annotated[str, Field(max_length=16)] | None = None
    hours: Annotated[list[HourValue], Field(min_length=1, max_length=2000)]


class GatePassage(_Strict):
    """One vehicle at a freight entrance."""

    uscc: Uscc
    gate: Code
    time: AwareDatetime
    plate: Annotated[str, Field(min_length=1, max_length=16)]
    plate_colour: Literal["blue", "yellow", "green", "yellow_green", "white", "black", "unknown"]
    vehicle: Literal["heavy_truck", "truck", "bus", "other", "unknown"]
    stage: Literal["0", "1", "2", "3", "4", "5", "6", "7", "D", "X"]
    fuel: Literal["A", "B", "C", "D", "E", "F", "L", "M", "N", "O", "P", "Q", "Y", "Z"]
    direction: Literal["in", "out"]
    let_in: bool


class Inspection(_Strict):
    """What an inspector saw."""

    uscc: Uscc
    time: AwareDatetime
    inspector: Annotated[str, Field(min_length=1, max_length=100)]
    line: Code | None = None
    result: Literal["in_order", "breach", "not_seen"]
    note: Annotated[str, Field(min_length=1, max_length=1000)]
    reference: Annotated[str, Field(max_length=200)] | None = None


class Point(_Strict):
    """One point of the registry."""

    uscc: Uscc
    point: Code
    kind: Literal["power", "cems", "load", "gate"]
    line: Code
    role: Literal["production", "treatment", "none"]
    rated: Quantity | None = None
    metric: Code | None = None
    unit: Annotated[str, Field(max_length=16)] | None = None


class HoursMessage(_Strict):
    """Hours of meters, monitors or loads."""

    type: Literal["evidence.power", "evidence.cems", "evidence.load"]
    timestamp: AwareDatetime
    data: Annotated[list[Hours], Field(min_length=1, max_length=MAX_ITEMS)]


class GateMessage(_Strict):
    """Passages."""

    type: Literal["evidence.gate"]
    timestamp: AwareDatetime
    data: Annotated[list[GatePassage], Field(min_length=1, max_length=MAX_ITEMS)]


class InspectionMessage(_Strict):
    """Inspections."""

    type: Literal["evidence.inspection"]
    timestamp: AwareDatetime
    data: Annotated[list[Inspection], Field(min_length=1, max_length=MAX_ITEMS)]


class PointsMessage(_Strict):
    """Points of the registry."""

    type: Literal["evidence.points"]
    timestamp: AwareDatetime
    data: Annotated[list[Point], Field(min_length=1, max_length=MAX_ITEMS)]


MESSAGES: dict[Kind, type[BaseModel]] = {
    Kind.POWER: HoursMessage,
    Kind.CEMS: HoursMessage,
    Kind.LOAD: HoursMessage,
    Kind.GATE: GateMessage,
    Kind.INSPECTION: InspectionMessage,
    Kind.POINTS: PointsMessage,
}


class _Typed(BaseModel):
    type: str


def read_message(body: bytes) -> tuple[Kind, list[Record]]:
    """The kind and records of a signed body. Raises Invalid with every fault and its JSON pointer."""
    try:
        kind = Kind(_Typed.model_validate_json(body).type.removeprefix("evidence."))
    except ValidationError as error:
        raise _invalid(error) from error
    except ValueError as error:
        raise Invalid(f"type must be one of {', '.join(f'evidence.{kind}' for kind in Kind)}.") from error
    try:
        message: Any = MESSAGES[kind].model_validate_json(body, strict=True)
    except OverflowError as error:
        raise Invalid("An instant or number in the message is out of all range.") from error
    except ValidationError as error:
        raise _invalid(error) from error
    if message.type != f"evidence.{kind.value}":
        raise Invalid(f"type must be written evidence.{kind.value}.")
    faults: list[dict[str, str]] = []
    records = _READERS[kind](kind, message.data, faults)
    if faults:
        raise Invalid(f"{len(faults)} fault(s) in the message; see errors.", errors=faults[:100])
    return kind, records


def _invalid(error: ValidationError) -> Invalid:
    faults = [
        {"pointer": "".join(f"/{part}" for part in fault["loc"]), "detail": fault["msg"]}
        for fault in error.errors(include_url=False, include_input=False)[:100]
    ]
    return Invalid(f"{error.error_count()} fault(s) in the message; see errors.", errors=faults)


def _hours(kind: Kind, data: list[Hours], faults: list[dict[str, str]]) -> list[Record]:
    records: list[Record] = []
    for at, part in enumerate(data):
        place = f"/data/{at}"
        item = _item(kind, part.item)
        _check_code(part.uscc, place, faults)
        if item is None:
            faults.append({"pointer": f"{place}/item", "detail": "a monitor names its item, nothing else does"})
            continue
        for number, hour in enumerate(part.hours):
            spot = f"{place}/hours/{number}"
            if not _on_the_hour(hour.time):
                faults.append(
                    {"pointer": f"{spot}/time", "detail": "give the end of the hour: 18:00 stands for 17 to 18"}
                )
            if hour.value is None and hour.flag in (None, "N"):
                faults.append({"pointer": f"{spot}/value", "detail": "there is no value and no flag that says why"})
            records.append(Hour(part.uscc, part.point, item, hour.time, hour.value, _flag(kind, hour), spot))
    return records


def _on_the_hour(at: datetime) -> bool:
    """Whether a whole hour of Beijing ends at an instant, in whatever zone it is written."""
    past = timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)
    return (past - (at.utcoffset() or timedelta())) % timedelta(hours=1) == timedelta()


def _item(kind: Kind, named: str | None) -> str | None:
    if kind is Kind.CEMS:
        return CEMS_ITEMS.get((named or "").lower())
    return None if named is not None else (POWER_ITEM if kind is Kind.POWER else LOAD_ITEM)


def _flag(kind: Kind, hour: HourValue) -> str | None:
    return hour.flag or ("N" if kind is Kind.CEMS else None)


def _check_code(uscc: str, place: str, faults: list[dict[str, str]]) -> None:
    if not uscc_valid(uscc):
        faults.append({"pointer": f"{place}/uscc", "detail": "the check character of the credit code does not fit"})


def _gates(_kind: Kind, data: list[GatePassage], faults: list[dict[str, str]]) -> list[Record]:
    for at, part in enumerate(data):
        _check_code(part.uscc, f"/data/{at}", faults)
    return [
        Passage(
            part.uscc, part.gate, part.time, part.plate, part.plate_colour, part.vehicle, part.stage, part.fuel,
            part.direction, part.let_in, f"/data/{at}",
        )
        for at, part in enumerate(data)
    ]  # fmt: skip


def _inspections(_kind: Kind, data: list[Inspection], faults: list[dict[str, str]]) -> list[Record]:
    for at, part in enumerate(data):
        _check_code(part.uscc, f"/data/{at}", faults)
    return [
        Inspected(
            part.uscc, part.time, part.inspector, part.line, part.result, part.note, part.reference, f"/data/{at}"
        )
        for at, part in enumerate(data)
    ]


def _points(_kind: Kind, data: list[Point], faults: list[dict[str, str]]) -> list[Record]:
    for at, part in enumerate(data):
        _check_code(part.uscc, f"/data/{at}", faults)
    return [
        PointRecord(
            part.uscc, part.point, part.kind, part.line, part.role, part.rated, part.metric, part.unit, f"/data/{at}"
        )
        for at, part in enumerate(data)
    ]


_READERS: dict[Kind, Callable[[Kind, Any, list[dict[str, str]]], list[Record]]] = {
    Kind.POWER: _hours,
    Kind.CEMS: _hours,
    Kind.LOAD: _hours,
    Kind.GATE: _gates,
    Kind.INSPECTION: _inspections,
    Kind.POINTS: _points,
}
