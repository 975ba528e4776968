"""Which division a feed means by a name: the spellings of `config/divisions/names.csv`."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

CONFIG = Path(__file__).resolve().parents[2] / "config"


@dataclass(frozen=True)
class Name:
    """One spelling and the code it stands for from `valid_from` to before `valid_until`.

    No code: known, not mapped.
    """

    feed_name: str
    adcode: str
    valid_from: date | None = None
    valid_until: date | None = None

    def holds(self, on: date) -> bool:
        """Whether the spelling stands for this code on that day."""
        after_start = self.valid_from is None or self.valid_from <= on
        return after_start and (self.valid_until is None or on < self.valid_until)


@dataclass(frozen=True)
class Names:
    """All spellings, looked up by name and day."""

    rows: tuple[Name, ...]
    _by_name: dict[str, list[Name]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows:
            self._by_name.setdefault(row.feed_name, []).append(row)

    def adcode(self, name: str, on: date) -> str | None:
        """The code that `name` stands for on that day; None when the name is unknown or has no code."""
        found = (row.adcode for row in self._by_name.get(name.strip(), ()) if row.adcode and row.holds(on))
        return next(found, None)


def read_names(lines: Iterable[str]) -> Names:
    """The spellings of a CSV text with the columns feed_name, adcode, valid_from, valid_until (dates or
    empty).

    Raises ValueError for a date that is none and KeyError for a missing column.
    """
    return Names(
        tuple(
            Name(row["feed_name"], row["adcode"], _day(row["valid_from"]), _day(row["valid_until"]))
            for row in csv.DictReader(lines)
        )
    )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@cache
def load_names(config: Path = CONFIG) -> Names:
    """The spellings of a config folder, read once."""
    with (config / "divisions" / "names.csv").open(encoding="utf-8", newline="") as table:
        return read_names(table)
