"""Which divisions touch, from the table that was checked with the law."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

from service.law.adjacency import CONFIG, read_table


@cache
def adjacency(config_dir: Path | None = None) -> dict[str, frozenset[str]]:
    """The neighbours of every division, both ways; the table alone is read, once."""
    found: dict[str, set[str]] = defaultdict(set)
    for pair in read_table((config_dir or CONFIG) / "adjacency.csv"):
        found[pair.a].add(pair.b)
        found[pair.b].add(pair.a)
    return {adcode: frozenset(others) for adcode, others in found.items()}


def neighbours_of(adcode: str, config_dir: Path | None = None) -> frozenset[str]:
    """The divisions that touch one; none for a place that the table does not have."""
    return adjacency(config_dir).get(adcode, frozenset())
