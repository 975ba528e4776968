"""Regional coordination (区域应急联动): prompts, their fan-out, and when a prompt is worth suggesting.

A prompt names divisions and levels; each division still decides for itself. Who coordinates which region is
data (国发〔2023〕24号, 环大气〔2024〕6号). How many adjacent divisions call for a prompt is not established
nationally: it is an argument here and configuration outside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from alerts.instants import require_aware
from alerts.levels import WARNING_LEVELS, Level
from alerts.proposal import PromptView
from alerts.rules import Adcode

Adjacency = Mapping[str, Collection[str]]
Zones = Mapping[str, Collection[str]]


def _level(value: object) -> object:
    return Level.of(value) if isinstance(value, str) else value


def _warned(value: Level) -> Level:
    if value is Level.NONE:
        raise ValueError("a prompt names a warning level: blue, yellow, orange or red")
    return value


PromptedLevel = Annotated[
    Level,
    BeforeValidator(_level),
    AfterValidator(_warned),
    PlainSerializer(lambda level: level.code, return_type=str),
]
Aware = Annotated[datetime, AfterValidator(require_aware)]


class PromptEntry(BaseModel):
    """One division of a prompt; `starts_at` only where it differs from the common start."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adcode: Adcode
    level: PromptedLevel
    starts_at: Aware | None = None


class RegionalPrompt(BaseModel):
    """A coordinator's list of divisions and levels (区域预警提示) with one common start.

    An open end is None.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    region: str = Field(min_length=1)
    document: str = ""
    issued_at: Aware
    starts_at: Aware
    ends_at: Aware | None = None
    entries: tuple[PromptEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        named = [entry.adcode for entry in self.entries]
        twice = sorted({adcode for adcode in named if named.count(adcode) > 1})
        if twice:
            raise ValueError(f"these divisions are named twice, keep one entry each: {', '.join(twice)}")
        starts = [self.starts_at, *(entry.starts_at for entry in self.entries if entry.starts_at is not None)]
        if self.ends_at is not None and self.ends_at <= max(starts):
            raise ValueError("the end must be later than every start; leave it empty when it is open")
        return self


def fan_out(prompt: RegionalPrompt) -> dict[str, PromptView]:
    """What the prompt says to each division, by code.

    Its level, its start (by default the common one), the end.
    """
    return {
        entry.adcode: PromptView(
            id=prompt.id,
            level=entry.level,
            starts_at=entry.starts_at or prompt.starts_at,
            ends_at=prompt.ends_at,
        )
        for entry in prompt.entries
    }


@dataclass(frozen=True)
class Group:
    """Divisions that hang together by adjacency and all reach at least `level`; codes sorted."""

    level: Level
    adcodes: tuple[str, ...]


def suggest_prompt(
    levels: Mapping[str, Level],
    adjacency: Adjacency,
    members: Collection[str],
    n: int,
    lowest: Level = Level.BLUE,
) -> tuple[Group, ...]:
    """The groups of at least `n` adjacent members of a region that reach a level, most severe first.

    A group is listed once, under the highest level that all of it reaches; a wider group around it is listed
    again under the lower level. Divisions outside `members`, without a level or without a neighbour in the
    group do not count. Raises ValueError when `n` is below 2: one division alone is no matter for a
    coordinator.
    """
    if n < 2:
        raise ValueError("a regional prompt needs at least 2 adjacent divisions; set n to 2 or more")
    groups: list[Group] = []
    for level in sorted(WARNING_LEVELS, reverse=True):
        if level < lowest:
            break
        reaching = {adcode for adcode in members if levels.get(adcode, Level.NONE) >= level}
        found = (part for part in _components(reaching, adjacency) if len(part) >= n)
        listed = {group.adcodes for group in groups}
        groups += [Group(level, part) for part in sorted(found) if part not in listed]
    return tuple(groups)


def suggested_levels(groups: Iterable[Group]) -> dict[str, Level]:
    """The level to suggest to each division: the highest of the groups it belongs to."""
    suggested: dict[str, Level] = {}
    for group in groups:
        for adcode in group.adcodes:
            suggested[adcode] = max(group.level, suggested.get(adcode, Level.NONE))
    return suggested


def _components(adcodes: Collection[str], adjacency: Adjacency) -> Iterator[tuple[str, ...]]:
    left = set(adcodes)
    while left:
        reached, frontier = set[str](), {left.pop()}
        while frontier:
            reached |= frontier
            frontier = {other for adcode in frontier for other in adjacency.get(adcode, ())} & left
            left -= frontier
        yield tuple(sorted(reached))


def link_levels(levels: Mapping[str, Level], zones: Mapping[str, Zones] | None = None) -> dict[str, Level]:
    """The levels of linked divisions, the same within a province: the highest own level of its linked
    divisions.

    `levels` holds the divisions that a linkage (应急联动) names; `zones` maps a province's code to its
    working zones (such as 苏北5市 and 沿江8市), each of which takes its own level. Divisions of a zoned
    province that are in no zone go together. In principle by the 2023–24 campaign plan; whether it is
    followed is the decision's matter.
    """
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for adcode in levels:
        together[_province(adcode), _zone(adcode, zones or {})].append(adcode)
    highest = {key: max(levels[adcode] for adcode in adcodes) for key, adcodes in together.items()}
    return {adcode: highest[key] for key, adcodes in together.items() for adcode in adcodes}


def _province(adcode: str) -> str:
    return f"{adcode[:2]}0000"


def _zone(adcode: str, zones: Mapping[str, Zones]) -> str:
    own = (name for name, adcodes in zones.get(_province(adcode), {}).items() if adcode in adcodes)
    return next(own, "")
