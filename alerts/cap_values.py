"""The parts of a CAP 1.2 message and what each of them may hold."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from alerts.instants import SHANGHAI
from alerts.levels import Level

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
EVENT_CODE: Final = "11B29"
"""重污染天气 in the national event code table (eventType of GB/T 35965.1)."""
EVENT_CODE_NAME: Final = "GB/T 35965.1 eventType"
GEOCODE_NAME: Final = "CPEAS Geographic Code"
"""The name that the meteorological administration's messages use for the 12-digit division code."""
SEVERITY: Final = {
    Level.BLUE: "Minor",
    Level.YELLOW: "Moderate",
    Level.ORANGE: "Severe",
    Level.RED: "Extreme",
}
RESPONSE_LEVEL: Final = {Level.BLUE: "IV", Level.YELLOW: "III", Level.ORANGE: "II", Level.RED: "I"}

LONGEST_HEADLINE: Final = 140
LONGEST_TEXT: Final = 8_000
MOST_POINTS: Final = 500

_FORBIDDEN_IN_TOKEN = re.compile(r"[\s,<&]|[^\x20-\x7e]")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = re.compile(r"</?[A-Za-z!?]|&#?\w+;")
_GEOCODE = re.compile(r"\d{12}", re.ASCII)

Position = tuple[float, float]
"""Latitude, longitude in degrees, WGS 84: the order CAP writes, the reverse of GeoJSON."""


class CapError(ValueError):
    """A value that may not stand in a CAP message: `element` names the place, `problem` what to do."""

    def __init__(self, element: str, problem: str) -> None:
        super().__init__(f"CAP {element}: {problem}")
        self.element = element
        self.problem = problem


class Status(StrEnum):
    """Whom the message is for: real (Actual), a drill (演练, Exercise) or a technical test."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    TEST = "Test"


class MessageType(StrEnum):
    """First issue; raise, lower, extend or new text; lift or revoke."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"


class Certainty(StrEnum):
    """Likely for a warning on a forecast, Observed when the criterion is already met."""

    LIKELY = "Likely"
    OBSERVED = "Observed"


class Ending(StrEnum):
    """Why a Cancel is sent: the warning is lifted (解除) or was issued in error (误发撤销)."""

    LIFTED = "lifted"
    ISSUED_IN_ERROR = "issued_in_error"

    @property
    def sentence(self) -> str:
        """The sentence the note begins with, in Chinese and English."""
        if self is Ending.LIFTED:
            return "预警解除。 Lifted: the warning has ended."
        return "预警误发，予以撤销。 Issued in error: the warning is revoked."


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message: its sender, its identifier and the `sent` of that message."""

    sender: str
    identifier: str
    sent: datetime

    @property
    def key(self) -> tuple[str, str]:
        return self.sender, self.identifier

    def check(self) -> None:
        """Raise CapError unless the three parts can stand in a space-separated list of triples."""
        check_token("references", self.sender)
        check_token("references", self.identifier)
        cap_time("references", self.sent)

    def text(self) -> str:
        """The triple `sender,identifier,sent`."""
        return f"{self.sender},{self.identifier},{cap_time('references', self.sent)}"


@dataclass(frozen=True, slots=True)
class InfoText:
    """What one audience is told: plain text, no markup."""

    audience: str
    headline: str
    description: str
    instruction: str

    def check(self) -> None:
        """Raise CapError for empty, over-long or marked-up text."""
        check_text("audience", self.audience)
        check_text("headline", self.headline, LONGEST_HEADLINE)
        check_text("description", self.description)
        check_text("instruction", self.instruction)


@dataclass(frozen=True, slots=True)
class Area:
    """A place: its name, its 12-digit division codes and, where known, closed rings of (latitude,
    longitude).
    """

    description: str
    geocodes: tuple[str, ...]
    polygons: tuple[tuple[Position, ...], ...] = ()

    def check(self) -> None:
        """Raise CapError for a wrong code or ring."""
        check_text("areaDesc", self.description)
        if not self.geocodes:
            raise CapError("geocode", f"{self.description} has none; give the 12-digit division code")
        for code in self.geocodes:
            if not _GEOCODE.fullmatch(code):
                raise CapError(
                    "geocode", f"{code!r} is not 12 digits; pad the 6-digit division code with zeros"
                )
        for polygon in self.polygons:
            _check_ring(polygon)

    def polygon_texts(self) -> Iterator[str]:
        """Each ring as CAP writes it: `lat,lon` pairs with 5 decimals, one blank between them."""
        for polygon in self.polygons:
            yield " ".join(f"{latitude:.5f},{longitude:.5f}" for latitude, longitude in polygon)


def geocode(adcode: str) -> str:
    """The 12-digit code of a 6-digit division (GB/T 2260 padded by GB/T 10114 with zeros)."""
    if not re.fullmatch(r"\d{6}", adcode, re.ASCII):
        raise CapError("geocode", f"{adcode!r} is not a 6-digit division code; use the GB/T 2260 code")
    return adcode + "000000"


def cap_time(element: str, moment: datetime) -> str:
    """`2016-12-16T20:00:00+08:00`: Beijing time with its offset, never `Z`, no fractions."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise CapError(element, "has no time zone; pass an aware instant")
    if moment.microsecond:
        raise CapError(element, "has a fraction of a second; cut it to whole seconds before it is stored")
    written = moment.astimezone(SHANGHAI).isoformat(timespec="seconds")
    if not written.endswith("+08:00"):
        raise CapError(element, f"{written} lies in a year when Beijing time was not +08:00; check the year")
    return written


