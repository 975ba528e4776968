"""The summary of a stored version: read where it was added up at import, added up from its rows where it was not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from emission_lists.grades import Grade
from emission_lists.sheets.kinds import Sheet, record_from
from emission_lists.source_totals import totals_document
from emission_lists.summary import Dimension, Source, Standing, Sum, Summary
from service.accounts.roles import Scope
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.repository import enterprises_of

COLUMNS = ("version_id", "dimension", "key", "enterprises", "lines", "milligrams", "gaps")
SUMS_SQL = "SELECT dimension, key, enterprises, lines, milligrams, gaps FROM list_sum WHERE version_id = $1"
EMITTING_SQL = "SELECT document FROM list_record WHERE version_id = $1 AND sheet = ANY($2::text[])"
EMITTING = [Sheet.DUST.value, Sheet.ROAD_MOBILE.value, Sheet.NON_ROAD.value]
VERSION_SQL = "SELECT id, adcode, title, state, generated, totals FROM list_version WHERE id = $1"
_DIMENSIONS = {dimension.value: dimension for dimension in Dimension}
_ORDER = {dimension: place for place, dimension in enumerate(Dimension)}
_KINDS = {Dimension.SOURCE: Source, Dimension.STANDING: Standing, Dimension.SHEET: Sheet}
_LABELS = {(where, one.value): (one.zh, one.en) for where, kind in _KINDS.items() for one in kind}


async def store_sums(uow: UnitOfWork, version_id: int, sums: Iterable[Sum]) -> None:
    """Keep the sums of a version that is being stored."""
    records = [
        (version_id, one.dimension.value, one.key, one.enterprises, one.lines, list(one.milligrams), _gaps(one))
        for one in sums
    ]
    await uow.connection.copy_records_to_table("list_sum", records=records, columns=COLUMNS)


def _gaps(one: Sum) -> list[int] | None:
    return None if one.gaps is None else list(one.gaps)


async def sums_of(uow: UnitOfWork, version_id: int) -> list[Sum]:
    """The kept sums; a version stored before there were any, or before its open lines were counted, is added up from its rows.

    Once a process: that takes seconds, and stored rows never change.
    """
    rows = await uow.fetch(SUMS_SQL, version_id)
    if not rows or any(row["gaps"] is None for row in rows):
        found: list[Sum] = await uow.runtime.live.sums.once(version_id, lambda: recomputed(uow, version_id))
        return found
    kept = [
        Sum(
            _DIMENSIONS[row["dimension"]],
            row["key"],
            row["enterprises"],
            row["lines"],
            tuple(row["milligrams"]),
            tuple(row["gaps"]),
        )
        for row in rows
    ]
    return sorted(kept, key=lambda one: (_ORDER[one.dimension], one.key))


async def recomputed(uow: UnitOfWork, version_id: int) -> list[Sum]:
    """The sums added up from the stored rows; memory stays flat."""
    summary = Summary()
    async for enterprise, lines in enterprises_of(uow, version_id):
        summary.add(enterprise, lines)
    for row in await uow.fetch(EMITTING_SQL, version_id, EMITTING):
        summary.add_record(record_from(json.loads(row["document"])))
    return summary.sums()


async def summary_of(uow: UnitOfWork, scope: Scope, version_id: int) -> dict[str, Any]:
    """Enterprises, lines, base and planned reductions (kg/d) of a version, whole and by each dimension, with what is open.

    Raises Unknown outside the scope.
    """
    version = await uow.fetchrow(VERSION_SQL, version_id)
    if version is None or not scope.covers(version["adcode"]):
        raise Unknown(f"There is no list {version_id} in your region.")
    whole, *parts = await sums_of(uow, version_id)
    groups: dict[str, list[dict[str, Any]]] = {one.value: [] for one in Dimension if one is not Dimension.LIST}
    for part in parts:
        label = _label(uow, part)
        groups[part.dimension.value].append({"key": part.key, **label, **_numbers(part)})
    return {
        "list": version["id"],
        "adcode": version["adcode"],
        "place": uow.runtime.place(version["adcode"]),
        "title": version["title"],
        "state": version["state"],
        "generated": version["generated"],
        "unit": "kg/d",
        "whole_society": version["totals"].get("whole_society"),
        "whole": _numbers(whole),
        "by": groups,
    }


def _numbers(one: Sum) -> dict[str, Any]:
    return {"enterprises": one.enterprises, "lines": one.lines, **totals_document(one.totals())}


def _label(uow: UnitOfWork, part: Sum) -> dict[str, Any]:
    """What a key is called, in Chinese and English where both exist."""
    if part.dimension is Dimension.COUNTY:
        return {"name_zh": uow.runtime.place(part.key), "name_en": part.key}
    if part.dimension is Dimension.GRADE:
        grade = Grade(part.key)
        return {"name_zh": grade.title_zh, "name_en": grade.title_en}
    zh, en = _LABELS.get((part.dimension, part.key), (part.key, part.key))
    return {"name_zh": zh, "name_en": en}
