"""Generated lists: published proportions over many seeds, every shape of measure, further sheets, and no memory."""

from __future__ import annotations

import json
import math
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emission_lists.checks import check_list
from emission_lists.documents import enterprise_document, line_document
from emission_lists.generated_measures import SHAPED, saved_share
from emission_lists.generated_shapes import CITY_KINDS, PROPORTIONS
from emission_lists.generator import MARK, generate_list, spread, stream_list
from emission_lists.grades import Grade
from emission_lists.guides import Guide, ListProfile
from emission_lists.identifiers import organisation_check, permit_valid, uscc_valid
from emission_lists.levels import LEVELS
from emission_lists.lists import ROAD_TRANSPORT, EmissionListDraft, Enterprise, GuaranteeType
from emission_lists.measures import LOAD_BASES, Action, Measure
from emission_lists.sheets.kinds import Sheet, record_document
from emission_lists.sheets.rules import clashes
from tests.emission_lists.conftest import load_guide, load_profile

SEEDS = range(6)
SIZE = 1500


@cache
def lists() -> tuple[EmissionListDraft, ...]:
    """One list of each of some seeds and kinds of cities."""
    kinds = ("steel", "building_materials", "chemical", "light", "mixed", "mixed")
    return tuple(
        generate_list(
            "130200",
            seed=seed,
            enterprises=SIZE,
            guide=load_guide("g2020"),
            profile=load_profile(),
            counties=("130202", "130203"),
            kind=kind,
        )
        for seed, kind in zip(SEEDS, kinds, strict=True)
    )


@cache
def firms() -> tuple[Enterprise, ...]:
    return tuple({row.enterprise.uscc: row.enterprise for one in lists() for row in one.rows}.values())


def measures(drafts: Iterable[EmissionListDraft]) -> Iterable[Measure]:
    for draft in drafts:
        for row in draft.rows:
            for measure in row.line.measures:
                yield measure
                yield from (later.measure for later in measure.later)


def near(count: int, whole: int, share: float) -> bool:
    """Within four standard deviations of what a share gives; the seeds are fixed, so this never wavers."""
    return abs(count - whole * share) <= 4 * math.sqrt(whole * share * (1 - share)) + 1


class TestProportions:
    """Published figures: Hengshui 2020, Anhui October 2023, Chifeng 2024; three lines for each enterprise."""

    def test_key_industries_as_in_hengshui(self) -> None:
        assert near(sum(one.key_industry for one in firms()), len(firms()), 2372 / 5567)

    def test_industries_graded_by_letters_as_in_hengshui(self) -> None:
        guide = load_guide("g2020")
        key = [one for one in firms() if one.key_industry]
        lettered = [one for one in key if Grade.LEADING not in guide.legal_grades(guide.industry(one.industry))]  # type: ignore[arg-type]
        assert near(len(lettered), len(key), 1142 / 2372)

    @pytest.mark.parametrize(
        ("grade", "share"), [(Grade.A, 21 / 5689), (Grade.B, 105 / 5689), (Grade.LEADING, 29 / 5689)]
    )
    def test_top_grades_as_in_anhui(self, grade: Grade, share: float) -> None:
        rated = [one for one in firms() if one.key_industry and one.grade is not Grade.UNGRADED]
        found = sum(one.grade is grade for one in rated)
        assert found > 0
        assert near(found, len(rated), share)

    def test_the_rest_is_c_d_or_non_leading(self) -> None:
        rated = [one for one in firms() if one.key_industry and one.grade is not Grade.UNGRADED]
        rest = sum(one.grade in (Grade.C, Grade.D, Grade.NON_LEADING, Grade.B_MINUS) for one in rated)
        assert near(rest, len(rated), 1 - 155 / 5689)

    def test_the_mix_does_not_hang_on_the_kind_of_city(self) -> None:
        for draft in lists():
            key = {row.enterprise.uscc for row in draft.rows if row.enterprise.key_industry}
            assert near(len(key), SIZE, PROPORTIONS.key)

    def test_three_lines_for_each_enterprise(self) -> None:
        assert 2.9 < sum(len(one.rows) for one in lists()) / len(firms()) < 3.2

    def test_relieved_as_in_chifeng(self) -> None:
        relieved = sum(one.guarantee is not None or one.small_micro for one in firms())
        assert near(relieved, len(firms()), 248 / 1254)

    def test_heating_and_power_plants_and_every_kind_of_guarantee(self) -> None:
        industries = Counter(one.industry for one in firms())
        assert near(industries["热力生产和供应"], len(firms()), PROPORTIONS.heating)
        assert near(industries["火力发电"], len(firms()), PROPORTIONS.power)
        assert {one.guarantee for one in firms()} == {None, *GuaranteeType}
        assert all(one.guarantee_cap and one.guarantee_until for one in firms() if one.guarantee)

    def test_small_emitters_are_small_and_stopped_ones_emit_nothing(self) -> None:
        for draft in lists():
            for rows in draft.by_enterprise().values():
                firm = rows[0].enterprise
                base = sum(value or 0 for row in rows for value in row.line.base)
                assert not firm.small_micro or 0 < base * 330 <= 100
                assert not firm.long_stopped or base == 0

    def test_a_guide_without_industries_has_none_that_are_key(self, profile: ListProfile) -> None:
        made = generate_list("130200", seed=1, enterprises=400, guide=load_guide("o2026"), profile=profile)
        found = {row.enterprise.uscc: row.enterprise for row in made.rows}.values()
        assert near(sum(one.guarantee is not None or one.small_micro for one in found), 400, 248 / 1254)


