"""The ways out of one process. A drill, a replay and a test hold channels that only record."""

from __future__ import annotations

from dataclasses import dataclass

from service.channels.base import Channel, Limited, RecordingChannel
from service.channels.email import EmailChannel, Mailbox
from service.channels.sms import Gateway, SmsChannel
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

    @property
    def limited(self) -> dict[str, Limited]:
        """Those with limits of their own."""
        return {name: channel for name, channel in self.open.items() if isinstance(channel, Limited)}

    async def close(self) -> None:
        """Close them all."""
        for channel in self.open.values():
            await channel.close()


class DrillHasNoWayOut(RuntimeError):
    """A drill asked for a channel that reaches the outside."""


def live_channels(settings: Settings) -> Channels:
    """The channels that reach the outside, as the settings say. Raises DrillHasNoWayOut in a drill."""
    if settings.drill is not None:
        raise DrillHasNoWayOut("A drill has recording channels only; nothing of it leaves this process.")
    timeout, allow_private = settings.delivery_timeout_seconds, settings.allow_private_targets
    mailbox, gateway = mailbox_of(settings), gateway_of(settings)
    word = (settings.delivery_lease_seconds - timeout) * 2 / 3  # with the timeout it stays within the lease
    return Channels(
        webhook=HttpChannel(timeout, allow_private=allow_private),
        email=None if mailbox is None else EmailChannel(mailbox, timeout, word),
        sms=None if gateway is None else SmsChannel(gateway, timeout, allow_private=allow_private),
    )


def mailbox_of(settings: Settings) -> Mailbox | None:
    """The mail server of the settings; None without one."""
    if settings.smtp_host is None or settings.mail_from is None:
        return None
    return Mailbox(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.mail_from,
        settings.mail_from_name,
        settings.smtp_user,
        None if settings.smtp_password is None else settings.smtp_password.get_secret_value(),
        settings.smtp_ca_file,
    )


def gateway_of(settings: Settings) -> Gateway | None:
    """The gateway for text messages of the settings; None without one."""
    if settings.sms_url is None:
        return None
    auth = settings.sms_auth
    headers = {} if auth is None else {settings.sms_auth_header: auth.get_secret_value()}
    return Gateway(
        settings.sms_url,
        settings.sms_body,
        headers,
        settings.sms_answer,
        tuple(settings.sms_accepted),
        tuple(settings.sms_final),
    )


def recording_channels() -> Channels:
    """Channels that keep everything to themselves."""
    return Channels(RecordingChannel(), RecordingChannel(), RecordingChannel())
