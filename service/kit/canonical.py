"""One way to write JSON, so that the same content always has the same bytes and the same hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from itertools import zip_longest
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


def _encoder(default: Callable[[object], Any]) -> json.JSONEncoder:
    return json.JSONEncoder(
        ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=default
    )


_ENCODER = _encoder(_plain)


@dataclass(frozen=True, slots=True)
class Ready:
    """A value that is canonical JSON already, to be put into a larger one as it is."""

    text: str


def canonical(value: Any) -> str:
    """`value` as JSON with sorted keys, no blanks, Beijing time, no NaN. Raises TypeError or ValueError otherwise."""
    return _ENCODER.encode(value)


def canonical_around(value: Any) -> str:
    """`canonical` of a value in which some members are `Ready`."""
    ready: list[str] = []
    mark = secrets.token_hex(16)  # nobody can have written it into a name

    def put(member: object) -> Any:
        if isinstance(member, Ready):
            ready.append(member.text)
            return mark
        return _plain(member)

    pieces = _encoder(put).encode(value).split(f'"{mark}"')
    return "".join(part for pair in zip_longest(pieces, ready, fillvalue="") for part in pair)


def digest(value: Any) -> str:
    """Hex SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
