"""The registry of points (监测点位): what was uploaded, and what a list's verification points say."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

from emission_lists.documents import line_from
from emission_lists.lists import Line, all_measures
from emission_lists.measures import Verification
from service.accounts.roles import Scope
from service.evidence.records import PointRecord, Record
from service.kit.unit_of_work import UnitOfWork

LISTED_SQL = """
SELECT DISTINCT ON (e.uscc, v.adcode) e.uscc, v.adcode, e.document FROM list_enterprise e
JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = ANY($1::text[]) AND v.activated_at IS NOT NULL AND v.adcode LIKE $2
ORDER BY e.uscc, v.adcode, v.activated_at DESC, v.id DESC
"""
HOMES_SQL = """
SELECT DISTINCT e.uscc, v.adcode FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = ANY($1::text[]) AND v.activated_at IS NOT NULL AND v.adcode LIKE $2
"""
POINTS_SQL = """
SELECT DISTINCT ON (adcode, uscc, point) adcode, uscc, point, kind, line_code, role, rated, metric, unit, source
FROM evidence_point WHERE adcode = ANY($1::text[]) AND uscc = ANY($2::text[]) ORDER BY adcode, uscc, point, id DESC
"""
REGISTER_COLUMNS = ["adcode", "uscc", "point", "kind", "line_code", "role", "rated", "metric", "unit", "source",
                    "batch_id", "registered_at"]  # fmt: skip
LONGEST = 64


class PointInfo(NamedTuple):
    """The newest registration of a point. `rated` in kW; `source` upload or list."""

    adcode: str
    uscc: str
    point: str
    kind: str
    line_code: str
    role: str
    rated: float | None
    metric: str | None
    unit: str | None
    source: str


@dataclass(frozen=True)
class Known:
    """What is known of the enterprises of a delivery: their divisions, their points, their lines where they were needed."""

    homes: dict[str, tuple[str, ...]]
    points: dict[tuple[str, str], PointInfo]
    lines: dict[str, frozenset[str]] = field(default_factory=dict)

    def kind_of(self, uscc: str, point: str) -> str | None:
        """What a point is registered as; None when it is not."""
        found = self.points.get((uscc, point))
        return None if found is None else found.kind

    @cached_property
    def _together(self) -> dict[tuple[str, str], tuple[str, ...]]:
        lines: dict[tuple[str, str], list[str]] = defaultdict(list)
        for one in self.points.values():
            if one.kind == "cems":
                lines[one.uscc, one.line_code].append(one.point)
        return {
            key: tuple(sorted(lines[one.uscc, one.line_code])) if one.kind == "cems" else (one.point,)
            for key, one in self.points.items()
        }

    def watching(self, uscc: str, point: str) -> tuple[str, ...]:
        """The points that speak of the same as a point: itself, of a monitor all monitors of its line; none if unknown.

        One flag of one monitor is enough to take back what the others say of the line.
        """
        return self._together.get((uscc, point), ())

    def home(self, record: Record) -> str:
        """The division a record belongs to: that of its point, otherwise the enterprise's first."""
        found = self.points.get((record.uscc, getattr(record, "point", "")))
        return self.homes[record.uscc][0] if found is None else found.adcode


async def look_up(uow: UnitOfWork, scope: Scope, usccs: Collection[str], own: str | None) -> Known:
    """The divisions and points of enterprises that stand in a list of the scope; an enterprise's own lie anywhere."""
    prefix = "%" if own is not None else scope.prefix + "%"
    homes: dict[str, list[str]] = {}
    for row in await uow.fetch(HOMES_SQL, sorted(usccs), prefix):
        homes.setdefault(row["uscc"], []).append(row["adcode"])
    sorted_homes = {uscc: tuple(sorted(adcodes)) for uscc, adcodes in homes.items()}
    return Known(sorted_homes, await points_of(uow, sorted_homes))


async def points_of(uow: UnitOfWork, homes: dict[str, tuple[str, ...]]) -> dict[tuple[str, str], PointInfo]:
    """The newest registration of every point of the enterprises."""
    adcodes = sorted({adcode for several in homes.values() for adcode in several})
    rows = await uow.fetch(POINTS_SQL, adcodes, sorted(homes))
    return {(row["uscc"], row["point"]): PointInfo(*row.values()) for row in rows}


async def derive(
    uow: UnitOfWork,
    known: Known,
    wanted: Collection[tuple[str, str]],
    named: Collection[str] = (),
    *,
    alone: bool = False,
) -> Known:
    """`known` with the points that the lists name among the wanted ones, and the lines of the enterprises in `named`.

    `alone`: an enterprise sends for itself. Then no point is added to a line that is watched already: a second meter
    without normal days would leave the line without a normal hour, and so without any finding.
    """
    unknown = {uscc for uscc, point in wanted if (uscc, point) not in known.points}
    missing = sorted((unknown | set(named)) & known.homes.keys())
    if not missing:
        return known
    lines: dict[str, set[str]] = {}
    points = dict(known.points)
    watched = {(one.uscc, one.line_code, one.kind) for one in points.values()} if alone else frozenset()
    for row in await uow.fetch(LISTED_SQL, missing, "%"):
        uscc, adcode = row["uscc"], row["adcode"]
        if adcode not in known.homes[uscc]:
            continue
        listed = [line_from(document) for document in json.loads(row["document"])["lines"]]
        lines.setdefault(uscc, set()).update(line.code for line in listed)
        fresh = [
            one
            for one in listed_points(uscc, listed)
            if (uscc, one.point) not in points
            and (uscc, one.point) in wanted
            and (uscc, one.line_code, one.kind) not in watched
        ]
        await register(uow, adcode, fresh, batch=None, source="list")
        points |= {(uscc, one.point): _info(adcode, one, "list") for one in fresh}
    return replace(known, points=points, lines={uscc: frozenset(codes) for uscc, codes in lines.items()})


def listed_points(uscc: str, lines: Sequence[Line]) -> list[PointRecord]:
    """The points that a list's verification columns name, taken as standing at production.

    Without a name the line's code is the point. A name that several lines share proves nothing of one of them: it is left out.
    """
    found = [one for line in lines if (one := _listed_point(uscc, line)) is not None]
    shared = Counter(one.point for one in found)
    return [one for one in found if shared[one.point] == 1]


_KIND = {Verification.METER: "power", Verification.CEMS: "cems", Verification.GATE: "gate"}


def _listed_point(uscc: str, line: Line) -> PointRecord | None:
    for _, measure in all_measures(line):
        kinds = [_KIND[kind] for kind in measure.verification if kind in _KIND]
        name = measure.verification_point or line.code
        if kinds and len(name) <= LONGEST and len(line.code) <= LONGEST:
            return PointRecord(uscc, name, kinds[0], line.code, "production", None, None, None, 0)
    return None


def _info(adcode: str, one: PointRecord, source: str) -> PointInfo:
    return PointInfo(
        adcode, one.uscc, one.point, one.kind, one.line_code, one.role, one.rated, one.metric, one.unit, source
    )


async def register(
    uow: UnitOfWork, adcode: str, points: Iterable[PointRecord], *, batch: int | None, source: str
) -> None:
    """Write points to the registry; the newest row of a point counts."""
    rows: list[tuple[Any, ...]] = [(*_info(adcode, one, source), batch, uow.now) for one in points]
    if rows:
        await uow.connection.copy_records_to_table("evidence_point", records=rows, columns=REGISTER_COLUMNS)
