"""The summary sheet (汇总表) must be the sum of the other sheets."""

from __future__ import annotations

import math
from collections.abc import Iterator

from emission_lists.check_context import Checker
from emission_lists.findings import Finding
from emission_lists.levels import ResponseLevel
from emission_lists.lists import POLLUTANT_LABELS, POLLUTANTS, Pollutants
from emission_lists.reductions import Totals
from emission_lists.sheets.codes import ITEMS, SOURCES
from emission_lists.sheets.kinds import Sheet, SheetRecord
from emission_lists.source_totals import PARTS, WHOLE_SOCIETY, CitySource, SourceTotals, stated_totals

_SLACK_KG = 0.5  # the sheet is written in whole kilograms
_SOURCE_ZH = {code: label for label, code in SOURCES.items()}
_ITEM_ZH = {code: label for label, code in ITEMS.items()}


def summary_findings(checker: Checker, sources: SourceTotals) -> Iterator[Finding]:
    """Every figure of the summary sheet that is not the sum of its rows. `sources`: the sums of the list."""
    records = checker.draft.of_sheet(Sheet.SUMMARY)
    stated = stated_totals(records)
    for record in records:
        source, item = str(record.fields["source"]), str(record.fields["item"])
        if source == WHOLE_SOCIETY:
            yield from _compare(checker, record, parts := _sum_of_parts(stated, item), parts, code="SUMMARY_NOT_SUM")
            if item == "base" and checker.draft.whole_society is not None:
                whole = checker.draft.whole_society
                yield from _compare(checker, record, whole, whole, code="SUMMARY_WHOLE_DIFFERS")
        elif source != CitySource.DOMESTIC.value:
            summed = next((one for kind, one in sources.items() if kind.value == source), None)
            if summed is not None:
                yield from _compare(checker, record, *_range(summed, item), code="SUMMARY_DIFFERS")


def _item(totals: Totals, item: str) -> Pollutants:
    values: Pollutants = totals.base if item == "base" else getattr(totals.reductions, item)
    return values


def _range(totals: Totals, item: str) -> tuple[Pollutants, Pollutants]:
    """The least and the most that the rows may add up to: what they state, and with it all that may follow from their bases.

    Where a row states no base either, nothing is known of the most, and of a base that a row leaves out as little.
    """
    if item == "base":
        missing = (0,) * len(POLLUTANTS) if totals.gaps is None else totals.gaps.base
        most = (math.inf if lines else value for value, lines in zip(totals.base, missing, strict=True))
        return totals.base, Pollutants(*most)
    level = ResponseLevel(item)
    computed = Pollutants(*(0.0,) * len(POLLUTANTS)) if totals.gaps is None else totals.gaps.computed.at(level)
    planned = totals.reductions.at(level)
    least = ((value or 0) - (more or 0) for value, more in zip(planned, computed, strict=True))
    return Pollutants(*least), totals.most(level)


def _sum_of_parts(stated: dict[str, Totals], item: str) -> Pollutants:
    """The sum of the classes that add up to the city; None where a class does not state a pollutant."""
    parts = [stated.get(source.value) for source in PARTS]
    if any(part is None for part in parts):
        return Pollutants()
    columns = zip(*(_item(part, item) for part in parts if part is not None), strict=True)
    return Pollutants(*(None if None in column else sum(value or 0 for value in column) for column in columns))


def _compare(
    checker: Checker, record: SheetRecord, least: Pollutants, most: Pollutants, *, code: str
) -> Iterator[Finding]:
    tolerance = checker.profile.summary.tolerance
    for name, expected, highest in zip(POLLUTANTS, least, most, strict=True):
        stated = record.number_of(name)
        if stated is None or expected is None or highest is None:
            continue
        below = expected - stated > max(_SLACK_KG, tolerance * expected)
        if below or stated - highest > max(_SLACK_KG, tolerance * highest):
            yield checker.on_record(
                code,
                record,
                name,
                f"{stated:g}",
                what=f"{expected if below else highest:.3f}",
                source=_SOURCE_ZH[str(record.fields["source"])],
                item=_ITEM_ZH[str(record.fields["item"])],
                pollutant=POLLUTANT_LABELS[name],
            )
