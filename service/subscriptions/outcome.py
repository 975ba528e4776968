"""What follows from an answer: the schedule of attempts, and when an endpoint rests or is disabled. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.channels.base import Answer

RETRIES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Pauses between attempts, as Standard Webhooks suggests; after the last one the delivery is dead and stays to be seen."""
JITTER = 0.2
"""Largest part by which a pause is lengthened, so that what failed together does not come back together."""
GONE = 410
SLOW_DOWN = frozenset({429, 502, 503, 504})
"""Answers that speak of the endpoint, not of the message: the whole lane rests, not this delivery alone."""
TROUBLE = 5
"""Failures in a row after which an endpoint gets one call at a time, each after a rest."""
RESTS = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1))
"""How long an endpoint in trouble rests before the next probe; the last one stays."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of a delivery: its state, the pause before the next attempt, and whether the endpoint is gone."""

    state: str
    pause: timedelta | None
    gone: bool


DONE = Outcome("done", None, False)


def spread(message_id: str, attempt: int) -> float:
    """A number in [0, 1) that differs between messages and attempts and is always the same for one."""
    return zlib.crc32(f"{message_id}/{attempt}".encode()) / 2**32


def pause_after(attempt: int, message_id: str) -> timedelta:
    """The pause after the n-th failed attempt, n from 1 to the length of the schedule."""
    return RETRIES[attempt - 1] * (1 + JITTER * spread(message_id, attempt))


def outcome_of(answer: Answer, attempt: int, message_id: str) -> Outcome:
    """2xx is done, 410 means that the endpoint is gone, anything else is tried again until the schedule ends.

    `attempt` counts from 1, from the beginning of the present schedule.
    """
    if answer.status is not None and 200 <= answer.status < 300:
        return DONE
    if answer.status == GONE:
        return Outcome("dead", None, True)
    if attempt > len(RETRIES):
        return Outcome("dead", None, False)
    pause = pause_after(attempt, message_id)
    return Outcome("pending", max(pause, answer.retry_after or pause), False)


@dataclass(frozen=True)
class Health:
    """How an endpoint has answered: failures in a row, since when, and until when it is left alone."""

    failures: int
    failing_since: datetime | None
    rest_until: datetime | None


WELL = Health(0, None, None)


def health_after(health: Health, answers: Sequence[Answer], now: datetime) -> Health:
    """The health after some answers of one endpoint, oldest first."""
    for answer in answers:
        if answer.status is not None and 200 <= answer.status < 300:
            health = WELL
            continue
        failures = health.failures + 1
        pauses = [health.rest_until] if health.rest_until else []
        if answer.status in SLOW_DOWN:
            pauses.append(now + (answer.retry_after or RETRIES[0]))
        if failures >= TROUBLE:
            pauses.append(now + RESTS[min(failures - TROUBLE, len(RESTS) - 1)])
        health = Health(failures, health.failing_since or now, max(pauses, default=None))
    return health


def is_lost(health: Health, now: datetime, days: float) -> bool:
    """Whether nothing has been taken for so many days that the endpoint is disabled."""
    return health.failing_since is not None and now - health.failing_since >= timedelta(days=days)
