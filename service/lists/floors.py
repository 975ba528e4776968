"""A stored list held against the floors (减排比例底线): shares by level, pollutant and class of sources."""

from __future__ import annotations

import json
from typing import Any

from emission_lists.documents import pollutants_from
from emission_lists.floors import FloorReport, floor_report
from emission_lists.guides import FloorProfile, ListProfile
from emission_lists.sheets.kinds import Sheet, SheetRecord, record_from
from emission_lists.source_totals import stated_whole, totals_of_sums
from service.accounts.roles import Scope
from service.kit.clock import SHANGHAI
from service.kit.problems import Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.summary import sums_of
from service.lists.workbooks import law_at

SUMMARY_SQL = "SELECT document FROM list_record WHERE version_id = $1 AND sheet = $2"


def floor_profile(floors: str | None, law: ListProfile) -> FloorProfile:
    """A floor profile by its id, the default one of the place without. Raises Invalid with the known ones."""
    known = [one.id for one in law.floors]
    if floors is not None and floors not in known:
        raise Invalid(
            f"There is no floor profile {floors}; known: {', '.join(known)}.",
            detail_zh=f"没有底线方案 {floors}；可选：{'、'.join(known)}。",
        )
    return law.floor(floors)


async def floors_of(uow: UnitOfWork, scope: Scope, version_id: int, floors: str | None = None) -> FloorReport:
    """The floors of a version, by the profile of its place on the day it came in force, today before that.

    Raises Unknown outside the scope, Invalid for an unknown profile.
    """
    row = await uow.fetchrow("SELECT adcode, guide, totals, activated_at FROM list_version WHERE id = $1", version_id)
    if row is None or not scope.covers(row["adcode"]):
        raise Unknown(
            f"There is no list {version_id} in your region.", detail_zh=f"您的辖区内没有清单第 {version_id} 版。"
        )
    day = (row["activated_at"] or uow.now).astimezone(SHANGHAI).date()
    floor = floor_profile(floors, law_at(row["adcode"], row["guide"], day)[1].for_place(row["adcode"]))
    summary = await _summary_records(uow, version_id)
    stated = row["totals"].get("whole_society")
    whole = stated_whole(summary) if stated is None else pollutants_from(stated)
    return floor_report(totals_of_sums(await sums_of(uow, version_id), summary), whole, floor)


async def _summary_records(uow: UnitOfWork, version_id: int) -> list[SheetRecord]:
    rows = await uow.fetch(SUMMARY_SQL, version_id, Sheet.SUMMARY.value)
    return [record_from(_plain(row["document"])) for row in rows]


def _plain(document: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document)
    return found
