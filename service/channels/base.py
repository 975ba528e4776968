"""What every way out has in common: a message that is ready to go, an answer, and a channel that only records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, runtime_checkable

LONGEST_ANSWER = 2_000
"""Characters of an answer that are kept."""


@dataclass(frozen=True)
class Outgoing:
    """One message to one address. `message_id` stays the same on every attempt; `more` says that others follow to the same host."""

    address: str
    subject: str
    body: str
    headers: dict[str, str]
    message_id: str
    more: bool = False


@dataclass(frozen=True)
class Answer:
    """What the other side said: `status` None when nothing came, `retry_after` when it asked for a pause.

    Channels without statuses of their own use those of HTTP: 200 taken, 4xx and 5xx as their meaning is.
    """

    status: int | None
    said: str
    retry_after: timedelta | None = None


@runtime_checkable
class Limited(Protocol):
    """A channel that bears few calls at a time (`most_calls`), each of which takes `longest_seconds` at most."""

    @property
    def most_calls(self) -> int: ...

    @property
    def longest_seconds(self) -> float: ...


class Channel(Protocol):
    """Something that takes a message to an address."""

    async def send(self, outgoing: Outgoing) -> Answer:
        """Send once. Never raises for what the other side does."""

    async def close(self) -> None:
        """Give back what is held."""


@dataclass
class RecordingChannel:
    """Keeps what would have been sent and answers as told."""

    status: int = 200
    sent: list[Outgoing] = field(default_factory=list)

    async def send(self, outgoing: Outgoing) -> Answer:
        self.sent.append(outgoing)
        return Answer(self.status, "")

    async def close(self) -> None:
        """Nothing is held."""
