"""Reductions, floors, differences, stored documents and generated lists."""

import json
import math
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.difference import difference
from emission_lists.documents import enterprise_document, enterprise_from, line_document, line_from
from emission_lists.floors import check_floors
from emission_lists.generator import MARK, generate_list
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile
from emission_lists.identifiers import permit_valid, uscc_valid
from emission_lists.levels import LEVELS, PerLevel, ResponseLevel
from emission_lists.lists import EmissionListDraft, Pollutants
from emission_lists.measures import Action, Later, LoadCap, Measure, StopMode
from emission_lists.reductions import added, daily_share, planned, share, totals, totals_by_enterprise, totals_of
from tests.emission_lists.conftest import load_guide, load_profile
from tests.emission_lists.list_samples import draft, drafts, firm, line, measure


class TestTotals:
    @settings(deadline=None, max_examples=30)
    @given(drafts(), st.randoms())
    def test_lines_add_up_to_enterprises_and_enterprises_to_the_city(self, one: EmissionListDraft, rng) -> None:  # type: ignore[no-untyped-def]
        city = totals(one.rows)
        assert added(totals_by_enterprise(one.rows).values()) == city
        shuffled = list(one.rows)
        rng.shuffle(shuffled)
        assert totals(shuffled) == city

    @settings(deadline=None, max_examples=30)
    @given(drafts())
    def test_what_an_unknown_measure_saves_is_not_established_and_no_nothing(self, one: EmissionListDraft) -> None:
        unknown = [
            row._replace(line=replace(row.line, measures=PerLevel(*[measure(Action.UNKNOWN)] * 3))) for row in one.rows
        ]
        found, lines = totals(unknown), sum(not row.enterprise.long_stopped for row in unknown)
        for level in LEVELS:
            assert found.open_lines(level) == (lines,) * 4
            assert found.planned(level) == (Pollutants() if lines else Pollutants(0, 0, 0, 0))
            assert all(most >= value for most, value in zip(found.most(level), found.reductions.at(level), strict=True))

    def test_what_is_not_stated_follows_from_the_base_where_the_kind_of_measure_fixes_the_share(self) -> None:
        ten = Pollutants(10, 10, 10, 10)
        saved = PerLevel(Pollutants(), Pollutants(1), Pollutants(2, 3))
        one = line("1", measure(Action.STOP, 1.0), base=ten, reductions=saved)
        found = totals(draft((firm(), one)).rows)
        assert found.reductions == PerLevel(ten, Pollutants(1, 10, 10, 10), Pollutants(2, 3, 10, 10))
        assert found.gaps is not None
        assert found.gaps.computed.red == Pollutants(0, 0, 10, 10)
        assert found.open_lines(ResponseLevel.RED) == (0, 0, 0, 0)
        assert planned(one, ResponseLevel.ORANGE) == Pollutants(1)

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            (measure(Action.STOP, 1.0), 1),
            (measure(Action.STOP, 0.5, total_units=2), Fraction(1, 2)),
            (measure(Action.STOP, 0.5), 1),
            (measure(Action.LIMIT, 0.3), Fraction(3, 10)),
            (measure(Action.LIMIT, 0.3, window="18:00-06:00"), Fraction(3, 20)),
            (measure(Action.NONE), 0),
            (measure(Action.STOP, 1.0, stop_mode=StopMode.BANKING), None),
            (measure(Action.LIMIT, load_cap=LoadCap(5.0, "t", "日产量")), None),
            (measure(Action.UNKNOWN), None),
            (measure(Action.LIMIT, 0.3, later=(Later(48, measure(Action.STOP, 1.0)),)), None),
        ],
    )
    def test_a_share_is_fixed_by_the_kind_of_the_measure_or_not_at_all(self, asked: Measure, expected: Fraction | None) -> None:
        assert daily_share(asked) == expected

    def test_without_a_base_nothing_follows_and_nothing_is_known_of_the_most(self) -> None:
        one = line("1", measure(Action.STOP, 1.0), base=Pollutants(), reductions=PerLevel(*[Pollutants()] * 3))
        found = totals(draft((firm(), one)).rows)
        assert found.known_base == Pollutants()
        assert found.planned(ResponseLevel.RED) == Pollutants()
        assert found.most(ResponseLevel.RED) == Pollutants(*[math.inf] * 4)

    def test_sums_of_which_nothing_was_counted_stay_as_they_are(self) -> None:
        before = totals_of([0] * 16, None)
        assert before.planned(ResponseLevel.RED) == Pollutants(0, 0, 0, 0)
        assert before.open_lines(ResponseLevel.RED) is None
        assert added([before, totals([])]).gaps is None

    @pytest.mark.parametrize(
        ("part", "whole", "result"), [(1, 4, 0.25), (1, None, None), (1, 0, None), (None, 4, None)]
    )
    def test_a_share_needs_a_whole(self, part: float | None, whole: float | None, result: float | None) -> None:
        assert share(part, whole) == result


