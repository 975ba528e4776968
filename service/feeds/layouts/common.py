"""What every feed layout gives back, and how a feed's own names and codes become divisions."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from service.law.loader import load_law
from service.law.names import Names, load_names


class LayoutError(ValueError):
    """A payload that is not of the layout at all: names the place in it and says what was expected."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


@dataclass(frozen=True)
class RowProblem:
    """One entry of a payload that could not be used; the others were."""

    path: str
    kind: Literal["unknown_place", "contradiction", "bad_value", "duplicate"]
    problem: str


@dataclass(frozen=True)
class FeedForecast:
    """The forecast of one division in the feed contract's shape; `points` are sorted by time."""

    adcode: str
    issued_at: datetime
    points: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Parsed:
    """What a payload held: forecasts by division, and every entry that had to be left out."""

    forecasts: tuple[FeedForecast, ...]
    problems: tuple[RowProblem, ...] = ()


@dataclass(frozen=True)
class Places:
    """The divisions that exist and the spellings that feeds use for them."""

    adcodes: Collection[str]
    names: Names

    def find(self, name: str | None, code: str | None, on: date) -> str | None:
        """The division meant by a name and a code on that day; either alone is enough.

        None when neither is known. Raises ValueError when both are known and mean different divisions.
        """
        by_name = self.names.adcode(name, on) if name else None
        by_code = code if code in self.adcodes else None
        if by_name and by_code and by_name != by_code:
            raise ValueError(f"the name {name} means {by_name}, the code says {by_code}")
        return by_name or by_code


@cache
def shipped_places() -> Places:
    """The places of the shipped law."""
    return Places(load_law().divisions, load_names())


def read_json(payload: bytes) -> Any:
    """The JSON value of a payload. Raises `LayoutError` for anything else, NaN and Infinity included."""
    try:
        return json.loads(payload.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise LayoutError("payload", f"is not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise LayoutError(f"line {error.lineno}, column {error.colno}", f"is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise LayoutError("payload", "is nested too deeply") from error


def _refuse(constant: str) -> float:
    raise LayoutError("payload", f"holds {constant}, which is not a JSON number; send null for a missing value")
