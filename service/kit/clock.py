"""One clock for the whole service: real, simulated at a pace, or set by hand (tests and replay)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Where the present comes from. Every instant is aware, in Beijing time."""

    @property
    def simulated(self) -> bool:
        """Whether pages must say that this is not the real present."""

    def now(self) -> datetime:
        """The present instant."""


class SystemClock:
    """The real present."""

    simulated = False

    def now(self) -> datetime:
        return datetime.now(tz=SHANGHAI)


@dataclass
class ManualClock:
    """A clock that moves only when told to; product code, used by replay and by tests."""

    current: datetime
    simulated: bool = True

    def now(self) -> datetime:
        return self.current.astimezone(SHANGHAI)

    def advance_to(self, instant: datetime) -> None:
        """Move forward. Raises ValueError when asked to go back."""
        if instant < self.current:
            raise ValueError(f"the clock is at {self.current.isoformat()} and cannot go back to {instant.isoformat()}")
        self.current = instant


@dataclass(frozen=True)
class PacedClock:
    """Simulated time: `pace` simulated seconds pass in each real second, from `start` on, never beyond `stop`."""

    start: datetime
    real_start: datetime
    pace: float
    stop: datetime | None = None
    simulated: bool = True

    def now(self) -> datetime:
        elapsed = (datetime.now(tz=UTC) - self.real_start).total_seconds()
        present = self.start + timedelta(seconds=max(elapsed, 0.0) * self.pace)
        if self.stop is not None and present > self.stop:
            present = self.stop
        return present.astimezone(SHANGHAI)


class SwitchableClock:
    """The clock that the parts of one process share; its inner clock is replaced when the setting in the database changes."""

    def __init__(self, inner: Clock) -> None:
        self.inner = inner

    @property
    def simulated(self) -> bool:
        return self.inner.simulated

    def now(self) -> datetime:
        return self.inner.now()
