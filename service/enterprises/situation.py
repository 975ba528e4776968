"""The responses over the divisions in which a plant lies, worked out once for all enterprises there until something changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from emission_lists.levels import ResponseLevel
from service.kit.unit_of_work import Reading
from service.responses.repository import Responding, at, next_after, of_division

WITH_MEASURES = frozenset(level.value for level in ResponseLevel)


class Situation(NamedTuple):
    """What is in force at an instant, and from when until when that stays as it is.

    `responses`: those of each division, as they were known; `current`: those in force that lists have measures for, the
    strictest and earliest first; `following`: the one that is announced and begins next in any of the divisions.
    """

    responses: tuple[tuple[Responding, ...], ...]
    current: tuple[Responding, ...]
    following: Responding | None
    since: datetime
    until: datetime | None

    def holds(self, instant: datetime) -> bool:
        """Whether it is the situation of that instant too."""
        return self.since <= instant and (self.until is None or instant < self.until)


async def situation_of(uow: Reading, chain: tuple[str, ...], moment: datetime, known: datetime) -> Situation:
    """The situation of some divisions at `moment`, as it was known at `known`; of now it is remembered while nothing changes."""
    remembered = uow.runtime.live.situations
    since = remembered.times_forgotten
    now = moment == known == uow.now
    kept: Situation | None = remembered.get(chain) if now else None
    if kept is not None and kept.holds(moment):
        return kept
    stored = [await of_division(uow, adcode) for adcode in chain]
    made = _situation(stored, moment, known)
    if now and uow.runtime.live.listening:
        remembered.put(chain, made, since)
    return made


def in_force(responses: Iterable[tuple[Responding, ...]], moment: datetime) -> tuple[Responding, ...]:
    """Of each division the response in force at an instant, if lists have measures for it: the strictest and earliest first."""
    found = [one for of_one in responses if (one := carrying(at(of_one, moment))) is not None]
    return tuple(sorted(found, key=lambda one: (-int(one.level), one.starts_at, one.adcode)))


def carrying(responding: Responding | None) -> Responding | None:
    """The response if lists have measures at its level; a blue warning asks nothing of an enterprise."""
    return responding if responding is not None and responding.level.code in WITH_MEASURES else None


def _situation(stored: Iterable[tuple[Responding, ...]], moment: datetime, known: datetime) -> Situation:
    responses = tuple([tuple([one.as_known(known) for one in of_one]) for of_one in stored])
    ahead = [one for of_one in responses if (one := carrying(next_after(of_one, moment))) is not None]
    following = min(ahead, key=lambda one: (one.starts_at, -int(one.level)), default=None)
    edges = [edge for of_one in responses for one in of_one for edge in one.edges if edge > moment]
    return Situation(responses, in_force(responses, moment), following, moment, min(edges, default=None))