def check_token(element: str, value: str) -> None:
    """CAP 1.2 section 3.2.1: no blanks, commas, `<` or `&`; printable ASCII so that every peer can carry
    it.
    """
    if not value:
        raise CapError(element, "is empty; every message needs one")
    if _FORBIDDEN_IN_TOKEN.search(value):
        raise CapError(
            element, f"{value!r} holds a blank, comma, <, & or non-ASCII sign; use letters, digits, . _ : -"
        )


def check_text(element: str, value: str, longest: int = LONGEST_TEXT) -> None:
    """Plain text that XML 1.0 can carry and that no reader mistakes for markup."""
    if not value.strip():
        raise CapError(element, "is empty; say it in words")
    if len(value) > longest:
        raise CapError(element, f"has {len(value)} characters, more than {longest}; shorten it")
    if _NOT_XML.search(value):
        raise CapError(element, "holds a control character; remove it")
    if _MARKUP.search(value):
        raise CapError(element, "holds a tag or an entity; write plain text")


def check_web(address: str) -> None:
    """An absolute http(s) address without blanks."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.netloc or not address.isascii() or " " in address:
        raise CapError("web", f"{address!r} is not an absolute web address; write https://…")


def _check_ring(ring: Sequence[Position]) -> None:
    if len(ring) > MOST_POINTS:
        raise CapError(
            "polygon", f"has {len(ring)} points, more than {MOST_POINTS}; simplify it or leave it out"
        )
    for latitude, longitude in ring:
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise CapError(
                "polygon", f"({latitude}, {longitude}) is off the earth; the order is latitude, longitude"
            )
    written = [(round(latitude, 5), round(longitude, 5)) for latitude, longitude in ring]
    if len(written) < 4 or written[0] != written[-1]:
        raise CapError("polygon", "is not closed; give at least 4 points, the last equal to the first")
    if len(set(written)) != len(written) - 1:
        raise CapError("polygon", "visits a point twice (5 decimals); remove the repeated point")
    edges = list(pairwise(written))
    for i, edge in enumerate(edges):
        for j in range(i + 2, len(edges)):
            if (i, j) != (0, len(edges) - 1) and _cross(edge, edges[j]):
                raise CapError("polygon", "crosses itself; simplify it or leave it out")


def _cross(one: tuple[Position, Position], other: tuple[Position, Position]) -> bool:
    """Whether two segments meet in any point."""
    (a, b), (c, d) = one, other
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    touching = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side == 0 and _within(*points) for side, points in zip(sides, touching, strict=True))


def _side(a: Position, b: Position, point: Position) -> int:
    turn = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
    return (turn > 1e-12) - (turn < -1e-12)


def _within(a: Position, b: Position, point: Position) -> bool:
    return min(a[0], b[0]) <= point[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= point[1] <= max(a[1], b[1])
