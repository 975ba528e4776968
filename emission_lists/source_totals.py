"""Base emissions and planned reductions of a whole city by class of sources (源类别): the content of the summary sheet.

Industry is the sum of the list's rows; dust, road vehicles and non-road machines are the sums of their sheets; domestic and
other sources are what the summary sheet (汇总表) states.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emission_lists.documents import pollutants_document
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import POLLUTANTS, EmissionListDraft, Pollutants
from emission_lists.measures import Labelled
from emission_lists.reductions import NO_GAPS, Totals, added
from emission_lists.sheets.kinds import Sheet, SheetRecord
from emission_lists.summary import WHOLE, Dimension, Source, Sum, summed


class CitySource(Labelled):
    """A class of sources of a city."""

    INDUSTRY = ("industry", "工业", "industry")
    POWER_PLANT = ("power_plant", "其中：电厂", "of it: power plants")
    HEATING_BOILER = ("heating_boiler", "其中：供热锅炉", "of it: heating boilers")
    SMALL_MICRO = ("small_micro", "其中：小微涉气", "of it: small-micro emitters")
    PLANT_TRANSPORT = ("plant_transport", "其中：厂区公路运输", "of it: road transport of plants")
    DUST = ("dust", "扬尘", "dust")
    ROAD_MOBILE = ("road_mobile", "道路移动源", "road vehicles")
    NON_ROAD = ("non_road", "非道路移动机械", "non-road machines")
    DOMESTIC = ("domestic", "生活及其他", "domestic and other")


WHOLE_SOCIETY = "whole_society"
"""The summary sheet's code of the whole city."""
PARTS = (CitySource.INDUSTRY, CitySource.DUST, CitySource.ROAD_MOBILE, CitySource.NON_ROAD, CitySource.DOMESTIC)
"""Classes that add up to the city; the others are parts of industry."""
_OF_SUM = {
    (Dimension.LIST, WHOLE): CitySource.INDUSTRY,
    (Dimension.SOURCE, Source.POWER_PLANT.value): CitySource.POWER_PLANT,
    (Dimension.SOURCE, Source.HEATING_BOILER.value): CitySource.HEATING_BOILER,
    (Dimension.SOURCE, Source.SMALL_MICRO.value): CitySource.SMALL_MICRO,
    (Dimension.SOURCE, Source.TRANSPORT.value): CitySource.PLANT_TRANSPORT,
    (Dimension.SHEET, Sheet.DUST.value): CitySource.DUST,
    (Dimension.SHEET, Sheet.ROAD_MOBILE.value): CitySource.ROAD_MOBILE,
    (Dimension.SHEET, Sheet.NON_ROAD.value): CitySource.NON_ROAD,
}
_FIELDS = {
    prefix: tuple(f"{prefix}_{name}" for name in POLLUTANTS) for prefix in ("base", *(level.value for level in LEVELS))
}
SourceTotals = Mapping[CitySource, Totals]


def source_totals(draft: EmissionListDraft) -> dict[CitySource, Totals]:
    """The sums of a list by class of sources, kg/d; classes without a row are left out, industry never."""
    return totals_of_sums(sums_of(draft), draft.of_sheet(Sheet.SUMMARY))


def sums_of(draft: EmissionListDraft) -> list[Sum]:
    """The sums of a list by every dimension."""
    groups = draft.by_enterprise().values()
    return summed(((rows[0].enterprise, [row.line for row in rows]) for rows in groups), draft.records)


def totals_of_sums(sums: Iterable[Sum], summary: Iterable[SheetRecord]) -> dict[CitySource, Totals]:
    """The same from the sums of a list and the records of its summary sheet."""
    found = {
        source: one.totals() for one in sums if (source := _OF_SUM.get((one.dimension, one.key))) is not None
    }
    stated = stated_totals(summary).get(CitySource.DOMESTIC.value)
    if stated is not None:
        found[CitySource.DOMESTIC] = stated
    return {source: found[source] for source in CitySource if source in found}


def record_pollutants(record: SheetRecord, prefix: str) -> Pollutants:
    """The quantities of a record under a prefix: base, yellow, orange or red."""
    return Pollutants(*map(record.number_of, _FIELDS[prefix]))


def stated_totals(records: Iterable[SheetRecord]) -> dict[str, Totals]:
    """What the summary sheet states, by its source."""
    stated: dict[str, dict[str, Pollutants]] = {}
    for record in records:
        source, item = record.text("source") or "", record.text("item") or ""
        stated.setdefault(source, {})[item] = Pollutants(*(record.number_of(name) for name in POLLUTANTS))
    return {
        source: Totals(
            items.get("base", Pollutants()),
            PerLevel(*(items.get(level.value, Pollutants()) for level in LEVELS)),
            NO_GAPS,
        )
        for source, items in stated.items()
    }


def city_totals(sources: SourceTotals) -> Totals:
    """The city: the sum over the classes that add up to it."""
    return added(sources[source] for source in PARTS if source in sources)


def whole_society(draft: EmissionListDraft) -> Pollutants | None:
    """All emissions of the city, kg/d: the sheet 全社会排放量, or where it is empty the summary's row 全社会."""
    return draft.whole_society or stated_whole(draft.of_sheet(Sheet.SUMMARY))


def stated_whole(summary: Iterable[SheetRecord]) -> Pollutants | None:
    """What the summary sheet states as all emissions of the city."""
    stated = stated_totals(summary).get(WHOLE_SOCIETY)
    return None if stated is None or stated.base == Pollutants() else stated.base


def totals_document(one: Totals) -> dict[str, Any]:
    """Totals as plain JSON. Null: nothing is established; beside lines that are open (未确立) a number is a lower bound (下限).

    `computed`: what of `planned` follows from base × share because the list states nothing. Counts and `computed` are null where
    they were not counted.
    """
    gaps = one.gaps
    return {
        "base": pollutants_document(one.known_base),
        "planned": {level.value: pollutants_document(one.planned(level)) for level in LEVELS},
        "computed": None
        if gaps is None
        else {level.value: pollutants_document(gaps.computed.at(level)) for level in LEVELS},
        "open_lines": None
        if gaps is None
        else {level.value: dict(zip(POLLUTANTS, gaps.lines.at(level), strict=True)) for level in LEVELS},
        "base_open_lines": None if gaps is None else dict(zip(POLLUTANTS, gaps.base, strict=True)),
    }
