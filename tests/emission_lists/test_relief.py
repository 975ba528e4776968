"""What a guarantee relieves a list's lines of, to its end, by its case; and what is left of a measure of a better grade."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from emission_lists.entitlement import Decisions, entitled
from emission_lists.grades import Grade
from emission_lists.guarantee import GuaranteeState
from emission_lists.guarantee import GuaranteeState as S
from emission_lists.guides import Guide
from emission_lists.lists import ROAD_TRANSPORT, GuaranteeType
from emission_lists.measures import Action, Basis, LoadCap, Measure, VehicleRule
from emission_lists.regrading import BESIDE, regraded
from emission_lists.standing import Decided, DecisionKind
from tests.emission_lists.list_samples import firm, line, measure
from tests.emission_lists.test_regrading import LIMIT, NOTHING, SELF, STOP, T0, actions, graded, guarantee


class TestEntitled:
    START = T0 + timedelta(hours=10)

    def made(self, guide: Guide, hour: float, *steps: tuple[GuaranteeState, float], **fields: object) -> list[str]:
        lines = [line("MF1", STOP)]
        decisions = Decisions(guarantees=(guarantee(*steps),))
        found = entitled(
            firm(**fields), lines, decisions, guide, start=self.START, at=T0 + timedelta(hours=hour)
        )
        return actions(found.lines, "MF1")

    def test_relief_while_it_holds(self, guide: Guide) -> None:
        steps = ((GuaranteeState.IN_FORCE, 1.0), (GuaranteeState.SUSPENDED, 20.0), (GuaranteeState.IN_FORCE, 30.0))
        assert [self.made(guide, hour, *steps)[0] for hour in (10, 19.9, 20, 30)] == ["limit", "limit", "stop", "limit"]

    @pytest.mark.parametrize("listed_as_guaranteed", [True, False])
    @pytest.mark.parametrize(
        ("grade", "production", "transport"),
        [(Grade.C, "limit", "unknown"), (Grade.LEADING, "self_determined", "self_determined")],
    )
    def test_a_guaranteed_enterprise_that_was_downgraded_decides_nothing_by_itself(
        self, guide: Guide, grade: Grade, production: str, transport: str, listed_as_guaranteed: bool
    ) -> None:
        kind = GuaranteeType.LIVELIHOOD if listed_as_guaranteed else None
        lines = [line("MF1", SELF), line("YS01", SELF, process=ROAD_TRANSPORT)]
        fall = Decided(1, "水泥", None, grade, DecisionKind.FAILED_EVALUATION, T0)
        decisions = Decisions((fall,), (guarantee((GuaranteeState.IN_FORCE, 1.0)),))
        owner = firm(grade=Grade.A, guarantee=kind)
        made = entitled(owner, lines, decisions, guide, start=self.START, at=self.START)
        assert actions(made.lines, "MF1") == [production] * 3
        assert actions(made.lines, "YS01") == [transport] * 3
        caps = {measure.load_cap for measure in made.lines[0].measures}
        assert caps == ({LoadCap(500.0, "GJ", "全厂日供热")} if production == "limit" else {None})

    def test_none_that_begins_after_the_start(self, guide: Guide) -> None:
        assert self.made(guide, 15, (GuaranteeState.IN_FORCE, 12)) == ["stop"] * 3

    def test_what_the_list_names_as_guaranteed_keeps_its_measures(self, guide: Guide) -> None:
        assert self.made(guide, 15, (GuaranteeState.IN_FORCE, 1), guarantee=GuaranteeType.LIVELIHOOD) == ["stop"] * 3

    @pytest.mark.parametrize(
        ("until", "hour", "clinker", "other"),
        [
            (date(2025, 12, 31), 0, "limit", "unknown"),
            (date(2026, 1, 4), 0, "limit", "unknown"),
            (date(2026, 1, 5), 0, "none", "none"),
            (date(2026, 1, 5), 15.99, "none", "none"),
            (date(2026, 1, 5), 16, "limit", "unknown"),
            (None, 0, "limit", "unknown"),
        ],
    )
    def test_a_guarantee_that_ran_out_in_the_list_relieves_no_more(
        self, guide: Guide, until: date | None, hour: float, clinker: str, other: str
    ) -> None:
        """The Beijing day of the start counts: what the guide asks of grade B is done, the rest is not established."""
        start = T0 + timedelta(hours=hour)
        lines = [line("MF1", NOTHING), line("MF2", NOTHING, process="包装")]
        owner = firm(grade=Grade.B, guarantee=GuaranteeType.LIVELIHOOD, guarantee_until=until)
        made = entitled(owner, lines, Decisions(), guide, start=start, at=start)
        assert (actions(made.lines, "MF1")[1], actions(made.lines, "MF2")[1]) == (clinker, other)
        assert [note.code for note in made.notes] == ["GUARANTEE_BY_LIST" if clinker == "none" else "GUARANTEE_ENDED"]
        assert made.enterprise.guarantee is (owner.guarantee if clinker == "none" else None)

    def test_a_guarantee_of_the_list_ends_within_a_response(self, guide: Guide) -> None:
        """At midnight after its last day, as one with a case ends at its instant."""
        owner = firm(grade=Grade.B, guarantee=GuaranteeType.LIVELIHOOD, guarantee_until=date(2026, 1, 6))
        lines, over = [line("MF1", NOTHING)], datetime(2026, 1, 6, 16, tzinfo=UTC)  # midnight in Beijing
        for at, clinker, code in (
            (over - timedelta(seconds=1), "none", "GUARANTEE_BY_LIST"),
            (over, "limit", "GUARANTEE_ENDED"),
            (over + timedelta(days=5), "limit", "GUARANTEE_ENDED"),
        ):
            made = entitled(owner, lines, Decisions(), guide, start=self.START, at=at)
            assert (actions(made.lines, "MF1")[1], made.notes[0].code) == (clinker, code)
            assert (made.enterprise.guarantee is None) is (clinker == "limit")

    @pytest.mark.parametrize(
        ("steps", "hour", "clinker", "code"),
        [
            ([(S.PROPOSED, 1)], 15, "limit", "GUARANTEE_NOT_APPROVED"),
            ([(S.PROPOSED, 1), (S.CITY_AGREED, 2), (S.REJECTED, 3)], 15, "limit", "GUARANTEE_NOT_APPROVED"),
            ([(S.PROPOSED, 1), (S.MEE_FILED, 2), (S.REVOKED, 3)], 15, "limit", "GUARANTEE_NOT_APPROVED"),
            ([(S.PROPOSED, 1), (S.WITHDRAWN, 3)], 15, "limit", "GUARANTEE_NOT_APPROVED"),
            ([(S.PROPOSED, 1), (S.IN_FORCE, 12)], 11, "limit", "GUARANTEE_NOT_APPROVED"),
            ([(S.PROPOSED, 1), (S.IN_FORCE, 12)], 15, "limit", "GUARANTEE_ENDED"),
            ([(S.PROPOSED, 12)], 11, "none", "GUARANTEE_BY_LIST"),
            ([(S.PROPOSED, 12)], 15, "none", "GUARANTEE_BY_LIST"),
            ([(S.PROPOSED, 12), (S.REJECTED, 14)], 13, "none", "GUARANTEE_BY_LIST"),
            ([(S.PROPOSED, 12), (S.REJECTED, 14)], 14, "limit", "GUARANTEE_NOT_APPROVED"),
        ],
    )
    def test_what_was_asked_for_and_not_approved_relieves_nobody_whom_the_list_names(
        self, guide: Guide, steps: list[tuple[S, float]], hour: float, clinker: str, code: str
    ) -> None:
        """A case that had begun by the start (hour 10) counts before the list; a later one only once it is closed."""
        owner = firm(grade=Grade.B, guarantee=GuaranteeType.LIVELIHOOD, guarantee_until=date(2027, 9, 30))
        decisions = Decisions(guarantees=(guarantee(*steps),))
        at = T0 + timedelta(hours=hour)
        made = entitled(owner, [line("MF1", NOTHING)], decisions, guide, start=self.START, at=at)
        assert (actions(made.lines, "MF1")[1], made.notes[0].code) == (clinker, code)

    def test_where_the_list_asks_nothing_the_line_is_told_the_approved_load(self, guide: Guide) -> None:
        """不采取减排措施 would be wrong: production goes on under the load that was approved. What the list orders stays."""
        owner = firm(grade=Grade.B, guarantee=GuaranteeType.LIVELIHOOD, guarantee_until=date(2027, 9, 30))
        lines = [line("MF1", NOTHING), line("MF2", STOP), line("YS01", NOTHING, process=ROAD_TRANSPORT)]
        held = Decisions(guarantees=(guarantee((S.IN_FORCE, 1)),))
        made = entitled(owner, lines, held, guide, start=self.START, at=self.START).lines
        assert [one.measures.red.action for one in made] == [Action.LIMIT, Action.STOP, Action.NONE]
        red = made[0].measures.red
        assert (red.load_cap, red.basis) == (LoadCap(500.0, "GJ", "全厂日供热"), Basis.HEAT_SUPPLY)
        assert "500 GJ" in red.render_zh()

    def test_it_is_said_why_and_whom_to_ask(self, guide: Guide) -> None:
        owner = firm(grade=Grade.B, guarantee=GuaranteeType.LIVELIHOOD, guarantee_until=date(2027, 9, 30))
        refused = Decisions(guarantees=(guarantee((S.PROPOSED, 1), (S.REJECTED, 3)),))
        said = [
            entitled(owner, [line("MF1", NOTHING)], one, guide, start=self.START, at=self.START).notes[0]
            for one in (refused, Decisions())
        ]
        assert all("生态环境主管部门核实" in one.zh and "authority" in one.en for one in said)
        assert ("第1号保障类未获同意" in said[0].zh, "guarantee 1 was refused" in said[0].en) == (True, True)
        assert ("仅由清单载明" in said[1].zh, "the list alone" in said[1].en) == (True, True)

    def test_an_approval_within_the_response_takes_no_relief_of_the_list_away(self, guide: Guide) -> None:
        owner = firm(grade=Grade.B, guarantee=GuaranteeType.LIVELIHOOD, guarantee_until=date(2027, 9, 30))
        decisions = Decisions(guarantees=(guarantee((S.PROPOSED, 12), (S.IN_FORCE, 14)),))
        at = T0 + timedelta(hours=15)
        made = entitled(owner, [line("MF1", NOTHING)], decisions, guide, start=self.START, at=at)
        assert made.notes[0].code == "GUARANTEED"

    def test_of_a_case_that_never_came_into_force_nothing_is_said_where_the_list_names_none(self, guide: Guide) -> None:
        decisions = Decisions(guarantees=(guarantee((S.PROPOSED, 1)),))
        assert entitled(firm(), [line("MF1", STOP)], decisions, guide, start=self.START, at=self.START).notes == ()

    def test_small_emitters_stay_relieved_whatever_became_of_a_guarantee(self, guide: Guide) -> None:
        owner = firm(grade=Grade.C, small_micro=True, guarantee=GuaranteeType.LIVELIHOOD)
        made = entitled(owner, [line("MF1", NOTHING)], Decisions(), guide, start=self.START, at=self.START)
        assert actions(made.lines, "MF1") == ["none"] * 3


class TestAMeasureOfABetterGrade:
    """To a grade of which the guide does not say what it asks: what the list orders stays, and is not all of it."""

    STEEL = "长流程联合钢铁"

    def made(self, guide: Guide, listed: Measure, grade: Grade, process: str = "烧结") -> list[tuple[str, list[str]]]:
        owner = firm(grade=Grade.B, industry=self.STEEL, subtype=None)
        fall = graded(grade, self.STEEL)
        lines = regraded(owner, [line("MF1", listed, process=process)], fall, guide).lines
        return [(one.code, actions(lines, one.code)) for one in lines]

    def test_stays_with_what_is_not_established_beside_it(self, guide: Guide) -> None:
        beside = (f"MF1{BESIDE}", ["unknown"] * 3)
        assert self.made(guide, LIMIT, Grade.D) == [("MF1", ["limit"] * 3), beside]
        half = measure(Action.STOP, 0.5, total_units=4)
        assert self.made(guide, half, Grade.D) == [("MF1", ["stop"] * 3), beside]
        ban = measure(Action.TRANSPORT, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN4_INCL_GAS)
        assert self.made(guide, ban, Grade.D, ROAD_TRANSPORT) == [("MF1", ["transport"] * 3), beside]

    def test_where_everything_stands_still_nothing_more_can_be_asked(self, guide: Guide) -> None:
        assert self.made(guide, STOP, Grade.D) == [("MF1", ["stop"] * 3)]

    def test_a_list_made_for_a_grade_below_asks_enough(self, guide: Guide) -> None:
        owner = firm(grade=Grade.D, industry=self.STEEL, subtype=None)
        made = regraded(owner, [line("MF1", LIMIT, process="烧结")], graded(Grade.C, self.STEEL), guide)
        assert [one.code for one in made.lines] == ["MF1"]

    def test_what_was_said_under_a_relief_that_is_over_is_not_all_either(self, guide: Guide) -> None:
        owner = firm(industry="热力", key_industry=False, subtype=None, grade=Grade.UNGRADED, guarantee=GuaranteeType.LIVELIHOOD)
        made = entitled(owner, [line("MF1", LIMIT)], Decisions(), guide, start=T0, at=T0)
        assert [(one.code, one.measures.red.action) for one in made.lines] == [
            ("MF1", Action.LIMIT),
            (f"MF1{BESIDE}", Action.UNKNOWN),
        ]
