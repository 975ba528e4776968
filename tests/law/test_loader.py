"""The shipped law loads, answers by date, and a broken folder never replaces a good law."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from alerts.instants import parse_instant
from service.law.loader import LawKeeper, check_config, load_adjacency, load_law, read_law
from service.law.problems import LawInvalid

WINTER_2016 = parse_instant("2016-12-15 12:00")
NOW = parse_instant("2026-01-10 12:00")


class TestShippedLaw:
    def test_has_no_problem(self) -> None:
        assert check_config() == []

    def test_is_read_once(self) -> None:
        assert load_law() is load_law()

    @pytest.mark.parametrize(
        ("when", "rules", "standard"),
        [
            ("2016-12-15 12:00", "national-2016", "hj633-2012"),
            ("2017-11-04 00:00", "national-2017", "hj633-2012"),
            ("2019-02-04 00:00", "national-2019", "hj633-2012"),
            ("2024-01-26 00:00", "national-2024", "hj633-2012"),
            ("2026-02-28 23:00", "national-2024", "hj633-2012"),
            ("2026-03-01 00:00", "national-2024", "hj633-2026"),
        ],
    )
    def test_answers_by_date(self, when: str, rules: str, standard: str) -> None:
        instant = parse_instant(when)
        assert load_law().rules_at(instant).id == rules
        assert load_law().standard_at(instant.date()).id == standard

    @pytest.mark.parametrize("instant", [WINTER_2016, NOW])
    @pytest.mark.parametrize("adcode", ["110000", "130181", "419001", "610581", "371600", "440100"])
    def test_every_place_has_a_plan(self, adcode: str, instant: datetime) -> None:
        plan = load_law().plan_for(adcode, instant)
        assert (plan.layers or (plan.id,))[-1] == "national-default"
        assert set(load_law().rules_at(instant).levels) <= {*plan.approvers, *plan.signatures}
        assert plan.deadlines.decision_hours == 2

    def test_orange_and_red_need_a_commander(self) -> None:
        approvers = load_law().plan_for("110000", NOW).approvers
        assert approvers["orange"] == approvers["red"] == ("commander",)
        assert "duty_officer" in approvers["yellow"]

    @pytest.mark.parametrize("level", ["yellow", "orange", "red"])
    def test_plan_says_the_same_in_both_languages(self, level: str) -> None:
        plan = load_law().plan_for("110000", NOW)
        for zh, en in ((plan.measures, plan.measures_en), (plan.health_advice, plan.health_advice_en)):
            chinese, english = dict(zh)[level], dict(en)[level]  # type: ignore[index]
            assert [len(texts) for texts in chinese.values()] == [len(texts) for texts in english.values()]

    def test_choices_are_marked(self) -> None:
        plan = load_law().plans["national-default"]
        assert {"approvers", "decision_hours", "conflict", "feeds", "measures"} <= set(plan.choices) | set(
            plan.references
        )


class TestRegions:
    def test_the_three_key_regions_have_their_members(self) -> None:
        regions = load_law().regions
        level = {code: division.level for code, division in load_law().divisions.items()}
        cities = {
            key: [code for code in regions[key].members if level[code] != "county"]
            for key in ("jingjinji-2023", "changsanjiao-2023", "fenwei-2023")
        }
        assert [len(codes) for codes in cities.values()] == [38, 31, 13]

    def test_counties_on_their_own_are_members(self) -> None:
        regions = load_law().regions
        assert {"130181", "130682", "419001", "130629", "130632", "130638"} <= set(regions["jingjinji-2023"].members)
        assert {"610581", "610403"} <= set(regions["fenwei-2023"].members)

    def test_two_plus_twenty_six(self) -> None:
        assert len(load_law().regions["jingjinji-2017"].members) == 28

    def test_laiwu_ends_with_the_merger(self) -> None:
        laiwu = load_law().divisions["371200"]
        assert laiwu.valid_until is not None
        assert laiwu.valid_until.isoformat()[:7] == "2019-01"
        assert "371200" in load_law().regions["jingjinji-2015"].members


class TestAdjacency:
    def test_holds_both_ways(self) -> None:
        adjacency = load_adjacency()
        assert all(place in adjacency[other] for place, others in adjacency.items() for other in others)

    def test_known_neighbours(self) -> None:
        adjacency = load_adjacency()
        assert {"120000", "131000", "130600"} <= adjacency["110000"]
        assert "310000" not in adjacency["110000"]


class TestKeeper:
    def test_takes_over_a_good_change(self, config: Path) -> None:
        keeper = LawKeeper(config)
        plan = config / "plans/100000/default.yaml"
        plan.write_text(plan.read_text("utf-8").replace("decision_hours: 2,", "decision_hours: 3,"), "utf-8")
        assert keeper.reload() == ()
        assert keeper.current.plan_for("110000", NOW).deadlines.decision_hours == 3

    def test_broken_rule_never_replaces_a_good_one(self, config: Path) -> None:
        keeper = LawKeeper(config)
        before = keeper.current
        (config / "rules/national-2024.yaml").write_text("id: national-2024\n", "utf-8")
        problems = keeper.reload()
        assert {problem.file for problem in problems} == {"rules/national-2024.yaml"}
        assert keeper.current is before
        assert keeper.current.rules_at(NOW).id == "national-2024"

    def test_broken_from_the_start_is_refused(self, config: Path) -> None:
        (config / "adjacency.csv").unlink()
        with pytest.raises(LawInvalid) as refused:
            LawKeeper(config)
        assert "adjacency.csv" in str(refused.value)
        with pytest.raises(LawInvalid):
            read_law(config)
        with pytest.raises(LawInvalid):
            load_adjacency(config)
