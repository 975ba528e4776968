"""The ways out of one process. A drill, a replay and a test hold channels that only record."""

from __future__ import annotations

from dataclasses import dataclass

from service.channels.base import Channel, RecordingChannel
from service.channels.webhook import HttpChannel
from service.kit.settings import Settings

WEBHOOK, EMAIL, SMS = "webhook", "email", "sms"


@dataclass(frozen=True)
class Channels:
    """One channel of each kind; None: not configured, what is queued for it waits."""

    webhook: Channel
    email: Channel | None = None
    sms: Channel | None = None

    def named(self, name: str) -> Channel | None:
        """The channel of a delivery's `channel`."""
        return {WEBHOOK: self.webhook, EMAIL: self.email, SMS: self.sms}[name]

    @property
    def open(self) -> dict[str, Channel]:
        """Those that are configured."""
        known = {WEBHOOK: self.webhook, EMAIL: self.email, SMS: self.sms}
        return {name: channel for name, channel in known.items() if channel is not None}

    async def close(self) -> None:
        """Close them all."""
        for channel in self.open.values():
            await channel.close()


def live_channels(settings: Settings) -> Channels:
    """The channels that reach the outside, as the settings say."""
    return Channels(
        webhook=HttpChannel(settings.delivery_timeout_seconds, allow_private=settings.allow_private_targets)
    )


def recording_channels() -> Channels:
    """Channels that keep everything to themselves."""
    return Channels(RecordingChannel(), RecordingChannel(), RecordingChannel())
