"""Records beside rules: each category, what blocks a comparison, several places, timing, and the sums."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.rules import Criteria
from service.history.codes import Code
from service.history.comparison import (
    Category,
    Comparison,
    Counts,
    category_of,
    compare,
    count,
)
from service.history.records import load_records
from service.law.names import load_names
from tests.history.made import air, around, compared, daily, hourly, national, record, shipped

LEVELS = st.sampled_from(list(Level))
ZONE = "河北省区域一(石家庄 衡水 邯郸)"
SJZ, HENGSHUI, HANDAN = "130100", "131100", "130400"


class TestCategoryOf:
    @given(LEVELS, LEVELS)
    def test_a_known_level_is_compared(self, published: Level, level: Level) -> None:
        expected = {-1: Category.LOWER, 0: Category.AGREES, 1: Category.HIGHER}[
            (level > published) - (level < published)
        ]
        assert category_of(published, level, level) is expected

    @given(LEVELS, LEVELS, LEVELS)
    def test_a_span_is_compared_only_where_every_level_in_it_says_the_same(
        self, published: Level, one: Level, other: Level
    ) -> None:
        least, most = sorted((one, other))
        inside = {category_of(published, level, level) for level in Level if least <= level <= most}
        assert category_of(published, least, most) is (inside.pop() if len(inside) == 1 else Category.NOT_COMPARABLE)


class TestCompare:
    @pytest.mark.parametrize(
        ("aqis", "category"),
        [
            ([210, 220], Category.AGREES),
            ([160, 160, 160], Category.AGREES),
            ([210, 310, 220], Category.HIGHER),
            ([210], Category.LOWER),
            ([60], Category.LOWER),
            ([200, 150, 150], Category.LOWER),
            ([210, None], Category.NOT_COMPARABLE),
        ],
    )
    def test_orange_beside_the_air(self, aqis: list[float | None], category: Category) -> None:
        assert compared(record(), daily(around(aqis))).category is category

    def test_a_missing_day_that_cannot_matter(self) -> None:
        assert compared(record(), daily(around([210, 310, 220, None]))).category is Category.HIGHER
        assert compared(record(colour="red"), daily(around([160, 60, 60, 60, None]))).category is Category.LOWER

    def test_the_law_of_the_time(self) -> None:
        """Three days above 150 are orange since 2024 and nothing before."""
        before = daily(around([160, 160, 160]), first=parse_instant("2022-12-01 00:00").date())
        found = compared(record(effective="2022-12-10 00:00"), before)
        assert found.category is Category.LOWER

    def test_hours_and_days_of_the_same_air(self) -> None:
        fine = hourly([value for day in [*[20] * 9, *[160] * 2, *[20] * 13] for value in [day] * 24])
        by_hours = compared(record(), fine)
        assert by_hours.category is Category.AGREES
        assert by_hours.to_the_hour
        assert not compared(record(), daily(around([210, 210]))).to_the_hour

    @pytest.mark.parametrize(
        ("cells", "aqis", "codes"),
        [
            ({"city": "无此市"}, [210], (Code.PLACE_UNKNOWN,)),
            ({"city": "邯郸"}, [210], (Code.NO_OBSERVATIONS,)),
            ({"effective": "2015-12-10 00:00"}, [210], (Code.NO_OBSERVATIONS, Code.NO_RULE_SET)),
            ({"colour": ""}, [210], (Code.LEVEL_NOT_PUBLISHED,)),
            ({}, [210, None], (Code.DATA_INCOMPLETE,)),
        ],
    )
    def test_what_blocks_it(self, cells: dict[str, str], aqis: list[float | None], codes: tuple[Code, ...]) -> None:
        found = compared(record(**cells), daily(around(aqis)))
        assert found.category is Category.NOT_COMPARABLE
        assert found.blocked == codes

    def test_no_rule_set_with_the_air_at_hand(self) -> None:
        first = parse_instant("2015-12-01 00:00").date()
        found = compared(record(effective="2015-12-10 00:00"), daily(around([210]), first=first))
        assert found.blocked == (Code.NO_RULE_SET,)

    def test_nothing_blocks_what_was_compared(self) -> None:
        assert compared(record(), daily(around([210]))).blocked == ()


class TestLiftings:
    @pytest.mark.parametrize(
        ("effective", "category", "difference"),
        [
            ("2024-12-12 10:00", Category.AGREES, 9),
            ("2024-12-12 01:00", Category.AGREES, 0),
            ("2024-12-12 00:00", Category.HIGHER, -1),
            ("2024-12-11 12:00", Category.HIGHER, -13),
        ],
    )
    def test_beside_the_hour_at_which_the_test_held(
        self, effective: str, category: Category, difference: float
    ) -> None:
        found = compared(record(action="lift", effective=effective), daily(around([210, 220])))
        assert (found.category, found.difference_hours) == (category, difference)

    def test_of_a_record_without_a_level(self) -> None:
        found = compared(record(action="lift", colour="", effective="2024-12-12 10:00"), daily(around([210, 220])))
        assert found.category is Category.AGREES

    def test_an_interruption_is_a_lifting(self) -> None:
        found = compared(record(action="suspend", effective="2024-12-12 10:00"), daily(around([210, 220])))
        assert found.leading is not None
        assert found.leading.lifting is not None

    def test_missing_hours_leave_it_open(self) -> None:
        found = compared(record(action="lift", effective="2024-12-12 10:00"), daily(around([210, 220, 60, None])))
        assert found.blocked == (Code.DATA_INCOMPLETE,)

    def test_without_a_known_test(self) -> None:
        law = national()
        rules = {key: each.model_copy(update={"lift": None}) for key, each in law.rules.items()}
        found = compare(
            record(action="lift"), law.model_copy(update={"rules": rules}), load_names(), air(daily(around([210])))
        )
        assert found.blocked == (Code.NO_LIFTING_TEST,)

    def test_has_no_distance_in_levels(self) -> None:
        assert compared(record(action="lift"), daily(around([60]))).steps_apart is None


class TestSeveralPlaces:
    def test_the_strictest_speaks_for_the_zone(self) -> None:
        found = compared(record(city=ZONE), daily(around([60]), adcode=SJZ), daily(around([210, 220]), adcode=HANDAN))
        assert found.leading is not None
        assert (found.leading.case.adcode, found.category, found.compared) == (HANDAN, Category.AGREES, 2)
        assert len(found.places) == 3

    def test_one_place_that_is_known_is_enough(self) -> None:
        found = compared(record(city=ZONE), daily(around([210, None]), adcode=SJZ), daily(around([210]), adcode=HANDAN))
        assert (found.category, found.compared) == (Category.LOWER, 1)

    def test_a_zone_is_lifted_with_its_last_place(self) -> None:
        good, bad = daily(around([60]), adcode=SJZ), daily(around([210] * 3), adcode=HANDAN)
        found = compared(record(city=ZONE, action="lift", effective="2024-12-11 00:00"), good, bad)
        assert found.leading is not None
        assert (found.leading.case.adcode, found.category) == (HANDAN, Category.HIGHER)

    def test_a_zone_is_not_lifted_while_one_place_never_is(self) -> None:
        good, bad = daily(around([60]), adcode=SJZ), daily(around([210] * 16), adcode=HANDAN)
        found = compared(record(city=ZONE, action="lift", effective="2024-12-11 00:00"), good, bad)
        assert found.leading is not None
        assert (found.leading.case.adcode, found.category) == (HANDAN, Category.HIGHER)

    def test_a_later_lifting_counts_more_than_new_heavy_air(self) -> None:
        again, slow = daily(around([60, 60, 60, 210]), adcode=SJZ), daily(around([210, 220]), adcode=HANDAN)
        found = compared(record(city=ZONE, action="lift", effective="2024-12-11 00:00"), again, slow)
        assert found.leading is not None
        assert (found.leading.case.adcode, found.category) == (HANDAN, Category.HIGHER)

    def test_what_blocks_each_of_them_is_told_once(self) -> None:
        found = compared(record(city=ZONE), daily(around([210, None]), adcode=SJZ))
        assert found.blocked == (Code.DATA_INCOMPLETE, Code.NO_OBSERVATIONS)
        assert found.leading is not None
        assert found.leading.case.adcode == SJZ


class TestTiming:
    @pytest.mark.parametrize(
        ("cells", "hours"),
        [
            ({"effective": "2024-12-09 20:00"}, -4),
            ({"effective": "2024-12-10 00:00"}, 0),
            ({"effective": "2024-12-10 08:00"}, 8),
            ({"effective": "2024-12-10"}, None),
            ({"effective": "2024-12-10 08:00", "action": "in_force"}, None),
        ],
    )
    def test_published_minus_rules(self, cells: dict[str, str], hours: float | None) -> None:
        assert compared(record(**cells), daily(around([210, 220]))).difference_hours == hours

    def test_none_without_a_level(self) -> None:
        assert compared(record(), daily(around([60]))).difference_hours is None

    def test_none_without_air(self) -> None:
        assert compared(record()).difference_hours is None


class TestStepsApart:
    @pytest.mark.parametrize(("aqis", "steps"), [([210, 220], 0), ([210], 1), ([60], 2), ([210, 310, 220], 1)])
    def test_levels_that_the_set_knows(self, aqis: list[float | None], steps: int) -> None:
        assert compared(record(), daily(around(aqis))).steps_apart == steps

    def test_blue_is_no_step_where_the_set_has_none(self) -> None:
        assert compared(record(colour="yellow"), daily(around([60]))).steps_apart == 1

    def test_none_where_nothing_was_compared(self) -> None:
        assert compared(record()).steps_apart is None
        assert compared(record(), daily(around([210, None]))).steps_apart is None


CASES = st.sampled_from(
    [
        compared(record(), daily(around([210, 220]))),
        compared(record(), daily(around([210]))),
        compared(record(), daily(around([60]))),
        compared(record(), daily(around([210, 310, 220]))),
        compared(record(), daily(around([210, None]))),
        compared(record(action="lift"), daily(around([60]))),
        compared(record(action="lift"), daily(around([210]))),
        compared(record()),
    ]
)


def adds_up(found: Counts) -> bool:
    return (
        sum(found.categories.values()) == found.records
        and found.levels + found.liftings == found.comparable
        and found.within_one <= found.levels
        and sum(found.why_not.values()) == found.categories[Category.NOT_COMPARABLE]
    )


class TestCount:
    @given(st.lists(CASES, max_size=12))
    def test_adds_up(self, cases: list[Comparison]) -> None:
        found = count(cases)
        assert found.records == len(cases)
        assert adds_up(found)
        agreeing = sum(each.category is Category.AGREES for each in cases)
        assert found.share == (agreeing / found.comparable if found.comparable else None)

    def test_by_hand(self) -> None:
        found = count([compared(record(), daily(around(aqis))) for aqis in ([210, 220], [210], [60], [210, None])])
        assert (found.comparable, found.levels, found.within_one, found.liftings) == (3, 3, 2, 0)
        assert found.share == pytest.approx(1 / 3)


class TestShippedRecords:
    def test_every_record_once_and_in_order(self) -> None:
        assert [each.record for each in shipped()] == list(load_records())

    def test_adds_up(self) -> None:
        assert adds_up(count(shipped()))

    def test_the_worked_episodes_with_the_national_sets(self) -> None:
        """December 2016: Beijing's red, Hebei's zone, and the orange that the air outlasted."""
        records = {each.rec: each for each in load_records()}
        every = {each.record.rec: each for each in shipped()}
        for rec, category in [(15, Category.AGREES), (64, Category.AGREES), (66, Category.HIGHER)]:
            assert every[rec].category is category, records[rec].as_published
        assert every[15].difference_hours == -4
        assert every[64].compared == 4

    def test_an_unknown_level_of_a_set_counts_by_the_levels_below(self) -> None:
        known: Criteria | None = national().criteria_for("131100", parse_instant("2024-12-10 00:00"))
        assert known is not None
        assert Level.BLUE not in known.known_levels