class TestFloors:
    BASE = Pollutants(100, 100, 100, 100)

    def _short(self, profile: ListProfile, *saved: float, floors: str = "FLOOR-A") -> list[tuple[str, ...]]:
        same = Pollutants(*saved)
        results = check_floors(PerLevel(same, same, same), self.BASE, profile.floor(floors))
        return [result.short for result in results]

    def test_ten_twenty_thirty_percent(self, profile: ListProfile) -> None:
        assert self._short(profile, 30, 30, 30, 30) == [(), (), ()]
        assert self._short(profile, 20, 20, 20, 20) == [(), (), ("so2", "nox", "pm", "vocs")]
        assert self._short(profile, 9.99, 9.99, 10, 10)[0] == ("so2", "nox")

    def test_so2_and_nox_may_be_balanced_but_pm_may_not(self, profile: ListProfile) -> None:
        assert self._short(profile, 5, 55, 30, 30) == [(), (), ()]
        assert self._short(profile, 4, 55, 30, 30)[2] == ("so2",)
        assert self._short(profile, 60, 60, 29, 60)[2] == ("pm",)

    def test_the_older_profile_asks_less_of_vocs(self, profile: ListProfile) -> None:
        assert self._short(profile, 30, 30, 30, 20, floors="FLOOR-B") == [(), (), ()]
        assert self._short(profile, 30, 30, 30, 20, floors="FLOOR-A")[2] == ("vocs",)

    def test_the_swap_is_reported(self, profile: ListProfile) -> None:
        saved = Pollutants(5, 55, 30, 30)
        results = check_floors(PerLevel(saved, saved, saved), self.BASE, profile.floor())
        assert [result.swap_used for result in results] == [True, True, True]

    @settings(deadline=None, max_examples=30)
    @given(*[st.floats(0, 200)] * 4, st.floats(0, 50))
    def test_more_reduction_never_breaks_a_floor(self, a: float, b: float, c: float, d: float, more: float) -> None:
        profile = load_profile()
        for less, extra in zip(
            self._short(profile, a, b, c, d), self._short(profile, a + more, b + more, c + more, d + more), strict=True
        ):
            assert set(extra) <= set(less)


class TestDocuments:
    @settings(deadline=None, max_examples=30)
    @given(drafts())
    def test_storing_and_reading_give_the_same(self, one: EmissionListDraft) -> None:
        for row in one.rows:
            stored = json.loads(json.dumps(line_document(row.line)))
            assert line_from(stored) == row.line
            stored = json.loads(json.dumps(enterprise_document(row.enterprise)))
            assert enterprise_from(stored) == row.enterprise


class TestDifference:
    @settings(deadline=None, max_examples=30)
    @given(drafts())
    def test_a_list_does_not_differ_from_itself(self, one: EmissionListDraft) -> None:
        assert difference(one.rows, one.rows[::-1]).empty

    def test_names_what_was_added_removed_and_changed(self) -> None:
        stop, limit = measure(Action.STOP, 1.0), measure(Action.LIMIT, 0.5)
        old = draft((firm(), line("1", stop)), (firm(), line("2", stop))).rows
        new = draft((firm(grade=Grade.B), line("1", stop, stop, limit)), (firm(grade=Grade.B), line("3", stop))).rows
        found = difference(old, new)
        assert [key[1] for key in found.lines_added] == ["3"]
        assert [key[1] for key in found.lines_removed] == ["2"]
        assert {(c.line, c.field, c.old, c.new) for c in found.changes} == {
            (None, "grade", "C", "B"),
            ("1", "measures.red.action", "stop", "limit"),
            ("1", "measures.red.ratio", 1.0, 0.5),
        }
        assert json.loads(json.dumps(found.document()))["totals"]["new"]["red"]["so2"] == 2.0

    @settings(deadline=None, max_examples=30)
    @given(drafts(), drafts())
    def test_going_back_is_the_mirror_image(self, one: EmissionListDraft, two: EmissionListDraft) -> None:
        there, back = difference(one.rows, two.rows), difference(two.rows, one.rows)
        assert there.lines_added == back.lines_removed
        assert there.enterprises_removed == back.enterprises_added
        assert {(c.uscc, c.line, c.field) for c in there.changes} == {(c.uscc, c.line, c.field) for c in back.changes}


