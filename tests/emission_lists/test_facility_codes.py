"""Codes of facilities on a list, as permits write them."""

from __future__ import annotations

import pytest

from emission_lists.checks import check_list
from emission_lists.guides import Guide, ListProfile
from emission_lists.measures import Action
from tests.emission_lists.list_samples import draft, firm, line, measure


@pytest.mark.parametrize(
    ("code", "genuine"),
    [
        *((code, True) for code in ("MF0001", "DA001", "DW001", "TA001", "TW012")),
        *((code, False) for code in ("1", "MF001", "DA0001", "XX001", "MF00011", "mf0001")),
    ],
)
def test_facility_codes_of_a_permit_have_the_digits_of_their_kind(
    code: str, genuine: bool, guide: Guide, profile: ListProfile
) -> None:
    """HJ 608-2017: MF0001, and DA001, DW001, TA001 with three."""
    found = check_list(draft((firm(), line(code, measure(Action.STOP, 1.0)))), guide, profile)
    assert ("LINE_CODE_FORMAT" not in {one.code for one in found}) is genuine
