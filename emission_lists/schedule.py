"""A measure over time (分阶段): which stage stands at which instant of a response."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from emission_lists.measures import Measure


class Stage(NamedTuple):
    """Half-open: `starts` belongs to it, `until` does not; None = until the response is lifted.

    `measure` carries no later stages of its own. `since`: it was asked for earlier, but something stricter stood in its
    place until `starts`; its time to carry out counts from then.
    """

    starts: datetime
    until: datetime | None
    measure: Measure
    since: datetime | None = None

    @property
    def asked(self) -> datetime:
        """Since when it is asked for."""
        return self.since or self.starts

    @property
    def due(self) -> datetime:
        """When it must be carried out."""
        return self.asked + timedelta(hours=self.measure.complete_within_hours or 0)


def stages(measure: Measure, start: datetime, end: datetime | None) -> tuple[Stage, ...]:
    """The stages between the measures' start and `end`, in order and without a gap; none if `end` is not after `start`.

    ValueError if an instant has no time zone.
    """
    for instant in (start, end):
        _aware(instant)
    if end is not None and end <= start:
        return ()
    begun = [(start, measure.first)]
    for later in measure.later:
        starts = start + timedelta(hours=later.after_hours)
        if end is None or starts < end:
            begun.append((starts, later.measure))
    untils = [*(starts for starts, _ in begun[1:]), end]
    made = (Stage(starts, until, stage) for (starts, stage), until in zip(begun, untils, strict=True))
    return tuple(stage for stage in made if stage.until is None or stage.starts < stage.until)


def measure_at(measure: Measure, start: datetime, instant: datetime) -> Measure:
    """The stage that stands at `instant`; before the measures' start the first one. ValueError without a time zone."""
    _aware(start)
    _aware(instant)
    current = measure.first
    for later in measure.later:
        if start + timedelta(hours=later.after_hours) > instant:
            break
        current = later.measure
    return current


def _aware(instant: datetime | None) -> None:
    if instant is not None and instant.utcoffset() is None:
        raise ValueError(f"{instant} has no time zone: give an aware datetime")
