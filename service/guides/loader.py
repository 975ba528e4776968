"""The guides of the config folder, read once: `guide_for` is the one way to the guide that holds in a place on a day."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from emission_lists.guides_regional import GuideBook, GuideInForce
from service.law.guide_checks import check_guides
from service.law.loader import CONFIG
from service.law.problems import LawInvalid
from service.law.reading import read_config


def read_book(config: Path) -> GuideBook:
    """The guides, extensions, practices and the list profile of a config folder. Raises LawInvalid with every problem."""
    draft = read_config(config)
    problems = [problem for problem in draft.problems if problem.file.startswith("guides")]
    problems += check_guides(draft)
    if problems:
        raise LawInvalid(problems)
    return GuideBook(
        (entry.value for entry in draft.guides),
        (entry.value for entry in draft.extensions),
        (entry.value for entry in draft.practices),
        draft.profiles[0].value,
    )


@cache
def book() -> GuideBook:
    """The guides that ship with the service, read once per process."""
    return read_book(CONFIG)


def guide_for(adcode: str, day: date, guide_id: str | None = None) -> GuideInForce:
    """The guide in force in a place on a day with what the place adds, and where each thing comes from.

    `guide_id` asks for one version whatever the day. LookupError if no guide holds, or there is none of that id.
    """
    return book().guide_for(adcode, day, guide_id)
