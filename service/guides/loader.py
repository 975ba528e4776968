"""The guides of the config folder, read once: `guide_for` is the one way to the guide that holds in a place on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from emission_lists.guides import Guide, ListProfile
from emission_lists.guides_regional import GuideBook, GuideInForce, LocalPractice, RegionalExtension
from service.kit.yaml_files import read_yaml

GUIDES = Path(__file__).resolve().parents[2] / "config" / "guides"
Model = TypeVar("Model", bound=BaseModel)


def read_book(folder: Path) -> GuideBook:
    """The guides, extensions, practices and the list profile of a folder that `lantian check-config` found sound.

    ValueError (pydantic) if a file is not.
    """
    [profile] = _read(folder, "profile*.yaml", ListProfile)
    return GuideBook(
        _read(folder, "[!p]*.yaml", Guide),
        _read(folder, "regions/*.yaml", RegionalExtension),
        _read(folder, "local/*.yaml", LocalPractice),
        profile,
    )


def _read(folder: Path, pattern: str, model: type[Model]) -> Iterator[Model]:
    for path in sorted(folder.glob(pattern)):
        yield model.model_validate(read_yaml(path))


@cache
def book() -> GuideBook:
    """The guides that ship with the service, read once per process."""
    return read_book(GUIDES)


def guide_for(adcode: str, day: date, guide_id: str | None = None) -> GuideInForce:
    """The guide in force in a place on a day with what the place adds, and where each thing comes from.

    `guide_id` asks for one version whatever the day. LookupError if no guide holds, or there is none of that id.
    """
    return book().guide_for(adcode, day, guide_id)
