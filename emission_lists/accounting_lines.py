"""Reductions line by line (逐线减排量): the same accounting as the sums, kept for each line instead of added up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from emission_lists.accounting import Four, Measured, Origin
from emission_lists.accounting_sums import Accounts, Amounts
from emission_lists.accounting_weights import Ints, Span, whole
from emission_lists.lists import Enterprise, Line
from emission_lists.measures import Measure


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of the list and its amounts in each response, in order of their start."""

    enterprise: Enterprise
    line: Line
    every: tuple[tuple[Span, Amounts], ...]


class LineAccounts(Accounts):
    """Accounts that keep every line; take the rows away batch by batch, so that memory stays flat."""

    def __init__(self, spans: Sequence[Span]) -> None:
        super().__init__(spans)
        self._kept: list[LineRow] = []

    def take(self) -> list[LineRow]:
        """The lines added since the last call, in the order in which they were added."""
        rows, self._kept = self._kept, []
        return rows

    def _note(
        self,
        enterprise: Enterprise,
        line: Line,
        measures: Sequence[Measure],
        every: Sequence[tuple[Span, Amounts]],
        measured: Measured | None,
    ) -> None:
        self._kept.append(LineRow(enterprise, line, tuple(every)))


class Planned(NamedTuple):
    """What is planned of one pollutant, mg. None: nothing is established; `open`: in how many responses something is not."""

    milligrams: int | None
    open: int


def planned(every: Sequence[Amounts], place: int) -> Planned:
    """What is planned of the pollutant at `place` over responses; while some are open, what is there is a lower bound."""
    open_ones = sum(one.account.origins[place] is Origin.NOT_ESTABLISHED for one in every)
    total = sum(one.account.planned[place] for one in every)
    return Planned(None if open_ones and not total else total, open_ones)


def base(row: LineRow, every: Sequence[Amounts], place: int) -> int | None:
    """Normal emissions over the responses, mg; None where the list states none. A line stopped for long emits nothing."""
    if row.line.base[place] is None and not row.enterprise.long_stopped:
        return None
    return sum(one.account.base[place] for one in every)


class LineHours(NamedTuple):
    """mg in each clock hour of a response, one row per pollutant; `known` marks the measured hours, likewise."""

    base: Ints
    planned: Ints
    verified: Ints
    known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def line_hours(span: Span, one: Amounts) -> LineHours:
    """One line hour by hour; the hours add up to its amounts."""
    daily: Four = one.account.daily_base
    verified = np.zeros((4, len(span.hours)), dtype=np.int64)
    known = np.zeros((4, len(span.hours)), dtype=np.bool_)
    for place, share in enumerate(() if one.verified is None else one.verified.shares):
        if share is not None:
            verified[place] = share.weights.hourly(np.array([daily[place]], dtype=np.int64))[0]
            known[place] = share.known
    return LineHours(whole(span).hourly(np.array(daily, dtype=np.int64)), one.account.hourly(span), verified, known)
