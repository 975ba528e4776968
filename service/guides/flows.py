"""Which guide is asked for: a version, a place and a day → one guide, or the reason why there is none."""

from __future__ import annotations

from datetime import date, timedelta

from alerts.instants import parse_day
from alerts.law import Law
from emission_lists.guides import InForce
from emission_lists.guides_regional import GuideInForce, LocalPractice, RegionalExtension
from service.guides.loader import book, guide_for
from service.kit.problems import Invalid, Unknown

COUNTRY = "100000"
Found = GuideInForce | RegionalExtension | LocalPractice


def asked_day(on: str | None, today: date) -> date:
    """The day that is asked for, or today. Raises Invalid."""
    try:
        return parse_day(on) if on else today
    except ValueError as error:
        raise Invalid(f"on: {error}.") from error


def found(law: Law, guide_id: str, adcode: str | None, on: str | None, today: date) -> Found:
    """The guide of an id (in a place, on a day), or the extension or local practice of that id. Raises Unknown, Invalid.

    Without a day: today, or the nearest day on which the guide is in force.
    """
    if adcode is not None and adcode not in law.divisions:
        raise Invalid(f"adcode: {adcode} is no division; give six digits such as 410100.")
    shelf, day = book(), asked_day(on, today)
    guide = shelf.guides.get(guide_id)
    if guide is not None:
        return guide_for(adcode or COUNTRY, day if on else _nearest(guide.in_force, day), guide_id)
    others: dict[str, Found] = {one.id: one for one in shelf.extensions}
    others |= {one.id: one for one in shelf.practices}
    if guide_id in others:
        return others[guide_id]
    raise Unknown(f"There is no guide {guide_id}; /api/v1/guides lists them.")


def _nearest(in_force: InForce, day: date) -> date:
    if day < in_force.from_:
        return in_force.from_
    return day if in_force.until is None or day < in_force.until else in_force.until - timedelta(days=1)
