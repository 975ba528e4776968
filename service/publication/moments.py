"""Instants and days as people read them, always Beijing time."""

from datetime import date, datetime, timedelta

from alerts.instants import SHANGHAI
from service.publication.words import Language

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


def written(moment: datetime, language: Language, *, year: int | None = None, end: bool = False) -> str:
    """`12月16日 20:00` or `16 Dec 20:00`; with the year unless it is `year`.

    An `end` at midnight is written 24:00 of the day before, as notices do.
    """
    local = moment.astimezone(SHANGHAI)
    clock = f"{local:%H:%M}"
    day = local.date()
    if end and clock == "00:00":
        day, clock = day - timedelta(days=1), "24:00"
    return f"{written_day(day, language, year=year)} {clock}"


def written_day(day: date, language: Language, *, year: int | None = None) -> str:
    """`12月16日` or `16 Dec`; with the year unless it is `year`."""
    if language == "zh":
        return f"{'' if day.year == year else f'{day.year}年'}{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month - 1]}{'' if day.year == year else f' {day.year}'}"


def weekday(day: date, language: Language) -> str:
    """`周五` or `Fri`."""
    name = _WEEKDAYS[language][day.weekday()]
    return f"周{name}" if language == "zh" else name


def machine(moment: datetime) -> str:
    """For the `datetime` attribute and JSON: ISO 8601 with +08:00."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds")
