"""Instants and natural days in Beijing time. Hour stamps mark the hour's END; intervals are half-open."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)

_MIDNIGHT_AS_24 = re.compile(r"^(\d{4}-?\d{2}-?\d{2})[T ]?24(?::?00(?::?00(?:\.0+)?)?)(.*)$")
_ADVICE = "write it like 2016-12-16T20:00:00+08:00 or 2016-12-16 20:00"


def parse_instant(text: str) -> datetime:
    """Read an instant; without an offset it is Beijing time, and 24:00 is the next day's 00:00.

    Raises ValueError that says how to write it.
    """
    cleaned = text.strip().replace("/", "-")
    midnight = _MIDNIGHT_AS_24.match(cleaned)
    try:
        if midnight is not None:
            read = datetime.fromisoformat(f"{midnight[1]}T00:00:00{midnight[2].strip()}") + DAY
        else:
            read = datetime.fromisoformat(cleaned)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not an instant; {_ADVICE}") from error
    if len(cleaned) <= len("2016-12-16") and "T" not in cleaned:
        raise ValueError(f"{text!r} has no hour; {_ADVICE}")
    if read.tzinfo is None:
        return read.replace(tzinfo=SHANGHAI)
    try:
        return read.astimezone(SHANGHAI)
    except OverflowError as error:
        raise ValueError(f"{text!r} is not an instant; {_ADVICE}") from error


def parse_day(text: str) -> date:
    """Read a natural day such as 2016-12-16; ValueError says how to write it."""
    try:
        return date.fromisoformat(text.strip().replace("/", "-"))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a day; write it like 2016-12-16") from error


def require_aware(instant: datetime) -> datetime:
    """The same instant in Beijing time; ValueError when it carries no zone."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError(f"{instant} has no time zone; give an offset such as +08:00")
    return instant.astimezone(SHANGHAI)


def hour_floor(instant: datetime) -> datetime:
    """The start of the hour that contains the instant, in Beijing time."""
    return require_aware(instant).replace(minute=0, second=0, microsecond=0)


def hour_ceil(instant: datetime) -> datetime:
    """The instant itself when it is a whole hour, otherwise the next whole hour."""
    floor = hour_floor(instant)
    return floor if floor == instant else floor + HOUR


def day_start(day: date) -> datetime:
    """00:00 Beijing time of a natural day (自然日)."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def iso(instant: datetime) -> str:
    """The instant as 2016-12-16T20:00:00+08:00; seconds are kept, fractions dropped."""
    return require_aware(instant).isoformat(timespec="seconds")
