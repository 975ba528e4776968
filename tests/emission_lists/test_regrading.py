"""A list under another grade than it was made with: never weaker than both, nothing unknown is executed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emission_lists.entitlement import Decisions, entitled, grade_differences, grade_finding
from emission_lists.grades import Grade
from emission_lists.guarantee import Guarantee, GuaranteeState, GuaranteeStep
from emission_lists.guide_comparison import reduction_holds, transport_holds
from emission_lists.guides import Guide, PlaceOverlay
from emission_lists.levels import LEVELS, PerLevel
from emission_lists.lists import ROAD_TRANSPORT, Enterprise, GuaranteeType, Line, ListRow
from emission_lists.measure_strictness import covers
from emission_lists.measures import Action, Basis, Later, LoadCap, Measure, VehicleRule, Verification
from emission_lists.regrading import BESIDE, ROAD_CODE, may_hang_on_a_season, regraded
from emission_lists.standing import Decided, DecisionKind, GradeStanding, standing_at
from tests.emission_lists.conftest import load_profile
from tests.emission_lists.list_samples import firm, line, measure

T0 = datetime(2026, 1, 5, tzinfo=UTC)
LETTERS = (Grade.A, Grade.B, Grade.C, Grade.D)
STOP, LIMIT = measure(Action.STOP, 1.0), measure(Action.LIMIT, 0.5)
NOTHING, UNKNOWN = measure(Action.NONE), measure(Action.UNKNOWN)
SELF = measure(Action.SELF_DETERMINED)
SELF_THEN_STOP = replace(SELF, later=(Later(24.0, STOP),))
STOP_THEN_SELF = replace(STOP, later=(Later(24.0, SELF),))


def graded(grade: Grade, industry: str = "水泥", line_code: str | None = None, **fields: object) -> GradeStanding:
    one = Decided(1, industry, line_code, grade, DecisionKind.RATED, T0, **fields)
    standing = standing_at([one], T0 + timedelta(days=1))
    assert standing is not None
    return standing


def road(rule: VehicleRule = VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS) -> Line:
    return line("YS01", measure(Action.TRANSPORT, vehicle_rule=rule), process=ROAD_TRANSPORT)


def actions(lines: tuple[Line, ...], code: str) -> list[str]:
    return [next(one for one in lines if one.code == code).measures.at(level).action.value for level in LEVELS]


class TestUpgrade:
    @pytest.mark.parametrize("listed", [STOP, LIMIT, NOTHING, UNKNOWN])
    def test_to_a_is_self_determined_at_every_level(self, guide: Guide, listed: Measure) -> None:
        made = regraded(firm(grade=Grade.C), [line("MF1", listed), road()], graded(Grade.A), guide)
        assert made.enterprise.grade is Grade.A
        assert all(one.action is Action.SELF_DETERMINED for each in made.lines for one in each.measures)
        assert all(one.verification == (Verification.METER,) for each in made.lines for one in each.measures)
        assert [note.code for note in made.notes] == ["GRADE_NOT_IN_LIST"]

    def test_to_a_plus_only_where_the_guide_lets_it_decide(self, guide: Guide) -> None:
        lines = [line("MF1", LIMIT)]
        made = regraded(firm(grade=Grade.C), lines, graded(Grade.A_PLUS), guide)
        assert actions(made.lines, "MF1") == ["limit"] * 3
        also = frozenset({Grade.A_PLUS})
        made = regraded(firm(grade=Grade.C), lines, graded(Grade.A_PLUS), guide, also_self_determined=also)
        assert actions(made.lines, "MF1") == ["self_determined"] * 3

    def test_to_b_what_the_list_says_stays_where_it_is_stricter(self, guide: Guide) -> None:
        lines = [line("MF1", STOP), road()]
        made = regraded(firm(grade=Grade.C), lines, graded(Grade.B), guide)
        assert made.lines == tuple(lines)
        assert made.enterprise.grade is Grade.B
        assert "清单载明C级，生效等级B级" in made.notes[0].zh


    def test_only_lines_that_do_too_little_change(self, guide: Guide) -> None:
        kept = measure(Action.STOP, 1.0, verification_point="原样")
        made = regraded(firm(grade=Grade.B), [line("MF1", kept), line("MF2", LIMIT), road()], graded(Grade.C), guide)
        # grade C at orange and red: all clinker lines; at yellow one of two, which stands still anyway
        assert made.lines[0] == line("MF1", kept)
        assert actions(made.lines, "MF2") == ["limit", "stop", "stop"]
        assert {one.code for one in made.lines} == {"MF1", "MF2", "YS01"}

    def test_unknown_stays_unknown_where_the_guide_asks_another_line(self, guide: Guide) -> None:
        made = regraded(firm(grade=Grade.B), [line("MF1", UNKNOWN), line("MF2", STOP), road()], graded(Grade.C), guide)
        assert actions(made.lines, "MF1") == ["unknown", "stop", "stop"]


class TestDowngrade:
    def test_from_a_to_what_the_guide_knows(self, guide: Guide) -> None:
        made = regraded(firm(grade=Grade.A), [line("MF1", SELF), line("MF2", SELF)], graded(Grade.C), guide)
        # yellow: half of the clinker lines; orange and red: all; trucks at every level, which the list did not name
        assert actions(made.lines, "MF1") == ["stop", "stop", "stop"]
        assert actions(made.lines, "MF2") == ["none", "stop", "stop"]
        assert actions(made.lines, ROAD_CODE) == ["transport"] * 3

    def test_what_neither_knows_is_not_established(self, guide: Guide) -> None:
        made = regraded(
            firm(grade=Grade.A, industry="陶瓷"), [line("MF1", SELF)], graded(Grade.D, "陶瓷"), guide
        )
        assert actions(made.lines, "MF1") == ["unknown"] * 3

    def test_what_the_guide_says_nothing_of_is_not_nothing_to_do(self, guide: Guide) -> None:
        """Grade B of recycled metals has a limit for the whole plant; of road transport the guide says nothing there."""
        metal = "再生铜铝铅锌"
        lines = [line("MF1", SELF, process="熔炼"), line("YS01", SELF, process=ROAD_TRANSPORT)]
        made = regraded(firm(grade=Grade.A, industry=metal), lines, graded(Grade.B, metal), guide)
        assert actions(made.lines, "MF1") == ["limit"] * 3
        assert actions(made.lines, "YS01") == ["unknown"] * 3

    def test_a_process_that_is_spoken_of_at_another_level_has_nothing_to_do(self, guide: Guide) -> None:
        lines = [line("MF1", SELF, process="熟料生产线"), line("MF2", SELF, process="粉磨")]
        made = regraded(firm(grade=Grade.A), lines, graded(Grade.B), guide)
        assert actions(made.lines, "MF1") == ["none", "limit", "stop"]
        assert actions(made.lines, "MF2") == ["unknown"] * 3

    def test_nothing_to_do_said_of_a_better_grade_is_not_established(self, guide: Guide) -> None:
        made = regraded(
            firm(grade=Grade.B, industry="陶瓷"), [line("MF1", NOTHING, LIMIT, STOP)], graded(Grade.D, "陶瓷"), guide
        )
        assert actions(made.lines, "MF1") == ["unknown", "limit", "stop"]

    def test_a_weaker_truck_ban_is_replaced_an_incomparable_one_stays_beside(self, guide: Guide) -> None:
        lines = [line("MF1", STOP), road(VehicleRule.BAN_HEAVY_TRUCK_LE_CN3)]
        made = regraded(firm(grade=Grade.C), lines, graded(Grade.D), guide)
        held = next(one for one in made.lines if one.code == "YS01")
        assert all(one.vehicle_rule is VehicleRule.STOP_ROAD_TRANSPORT for one in held.measures)
        lines = [line("MF1", STOP), road(VehicleRule.STOP_INBOUND_ROAD_TRANSPORT)]
        made = regraded(firm(grade=Grade.D), lines, graded(Grade.C), guide)
        codes = {one.code for one in made.lines}
        assert f"YS01{BESIDE}" in codes

    def test_a_process_that_the_list_does_not_name_is_told(self, guide: Guide) -> None:
        made = regraded(firm(grade=Grade.A), [line("MF1", SELF, process="包装")], graded(Grade.C), guide)
        assert "PROCESS_NOT_LISTED" in [note.code for note in made.notes]
        assert actions(made.lines, "MF1") == ["unknown"] * 3

    def test_small_and_long_stopped_are_not_held_to_the_guide(self, guide: Guide) -> None:
        for state in ({"small_micro": True}, {"long_stopped": True}):
            made = regraded(firm(grade=Grade.C, **state), [line("MF1", NOTHING)], graded(Grade.D), guide)
            assert actions(made.lines, "MF1") == ["none"] * 3
            made = regraded(firm(grade=Grade.A, **state), [line("MF1", SELF)], graded(Grade.D), guide)
            assert actions(made.lines, "MF1") == ["unknown"] * 3

    def test_a_grade_that_expired_into_the_unknown(self, guide: Guide) -> None:
        standing = graded(Grade.A, valid_until=T0 + timedelta(hours=1))
        made = regraded(firm(grade=Grade.A), [line("MF1", SELF), line("MF2", STOP)], standing, guide)
        assert actions(made.lines, "MF1") == ["unknown"] * 3
        assert actions(made.lines, "MF2") == ["stop"] * 3
        assert made.notes[0].code == "GRADE_NOT_ESTABLISHED"


class TestSubjects:
    def test_nothing_decided_changes_nothing(self, guide: Guide) -> None:
        lines = [line("MF1", STOP)]
        made = regraded(firm(), lines, None, guide)
        assert (made.enterprise, made.lines, made.notes) == (firm(), tuple(lines), ())

    def test_the_same_grade_changes_nothing(self, guide: Guide) -> None:
        lines = [line("MF1", LIMIT)]
        made = regraded(firm(grade=Grade.C), lines, graded(Grade.C), guide)
        assert (made.lines, made.notes) == (tuple(lines), ())

    def test_another_industry_does_not_lift_the_one_of_the_list(self, guide: Guide) -> None:
        made = regraded(firm(grade=Grade.C), [line("MF1", STOP)], graded(Grade.A, "石灰窑"), guide)
        assert made.enterprise.grade is Grade.C
        assert actions(made.lines, "MF1") == ["stop"] * 3

    def test_a_line_by_itself(self, guide: Guide) -> None:
        standing = graded(Grade.LEADING, line_code="MF2")
        made = regraded(firm(grade=Grade.C), [line("MF1", STOP), line("MF2", STOP)], standing, guide)
        assert actions(made.lines, "MF1") == ["stop"] * 3
        assert actions(made.lines, "MF2") == ["self_determined"] * 3
        assert made.enterprise.grade is Grade.C
        assert made.notes[0].zh.startswith("MF2号线")


simple = st.one_of(
    st.sampled_from([STOP, NOTHING, UNKNOWN, SELF]),
    st.integers(1, 100).map(lambda n: measure(Action.LIMIT, n / 100)),
    st.integers(1, 100).map(lambda n: measure(Action.LIMIT, n / 100, window="17:00-09:00")),
    st.integers(1, 500).map(lambda n: measure(Action.LIMIT, None, load_cap=LoadCap(float(n), "t"))),
    st.integers(1, 4).flatmap(
        lambda n: st.integers(0, n).map(lambda k: measure(Action.STOP, total_units=n, stopped_units=k))
    ),
)
plans = st.lists(st.tuples(simple, simple, simple), min_size=1, max_size=4)
all_grades = st.sampled_from(LETTERS)
industries = st.sampled_from(["水泥", "再生铜铝铅锌", "陶瓷", "没有这个行业"])


@st.composite
def enterprises(draw: st.DrawFn) -> tuple[Enterprise, list[Line], Grade]:
    made = [line(f"MF{number}", *each) for number, each in enumerate(draw(plans), 1)]
    if draw(st.booleans()):
        made.append(road(draw(st.sampled_from(list(VehicleRule)))))
    return firm(grade=draw(all_grades), industry=draw(industries)), made, draw(all_grades)


class TestProperties:
    @given(made=enterprises())
    def test_never_weaker_than_both(self, guide: Guide, made: tuple[Enterprise, list[Line], Grade]) -> None:
        """Every line covers what the list asked of it, or the enterprise does what the guide asks of its grade."""
        enterprise, lines, grade = made
        found = regraded(enterprise, lines, graded(grade, enterprise.industry), guide)
        if grade in guide.self_determined.grades:
            return
        after = {one.code: one for one in found.lines}
        for level in LEVELS:
            for listed in lines:
                was, now = listed.measures.at(level), after[listed.code].measures.at(level)
                beside = after.get(f"{listed.code}{BESIDE}")
                asked = [now] if beside is None else [now, beside.measures.at(level)]
                if was.action not in (Action.SELF_DETERMINED, Action.UNKNOWN):
                    assert any(covers(one, was) for one in asked) or not now.executable, (was, now)

    @given(made=enterprises())
    def test_what_the_guide_knows_is_done(self, guide: Guide, made: tuple[Enterprise, list[Line], Grade]) -> None:
        enterprise, lines, grade = made
        found = regraded(enterprise, lines, graded(grade, enterprise.industry), guide)
        industry = guide.industry(enterprise.industry)
        if industry is None or grade is enterprise.grade or grade in guide.self_determined.grades:
            return
        for level in LEVELS:
            measures = [one.measures.at(level) for one in found.lines]
            for template in guide.templates(industry, grade, level) or ():
                if template.action is Action.TRANSPORT:
                    assert transport_holds(measures, template) is not False
                else:
                    own = [
                        one.measures.at(level)
                        for one in found.lines
                        if one.process != ROAD_TRANSPORT and not one.code.endswith(BESIDE)
                    ]
                    assert reduction_holds(own, template, lower_load=True) is not False

    @given(made=enterprises())
    def test_self_determined_only_where_the_guide_says_so(
        self, guide: Guide, made: tuple[Enterprise, list[Line], Grade]
    ) -> None:
        enterprise, lines, grade = made
        found = regraded(enterprise, lines, graded(grade, enterprise.industry), guide)
        free = [one for each in found.lines for one in each.measures if one.action is Action.SELF_DETERMINED]
        assert not free or grade in guide.self_determined.grades or grade is enterprise.grade

    @given(made=enterprises())
    def test_unknown_is_never_turned_into_nothing_to_do(
        self, guide: Guide, made: tuple[Enterprise, list[Line], Grade]
    ) -> None:
        enterprise, lines, grade = made
        found = regraded(enterprise, lines, graded(grade, enterprise.industry), guide)
        after = {one.code: one for one in found.lines}
        for listed in lines:
            for was, now in zip(listed.measures, after[listed.code].measures, strict=True):
                assert not (was.action is Action.UNKNOWN and now.action is Action.NONE)

    @given(made=enterprises())
    def test_the_same_again_is_the_same(self, guide: Guide, made: tuple[Enterprise, list[Line], Grade]) -> None:
        enterprise, lines, grade = made
        standing = graded(grade, enterprise.industry)
        assert regraded(enterprise, lines, standing, guide) == regraded(enterprise, lines, standing, guide)


class TestTheSeasonAndTheSubtype:
    FERTILISER = "煤制氮肥"

    @pytest.mark.parametrize(
        ("start", "action"),
        [
            (datetime(2026, 6, 30, 16, tzinfo=UTC), "unknown"),
            (datetime(2026, 9, 30, 15, 59, tzinfo=UTC), "unknown"),
            (datetime(2026, 9, 30, 16, tzinfo=UTC), "self_determined"),
            (datetime(2026, 12, 1, tzinfo=UTC), "self_determined"),
        ],
    )
    def test_fertiliser_b_decides_in_autumn_and_winter_only(self, guide: Guide, start: datetime, action: str) -> None:
        """发改经贸〔2021〕1351号; the season begins with the Beijing day."""
        decided = Decided(1, self.FERTILISER, None, Grade.B, DecisionKind.RATED, T0)
        lines = [line("MF1", SELF), line("MF2", STOP), line("YS01", SELF, process=ROAD_TRANSPORT)]
        owner = firm(grade=Grade.A, industry=self.FERTILISER)
        made = entitled(owner, lines, Decisions((decided,)), guide, start=start, at=start).lines
        assert actions(made, "MF1") == actions(made, "YS01") == [action] * 3
        assert actions(made, "MF2") == ["stop"] * 3

    JUNE, OCTOBER = datetime(2026, 6, 10, tzinfo=UTC), datetime(2026, 10, 10, tzinfo=UTC)

    @pytest.mark.parametrize("decided", [True, False])
    @pytest.mark.parametrize(("start", "action"), [(JUNE, "unknown"), (OCTOBER, "self_determined")])
    def test_a_list_that_says_b_is_judged_again_at_every_start(
        self, guide: Guide, start: datetime, action: str, decided: bool
    ) -> None:
        """A list of winter holds in June, too: what it leaves to a fertiliser maker of grade B was said of the season."""
        one = Decided(1, self.FERTILISER, None, Grade.B, DecisionKind.RATED, T0)
        owner = firm(grade=Grade.B, industry=self.FERTILISER)
        lines = [line("MF1", SELF), line("MF2", STOP), line("MF3", NOTHING), line("YS01", SELF, process=ROAD_TRANSPORT)]
        assert may_hang_on_a_season(owner, lines)
        made = entitled(owner, lines, Decisions((one,) if decided else ()), guide, start=start, at=start)
        assert [actions(made.lines, code)[0] for code in ("MF1", "MF2", "MF3", "YS01")] == [action, "stop", "none", action]
        assert [note.code for note in made.notes] == (["OUT_OF_SEASON"] if action == "unknown" else [])
        assert all("秋冬季" in note.zh and "月份为本系统选定" in note.zh for note in made.notes)

    @pytest.mark.parametrize(("grade", "action"), [(Grade.A, "self_determined"), (Grade.C, "unknown")])
    def test_another_grade_in_force_is_not_judged_by_the_season_of_the_list(
        self, guide: Guide, grade: Grade, action: str
    ) -> None:
        one = Decided(1, self.FERTILISER, None, grade, DecisionKind.RATED, T0)
        owner = firm(grade=Grade.B, industry=self.FERTILISER)
        made = entitled(owner, [line("MF1", SELF)], Decisions((one,)), guide, start=self.JUNE, at=self.JUNE)
        assert actions(made.lines, "MF1") == [action] * 3
        assert "OUT_OF_SEASON" not in [note.code for note in made.notes]

    def test_a_place_that_lets_b_decide_all_year_has_no_season(self, guide: Guide) -> None:
        owner = firm(grade=Grade.B, industry=self.FERTILISER)
        also = frozenset({Grade.B})
        made = entitled(
            owner, [line("MF1", SELF)], Decisions(), guide, start=self.JUNE, at=self.JUNE, also_self_determined=also
        )
        assert actions(made.lines, "MF1") == ["self_determined"] * 3

    def test_a_guarantee_caps_what_the_season_no_longer_leaves_to_the_enterprise(self, guide: Guide) -> None:
        owner = firm(grade=Grade.B, industry=self.FERTILISER, guarantee=GuaranteeType.LIVELIHOOD)
        held = Decisions(guarantees=(replace(guarantee((GuaranteeState.IN_FORCE, 1.0)), valid_until=T0 + timedelta(days=300)),))
        lines = [line("MF1", SELF), line("YS01", SELF, process=ROAD_TRANSPORT)]
        made = entitled(owner, lines, held, guide, start=self.JUNE, at=self.JUNE)
        assert (actions(made.lines, "MF1"), actions(made.lines, "YS01")) == (["limit"] * 3, ["unknown"] * 3)

    def test_what_the_list_orders_later_outlives_the_season(self, guide: Guide) -> None:
        """自主减排；24 小时后：停产: in June the first day is not known, the stop after it is ordered."""
        owner = firm(grade=Grade.B, industry=self.FERTILISER)
        made = entitled(owner, [line("MF1", SELF_THEN_STOP)], Decisions(), guide, start=self.JUNE, at=self.JUNE)
        assert actions(made.lines, "MF1") == ["unknown"] * 3
        [beside] = made.lines[1:]
        assert (beside.code, beside.name) == (f"MF1{BESIDE}", "MF1号线（另按清单）")
        assert {one.render_zh() for one in beside.measures} == {"不采取减排措施；24 小时后：停产"}

    def test_what_is_left_after_a_stop_hangs_on_the_season_too(self, guide: Guide) -> None:
        owner, lines = firm(grade=Grade.B, industry=self.FERTILISER), [line("MF1", STOP_THEN_SELF)]
        assert may_hang_on_a_season(owner, lines)
        made = entitled(owner, lines, Decisions(), guide, start=self.JUNE, at=self.JUNE)
        assert actions(made.lines, "MF1") == ["unknown"] * 3
        assert {one.render_zh() for one in made.lines[1].measures} == {"停产；24 小时后：不采取减排措施"}
        assert [note.code for note in made.notes] == ["OUT_OF_SEASON"]
        winter = entitled(owner, lines, Decisions(), guide, start=self.OCTOBER, at=self.OCTOBER)
        assert winter.lines == tuple(lines)

    def test_the_order_stays_where_a_relief_has_ended_beside_the_season(self, guide: Guide) -> None:
        """The line is judged twice, by the season and anew; the list's order stands beside it once."""
        owner = firm(grade=Grade.B, industry=self.FERTILISER, guarantee=GuaranteeType.LIVELIHOOD)
        made = entitled(owner, [line("MF1", SELF_THEN_STOP)], Decisions(), guide, start=self.JUNE, at=self.JUNE)
        assert [one.code for one in made.lines] == ["MF1", f"MF1{BESIDE}"]
        assert actions(made.lines, "MF1") == ["unknown"] * 3
        assert made.lines[1].measures.red.render_zh() == "不采取减排措施；24 小时后：停产"

    @pytest.mark.parametrize("listed", [True, False])
    def test_a_guarantee_keeps_what_the_list_orders_later(self, guide: Guide, listed: bool) -> None:
        """A guarantee of the list leaves its measures; one that came after it caps the stop as well."""
        owner = firm(
            grade=Grade.B, industry=self.FERTILISER, guarantee=GuaranteeType.LIVELIHOOD if listed else None
        )
        held = Decisions(guarantees=(replace(guarantee((GuaranteeState.IN_FORCE, 1.0)), valid_until=T0 + timedelta(days=300)),))
        lines = [line("MF1", SELF_THEN_STOP), line("YS01", SELF_THEN_STOP, process=ROAD_TRANSPORT)]
        made = entitled(owner, lines, held, guide, start=self.JUNE, at=self.JUNE).lines
        production, transport, beside = (one.measures.red for one in made)
        assert production.action is Action.LIMIT
        assert [one.measure.action for one in production.later] == ([Action.STOP] if listed else [])
        assert (transport.action, beside.later[0].measure.action) == (Action.UNKNOWN, Action.STOP)

    @pytest.mark.parametrize("grade", [Grade.A, Grade.A_PLUS, Grade.LEADING])
    def test_only_what_may_hang_on_a_season_is_asked(self, grade: Grade) -> None:
        assert not may_hang_on_a_season(firm(grade=grade), [line("MF1", SELF)])
        assert not may_hang_on_a_season(firm(grade=Grade.B), [line("MF1", STOP)])

    @pytest.mark.parametrize(("subtype", "action"), [("水泥熟料", "stop"), (None, "stop"), ("水泥制品/混凝土", "unknown")])
    def test_the_subtype_of_the_enterprise_counts(self, guide: Guide, subtype: str | None, action: str) -> None:
        """The clinker measures are not those of cement products, of which the guide knows nothing."""
        owner = firm(grade=Grade.A, subtype=subtype)
        made = regraded(owner, [line("MF1", SELF)], graded(Grade.D), guide)
        assert actions(made.lines, "MF1") == [action] * 3


