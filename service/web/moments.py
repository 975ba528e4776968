"""Instants as people read them: 12月16日 20:00, with the distance from the present of the service's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from service.kit.clock import SHANGHAI
from service.web.texts import Language, text

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MINUTE, HOUR, DAY = 60, 3600, 86400


def instant_text(instant: datetime, language: Language, now: datetime) -> str:
    """The instant in Beijing time; the year only where it is another than the present one."""
    local = instant.astimezone(SHANGHAI)
    other_year = local.year != now.astimezone(SHANGHAI).year
    if language == "en":
        year = f" {local.year}" if other_year else ""
        return f"{local.day} {MONTHS[local.month - 1]}{year} {local:%H:%M}"
    year = f"{local.year}年" if other_year else ""
    return f"{year}{local.month}月{local.day}日 {local:%H:%M}"


def span_text(span: timedelta, language: Language) -> str:
    """A length of time in its largest fitting unit: 20 分钟, 5 小时, 3 天."""
    seconds = abs(span.total_seconds())
    if seconds < 90 * MINUTE:
        return text(language, "span_minutes", n=round(seconds / MINUTE))
    if seconds < 48 * HOUR:
        return text(language, "span_hours", n=round(seconds / HOUR))
    return text(language, "span_days", n=round(seconds / DAY))


def distance_text(instant: datetime, language: Language, now: datetime) -> str:
    """How far the instant is from now: 还有 5 小时, 已过 20 分钟, 现在."""
    span = instant - now
    if abs(span.total_seconds()) < MINUTE:
        return text(language, "distance_now")
    key = "distance_ahead" if span > timedelta(0) else "distance_past"
    return text(language, key, span=span_text(span, language))