class TestCodes:
    def test_every_code_is_valid_unique_and_of_a_range_never_given_out(self) -> None:
        for draft in lists():
            found = {row.enterprise.uscc: row.enterprise for row in draft.rows}
            assert len(found) == SIZE
            for code, firm in found.items():
                assert uscc_valid(code)
                assert code[8] == "9"
                assert organisation_check(code[8:16]) == code[16]
                assert firm.permit_no is None or (permit_valid(firm.permit_no) and firm.permit_no.startswith(code))

    def test_every_name_is_marked(self) -> None:
        assert all(one.name.endswith(MARK) and one.contact is None and one.address is None for one in firms())
        for draft in lists():
            assert MARK in draft.title
            for record in draft.records:
                shown = record.text("name") or record.text("owner")
                assert shown is None or shown.endswith(MARK)

    def test_cities_never_share_a_code(self, guide: Guide, profile: ListProfile) -> None:
        codes = [
            rows[0].enterprise.uscc
            for adcode in ("130100", "130200", "130400")
            for rows in stream_list(adcode, seed=1, enterprises=300, guide=guide, profile=profile)
        ]
        assert len(set(codes)) == 900


class TestShapes:
    def test_every_field_of_a_measure_is_used(self) -> None:
        used = {
            field.name
            for measure in measures(lists())
            for field in fields(measure)
            if getattr(measure, field.name) != field.default
        }
        assert used >= {field.name for field in fields(Measure)} - {"note_zh"}

    def test_every_action_and_every_basis_that_leads_a_load(self) -> None:
        assert {measure.action for measure in measures(lists())} == set(Action)
        assert {measure.basis for measure in measures(lists())} >= LOAD_BASES

    def test_every_invented_shape_appears(self) -> None:
        found = {
            (row.enterprise.industry, row.enterprise.grade)
            for draft in lists()
            for row in draft.rows
            if row.enterprise.key_industry
        }
        rare = {key for key in SHAPED if key[1] is Grade.B}
        assert set(SHAPED) - rare <= found

    def test_a_higher_level_never_saves_less(self) -> None:
        for draft in lists():
            for row in draft.rows:
                shares = [saved_share(row.line.measures.at(level), level) for level in LEVELS]
                known = [share for share in shares if share is not None]
                assert known == sorted(known)
                assert all(0 <= share <= 1 for share in known)

    def test_transport_is_asked_of_transport_rows_only(self) -> None:
        for draft in lists():
            for row in draft.rows:
                asked = {measure.action for measure in row.line.measures}
                assert (Action.TRANSPORT in asked) <= (row.line.process == ROAD_TRANSPORT)

    @pytest.mark.parametrize("enterprises", [1, 12, 120])
    @pytest.mark.parametrize("adcode", sorted(CITY_KINDS))
    def test_nothing_blocks_a_generated_list(
        self, guide: Guide, profile: ListProfile, adcode: str, enterprises: int
    ) -> None:
        draft = generate_list(adcode, seed=enterprises, enterprises=enterprises, guide=guide, profile=profile)
        assert [found.code for found in check_list(draft, guide, profile) if found.blocking] == []

    def test_remarks_are_those_that_real_lists_get(self, guide: Guide, profile: ListProfile) -> None:
        remarks = Counter(found.code for found in check_list(lists()[0], guide, profile))
        assert set(remarks) <= {
            "MEASURE_UNKNOWN",
            "PERMIT_MISSING",
            "GRADE_NOT_APPLIED",
            "GRADE_UNCERTAIN",
            "INCONSISTENT_MEASURES",
            "NOT_COMPARABLE",
            "BASIS_NOT_STATED",
            "RECORD_UNKNOWN",
            "BULK_RULE_WEAKER",
            "GRADED_GATES_NOT_STATED",
            "GUIDE_NOT_SEEN",
            "CLASS_OF_KEY_INDUSTRY",
            "MEASURES_DIFFER",
        }


