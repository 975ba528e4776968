"""What the templates show, worked out beforehand: values in one language, nothing left to decide."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from alerts.levels import Level
from service.publication.state import (
    Advice,
    AirCategory,
    ForecastDay,
    Phase,
    Place,
    PublicState,
    PublicStep,
    PublicWarning,
)

PAST_ON_INDEX = 30
PLACES_WITH_FORECAST_ON_INDEX = 60
DAYS_ON_INDEX = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """A warning that is announced or in force: the step that holds (or will first hold) and the one to
    come.
    """

    place: Place
    warning: PublicWarning
    step: PublicStep
    started: bool
    coming: PublicStep | None

    @property
    def level(self) -> Level:
        return self.step.level


@dataclass(frozen=True, slots=True)
class LevelGroup:
    """All places that stand at one level."""

    level: Level
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class AdviceGroup:
    """Levels with the same advice; `advice` is None where it differs between the places of one level."""

    levels: tuple[Level, ...]
    advice: tuple[Advice, ...] | None


@dataclass(frozen=True, slots=True)
class Ended:
    """A past warning of a place."""

    place: Place
    warning: PublicWarning


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """The forecast of one place, one cell for each day of the table; None where there is no value."""

    place: Place
    cells: tuple[ForecastDay | None, ...]


@dataclass(frozen=True, slots=True)
class CountRow:
    """How many places a category is forecast for, day by day."""

    category: AirCategory
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ForecastTable:
    """Either rows per place, or, when there are many places, counts per category."""

    days: tuple[date, ...]
    rows: tuple[ForecastRow, ...]
    counts: tuple[CountRow, ...]


def standing_of(state: PublicState, place: Place) -> Standing | None:
    """The place's warning that has not ended, or None. The guard has seen to it that there is at most one."""
    for warning in place.warnings:
        if warning.phase(state.as_of) is Phase.ENDED:
            continue
        holding = warning.standing(state.as_of)
        step = holding or warning.latest
        coming = warning.latest if warning.latest is not step else None
        return Standing(place, warning, step, holding is not None, coming)
    return None


def level_groups(state: PublicState) -> tuple[LevelGroup, ...]:
    """Places under a warning by level, the highest first, in the order of their codes."""
    standings = [standing for place in state.places if (standing := standing_of(state, place))]
    standings.sort(key=lambda standing: (-standing.level, standing.place.adcode))
    return tuple(
        LevelGroup(level, tuple(members))
        for level, members in groupby(standings, key=lambda standing: standing.level)
    )


def advice_groups(groups: Iterable[LevelGroup]) -> tuple[AdviceGroup, ...]:
    """What to do, level by level; levels with the same advice together."""
    levels: dict[tuple[Advice, ...] | None, list[Level]] = {}
    for group in groups:
        found = {standing.warning.advice for standing in group.standings}
        levels.setdefault(found.pop() if len(found) == 1 else None, []).append(group.level)
    return tuple(AdviceGroup(tuple(members), advice) for advice, members in levels.items())


def quiet_places(state: PublicState) -> tuple[tuple[str, tuple[Place, ...]], ...]:
    """Places without a warning, by province code, in the order of their codes."""
    quiet = sorted(
        (place for place in state.places if standing_of(state, place) is None), key=lambda place: place.adcode
    )
    return tuple((code, tuple(places)) for code, places in groupby(quiet, key=lambda place: place.adcode[:2]))


def past(state: PublicState, places: Iterable[Place]) -> tuple[Ended, ...]:
    """Ended warnings, the latest end first."""
    ended = [
        Ended(place, warning)
        for place in places
        for warning in place.warnings
        if warning.phase(state.as_of) is Phase.ENDED
    ]
    return tuple(
        sorted(ended, key=lambda one: (one.warning.ends_at or state.as_of, one.place.adcode), reverse=True)
    )


def forecast_table(places: Sequence[Place]) -> ForecastTable:
    """The next days for all places: each place's values, or counts when the places are too many for one
    page.
    """
    having = [place for place in places if place.forecast]
    days = tuple(sorted({day.date for place in having for day in place.forecast})[:DAYS_ON_INDEX])
    by_day = [{day.date: day for day in place.forecast} for place in having]
    if len(having) <= PLACES_WITH_FORECAST_ON_INDEX:
        rows = tuple(
            ForecastRow(place, tuple(values.get(day) for day in days))
            for place, values in zip(having, by_day, strict=True)
        )
        return ForecastTable(days, rows, ())
    counted = [Counter(values[day].category for values in by_day if day in values) for day in days]
    counts = tuple(
        CountRow(category, tuple(counter[category] for counter in counted)) for category in AirCategory
    )
    return ForecastTable(days, (), counts)
