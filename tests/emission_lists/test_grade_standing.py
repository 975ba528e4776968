"""Which grade and which guarantee are in force at an instant, publicity windows, and the calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from emission_lists.grades import Grade
from emission_lists.grading_rules import (
    Calendar,
    Holidays,
    Publicity,
    downgraded,
    evaluation_needed,
    lowest_grade,
    months_later,
    publicity_window,
)
from emission_lists.guarantee import Guarantee, GuaranteeState, GuaranteeStep, guarantee_at
from emission_lists.lists import GuaranteeType
from emission_lists.measures import Basis, LoadCap
from emission_lists.standing import (
    SETTLING,
    Decided,
    DecisionKind,
    InForce,
    at_most,
    banned_until,
    effective_instant,
    held_since,
    lowest,
    standing_at,
)
from service.grades.rules import calendar, load_grading, route_for, rules_for

CHINA = ZoneInfo("Asia/Shanghai")
T0 = datetime(2026, 1, 5, 9, 30, tzinfo=CHINA)
instants = st.integers(0, 1000).map(lambda hours: T0 + timedelta(hours=hours))
grades = st.sampled_from(list(Grade))


def decided(number: int, grade: Grade, hours: float, **fields: object) -> Decided:
    given_: dict[str, object] = {"industry": "水泥", "line_code": None, "kind": DecisionKind.RATED, **fields}
    return Decided(id=number, grade=grade, effective_from=T0 + timedelta(hours=hours), **given_)


class TestStanding:
    def test_nothing_before_the_first_decision(self) -> None:
        only = [decided(1, Grade.A, 1)]
        assert standing_at(only, T0) is None
        assert standing_at(only, T0 + timedelta(hours=1)) is not None

    @given(st.lists(st.tuples(st.integers(0, 50), grades), min_size=1, max_size=6), st.integers(0, 60), st.data())
    def test_later_decisions_never_change_what_was_in_force(
        self, made: list[tuple[int, Grade]], hour: int, data: st.DataObject
    ) -> None:
        at = T0 + timedelta(hours=hour)
        known = [decided(number, grade, hours) for number, (hours, grade) in enumerate(made)]
        later = data.draw(st.lists(st.tuples(st.integers(hour + 1, 100), grades), max_size=4))
        more = [decided(100 + number, grade, hours) for number, (hours, grade) in enumerate(later)]
        before, after = standing_at(known, at), standing_at([*more, *known], at)
        assert (before and before.subjects) == (after and after.subjects)

    @given(st.permutations([decided(1, Grade.A, 1), decided(2, Grade.C, 5), decided(3, Grade.B, 9)]))
    def test_the_newest_that_has_begun_counts_in_any_order(self, made: list[Decided]) -> None:
        def at(hour: float) -> Grade | None:
            standing = standing_at(made, T0 + timedelta(hours=hour))
            return None if standing is None else standing.grade

        assert [at(hour) for hour in (1, 4.99, 5, 9)] == [Grade.A, Grade.A, Grade.C, Grade.B]

    def test_expiry_is_half_open_and_leads_to_what_was_written_down(self) -> None:
        end = T0 + timedelta(hours=10)
        one = [decided(1, Grade.A, 1, valid_until=end, grade_after=Grade.D)]
        before, after = standing_at(one, end - timedelta(microseconds=1)), standing_at(one, end)
        assert before is not None
        assert after is not None
        assert (before.grade, after.grade) == (Grade.A, Grade.D)
        assert after.subjects[0].expired
        assert not before.subjects[0].expired
        assert after.subjects[0].since == end

    def test_expiry_into_the_unknown_is_not_established(self) -> None:
        standing = standing_at([decided(1, Grade.A, 1, valid_until=T0 + timedelta(hours=2))], T0 + timedelta(hours=3))
        assert standing is not None
        assert standing.grade is None

    def test_several_industries_come_to_the_lowest(self) -> None:
        made = [decided(1, Grade.A, 1), decided(2, Grade.C, 2, industry="石灰窑")]
        standing = standing_at(made, T0 + timedelta(hours=3))
        assert standing is not None
        assert standing.grade is Grade.C
        assert standing.decisive is not None
        assert standing.decisive.industry == "石灰窑"

    def test_a_line_keeps_its_own_grade_until_the_enterprise_is_downgraded(self) -> None:
        made = [decided(1, Grade.C, 1), decided(2, Grade.LEADING, 2, line_code="MF1")]
        standing = standing_at(made, T0 + timedelta(hours=3))
        assert standing is not None
        own = standing.of_line("MF1")
        assert own is not None
        assert (standing.grade, own.grade, standing.of_line("MF2")) == (Grade.C, Grade.LEADING, None)
        made.append(decided(3, Grade.D, 4, kind=DecisionKind.FINDING))
        standing = standing_at(made, T0 + timedelta(hours=5))
        assert standing is not None
        own = standing.of_line("MF1")
        assert own is not None
        assert own.grade is Grade.D


class TestLineAfterADowngrade:
    """A line rated by itself (A), its enterprise downgraded since: the line falls with it until it is rated anew."""

    LINE = decided(1, Grade.A, 0, line_code="MF1")
    FALL = decided(3, Grade.D, 20, kind=DecisionKind.FINDING, case=7)

    def own(self, hour: float, *made: Decided) -> InForce | None:
        standing = standing_at([decided(2, Grade.B, 1), self.LINE, self.FALL, *made], T0 + timedelta(hours=hour))
        assert standing is not None
        return standing.of_line("MF1")

    def grade(self, hour: float, *made: Decided) -> Grade | None:
        own = self.own(hour, *made)
        return None if own is None else own.grade

    @pytest.mark.parametrize("kind", [DecisionKind.RATED, DecisionKind.PUBLISHED])
    def test_a_new_rating_of_the_enterprise_does_not_revive_it(self, kind: DecisionKind) -> None:
        again = decided(4, Grade.C, 40, kind=kind, case=8)
        assert [self.grade(hour, again) for hour in (19, 20, 39)] == [Grade.A, Grade.D, Grade.D]
        assert self.own(40, again) is None  # as the enterprise

    def test_a_new_rating_of_the_line_does(self) -> None:
        again = [decided(4, Grade.C, 40), decided(5, Grade.B, 50, line_code="MF1")]
        assert self.own(49, *again) is None
        assert self.grade(50, *again) is Grade.B

    def test_neither_does_the_end_of_its_own_term(self) -> None:
        end = T0 + timedelta(hours=30)
        line = decided(6, Grade.A, 2, line_code="MF1", valid_until=end, grade_after=Grade.C)
        assert [self.grade(hour, line) for hour in (19, 29, 31)] == [Grade.A, Grade.D, Grade.D]

    @pytest.mark.parametrize("kind", [DecisionKind.APPEAL_PENDING, DecisionKind.APPEAL_GRANTED])
    def test_an_appeal_of_the_same_case_gives_it_back_and_a_later_rating_leaves_it(self, kind: DecisionKind) -> None:
        back, again = decided(4, Grade.B, 30, kind=kind, case=7), decided(5, Grade.C, 40, case=9)
        assert [self.grade(hour, back, again) for hour in (29, 30, 41)] == [Grade.D, Grade.A, Grade.A]

    def test_an_appeal_that_came_to_nothing_takes_it_again(self) -> None:
        made = [
            decided(4, Grade.B, 30, kind=DecisionKind.APPEAL_PENDING, case=7),
            decided(5, Grade.D, 35, kind=DecisionKind.FINDING, case=7),
        ]
        assert [self.grade(hour, *made) for hour in (30, 35)] == [Grade.A, Grade.D]
        assert self.own(45, *made, decided(6, Grade.C, 40, case=9)) is None

    def test_an_appeal_of_another_case_changes_nothing(self) -> None:
        second = decided(4, Grade.D, 25, kind=DecisionKind.FALSE_MATERIAL, case=8)
        back = decided(5, Grade.D, 30, kind=DecisionKind.APPEAL_GRANTED, case=8)
        assert self.grade(26, second, back) is Grade.D
        assert self.own(30, second, back) is None

    def test_another_industry_s_downgrade_is_none_of_its_concern(self) -> None:
        line = decided(6, Grade.A, 30, line_code="MF1")
        other = decided(7, Grade.D, 40, industry="石灰窑", kind=DecisionKind.FINDING)
        assert self.grade(41, line, other) is Grade.A


class TestOrder:
    @given(grades, grades)
    def test_two_grades_are_compared_the_same_from_both_sides(self, one: Grade, other: Grade) -> None:
        forth, back = at_most(one, other), at_most(other, one)
        assert (forth is None) == (back is None)
        assert forth is None or forth or back

    @given(st.lists(grades, min_size=1, max_size=5))
    def test_the_lowest_is_at_most_every_other(self, given_: list[Grade]) -> None:
        found = lowest(given_)
        if found is not None:
            assert all(at_most(found, other) for other in given_)

    @pytest.mark.parametrize(
        ("given_", "found"),
        [
            ([Grade.A, Grade.B_MINUS, Grade.B], Grade.B_MINUS),
            ([Grade.A_PLUS, Grade.A], Grade.A),
            ([Grade.LEADING, Grade.C], Grade.C),
            ([Grade.A, Grade.NON_LEADING], Grade.NON_LEADING),
            ([Grade.C, Grade.NON_LEADING], None),
            ([Grade.A, Grade.UNGRADED], Grade.UNGRADED),
            ([], None),
        ],
    )
    def test_examples(self, given_: list[Grade], found: Grade | None) -> None:
        assert lowest(given_) is found

    def test_an_unknown_one_makes_it_unknown(self) -> None:
        assert lowest([Grade.A, None]) is None


    @pytest.mark.parametrize("other", [Grade.B, Grade.C, Grade.D, Grade.NON_LEADING])
    def test_the_advanced_grade_of_henan_decides_for_itself_and_stands_above_b(self, other: Grade) -> None:
        """豫2020: A级、引领性、绩效先进性自主减排；B级以限代停. An enterprise with both is held to the other."""
        assert (at_most(other, Grade.ADVANCED), at_most(Grade.ADVANCED, other)) == (True, False)
        assert lowest([Grade.ADVANCED, other]) is other


class TestBan:
    def test_until_its_end_and_not_beyond(self) -> None:
        end = T0 + timedelta(days=30)
        made = [decided(1, Grade.D, 1, kind=DecisionKind.FINDING, ban_until=end)]
        assert banned_until(made, end - timedelta(seconds=1)) == end
        assert banned_until(made, end) is None

    def test_a_granted_appeal_ends_that_of_its_case(self) -> None:
        end = T0 + timedelta(days=30)
        made = [
            decided(1, Grade.D, 1, kind=DecisionKind.FINDING, ban_until=end, case=7),
            decided(2, Grade.A, 2, kind=DecisionKind.APPEAL_GRANTED, case=7),
        ]
        assert banned_until(made, T0 + timedelta(days=1)) is None

    @pytest.mark.parametrize("industry", ["陶瓷", "铸造"])
    def test_a_granted_appeal_leaves_the_bans_of_other_cases(self, industry: str) -> None:
        """An appeal about ceramics, or about a second case of the foundry, says nothing of its false material."""
        end = T0 + timedelta(days=300)
        made = [
            decided(1, Grade.D, 1, industry="铸造", kind=DecisionKind.FALSE_MATERIAL, ban_until=end, case=6),
            decided(2, Grade.D, 2, industry=industry, kind=DecisionKind.FINDING, ban_until=end + timedelta(days=9), case=7),
            decided(3, Grade.B, 3, industry=industry, kind=DecisionKind.APPEAL_GRANTED, case=7),
        ]
        assert banned_until(made, T0 + timedelta(days=1)) == end

    def test_a_case_that_was_reversed_bans_no_more_though_nothing_could_be_given_back(self) -> None:
        end = T0 + timedelta(days=300)
        made = [decided(1, Grade.D, 1, kind=DecisionKind.FALSE_MATERIAL, ban_until=end, case=6)]
        assert banned_until(made, T0 + timedelta(days=1), {7}) == end
        assert banned_until(made, T0 + timedelta(days=1), {6}) is None

    @given(st.lists(st.tuples(st.integers(1, 4), st.none() | st.integers(1, 50), st.booleans()), max_size=8), st.integers(0, 60))
    def test_the_last_ban_of_the_cases_that_stand(self, made: list[tuple[int, int | None, bool]], hour: int) -> None:
        """Each case with its bans and whether its appeal was granted, whatever the order."""
        decisions = []
        for number, (case, hours, granted) in enumerate(made, 1):
            kind = DecisionKind.APPEAL_GRANTED if granted else DecisionKind.FINDING
            end = None if hours is None or granted else T0 + timedelta(hours=hours)
            decisions.append(decided(number, Grade.D, number, kind=kind, ban_until=end, case=case))
        at = T0 + timedelta(hours=hour)
        over = {one.case for one in decisions if one.kind is DecisionKind.APPEAL_GRANTED}
        ends = [one.ban_until for one in decisions if one.case not in over and one.ban_until and one.ban_until > at]
        assert banned_until(decisions, at) == (max(ends) if ends else None)


class TestHeldSince:
    A = (Grade.A,)

    def test_a_renewal_goes_on(self) -> None:
        """A since 2020, renewed to the instant in 2025: A since 2020."""
        first = decided(1, Grade.A, 0, valid_until=T0 + timedelta(hours=100), grade_after=Grade.D)
        assert held_since([first, decided(2, Grade.A, 100)], self.A, T0 + timedelta(hours=200)) == T0
        assert held_since([first, decided(2, Grade.A, 50)], self.A, T0 + timedelta(hours=200)) == T0

    def test_a_gap_begins_anew(self) -> None:
        first = decided(1, Grade.A, 0, valid_until=T0 + timedelta(hours=100), grade_after=Grade.D)
        renewed = decided(2, Grade.A, 101)
        assert held_since([first, renewed], self.A, T0 + timedelta(hours=200)) == renewed.effective_from
        fallen = decided(3, Grade.D, 150, kind=DecisionKind.FINDING)
        assert held_since([first, renewed, fallen], self.A, T0 + timedelta(hours=200)) is None
        assert held_since([], self.A, T0) is None

    def test_a_second_industry_counts_with_the_first(self) -> None:
        other = [decided(1, Grade.B, 0, industry="铸造"), decided(2, Grade.A, 30, industry="铸造")]
        assert held_since([decided(3, Grade.A, 0), *other], self.A, T0 + timedelta(hours=60)) == T0 + timedelta(hours=30)

    @given(
        st.lists(st.tuples(st.integers(0, 30), grades, st.none() | st.integers(1, 20), st.none() | grades), max_size=6),
        st.integers(0, 60),
    )
    def test_it_has_held_at_every_hour_since_and_not_before(
        self, made: list[tuple[int, Grade, int | None, Grade | None]], now: int
    ) -> None:
        decisions = [
            decided(
                number,
                grade,
                hour,
                valid_until=None if ends is None else T0 + timedelta(hours=hour + ends),
                grade_after=None if ends is None else after,
            )
            for number, (hour, grade, ends, after) in enumerate(made, 1)
        ]

        def held(hour: int) -> bool:
            standing = standing_at(decisions, T0 + timedelta(hours=hour))
            return standing is not None and standing.grade in self.A

        since = held_since(decisions, self.A, T0 + timedelta(hours=now))
        first = now + 1
        while first > 0 and held(first - 1):
            first -= 1
        assert since == (None if first > now else T0 + timedelta(hours=first))


class TestEffect:
    @given(st.none() | instants, instants, st.integers(0, 59), st.integers(0, 999_999))
    def test_never_before_it_is_recorded(
        self, asked: datetime | None, recorded: datetime, seconds: int, micro: int
    ) -> None:
        recorded = recorded.replace(second=seconds, microsecond=micro)
        begins = effective_instant(asked, recorded)
        assert begins >= recorded + SETTLING
        assert begins - recorded < SETTLING + timedelta(minutes=1) or begins == asked


def holidays(**fields: object) -> Holidays:
    return Holidays.model_validate({"year": 2026, "number": "x", "off": [], "worked": [], **fields})


class TestPublicity:
    @pytest.mark.parametrize(
        ("start", "days", "unit", "last"),
        [
            (datetime(2026, 1, 5, 9, tzinfo=CHINA), 7, "working", date(2026, 1, 14)),
            (datetime(2026, 2, 10, 9, tzinfo=CHINA), 7, "working", date(2026, 2, 26)),  # over the Spring Festival
            (datetime(2026, 2, 10, 9, tzinfo=CHINA), 7, "natural", date(2026, 2, 17)),
            (datetime(2026, 1, 4, 23, 59, tzinfo=CHINA), 1, "working", date(2026, 1, 5)),
            (datetime(2026, 2, 27, 9, tzinfo=CHINA), 1, "working", date(2026, 2, 28)),  # a Saturday that is worked
        ],
    )
    def test_real_days(self, start: datetime, days: int, unit: str, last: date) -> None:
        window = publicity_window(start, Publicity(days=days, unit=unit), calendar())
        assert (window.last_day, window.weekdays_only) == (last, False)
        assert window.end == datetime.combine(last + timedelta(days=1), datetime.min.time(), CHINA)

    def test_the_day_is_that_of_beijing(self) -> None:
        late = datetime(2026, 1, 5, 17, tzinfo=ZoneInfo("UTC"))  # 01:00 on the 6th in Beijing
        assert publicity_window(late, Publicity(days=1, unit="natural"), calendar()).last_day == date(2026, 1, 7)

    def test_from_the_same_day(self) -> None:
        rule = Publicity(days=1, unit="working", counted_from="same_day")
        assert publicity_window(datetime(2026, 1, 5, 9, tzinfo=CHINA), rule, calendar()).last_day == date(2026, 1, 5)

    @given(st.dates(date(2024, 1, 1), date(2026, 11, 1)), st.integers(1, 20))
    def test_it_holds_exactly_the_working_days_it_should(self, day: date, days: int) -> None:
        start = datetime.combine(day, datetime.min.time(), CHINA) + timedelta(hours=9)
        window = publicity_window(start, Publicity(days=days, unit="working"), calendar())
        span = [day + timedelta(days=number) for number in range(1, (window.last_day - day).days + 1)]
        assert sum(calendar().works(one) for one in span) == days
        assert calendar().works(window.last_day)

    def test_natural_days_never_end_later_than_working_days(self) -> None:
        for number in range(300):
            start = datetime(2026, 1, 1, 9, tzinfo=CHINA) + timedelta(days=number)
            natural = publicity_window(start, Publicity(days=5, unit="natural"), calendar())
            working = publicity_window(start, Publicity(days=5, unit="working"), calendar())
            assert natural.end <= working.end

    @pytest.mark.parametrize(
        "fields",
        [
            {"off": [["2026-01-03", "2026-01-01"]]},
            {"off": [["2025-12-31", "2026-01-01"]]},
            {"worked": ["2026-01-05"]},
            {"worked": ["2026-01-04"], "off": [["2026-01-03", "2026-01-04"]]},
        ],
    )
    def test_holidays_that_are_none(self, fields: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            holidays(**fields)

    def test_an_empty_calendar_knows_no_year(self) -> None:
        assert not Calendar(()).known(date(2026, 1, 1))
        assert Calendar(()).works(date(2026, 1, 1))


class TestRules:
    @pytest.mark.parametrize(
        ("adcode", "on", "grade", "route"),
        [
            ("150102", date(2026, 1, 1), Grade.A, ["district", "city", "province"]),
            ("150102", date(2026, 1, 1), Grade.LEADING, ["district", "city"]),
            ("150102", date(2023, 1, 1), Grade.A, ["city", "province"]),  # before the region's own rules
            ("120101", date(2024, 1, 1), Grade.A, ["city"]),
            ("120101", date(2024, 1, 1), Grade.C, ["district"]),
            ("110000", date(2024, 1, 1), Grade.A, ["city"]),
            ("130100", date(2024, 1, 1), Grade.A_PLUS, ["province", "ministry"]),
        ],
    )
    def test_routes(self, adcode: str, on: date, grade: Grade, route: list[str]) -> None:
        assert [level.value for level in route_for(rules_for(adcode, on), adcode, grade)] == route

    def test_every_rule_rests_on_a_source_or_is_marked_as_a_choice(self) -> None:
        for rules in load_grading()[0].values():
            for name in type(rules).model_fields:
                rule = getattr(rules, name)
                if hasattr(rule, "choice"):
                    assert rule.choice or rule.source, (rules.adcode, name)
                    assert rule.note_zh
                    assert rule.note_en

    def test_shaanxi_bans_for_a_year_others_do_not_say(self) -> None:
        assert rules_for("610100", date(2025, 1, 1)).ban_months.value == 12
        assert rules_for("610100", date(2025, 1, 1)).ban_months.established
        assert rules_for("130100", date(2025, 1, 1)).ban_months.value is None
        assert not rules_for("130100", date(2025, 1, 1)).ban_months.established

    def test_months(self) -> None:
        assert months_later(datetime(2026, 1, 31, tzinfo=CHINA), 1) == datetime(2026, 2, 28, tzinfo=CHINA)
        assert months_later(datetime(2026, 12, 5, tzinfo=CHINA), 12) == datetime(2027, 12, 5, tzinfo=CHINA)

    def test_where_a_downgrade_leads(self) -> None:
        rules = rules_for("130100", date(2025, 1, 1))
        letters = (Grade.A, Grade.B, Grade.B_MINUS, Grade.C, Grade.D)
        assert downgraded(rules, letters, "水泥", Grade.A, faked=False) is Grade.D
        assert downgraded(rules, letters, "长流程联合钢铁", Grade.A, faked=True) is Grade.D
        assert downgraded(rules, (Grade.LEADING, Grade.NON_LEADING), "短流程钢铁", Grade.LEADING, faked=True) is Grade.NON_LEADING
        assert downgraded(rules, (), "铁合金", Grade.A, faked=False) is None
        step = rules.model_copy(update={"downgrade_to": rules.downgrade_to.model_copy(update={"value": "one_down"})})
        assert downgraded(step, letters, "水泥", Grade.B, faked=False) is Grade.B_MINUS
        assert downgraded(step, letters, "水泥", Grade.D, faked=False) is Grade.D

    def test_the_lowest_of_two_schemes(self) -> None:
        both = (Grade.A, Grade.B, Grade.C, Grade.D, Grade.LEADING, Grade.NON_LEADING)
        assert lowest_grade(both) is None
        assert lowest_grade(both, Grade.LEADING) is Grade.NON_LEADING
        assert lowest_grade(both, Grade.A) is Grade.D
        assert lowest_grade(()) is None

    def test_steel_needs_an_evaluation_for_a_and_b(self) -> None:
        rules = rules_for("130100", date(2025, 1, 1))
        assert evaluation_needed(rules, "长流程联合钢铁", Grade.B)
        assert evaluation_needed(rules, "长流程联合钢铁", Grade.C) is None
        assert evaluation_needed(rules, "水泥", Grade.A) is None


def guarantee(*steps: tuple[GuaranteeState, float], until: float = 1000, number: int = 1) -> Guarantee:
    return Guarantee(
        number,
        GuaranteeType.LIVELIHOOD,
        Basis.HEAT_SUPPLY,
        LoadCap(500.0, "GJ"),
        T0 + timedelta(hours=until),
        tuple(GuaranteeStep(state, T0 + timedelta(hours=hours)) for state, hours in steps),
    )


FILED = ((GuaranteeState.PROPOSED, 0), (GuaranteeState.MEE_FILED, 1))


class TestGuarantees:
    @pytest.mark.parametrize(
        ("hour", "state", "relieves"),
        [
            (2, None, False),
            (5, GuaranteeState.IN_FORCE, True),
            (9.99, GuaranteeState.IN_FORCE, True),
            (10, GuaranteeState.SUSPENDED, False),
            (20, GuaranteeState.IN_FORCE, True),
            (30, GuaranteeState.EXPIRED, False),
            (99, GuaranteeState.EXPIRED, False),
        ],
    )
    def test_it_relieves_only_while_it_is_in_force(
        self, hour: float, state: GuaranteeState | None, relieves: bool
    ) -> None:
        one = guarantee(
            *FILED,
            (GuaranteeState.IN_FORCE, 5),
            (GuaranteeState.SUSPENDED, 10),
            (GuaranteeState.IN_FORCE, 20),
            until=30,
        )
        standing = guarantee_at([one], T0 + timedelta(hours=hour))
        assert (None if standing is None else standing.state) is state
        assert bool(standing and standing.relieves) is relieves

    def test_one_that_never_came_into_force_is_none(self) -> None:
        assert guarantee_at([guarantee(*FILED, (GuaranteeState.REVOKED, 3))], T0 + timedelta(hours=4)) is None

    def test_one_in_force_counts_before_one_that_was(self) -> None:
        old = guarantee(*FILED, (GuaranteeState.IN_FORCE, 5), until=50, number=1)
        new = guarantee(*FILED, (GuaranteeState.IN_FORCE, 6), number=2)
        over = guarantee(*FILED, (GuaranteeState.IN_FORCE, 6), (GuaranteeState.REVOKED, 60), number=3)
        standing = guarantee_at([old, new, over], T0 + timedelta(hours=70))
        assert standing is not None
        assert standing.guarantee.id == 2
