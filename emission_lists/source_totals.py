"""Base emissions and planned reductions of a whole city by class of sources (源类别): the content of the summary sheet.

Industry is the sum of the list's rows; dust, road vehicles and non-road machines are the sums of their sheets; domestic and
other sources are what the summary sheet (汇总表) states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emission_lists.documents import pollutants_document, pollutants_from
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import POLLUTANTS, EmissionListDraft, ListRow, Pollutants, SourceClass
from emission_lists.measures import Labelled
from emission_lists.reductions import Totals, added, totals
from emission_lists.sheets.kinds import Sheet, SheetRecord


class CitySource(Labelled):
    """A class of sources of a city."""

    INDUSTRY = ("industry", "工业", "industry")
    POWER_PLANT = ("power_plant", "其中：电厂", "of it: power plants")
    HEATING_BOILER = ("heating_boiler", "其中：供热锅炉", "of it: heating boilers")
    SMALL_MICRO = ("small_micro", "其中：小微涉气", "of it: small-micro emitters")
    DUST = ("dust", "扬尘", "dust")
    ROAD_MOBILE = ("road_mobile", "道路移动源", "road vehicles")
    NON_ROAD = ("non_road", "非道路移动机械", "non-road machines")
    DOMESTIC = ("domestic", "生活及其他", "domestic and other")


PARTS = (CitySource.INDUSTRY, CitySource.DUST, CitySource.ROAD_MOBILE, CitySource.NON_ROAD, CitySource.DOMESTIC)
"""Classes that add up to the city; the others are parts of industry."""
_SHEETS = {
    CitySource.DUST: Sheet.DUST,
    CitySource.ROAD_MOBILE: Sheet.ROAD_MOBILE,
    CitySource.NON_ROAD: Sheet.NON_ROAD,
}
_OF_CLASS = {
    SourceClass.INDUSTRY: CitySource.INDUSTRY,
    SourceClass.POWER_PLANT: CitySource.POWER_PLANT,
    SourceClass.HEATING_BOILER: CitySource.HEATING_BOILER,
}
SourceTotals = Mapping[CitySource, Totals]


def source_totals(draft: EmissionListDraft, industry: Totals | None = None) -> dict[CitySource, Totals]:
    """The sums of a list by class of sources, kg/d; classes without a row are left out, industry never.

    `industry`: the sum over all rows, where it is known already.
    """
    found = {CitySource.INDUSTRY: totals(draft.rows) if industry is None else industry}
    for source, rows in _within_industry(draft.rows).items():
        found[source] = totals(rows)
    for source, sheet in _SHEETS.items():
        records = draft.of_sheet(sheet)
        if records:
            found[source] = added(record_totals(record) for record in records)
    stated = stated_totals(draft.of_sheet(Sheet.SUMMARY)).get("domestic")
    if stated is not None:
        found[CitySource.DOMESTIC] = stated
    return {source: found[source] for source in CitySource if source in found}


def source_of(row: ListRow) -> CitySource:
    """The class inside industry that a row is counted under; INDUSTRY where it is none of the named ones."""
    if row.enterprise.small_micro:
        return CitySource.SMALL_MICRO
    stated = row.enterprise.source_class
    return CitySource.INDUSTRY if stated is None else _OF_CLASS[stated]


def _within_industry(rows: Iterable[ListRow]) -> dict[CitySource, list[ListRow]]:
    parts: dict[CitySource, list[ListRow]] = {}
    for row in rows:
        if row.enterprise.small_micro or row.enterprise.source_class is not None:
            source = source_of(row)
            if source is not CitySource.INDUSTRY:
                parts.setdefault(source, []).append(row)
    return parts


def record_totals(record: SheetRecord) -> Totals:
    """Base and planned reductions of one record. A measure that is not established saves nothing."""
    levels = (
        Pollutants() if record.fields.get(level.value) == "unknown" else record_pollutants(record, level.value)
        for level in LEVELS
    )
    return Totals(record_pollutants(record, "base"), PerLevel(*levels))


def record_pollutants(record: SheetRecord, prefix: str) -> Pollutants:
    """The quantities of a record under a prefix: base, yellow, orange or red."""
    return Pollutants(*(record.number_of(f"{prefix}_{name}") for name in POLLUTANTS))


def stated_totals(records: Iterable[SheetRecord]) -> dict[str, Totals]:
    """What the summary sheet states, by its source."""
    stated: dict[str, dict[str, Pollutants]] = {}
    for record in records:
        source, item = record.text("source") or "", record.text("item") or ""
        stated.setdefault(source, {})[item] = Pollutants(*(record.number_of(name) for name in POLLUTANTS))
    return {
        source: Totals(
            items.get("base", Pollutants()), PerLevel(*(items.get(level.value, Pollutants()) for level in LEVELS))
        )
        for source, items in stated.items()
    }


def city_totals(sources: SourceTotals) -> Totals:
    """The city: the sum over the classes that add up to it."""
    return added(sources[source] for source in PARTS if source in sources)


def whole_society(draft: EmissionListDraft) -> Pollutants | None:
    """All emissions of the city, kg/d: the sheet 全社会排放量, or where it is empty the summary's row 全社会."""
    if draft.whole_society is not None:
        return draft.whole_society
    stated = stated_totals(draft.of_sheet(Sheet.SUMMARY)).get("whole_society")
    return None if stated is None or stated.base == Pollutants() else stated.base


def totals_document(one: Totals) -> dict[str, Any]:
    """Totals as plain JSON."""
    return {
        "base": pollutants_document(one.base),
        "planned": {level.value: pollutants_document(one.reductions.at(level)) for level in LEVELS},
    }


def sources_document(sources: SourceTotals) -> dict[str, Any]:
    """Sums by class as plain JSON; `sources_from(sources_document(x)) == x`."""
    return {source.value: totals_document(one) for source, one in sources.items()}


def sources_from(document: Mapping[str, Any]) -> dict[CitySource, Totals]:
    """The sums of a stored document, in the order of the classes."""
    return {source: _totals_from(document[source.value]) for source in CitySource if source.value in document}


def _totals_from(document: Mapping[str, Any]) -> Totals:
    levels = (pollutants_from(document["planned"][level.value]) for level in LEVELS)
    return Totals(pollutants_from(document["base"]), PerLevel(*levels))
