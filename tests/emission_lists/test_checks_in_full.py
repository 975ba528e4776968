"""Checks of whole lists with all their sheets: any draft can be checked, rows may stand in any order, places may be graver."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from emission_lists.check_coverage import coverage_findings
from emission_lists.checks import check_list
from emission_lists.findings import Finding
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile, PlaceOverlay
from emission_lists.lists import EmissionListDraft, Pollutants
from emission_lists.measures import Action
from emission_lists.sheets.kinds import SheetRecord
from emission_lists.texts import TEXTS
from tests.emission_lists.conftest import load_guide, load_profile
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure
from tests.emission_lists.sheet_samples import many_records
from tests.emission_lists.test_permits import registers

DAYS = st.none() | st.dates(date(2010, 1, 1), date(2030, 1, 1))
DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "list-checks.md").read_text(encoding="utf-8")


def found(one: EmissionListDraft, **given_facts: object) -> list[Finding]:
    return check_list(one, load_guide("g2020"), load_profile(), **given_facts)  # type: ignore[arg-type]


class TestAnyList:
    @settings(max_examples=60)
    @given(drafts(), many_records(most=3), DAYS, st.none() | registers)
    def test_can_be_checked(
        self, one: EmissionListDraft, records: tuple[SheetRecord, ...], as_of: date | None, permits: list[object] | None
    ) -> None:
        for each in found(replace(one, records=records), as_of=as_of, permits=permits):
            assert each.code in TEXTS
            assert all((each.message, each.advice, each.message_en, each.advice_en, each.reference))

    @settings(max_examples=40)
    @given(drafts(), many_records(most=3), DAYS, st.integers())
    def test_says_the_same_in_any_order_of_rows(
        self, one: EmissionListDraft, records: tuple[SheetRecord, ...], as_of: date | None, seed: int
    ) -> None:
        rows, others = list(one.rows), list(records)
        Random(seed).shuffle(rows)
        Random(seed).shuffle(others)
        before = found(replace(one, records=records), as_of=as_of)
        after = found(replace(one, rows=tuple(rows), records=tuple(others)), as_of=as_of)
        assert _told(before) == _told(after)


def _told(findings: list[Finding]) -> set[tuple[object, ...]]:
    """What is said and of whom; which of an enterprise's rows carries it follows the order of the list."""
    return {(each.code, each.uscc, each.message, each.sheet, each.value) for each in findings}


class TestPlaces:
    def baker(self, adcode: str) -> EmissionListDraft:
        small = firm(industry="食品加工", key_industry=False, grade=Grade.UNGRADED, small_micro=True)
        stopped = line("1", measure(Action.STOP, 1.0), base=Pollutants(0.05, 0.05, 0.05, 0.05))
        return replace(draft((small, stopped)), adcode=adcode)

    def severity(self, adcode: str, profile: ListProfile, guide: Guide) -> tuple[str, str | None]:
        all_found = check_list(self.baker(adcode), guide, profile)
        one = next(each for each in all_found if each.code == "SMALL_MICRO_FORCED")
        return one.severity.value, one.reference

    def test_what_tianjin_decided_is_graver_there_and_names_its_document(self, guide: Guide, profile: ListProfile) -> None:
        assert self.severity("130200", profile, guide)[0] == "warning"
        severity, reference = self.severity("120100", profile, guide)
        assert severity == "blocking"
        assert str(reference).startswith("天津2020")

    def test_the_nearest_place_wins(self, guide: Guide, profile: ListProfile) -> None:
        def overlay(adcode: str, severity: str) -> PlaceOverlay:
            return PlaceOverlay(
                adcode=adcode, title="x", checks={"SMALL_MICRO_FORCED": severity}, reference="地方", source=("K50",)
            )

        overlays = (overlay("130200", "note"), overlay("130000", "blocking"))
        turned = profile.model_copy(update={"overlays": overlays})
        assert self.severity("130200", turned, guide)[0] == "note"
        assert self.severity("130100", turned, guide)[0] == "blocking"
        assert self.severity("140100", turned, guide)[0] == "warning"

    def test_a_place_may_have_floors_of_its_own(self, profile: ListProfile) -> None:
        overlay = PlaceOverlay(adcode="130000", title="x", floors="FLOOR-B", reference="地方", source=("K50",))
        turned = profile.model_copy(update={"overlays": (overlay,)})
        assert turned.for_place("130200").floor().id == "FLOOR-B"
        assert turned.for_place("120100").floor().id == "FLOOR-A"

    @pytest.mark.parametrize(
        ("changed", "problem"),
        [
            ({"checks": {"NO_SUCH_CHECK": "note"}}, "NO_SUCH_CHECK"),
            ({"floors": "FLOOR-Z"}, "FLOOR-Z"),
            ({"source": ["K999"]}, "K999"),
        ],
    )
    def test_an_overlay_that_names_nothing_is_refused(self, profile: ListProfile, changed: object, problem: str) -> None:
        overlay = {"adcode": "130000", "title": "x", "reference": "地方", "source": ["K50"], **dict(changed)}  # type: ignore[call-overload]
        with pytest.raises(ValidationError, match=problem):
            ListProfile.model_validate(profile.model_dump() | {"overlays": [overlay]})


class TestDocument:
    @pytest.mark.parametrize("code", sorted(load_profile().checks))
    def test_every_check_stands_in_it_with_its_severity_and_reference(self, code: str) -> None:
        rule = load_profile().checks[code]
        row = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| `{code}` |"))
        assert f"| {rule.severity} | {rule.reference} |" in row
        assert all(key in row for key in rule.source if key not in {"arithmetic", "memory"}) or "memory" in row

    def test_it_names_no_other_check(self) -> None:
        named = {line.split("`")[1] for line in DOCUMENT.splitlines() if line.startswith("| `")}
        assert named == set(load_profile().checks)


def test_without_a_register_that_is_said(profile: ListProfile) -> None:
    (only,) = coverage_findings(profile, None)
    assert (only.code, only.severity.value, only.row) == ("PERMIT_REGISTER_MISSING", "warning", None)
