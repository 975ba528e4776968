"""One way to write JSON, so that the same content always has the same bytes and the same hash."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime
from enum import Enum
from typing import Any
from zoneinfo import ZoneInfo

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(_SHANGHAI).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no canonical form; convert it before it is stored")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain
)


def canonical(value: Any) -> str:
    """`value` as JSON with sorted keys, no blanks, Beijing time, no NaN. Raises TypeError or ValueError otherwise."""
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """Hex SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
