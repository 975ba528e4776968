"""A warning as a CAP 1.2 message: values in, bytes out.
The elements and their order follow the OASIS schema `urn:oasis:names:tc:emergency:cap:1.2`. What a public
warning must state (突发事件应对法 2024, art. 64: category, level, start, area, items to note, measures,
issuer, issue time) maps to event/eventCode, severity and the parameters `colour` and `responseLevel`,
effective/onset/expires, area, headline and description, instruction, senderName and sender, sent.
Bytes are compact (no white space between elements), because a signature over an indented file does not
survive peers that drop blank text. Render once, store the bytes, publish the stored bytes: `identifier` and
`sent` never change.

Nothing here reads XML.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from alerts.cap_values import (
    EVENT_CODE,
    EVENT_CODE_NAME,
    GEOCODE_NAME,
    NAMESPACE,
    RESPONSE_LEVEL,
    SEVERITY,
    Area,
    CapError,
    Certainty,
    Ending,
    InfoText,
    MessageType,
    Reference,
    Status,
    cap_time,
    check_text,
    check_token,
    check_web,
)
from alerts.levels import Level

__all__ = [
    "Area",
    "CapError",
    "CapMessage",
    "Certainty",
    "Ending",
    "InfoText",
    "MessageType",
    "Reference",
    "Status",
    "render_cap",
    "urgency",
]

LARGEST_MESSAGE = 100_000
"""Bytes. Hubs ask for at most 100 kB per message."""

EVENT = {"zh-CN": "重污染天气", "en-US": "Heavy air pollution"}
CATEGORIES = ("Env", "Health", "Met")
IMMEDIATE_WITHIN = timedelta(hours=1)
EXPECTED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CapMessage:
    """One message about one warning (预警) of one place.

    `level` is the level the message is about; for a Cancel, the level that ends. `effective` is the instant
    of issue, `onset` the start of the response (for a Cancel, the instant the warning ends), `expires` the
    planned end or None where the notice says 解除时间另行通知. All instants are aware, whole seconds.
    `references` names every live earlier message of the same warning. `english` holds the same two texts
    (public, enterprises) in English, or None.
    """

    identifier: str
    sender: str
    sender_name: str
    sent: datetime
    status: Status
    msg_type: MessageType
    level: Level
    effective: datetime
    onset: datetime
    expires: datetime | None
    certainty: Certainty
    public: InfoText
    enterprises: InfoText
    areas: tuple[Area, ...]
    references: tuple[Reference, ...] = ()
    ending: Ending | None = None
    note: str | None = None
    web: str | None = None
    contact: str | None = None
    english: tuple[InfoText, InfoText] | None = None
    sender_name_english: str | None = None


def render_cap(message: CapMessage) -> bytes:
    """The message as compact CAP 1.2 XML in UTF-8; the same message gives the same bytes.

    Raises CapError naming the element, what is wrong with it and what to do.
    """
    _check(message)
    body = "".join(_alert(message))
    rendered = f'<?xml version="1.0" encoding="UTF-8"?><alert xmlns="{NAMESPACE}">{body}</alert>'.encode()
    if len(rendered) > LARGEST_MESSAGE:
        raise CapError(
            "alert",
            f"is {len(rendered)} bytes, more than {LARGEST_MESSAGE}; shorten the texts or the polygons",
        )
    return rendered


def urgency(sent: datetime, onset: datetime) -> str:
    """CAP urgency of a response that starts at `onset`: Immediate to 1 h, Expected to 24 h, else Future."""
    ahead = onset - sent
    if ahead <= IMMEDIATE_WITHIN:
        return "Immediate"
    return "Expected" if ahead <= EXPECTED_WITHIN else "Future"


def _alert(message: CapMessage) -> Iterator[str]:
    yield _tag("identifier", message.identifier)
    yield _tag("sender", message.sender)
    yield _tag("sent", cap_time("sent", message.sent))
    yield _tag("status", message.status)
    yield _tag("msgType", message.msg_type)
    yield _tag("scope", "Public")
    yield _optional("note", _note(message))
    yield _optional("references", " ".join(reference.text() for reference in message.references))
    yield _info(message, "zh-CN", message.public, _public_responses(message))
    yield _info(message, "zh-CN", message.enterprises, _enterprise_responses(message))
    if message.english is not None:
        public, enterprises = message.english
        yield _info(message, "en-US", public, _public_responses(message))
        yield _info(message, "en-US", enterprises, _enterprise_responses(message))


def _info(message: CapMessage, language: str, text: InfoText, responses: Sequence[str]) -> str:
    sender_name = message.sender_name
    if language == "en-US" and message.sender_name_english is not None:
        sender_name = message.sender_name_english
    return _group(
        "info",
        _tag("language", language),
        *(_tag("category", category) for category in CATEGORIES),
        _tag("event", EVENT[language]),
        *(_tag("responseType", response) for response in responses),
        _tag("urgency", _urgency(message)),
        _tag("severity", SEVERITY[message.level]),
        _tag("certainty", message.certainty),
        _tag("audience", text.audience),
        _pair("eventCode", EVENT_CODE_NAME, EVENT_CODE),
        _tag("effective", cap_time("effective", message.effective)),
        _tag("onset", cap_time("onset", message.onset)),
        _optional("expires", cap_time("expires", message.expires) if message.expires else ""),
        _tag("senderName", sender_name),
        _tag("headline", text.headline),
        _tag("description", text.description),
        _tag("instruction", text.instruction),
        _optional("web", message.web),
        _optional("contact", message.contact),
        _pair("parameter", "colour", message.level.name.capitalize()),
        _pair("parameter", "responseLevel", RESPONSE_LEVEL[message.level]),
        *(_area(area) for area in message.areas),
    )


def _area(area: Area) -> str:
    return _group(
        "area",
        _tag("areaDesc", area.description),
        *(_tag("polygon", polygon) for polygon in area.polygon_texts()),
        *(_pair("geocode", GEOCODE_NAME, code) for code in area.geocodes),
    )


def _public_responses(message: CapMessage) -> tuple[str, ...]:
    return _ending_response(message) or ("Avoid", "Monitor")


def _enterprise_responses(message: CapMessage) -> tuple[str, ...]:
    return _ending_response(message) or ("Execute",)


def _ending_response(message: CapMessage) -> tuple[str, ...]:
    if message.ending is None:
        return ()
    return ("AllClear",) if message.ending is Ending.LIFTED else ("None",)


def _urgency(message: CapMessage) -> str:
    return "Past" if message.ending is not None else urgency(message.sent, message.onset)


def _note(message: CapMessage) -> str:
    parts = [message.ending.sentence if message.ending else "", message.note or ""]
    return " ".join(part for part in parts if part)


def _check(message: CapMessage) -> None:
    check_token("identifier", message.identifier)
    check_token("sender", message.sender)
    if message.level is Level.NONE:
        raise CapError("severity", "needs a warning level; a message about no warning is not published")
    _check_times(message)
    _check_chain(message)
    _check_texts(message)
    if not message.areas:
        raise CapError("area", "is missing; name at least one place with its geocode")
    for area in message.areas:
        area.check()


def _check_times(message: CapMessage) -> None:
    cap_time("sent", message.sent)
    if message.expires is not None and message.expires <= max(message.onset, message.effective):
        raise CapError(
            "expires", "must be after onset and effective; leave it empty when the end is announced later"
        )


def _check_chain(message: CapMessage) -> None:
    cancels = message.msg_type is MessageType.CANCEL
    if cancels != (message.ending is not None):
        raise CapError(
            "note", "a Cancel, and only a Cancel, says whether it lifts or was issued in error; set ending"
        )
    if message.msg_type is MessageType.ALERT and message.references:
        raise CapError("references", "an Alert is the first message and refers to none; send an Update")
    if message.msg_type is not MessageType.ALERT and not message.references:
        raise CapError(
            "references", "an Update or Cancel must name every live earlier message of the warning"
        )
    if message.status is not Status.ACTUAL and not message.note:
        raise CapError("note", f"status {message.status} needs a note that says what is being tried")
    seen: set[tuple[str, str]] = set()
    for reference in message.references:
        _check_reference(message, reference)
        if reference.key in seen:
            raise CapError("references", f"{reference.identifier} is named twice; name each message once")
        seen.add(reference.key)


def _check_reference(message: CapMessage, reference: Reference) -> None:
    reference.check()
    if reference.identifier == message.identifier:
        raise CapError(
            "references", "a message cannot refer to itself; give the new message a new identifier"
        )
    if reference.sent > message.sent:
        raise CapError(
            "references",
            f"{reference.identifier} was sent later than this message; check the clock and the order",
        )


def _check_texts(message: CapMessage) -> None:
    check_text("senderName", message.sender_name)
    for text in (message.public, message.enterprises, *(message.english or ())):
        text.check()
    for element, value in (("note", message.note), ("contact", message.contact)):
        if value is not None:
            check_text(element, value)
    if message.sender_name_english is not None:
        check_text("senderName", message.sender_name_english)
    if message.web is not None:
        check_web(message.web)


def _tag(name: str, text: str) -> str:
    clean = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"<{name}>{escape(clean, quote=False)}</{name}>"


def _optional(name: str, text: str | None) -> str:
    return _tag(name, text) if text else ""


def _group(name: str, *parts: str) -> str:
    return f"<{name}>{''.join(parts)}</{name}>"


def _pair(name: str, value_name: str, value: str) -> str:
    return _group(name, _tag("valueName", value_name), _tag("value", value))
