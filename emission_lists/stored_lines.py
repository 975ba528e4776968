"""Enterprises and lines as they are stored, read only as far as somebody asks: most questions concern one level of each line."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from emission_lists.documents import line_with, measure_of
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import Line
from emission_lists.measures import Action, Measure

_LEFT = f'"{Action.SELF_DETERMINED.value}"'.encode()


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


class StoredLine(msgspec.Struct, frozen=True):
    """A line as `line_document` wrote it; measures and quantities stay text until they are asked for."""

    code: str
    name: str
    process: str
    base: msgspec.Raw
    measures: dict[str, msgspec.Raw]
    reductions: msgspec.Raw
    particulars: msgspec.Raw = msgspec.Raw(b"null")

    def measure(self, level: ResponseLevel) -> Measure:
        """What it does at a level."""
        return measure_of(bytes(self.measures[level]))

    @property
    def leaves_something(self) -> bool:
        """Whether something is left to the enterprise at any level, at the start or later (自主减排)."""
        return any(_LEFT in text and _leaves_something(measure_of(text)) for text in map(bytes, self.measures.values()))

    def whole(self) -> Line:
        """Everything that is stored of it."""
        stated = {
            "code": self.code,
            "name": self.name,
            "process": self.process,
            "base": msgspec.json.decode(self.base),
            "reductions": msgspec.json.decode(self.reductions),
            "particulars": msgspec.json.decode(self.particulars),
        }
        return line_with(stated, PerLevel(*[self.measure(level) for level in LEVELS]))


class StoredEnterprise(msgspec.Struct, frozen=True):
    """The document of a list's enterprise."""

    enterprise: dict[str, Any]
    lines: list[StoredLine]


_DECODER = msgspec.json.Decoder(StoredEnterprise)


def stored_from(document: str) -> StoredEnterprise:
    """The stored document of an enterprise. Raises ValueError if it is not one."""
    return _DECODER.decode(document)


def _leaves_something(measure: Measure) -> bool:
    stages = (measure, *(later.measure for later in measure.later))
    return any(stage.action is Action.SELF_DETERMINED for stage in stages)
