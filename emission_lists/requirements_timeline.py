"""What one line has to do over time: the stages of everything that is asked of it at once, cut at every change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from emission_lists.measures import Measure
from emission_lists.overlap import Combined, Demand, Kept, Source, combine
from emission_lists.schedule import Stage, stages


class Claim(NamedTuple):
    """One source asks one line for a measure from `starts` until `until` (None = until it is lifted). Instants are aware."""

    source: Source
    measure: Measure
    starts: datetime
    until: datetime | None

    def stages(self) -> tuple[Stage, ...]:
        """Its stages; a claim that ends no later than it starts is open: its end was a mistake, the measure was not."""
        found = stages(self.measure, self.starts, self.until)
        return found or stages(self.measure, self.starts, None)


class Piece(NamedTuple):
    """What holds over a half-open time; `until` None = until it is lifted."""

    starts: datetime
    until: datetime | None
    combined: Combined

    def holds(self, instant: datetime) -> bool:
        """Whether it is in force at the instant."""
        return self.starts <= instant and (self.until is None or instant < self.until)


def timeline(claims: Sequence[Claim]) -> tuple[Piece, ...]:
    """The pieces of all claims together, in order, without those in which nobody asks anything."""
    if len(claims) == 1:
        return tuple(_piece_of(claims[0].source, stage) for stage in claims[0].stages())
    staged = [(claim.source, stage) for claim in claims for stage in claim.stages()]
    cuts = {stage.starts for _, stage in staged} | {stage.until for _, stage in staged if stage.until is not None}
    cuts |= {due for _, stage in staged if (due := due_of(stage)) is not None}
    made: list[Piece] = []
    for starts, until in pairwise([*sorted(cuts), None]):
        assert starts is not None  # only the last one is open
        standing = [
            Demand(source, stage.measure, due_of(stage))
            for source, stage in staged
            if stage.starts <= starts and (stage.until is None or starts < stage.until)
        ]
        if standing:
            made.append(Piece(starts, until, combine(standing, starts)))
    return _merged(made)


def due_of(stage: Stage) -> datetime | None:
    """When a stage must be carried out, counted from its own start; None = at once."""
    return None if stage.measure.complete_within_hours is None else stage.due


def _piece_of(source: Source, stage: Stage) -> Piece:
    return Piece(stage.starts, stage.until, Combined((Kept(stage.measure, (source,), due_of(stage)),)))


def _merged(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbours that ask the same are one piece."""
    merged: list[Piece] = []
    for piece in pieces:
        if merged and merged[-1].until == piece.starts and merged[-1].combined == piece.combined:
            merged[-1] = Piece(merged[-1].starts, piece.until, piece.combined)
        else:
            merged.append(piece)
    return tuple(merged)


def standing_at(pieces: Sequence[Piece], instant: datetime | None) -> int:
    """Which piece is in force at the instant, or the first to come, or the last that was. None: the first."""
    if instant is None:
        return 0
    return next(
        (place for place, piece in enumerate(pieces) if piece.until is None or instant < piece.until), len(pieces) - 1
    )
