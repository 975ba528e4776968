"""The Atom feed of live CAP messages.
Consumers differ, so one form satisfies all: `id` and `link rel="alternate"` are both the address of the CAP
file (some fetch the id), an entry stands as long as its warning does and goes with it (some delete what is
missing, some keep what has no expiry), and the public feed holds only status Actual. Drills and tests have
a feed of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

from alerts.cap_values import CapError, MessageType, Status, cap_time, check_text

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class FeedError(ValueError):
    """A feed that no consumer could use; the message says what to change."""


@dataclass(frozen=True, slots=True)
class FeedMessage:
    """A published CAP message as the feed needs it. `address` is where its bytes lie, for ever the same.

    `references` are the identifiers of the earlier messages it supersedes; `expires` is None for an open end.
    """

    identifier: str
    address: str
    title: str
    summary: str
    sent: datetime
    status: Status
    msg_type: MessageType
    expires: datetime | None
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AtomFeed:
    """The feed's own words. `address` is its own address and id, `page` the page for people.

    `drills` selects Exercise and Test messages instead of Actual ones. `as_of` decides what has expired.
    """

    address: str
    page: str
    title: str
    author: str
    as_of: datetime
    messages: tuple[FeedMessage, ...]
    drills: bool = False


def may_reach_public(status: Status) -> bool:
    """Whether a message of this status may stand in the public feed and on public pages of a live service."""
    return status is Status.ACTUAL


def live(messages: Iterable[FeedMessage], as_of: datetime) -> tuple[FeedMessage, ...]:
    """The messages that still speak at `as_of`, newest first.

    Not those that a later message supersedes, nor the expired ones. A Cancel stands until its own expiry,
    so that a reader who missed the removal still hears of it; a Cancel without expiry is not shown.
    """
    known = tuple(message for message in messages if message.sent <= as_of)
    superseded = {identifier for message in known for identifier in message.references}
    speaking = (
        message for message in known if message.identifier not in superseded and not _is_over(message, as_of)
    )
    return tuple(sorted(speaking, key=lambda message: (message.sent, message.identifier), reverse=True))


def render_atom(feed: AtomFeed) -> bytes:
    """The feed as Atom 1.0 in UTF-8, compact; the same feed gives the same bytes.

    `updated` is the newest `sent` among all its messages, gone ones included, so it moves only when
    something happened. Raises FeedError for an address that is not absolute https (http is allowed on the
    own machine only), and for two messages with one identifier or address.
    """
    for address in (feed.address, feed.page, *(message.address for message in feed.messages)):
        _check_address(address)
    _check_unique(feed.messages)
    chosen = tuple(message for message in feed.messages if may_reach_public(message.status) != feed.drills)
    updated = max((message.sent for message in chosen if message.sent <= feed.as_of), default=feed.as_of)
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN">',
        f"<id>{_text(feed.address)}</id><title>{_text(feed.title)}</title>",
        f"<updated>{cap_time('updated', updated)}</updated>",
        f"<author><name>{_text(feed.author)}</name></author>",
        f'<link rel="self" type="application/atom+xml" href="{escape(feed.address)}"/>',
        f'<link rel="alternate" type="text/html" href="{escape(feed.page)}"/>',
        *(_entry(message) for message in live(chosen, feed.as_of)),
        "</feed>",
    ]
    return "".join(parts).encode()


def _entry(message: FeedMessage) -> str:
    address = escape(message.address)
    return (
        f"<entry><id>{address}</id><title>{_text(message.title)}</title>"
        f"<updated>{cap_time('updated', message.sent)}</updated>"
        f"<published>{cap_time('published', message.sent)}</published>"
        f'<link rel="alternate" type="application/cap+xml" href="{address}"/>'
        f'<category term="{message.msg_type}" label="msgType"/>'
        f'<summary type="text">{_text(message.summary)}</summary></entry>'
    )


def _is_over(message: FeedMessage, as_of: datetime) -> bool:
    if message.expires is None:
        return message.msg_type is MessageType.CANCEL
    return message.expires <= as_of


def _text(value: str) -> str:
    try:
        check_text("text", value)
    except CapError as error:
        raise FeedError(f"Atom {error.problem}") from error
    return escape(value, quote=False)


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    secure = parts.scheme == "https" and parts.netloc
    if not (secure or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise FeedError(
            f"{address!r} is not an absolute https address; set the public address of the service"
        )


def _check_unique(messages: Sequence[FeedMessage]) -> None:
    for key in ("identifier", "address"):
        values = [getattr(message, key) for message in messages]
        if len(set(values)) != len(values):
            raise FeedError(f"two messages share one {key}; every CAP message has its own for ever")
