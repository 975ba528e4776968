"""Small-micro emitters (小微涉气企业): does what a list says of an enterprise bear the mark? Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from emission_lists.check_ordinary import TOLERANCE
from emission_lists.guides import SmallMicroRule
from emission_lists.lists import POLLUTANT_LABELS, ROAD_TRANSPORT, ListRow

_BETWEEN = re.compile(r"[、，,;；/／+＋和及或\s]+")


class SmallMicro(NamedTuple):
    """What the list says: kg a year of what is stated, above the limit or not; pollutants that a line leaves out; coal or oil burnt."""

    annual_kg: float
    too_large: bool
    missing: tuple[str, ...]
    fuel: tuple[ListRow, str] | None

    def refuted(self, rule: SmallMicroRule) -> bool:
        """True if the mark is wrong for certain: one failed test is enough where all of them must be passed."""
        return rule.tests_joined == "all_of" and (self.too_large or self.fuel is not None)


def small_micro(rule: SmallMicroRule, rows: Sequence[ListRow]) -> SmallMicro:
    """Holds the rows of one enterprise against the tests that a list can answer."""
    annual = sum(value or 0 for row in rows for value in row.line.base) * rule.annual_days.days
    bases = [row.line.base for row in rows if row.line.process != ROAD_TRANSPORT]
    missing = [label for place, label in enumerate(POLLUTANT_LABELS.values()) if any(base[place] is None for base in bases)]
    burnt = ((row, fuel) for row in rows for fuel in _fuels(row) if fuel in rule.fuels)
    return SmallMicro(annual, annual > rule.annual_kg + TOLERANCE, tuple(missing), next(burnt, None))


def _fuels(row: ListRow) -> list[str]:
    stated = row.line.particulars
    return [] if stated is None or stated.fuel is None else _BETWEEN.split(stated.fuel)
