"""The pure list room seen from the shell: read a workbook, run every check, add up the reductions."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from emission_lists.checks import check_list
from emission_lists.documents import pollutants_document
from emission_lists.findings import Finding
from emission_lists.guides import Guide, ListProfile
from emission_lists.levels import LEVELS
from emission_lists.lists import EmissionListDraft
from emission_lists.reductions import totals
from emission_lists.workbook import read_workbook
from service.kit.problems import Invalid

GUIDES = Path(__file__).resolve().parents[2] / "config" / "guides"


def read(content: bytes, adcode: str, title: str) -> tuple[EmissionListDraft, list[Finding]]:
    """The draft of a workbook and everything that is wrong with it; with faults the draft is not to be used."""
    reading = read_workbook(content)
    return reading.draft(adcode, title), reading.errors


@cache
def guide_of(guide_id: str) -> Guide:
    """A guide by its id, such as G2020. Raises Invalid with the known ones."""
    for path in sorted(GUIDES.glob("*.yaml")):
        if path.stem.upper() == guide_id and path.stem != "profile":
            return Guide.model_validate(yaml.safe_load(path.read_text()))
    known = ", ".join(sorted(path.stem.upper() for path in GUIDES.glob("*.yaml") if path.stem != "profile"))
    raise Invalid(f"There is no guide {guide_id}; known: {known}.")


@cache
def profile() -> ListProfile:
    """The floors and local rules that lists are checked against."""
    return ListProfile.model_validate(yaml.safe_load((GUIDES / "profile.yaml").read_text()))


def checked(
    draft: EmissionListDraft, guide_id: str, as_of: date | None = None
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every finding of a draft, and its totals: base and planned reduction per level in kg/d."""
    findings = [finding.document() for finding in check_list(draft, guide_of(guide_id), profile(), as_of=as_of)]
    summed = totals(draft.rows)
    planned = {level.value: pollutants_document(summed.reductions.at(level)) for level in LEVELS}
    whole = None if draft.whole_society is None else pollutants_document(draft.whole_society)
    return findings, {"base": pollutants_document(summed.base), "planned": planned, "whole_society": whole}
