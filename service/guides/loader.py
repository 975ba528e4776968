"""The guides of the config folder, read once: `guide_for` is the one way to the guide that holds in a place on a day."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from emission_lists.guides import Guide, ListProfile
from emission_lists.guides_regional import GuideBook, GuideInForce, LocalPractice, RegionalExtension
from service.kit.canonical import canonical, digest
from service.kit.yaml_files import read_yaml

GUIDES = Path(__file__).resolve().parents[2] / "config" / "guides"


class Applied(NamedTuple):
    """The guide that a list version follows, in the book that holds for the version."""

    guide: str
    book: GuideBook

    def of_place(self, adcode: str, day: date) -> GuideInForce:
        """It in a place on a day. LookupError if the book has none of that id."""
        return self.book.guide_for(adcode, day, self.guide)


@dataclass(frozen=True)
class Edition:
    """The guides, extensions and list profile that ship with the service, as content that a list version can name.

    `document`: canonical JSON of the files; `digest`: its SHA-256.
    """

    digest: str
    document: str
    book: GuideBook


def read_book(folder: Path) -> GuideBook:
    """The guides, extensions, practices and the list profile of a folder that `lantian check-config` found sound.

    ValueError (pydantic) if a file is not.
    """
    return _book(_law(folder), _practices(folder))


def book_from(document: str) -> GuideBook:
    """The book that the document of an edition holds, without local practices: no list follows them."""
    return _book(json.loads(document))


def _law(folder: Path) -> dict[str, Any]:
    """What a list is regraded by: plain values, as the files have them."""
    [profile] = _read(folder, "profile*.yaml")
    return {"profile": profile, "guides": _read(folder, "[!p]*.yaml"), "extensions": _read(folder, "regions/*.yaml")}


def _practices(folder: Path) -> list[LocalPractice]:
    return [LocalPractice.model_validate(one) for one in _read(folder, "local/*.yaml")]


def _book(law: dict[str, Any], practices: Iterable[LocalPractice] = ()) -> GuideBook:
    return GuideBook(
        [Guide.model_validate(one) for one in law["guides"]],
        [RegionalExtension.model_validate(one) for one in law["extensions"]],
        practices,
        ListProfile.model_validate(law["profile"]),
    )


def _read(folder: Path, pattern: str) -> list[Any]:
    return [read_yaml(path) for path in sorted(folder.glob(pattern))]


@cache
def edition() -> Edition:
    """The edition that ships with the service, read once per process."""
    law = _law(GUIDES)
    return Edition(digest(law), canonical(law), _book(law, _practices(GUIDES)))


def book() -> GuideBook:
    """The guides that ship with the service."""
    return edition().book


def guide_for(adcode: str, day: date, guide_id: str | None = None) -> GuideInForce:
    """The guide in force in a place on a day with what the place adds, and where each thing comes from.

    `guide_id` asks for one version whatever the day. LookupError if no guide holds, or there is none of that id.
    """
    return book().guide_for(adcode, day, guide_id)
