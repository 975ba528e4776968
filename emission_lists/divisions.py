"""Divisions by their codes (GB/T 2260)."""

from __future__ import annotations

NATION = "100000"


def division_prefix(adcode: str) -> str:
    """What the codes of all divisions inside `adcode` start with: nothing for the nation, two digits for a province,
    four for a city."""
    if adcode == NATION:
        return ""
    if adcode.endswith("0000"):
        return adcode[:2]
    return adcode[:4] if adcode.endswith("00") else adcode
