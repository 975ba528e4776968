"""From a config folder to the law in force.

A folder with a problem yields no law, and never replaces a good one.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

from alerts.law import Law, Standards
from service.law.checks import check
from service.law.problems import LawInvalid, LawProblem
from service.law.reading import Draft, read_config

CONFIG = Path(__file__).resolve().parents[2] / "config"


def check_config(config_dir: Path | None = None) -> list[LawProblem]:
    """Everything that is wrong with a config folder, sorted; empty when it can be used."""
    return _judged(config_dir or CONFIG)[1]


def read_law(config_dir: Path | None = None) -> Law:
    """The law of a config folder, read anew. Raises `LawInvalid` with every problem at once."""
    draft, problems = _judged(config_dir or CONFIG)
    if problems:
        raise LawInvalid(problems)
    return Law(
        standards=Standards(editions=tuple(entry.value for entry in draft.standards)),
        rules={entry.value.id: entry.value for entry in draft.rules},
        plans={entry.value.id: entry.value for entry in draft.plans},
        divisions={entry.value.adcode: entry.value for entry in draft.divisions},
        regions={entry.value.id: entry.value for entry in draft.regions},
    )


def _judged(config: Path) -> tuple[Draft, list[LawProblem]]:
    draft = read_config(config)
    return draft, sorted(set(draft.problems) | set(check(draft)))


@cache
def _loaded(config: Path) -> Law:
    return read_law(config)


def load_law(config_dir: Path | None = None) -> Law:
    """The law of a config folder, read once per process. Raises `LawInvalid` with every problem at once."""
    return _loaded((config_dir or CONFIG).resolve())


@cache
def load_adjacency(config_dir: Path | None = None) -> dict[str, frozenset[str]]:
    """Which divisions touch, both ways, from `adjacency.csv`.

    Read once. Raises `LawInvalid` when it cannot be used.
    """
    draft, problems = _judged(config_dir or CONFIG)
    if problems:
        raise LawInvalid(problems)
    neighbours: dict[str, set[str]] = defaultdict(set)
    for entry in draft.adjacency:
        neighbours[entry.value.a].add(entry.value.b)
        neighbours[entry.value.b].add(entry.value.a)
    return {adcode: frozenset(others) for adcode, others in neighbours.items()}


class LawKeeper:
    """Keeps the last good law of a folder while its files change."""

    def __init__(self, config_dir: Path | None = None) -> None:
        """Raises `LawInvalid` when the folder is unusable from the start."""
        self._config = config_dir or CONFIG
        self.current = read_law(self._config)

    def reload(self) -> tuple[LawProblem, ...]:
        """Take over the folder as it is now.

        With a problem the law in hand stays, and the problems are returned.
        """
        try:
            self.current = read_law(self._config)
        except LawInvalid as invalid:
            return invalid.problems
        return ()
