from datetime import date

import pytest

from alerts.instants import parse_instant
from alerts.law import Division, Law, LawNotFound
from alerts.rules import NATIONAL
from tests.alerts.air import EDITION_2012, EDITION_2026, LAW, STANDARDS, START, criteria, plan

SMALL = Law(
    standards=STANDARDS,
    rules=LAW.rules,
    plans={
        "province": plan(id="province", adcode="130000"),
        "city": plan(id="city", adcode="130100", base="national-2019", in_force={"from": "2024-01-01"}),
        "default": plan(id="default", adcode=NATIONAL, in_force={"from": "2016-01-01"}),
    },
    divisions={
        code: Division(adcode=code, name=name, level=level, parent=parent)
        for code, name, level, parent in [
            ("130000", "河北省", "province", None),
            ("130100", "石家庄市", "prefecture", "130000"),
            ("130200", "唐山市", "prefecture", "130000"),
        ]
    },
)


@pytest.mark.parametrize(
    ("day", "edition"),
    [(date(2015, 12, 8), EDITION_2012), (date(2026, 2, 28), EDITION_2012), (date(2026, 3, 1), EDITION_2026)],
)
def test_edition_by_day(day: date, edition: object) -> None:
    assert LAW.standard_at(day) == edition


def test_before_the_first_edition() -> None:
    with pytest.raises(LawNotFound, match="HJ 633-2012"):
        STANDARDS.at(date(2010, 1, 1))


@pytest.mark.parametrize(
    ("instant", "rules"),
    [
        ("2016-12-16 20:00", "national-2016"),
        ("2017-10-01 00:00", "national-2017"),
        ("2018-12-01 00:00", "national-2019"),
        ("2023-12-31 23:59", "national-2019"),
        ("2024-01-01 00:00", "national-2024"),
        ("2023-12-31T16:00:00Z", "national-2024"),
    ],
)
def test_rules_by_instant(instant: str, rules: str) -> None:
    assert LAW.rules_at(parse_instant(instant)).id == rules


def test_named_rules_and_unknown_ones() -> None:
    assert LAW.rules_at(START, "national-2016").id == "national-2016"
    with pytest.raises(LawNotFound, match=r"known: beijing-2013, .*national-2016"):
        LAW.rules_at(START, "national-1999")
    with pytest.raises(LawNotFound, match="name one of"):
        LAW.rules_at(parse_instant("2015-12-08 07:00"))


@pytest.mark.parametrize(
    ("adcode", "at", "expected"),
    [
        ("130100", "2024-11-08 00:00", "city"),
        ("130100", "2023-11-08 00:00", "province"),
        ("130200", "2024-11-08 00:00", "province"),
        ("130200", "2019-11-08 00:00", "default"),
        ("110000", "2024-11-08 00:00", "default"),
    ],
)
def test_the_most_specific_plan_in_force(adcode: str, at: str, expected: str) -> None:
    assert SMALL.plan_for(adcode, parse_instant(at)).id == expected


class TestCriteria:
    def test_the_plan_chooses_its_base(self) -> None:
        found = SMALL.criteria_for("130100", START)
        assert (found.rules_id, found.plan_id) == ("national-2019", "city")

    def test_a_plan_without_base_takes_the_national_set(self) -> None:
        assert SMALL.criteria_for("130200", START).rules_id == "national-2024"

    def test_rules_named_alone_stand_alone(self) -> None:
        assert SMALL.criteria_for("130100", START, rules_id="national-2016") == criteria("national-2016")

    def test_rules_under_a_named_plan(self) -> None:
        found = SMALL.criteria_for(None, START, rules_id="national-2017", plan_id="city")
        assert (found.rules_id, found.plan_id) == ("national-2017", "city")

    def test_without_any_plan_the_national_set_applies(self) -> None:
        bare = Law(standards=STANDARDS, rules=LAW.rules)
        assert bare.criteria_for("130100", START) == criteria("national-2024")
        with pytest.raises(LawNotFound, match="config/plans"):
            bare.plan_for("130100", START)

    def test_an_unknown_plan_is_named(self) -> None:
        with pytest.raises(LawNotFound, match="no plan 'x'; known: city, default, province"):
            SMALL.criteria_for("130100", START, plan_id="x")


class TestLayers:
    @pytest.mark.parametrize(
        ("adcode", "at", "layers"),
        [
            ("130100", "2024-11-08 00:00", ("city", "province", "default")),
            ("130100", "2023-11-08 00:00", ("province", "default")),
            ("110000", "2024-11-08 00:00", ()),
        ],
    )
    def test_from_the_place_up_to_the_nation(self, adcode: str, at: str, layers: tuple[str, ...]) -> None:
        assert SMALL.plan_for(adcode, parse_instant(at)).layers == layers

    def test_a_named_plan_is_laid_over_those_above_its_place_even_out_of_force(self) -> None:
        assert SMALL.plan("city", parse_instant("2019-11-08 00:00")).layers == ("city", "default")

    def test_the_same_plans_are_laid_once(self) -> None:
        assert SMALL.plan_for("130100", START) is SMALL.plan_for("130100", parse_instant("2025-01-01 00:00"))

    def test_a_citys_own_set_answers_where_the_nation_has_none(self) -> None:
        first_red = parse_instant("2015-12-07 18:00")
        assert LAW.criteria_for("110000", first_red).rules_id == "beijing-2015"
        with pytest.raises(LawNotFound, match="no national rule set"):
            LAW.criteria_for("120000", first_red)
