"""Lines as they are stored, read only as far as somebody asks: most questions concern one level of each line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from emission_lists.documents import measure_from
from emission_lists.levels import ResponseLevel
from emission_lists.measures import Action, Measure


class AskedLine(Protocol):
    """What a requirement needs of a line."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def process(self) -> str: ...
    def measure(self, level: ResponseLevel) -> Measure:
        """What it does at a level."""


class StoredLine:
    """A line over its document (`line_document`), of which nothing is read before it is asked for."""

    __slots__ = ("_document",)

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    @property
    def code(self) -> str:
        """The line's code."""
        code: str = self._document["code"]
        return code

    @property
    def name(self) -> str:
        """The line's name."""
        name: str = self._document["name"]
        return name

    @property
    def process(self) -> str:
        """The process it belongs to."""
        process: str = self._document["process"]
        return process

    def measure(self, level: ResponseLevel) -> Measure:
        """What it does at a level."""
        return measure_from(self._document["measures"][level])

    @property
    def leaves_something(self) -> bool:
        """Whether something is left to the enterprise at any level, at the start or later (自主减排)."""
        return any(
            stage["action"] == Action.SELF_DETERMINED
            for measure in self._document["measures"].values()
            for stage in (measure, *(later["measure"] for later in measure.get("later", ())))
        )
