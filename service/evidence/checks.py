"""What lists, points, the clock and earlier deliveries say against records: every fault, up to the most that an answer lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import NamedTuple

from emission_lists.findings import Finding
from service.evidence.delivered import Delivered
from service.evidence.faults import MOST, fault
from service.evidence.points import Known
from service.evidence.records import Hour, Inspected, Kind, Passage, PointRecord, Record
from service.kit.clock import SHANGHAI

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Mentioned(NamedTuple):
    """What records speak of: enterprises, their points, and the enterprises whose lines must be known."""

    usccs: set[str]
    points: set[tuple[str, str]]
    lines: set[str]


def mentioned(records: Sequence[Record]) -> Mentioned:
    """What is to be looked up before the records can be checked."""
    return Mentioned(
        {record.uscc for record in records},
        {(record.uscc, record.point) for record in records if isinstance(record, Hour)},
        {record.uscc for record in records if isinstance(record, PointRecord | Inspected)},
    )


def instant_of(record: Record) -> datetime | None:
    """When a record was measured or seen; None for a point of the registry."""
    if isinstance(record, Hour):
        return record.until
    return None if isinstance(record, PointRecord) else record.at


def check(
    kind: Kind, records: Sequence[Record], known: Known, theirs: Delivered, own: str | None, latest: datetime
) -> list[Finding]:
    """Every fault of the records in the order of their places; it stops at the most that an answer lists and says so.

    `theirs` is what others than the enterprise `own` delivered before; what is after `latest` lies in the future.
    Nothing here waits: run it beside the event loop.
    """
    every = chain(
        _when(records, latest),
        _whose(records, known, own),
        _what(kind, records, known),
        _already(records, known, theirs),
    )
    faults = list(islice(every, MOST + 1))
    whole = len(faults) <= MOST
    faults = sorted(faults if whole else faults[: MOST - 1], key=lambda one: (one.row or 0, one.sheet or ""))
    return faults if whole else [*faults, fault("TOO_MANY_ERRORS", what=MOST - 1)]


def _when(records: Sequence[Record], latest: datetime) -> Iterator[Finding]:
    """Nothing from the future, nothing out of all range, no point twice at one time with other values."""
    seen: dict[tuple[str, str, str, datetime], tuple[float | None, str | None]] = {}
    for record in records:
        at = instant_of(record)
        if at is not None and at > latest:
            yield fault("FUTURE", record.place, "小时止" if isinstance(record, Hour) else "时间", _shown(at))
        elif at is not None and at < EARLIEST:
            yield fault("TOO_OLD", record.place, None, _shown(at))
        if isinstance(record, Hour):
            key, value = record[:4], (record.value, record.flag)
            if seen.setdefault(key, value) != value:
                yield fault("REPEATED", record.place, "小时止")


def _shown(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(" ", "minutes")


def _whose(records: Sequence[Record], known: Known, own: str | None) -> Iterator[Finding]:
    for record in records:
        if own is not None and record.uscc != own:
            yield fault("NOT_YOURS", record.place, "统一社会信用代码", record.uscc)
        elif record.uscc not in known.homes:
            yield fault("NOT_LISTED", record.place, "统一社会信用代码", record.uscc)


def _what(kind: Kind, records: Sequence[Record], known: Known) -> Iterator[Finding]:
    """Points registered for what they deliver (each named once), lines that the list knows."""
    named: set[tuple[str, str]] = set()
    for record in records:
        if record.uscc not in known.homes:
            continue
        if isinstance(record, Hour):
            registered = known.kind_of(record.uscc, record.point)
            if registered == kind.value or (record.uscc, record.point) in named:
                continue
            named.add((record.uscc, record.point))
            if registered is None:
                yield fault("UNKNOWN_POINT", record.place, "点位编号", record.point)
            else:
                yield fault("POINT_KIND", record.place, "点位编号", record.point, what=registered)
        elif isinstance(record, PointRecord | Inspected):
            yield from _lines(record, known)


def _lines(record: PointRecord | Inspected, known: Known) -> Iterator[Finding]:
    line = record.line_code
    if line is not None and line not in known.lines.get(record.uscc, ()):
        yield fault("UNKNOWN_LINE", record.place, "生产线编码", line)
    if isinstance(record, PointRecord) and record.kind == "load" and not (record.metric and record.unit):
        yield fault("LOAD_UNIT", record.place, "负荷指标", record.metric)


def _already(records: Sequence[Record], known: Known, theirs: Delivered) -> Iterator[Finding]:
    """What an enterprise would correct though a feed or an official delivered it."""
    for record in records:
        if isinstance(record, Hour):
            points = known.watching(record.uscc, record.point)
            if record.until in theirs.hours.get(points, ()):
                yield fault("DELIVERED", record.place, "小时止", f"{record.point} {_shown(record.until)}")
        elif (
            isinstance(record, Passage) and (record.at, record.gate, record.plate, record.direction) in theirs.passages
        ):
            yield fault("DELIVERED", record.place, "通过时间", f"{record.plate} {_shown(record.at)}")
