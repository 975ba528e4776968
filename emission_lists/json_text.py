"""Canonical JSON put together from texts: keys sorted, no blanks, no NaN. What many documents share is written once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def text_of(value: Any) -> str:
    """A plain value as JSON. Raises TypeError or ValueError for what JSON cannot say."""
    return "null" if value is None else _JSON.encode(value)


def object_of(members: Mapping[str, str]) -> str:
    """An object of members that are JSON already; keys are names, without quotes or escapes."""
    return "{" + ",".join([f'"{key}":{members[key]}' for key in sorted(members)]) + "}"


def array_of(texts: Iterable[str]) -> str:
    """An array of elements that are JSON already."""
    return "[" + ",".join(texts) + "]"
