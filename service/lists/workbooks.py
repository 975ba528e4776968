"""The pure list room seen from the shell: guides by name, every check of a draft, its sums."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from emission_lists.checks import check_list
from emission_lists.documents import pollutants_document
from emission_lists.guides import Guide, ListProfile
from emission_lists.largest import largest_document
from emission_lists.lists import EmissionListDraft
from emission_lists.source_totals import sums_of, totals_document
from service.guides.loader import guide_for
from service.kit.yaml_files import read_yaml

GUIDES = Path(__file__).resolve().parents[2] / "config" / "guides"
MOST_KEPT = 5000


@cache
def guide_of(guide_id: str) -> Guide:
    """A guide by its id, such as G2020. Raises Invalid with the known ones."""
    for path in sorted(GUIDES.glob("*.yaml")):
        if path.stem.upper() == guide_id and path.stem != "profile":
            return Guide.model_validate(read_yaml(path))
    from service.kit.problems import Invalid  # only now: the process apart does without the web

    known = ", ".join(sorted(path.stem.upper() for path in GUIDES.glob("*.yaml") if path.stem != "profile"))
    raise Invalid(f"There is no guide {guide_id}; known: {known}.")


@cache
def profile() -> ListProfile:
    """The floors and local rules that lists are checked against."""
    return ListProfile.model_validate(read_yaml(GUIDES / "profile.yaml"))


def law_at(adcode: str, guide_id: str, day: date | None) -> tuple[Guide, ListProfile]:
    """The guide and the profile with what the place and a framework add on the day; without a day the national ones."""
    guide = guide_of(guide_id)
    if day is None:
        return guide, profile()
    place = guide_for(adcode, day, guide.id)
    if place.framework is None:
        return place.guide, place.profile
    top = place.framework.self_determined.grades - place.national.self_determined.grades  # A+, since 2026
    extra = place.profile.extra_self_determined | top
    return place.guide, place.profile.model_copy(update={"extra_self_determined": extra})


@dataclass(frozen=True)
class Checked:
    """What is known of a draft before it is stored. Plain values, so that they go from one process to another."""

    findings: list[dict[str, Any]]
    """At most `MOST_KEPT` of them, blocking ones first, each kind in the order of the rows."""
    blocking: int
    remarks: int
    """How many were found: those that forbid the activation, and the others."""
    totals: dict[str, Any]
    """Base and planned reduction per level, kg/d, and what is open beside them."""
    sums: list[list[Any]]
    """Dimension, key, enterprises, lines, sums in mg/d and gaps of each group."""
    largest: dict[str, Any]
    """The lines that save most, by level."""

    def document(self) -> dict[str, Any]:
        """JSON-ready; `Checked(**document)` gives it back."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @property
    def whole(self) -> list[Any]:
        """The sum over the whole list."""
        return self.sums[0]


def checked(draft: EmissionListDraft, guide_id: str, as_of: date | None = None) -> Checked:
    """Every finding of a draft, its totals and its sums."""
    return checked_by(draft, *law_at(draft.adcode, guide_id, as_of), as_of)


def checked_by(draft: EmissionListDraft, guide: Guide, rules: ListProfile, as_of: date | None) -> Checked:
    """The same by a guide and a profile that are at hand."""
    sums = sums_of(draft)
    found = check_list(draft, guide, rules, as_of=as_of, sums=sums)
    found.sort(key=lambda finding: not finding.blocking)
    blocking = sum(finding.blocking for finding in found)
    totals = sums[0].totals()
    whole = None if draft.whole_society is None else pollutants_document(draft.whole_society)
    return Checked(
        [finding.document() for finding in found[:MOST_KEPT]],
        blocking,
        len(found) - blocking,
        totals_document(totals) | {"whole_society": whole},
        [
            [one.dimension.value, one.key, one.enterprises, one.lines, list(one.milligrams), list(one.gaps or ())]
            for one in sums
        ],
        largest_document(draft.rows),
    )