class TestGenerateList:
    def _make(self, guide: Guide, profile: ListProfile, **given: object) -> EmissionListDraft:
        base: dict[str, object] = {"seed": 1, "enterprises": 300, "guide": guide, "profile": profile}
        return generate_list("130200", **{**base, **given})  # type: ignore[arg-type]

    def test_the_same_seed_gives_the_same_list(self, guide: Guide, profile: ListProfile) -> None:
        assert self._make(guide, profile) == self._make(guide, profile)
        assert self._make(guide, profile) != self._make(guide, profile, seed=2)

    def test_every_enterprise_is_marked_and_has_valid_codes(self, generated: EmissionListDraft) -> None:
        firms = {row.enterprise.uscc: row.enterprise for row in generated.rows}
        assert len(firms) == 400
        assert all(one.name.endswith(MARK) for one in firms.values())
        assert all(uscc_valid(code) and code[2:8] in ("130202", "130203") for code in firms)
        assert all(permit_valid(one.permit_no) for one in firms.values() if one.permit_no)
        assert all(one.contact is None for one in firms.values())

    def test_has_the_mix_of_a_real_city(self, guide: Guide, profile: ListProfile) -> None:
        rows = self._make(guide, profile, enterprises=3000).rows
        firms = {row.enterprise.uscc: row.enterprise for row in rows}
        key = [one for one in firms.values() if one.key_industry]
        assert 2.6 < len(rows) / len(firms) < 3.4
        assert 0.36 < len(key) / len(firms) < 0.44
        top = [one for one in key if one.grade in (Grade.A, Grade.B, Grade.B_MINUS, Grade.LEADING)]
        assert 0.01 < len(top) / len(key) < 0.06
        actions = {one.line.measures.at(level).action for one in rows for level in LEVELS}
        assert actions == set(Action)

    def test_meets_the_floors_of_a_base_that_contains_it(
        self, generated: EmissionListDraft, profile: ListProfile
    ) -> None:
        assert generated.whole_society is not None
        summed = totals(generated.rows)
        assert all(
            (whole or 0) >= (part or 0) for whole, part in zip(generated.whole_society, summed.base, strict=True)
        )
        results = check_floors(summed.reductions, generated.whole_society, profile.floor())
        assert [result.short for result in results] == [(), (), ()]

    @pytest.mark.parametrize("kind", ["steel", "building_materials", "chemical", "light", "mixed"])
    def test_every_kind_of_city_can_be_made(self, guide: Guide, profile: ListProfile, kind: str) -> None:
        assert len(self._make(guide, profile, kind=kind, enterprises=20).by_enterprise()) == 20

    def test_works_with_a_framework_that_names_no_industry(self, profile: ListProfile) -> None:
        made = self._make(load_guide("o2026"), profile, enterprises=30, guarantee_until=date(2030, 1, 1))
        assert not any(row.enterprise.key_industry for row in made.rows)

    @pytest.mark.parametrize(
        ("given", "problem"), [({"enterprises": 0}, "at least one"), ({"kind": "spa"}, "not a kind of city")]
    )
    def test_a_wrong_call_is_refused(
        self, guide: Guide, profile: ListProfile, given: dict[str, object], problem: str
    ) -> None:
        with pytest.raises(ValueError, match=problem):
            self._make(guide, profile, **given)

    def test_a_wrong_division_is_refused(self, guide: Guide, profile: ListProfile) -> None:
        with pytest.raises(ValueError, match="division code"):
            generate_list("Beijing", seed=1, enterprises=1, guide=guide, profile=profile)