class TestSheets:
    def test_every_sheet_has_records(self) -> None:
        for draft in lists():
            assert {record.sheet for record in draft.records} == set(Sheet)

    def test_no_record_contradicts_itself_or_another(self) -> None:
        for draft in lists():
            assert [list(clashes(record.sheet, record.fields)) for record in draft.records] == [[]] * len(draft.records)
            assert len({(record.sheet, record.key) for record in draft.records}) == len(draft.records)

    def test_dust_sites_as_many_as_in_chifeng(self) -> None:
        assert all(len(draft.of_sheet(Sheet.DUST)) == round(SIZE * 186 / 1254) for draft in lists())

    def test_every_enterprise_under_guarantee_stands_on_its_sheet(self) -> None:
        for draft in lists():
            named = {one.key for one in draft.of_sheet(Sheet.GUARANTEE) if one.text("subject") == "enterprise"}
            assert named == {row.enterprise.uscc for row in draft.rows if row.enterprise.guarantee}

    def test_no_class_of_sources_is_larger_than_the_whole(self) -> None:
        for draft in lists():
            base = {one.text("source"): one for one in draft.of_sheet(Sheet.SUMMARY) if one.text("item") == "base"}
            whole = base.pop("whole_society")
            parts = ("industry", "dust", "road_mobile", "non_road", "domestic")
            for name in ("so2", "nox", "pm", "vocs"):
                summed = sum(base[part].number_of(name) or 0 for part in parts)
                assert summed == pytest.approx(whole.number_of(name), rel=1e-6)


class TestStream:
    @settings(deadline=None, max_examples=10)
    @given(st.integers(0, 10**6), st.integers(1, 60))
    def test_gives_the_rows_of_the_list_byte_by_byte(self, seed: int, enterprises: int) -> None:
        given_ = {"seed": seed, "enterprises": enterprises, "guide": load_guide("g2020"), "profile": load_profile()}
        draft = generate_list("410100", **given_)  # type: ignore[arg-type]
        streamed = [row for rows in stream_list("410100", **given_) for row in rows]  # type: ignore[arg-type]
        assert tuple(streamed) == draft.rows
        assert written(draft) == written(generate_list("410100", **given_))  # type: ignore[arg-type]

    def test_holds_one_enterprise_at_a_time(self, guide: Guide, profile: ListProfile) -> None:
        stream = stream_list("130100", seed=1, enterprises=10**9, guide=guide, profile=profile)
        for _ in range(300):
            next(stream)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(1500):
            next(stream)
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        assert grown < 4_000_000  # 1,500 enterprises held would be more than 10 MB

    def test_a_wrong_call_is_refused_before_the_first_row(self, guide: Guide, profile: ListProfile) -> None:
        with pytest.raises(ValueError, match="at least one"):
            stream_list("130100", seed=1, enterprises=0, guide=guide, profile=profile)


def written(draft: EmissionListDraft) -> str:
    rows = [(enterprise_document(row.enterprise), line_document(row.line)) for row in draft.rows]
    return json.dumps([rows, [record_document(record) for record in draft.records], draft.whole_society])


class TestSpread:
    CITIES = tuple(f"{number:06d}" for number in range(130100, 130139))

    @given(st.integers(1, 280_000))
    def test_every_enterprise_has_a_city_and_none_has_too_many(self, total: int) -> None:
        shares = spread(total, self.CITIES)
        assert sum(share.enterprises for share in shares) == total
        assert all(0 < share.enterprises <= 12_000 for share in shares)
        assert [share.enterprises for share in shares] == sorted((s.enterprises for s in shares), reverse=True)

    @pytest.mark.parametrize(("total", "cities"), [(10_000, 2), (100_000, 14), (275_000, 38)])
    def test_the_largest_city_is_as_large_as_real_ones(self, total: int, cities: int) -> None:
        shares = spread(total, self.CITIES)
        assert len(shares) == cities
        assert 8_000 <= shares[0].enterprises <= 12_000

    @pytest.mark.parametrize("total", [0, 12_001])
    def test_what_does_not_fit_is_refused(self, total: int) -> None:
        with pytest.raises(ValueError, match=r"cannot hold|at least one"):
            spread(total, ["130100"])
