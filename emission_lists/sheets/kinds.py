"""The further sheets of a list and one record of them (扬尘源、移动源、用车大户、白名单、保障类、汇总)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emission_lists.measures import Labelled

Json = str | int | float | bool | None


class Sheet(Labelled):
    """A further sheet: its key, the worksheet's name, and its English name."""

    DUST = ("dust", "扬尘源清单", "dust sites")
    ROAD_MOBILE = ("road_mobile", "道路移动源", "road vehicles")
    NON_ROAD = ("non_road", "非道路移动机械", "non-road machines")
    BULK_TRANSPORT = ("bulk_transport", "用车大户", "bulk-transport units")
    WHITELIST = ("whitelist", "货车白名单", "truck whitelist")
    GUARANTEE = ("guarantee", "保障类清单", "guarantee class")
    SUMMARY = ("summary", "汇总表", "summary")


@dataclass(frozen=True, slots=True)
class SheetRecord:
    """One row of a further sheet.

    `key` identifies it in every version of a list; `fields`: column name → JSON value (dates as ISO text, shares
    0..1, kg/d, codes instead of labels); `number` = row in the sheet it came from, 0 if none.
    """

    sheet: Sheet
    key: str
    fields: Mapping[str, Json]
    number: int = 0

    @property
    def county(self) -> str | None:
        """The division that the record lies in; None where its sheet names none (the summary)."""
        return self.text("adcode")

    def text(self, name: str) -> str | None:
        """A text field, or None."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else None

    def number_of(self, name: str) -> float | None:
        """A number field, or None."""
        value = self.fields.get(name)
        if value is None or type(value) is float:
            return value
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def record_document(record: SheetRecord) -> dict[str, Any]:
    """A record as plain JSON; `record_from(record_document(x)) == x`."""
    return {
        "sheet": record.sheet.value,
        "key": record.key,
        "number": record.number,
        "fields": dict(record.fields),
    }


def record_from(document: Mapping[str, Any]) -> SheetRecord:
    """The record of a stored document. KeyError or ValueError if it is not one."""
    return SheetRecord(SHEETS[document["sheet"]], document["key"], dict(document["fields"]), document["number"])


SHEETS: dict[str, Sheet] = {sheet.value: sheet for sheet in Sheet}