@pytest.mark.parametrize("own", [SELF, SELF_THEN_STOP, STOP_THEN_SELF])
def test_a_small_firm_keeps_the_orders_of_a_grade_that_it_has_lost(guide: Guide, own: Measure) -> None:
    """Its measures do not hang on the grade, but for what was left to it."""
    made = regraded(firm(grade=Grade.A, small_micro=True), [line("MF1", own), line("MF2", STOP)], graded(Grade.D), guide)
    assert (actions(made.lines, "MF1"), actions(made.lines, "MF2")) == (["unknown"] * 3, ["stop"] * 3)
    assert [one.measures.red.forced for one in made.lines[2:]] == ([] if own is SELF else [True])


def guarantee(*steps: tuple[GuaranteeState, float]) -> Guarantee:
    return Guarantee(
        1,
        GuaranteeType.LIVELIHOOD,
        Basis.HEAT_SUPPLY,
        LoadCap(500.0, "GJ", "日供热"),
        T0 + timedelta(days=100),
        tuple(GuaranteeStep(state, T0 + timedelta(hours=hours)) for state, hours in steps),
    )


class TestDifferences:
    def test_differences_for_the_next_list(self, guide: Guide) -> None:
        rows = (ListRow(firm(grade=Grade.C), line("MF1", STOP), 2), ListRow(firm(grade=Grade.C), line("MF2", STOP), 3))
        uscc = rows[0].enterprise.uscc
        assert grade_differences(rows, {uscc: graded(Grade.A)}, guide) == [(rows[0], Grade.A)]
        assert grade_differences(rows, {uscc: graded(Grade.C)}, guide) == []
        assert grade_differences(rows, {}, guide) == []
        found = grade_finding(rows[0], Grade.A, load_profile())
        assert (found.code, found.row, found.blocking) == ("GRADE_NOT_IN_FORCE", 2, False)
        assert "清单载明C级，生效等级A级" in found.message
        assert "未确立" in grade_finding(rows[0], None, load_profile()).message

    def test_a_place_may_make_a_difference_graver(self) -> None:
        row = ListRow(firm(grade=Grade.C), line("MF1", STOP), 2)
        own = PlaceOverlay.model_validate(
            {"adcode": "130000", "title": "某省", "checks": {"GRADE_NOT_IN_FORCE": "blocking"}, "reference": "某省2024", "source": ["K52"]}
        )
        profile = load_profile().model_copy(update={"overlays": (own,)})
        here, elsewhere = (grade_finding(row, Grade.A, profile.for_place(place)) for place in ("130200", "110000"))
        assert (here.blocking, elsewhere.blocking) == (True, False)
        assert str(here.reference).startswith("某省2024；绩效分级结果与应急减排清单同步")


def test_per_level_measures_of_a_regraded_line_are_whole(guide: Guide) -> None:
    made = regraded(firm(grade=Grade.A), [line("MF1", SELF, STOP, LIMIT)], graded(Grade.C), guide)
    assert isinstance(made.lines[0].measures, PerLevel)
