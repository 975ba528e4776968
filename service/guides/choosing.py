"""Which version of the guide a new list follows when nobody names one, and which ones may be chosen."""

from __future__ import annotations

from datetime import date

from emission_lists.guides import Guide
from service.guides.loader import book


def guide_id_on(day: date) -> str:
    """The id of the guide that a list made on a day follows.

    Before the first guide (a replay of earlier years) it is the newest one.
    """
    try:
        return book().guide_on(day).id
    except LookupError:
        return offered_guides()[0].id


def offered_guides() -> list[Guide]:
    """The versions a list may follow, newest first; a framework has no industries of its own and is none of them."""
    versions = [one for one in book().guides.values() if one.kind == "guide"]
    return sorted(versions, key=lambda guide: guide.in_force.from_, reverse=True)
