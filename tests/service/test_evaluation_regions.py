"""Many warnings together: per city and level against whole-society emissions and the floor; unknown is never zero nor missed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from service.evaluations import region_floors
from tests.service.test_evaluations import POLLUTANTS, World, world

__all__ = ["world"]
DAYS = {"from": "2016-12-01", "until": "2017-01-01"}


async def look(world: World) -> dict[str, Any]:
    answer = await world.client.http.get("/api/v1/evaluations", headers=world.who, params=DAYS)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
async def one(world: World) -> dict[str, Any]:
    """The evaluation of the only warning, over."""
    await world.over()
    return await world.get()


class TestOverTheApi:
    async def test_a_city_and_level_carry_base_share_and_floor_as_in_the_evaluation(
        self, world: World, one: dict[str, Any]
    ) -> None:
        body = await look(world)
        (level,) = body["cities"][0]["levels"]
        assert level["minutes"] == 3 * 1440
        assert level["floor"] == one["levels"][0]["floor"]
        assert level["classes"]["floor"] == one["classes"]["levels"][0]["floor"]
        assert level["classes"]["total"]["pollutants"] == one["classes"]["levels"][0]["total"]["pollutants"]
        assert level["pollutants"] == one["levels"][0]["pollutants"]

    async def test_the_whole_society_over_the_same_hours(self, world: World, one: dict[str, Any]) -> None:
        body = await look(world)
        per_day = one["levels"][0]["floor"]["whole_society_kg_per_day"]
        for place in (body, body["cities"][0], body["levels"][0], body["cities"][0]["levels"][0]):
            for name in POLLUTANTS:
                assert place["whole_society"]["kg"][name] == pytest.approx(3 * per_day[name])
                assert place["whole_society"]["planned_share"][name] == pytest.approx(
                    one["levels"][0]["floor"]["shares"][name], abs=1e-6
                )
                assert place["whole_society"]["verified_share_at_least"][name] is None

    async def test_levels_say_how_many_cities_stand_how(self, world: World, one: dict[str, Any]) -> None:
        expected = region_floors.STANDING[one["classes"]["levels"][0]["floor"]["met"]]
        cities = (await look(world))["levels"][0]["cities"]
        assert cities == {"met": 0, "not_met": 0, "not_established": 0} | {expected: 1}

    async def test_a_warning_keeps_its_levels(self, world: World, one: dict[str, Any]) -> None:
        assert (await look(world))["warnings"][0]["levels"] == one["levels"]

    async def test_a_list_without_whole_society_gives_no_share_and_no_verdict(self, world: World) -> None:
        await world.over()
        async with world.client.runtime.unit() as uow:
            await uow.execute("SET LOCAL session_replication_role = replica")
            await uow.execute("UPDATE list_version SET totals = (totals::jsonb - 'whole_society')::json")
            await uow.commit()
        body = await look(world)
        (level,) = body["cities"][0]["levels"]
        assert (level["floor"], level["classes"]["floor"]) == (None, None)
        assert set(body["whole_society"]["kg"].values()) == {None}
        assert set(body["whole_society"]["planned_share"].values()) == {None}
        assert body["whole_society"]["without"] == 1
        assert body["levels"][0]["cities"] == {"met": 0, "not_met": 0, "not_established": 1}


class TestSeveralWarnings:
    """The same warning several times over, changed where the case asks for it."""

    def twice(self, one: dict[str, Any]) -> list[dict[str, Any]]:
        return [deepcopy(one), deepcopy(one)]

    async def test_two_equal_ones_have_the_share_of_one(self, one: dict[str, Any]) -> None:
        (level,) = region_floors.city_levels(self.twice(one))
        for kind, floor in (("levels", level["floor"]), ("classes", level["classes"]["floor"])):
            alone = (one["levels"] if kind == "levels" else one["classes"]["levels"])[0]["floor"]
            assert floor["shares"] == pytest.approx(alone["shares"], abs=1e-6)
            assert (floor["met"], floor["short"], floor["required"]) == (alone["met"], alone["short"], alone["required"])
        assert level["minutes"] == 2 * one["levels"][0]["minutes"]

    async def test_emissions_weigh_by_the_length_of_the_response(self, one: dict[str, Any]) -> None:
        found = self.twice(one)
        for entry in (found[1]["levels"][0], found[1]["classes"]["levels"][0]):
            entry["minutes"] *= 3
            per_day = entry["floor"]["whole_society_kg_per_day"]
            per_day.update({name: 5 * value for name, value in per_day.items()})
        (level,) = region_floors.city_levels(found)
        before = one["levels"][0]["floor"]["whole_society_kg_per_day"]
        assert level["floor"]["whole_society_kg_per_day"] == pytest.approx({name: 4 * value for name, value in before.items()})
        for name in POLLUTANTS:
            assert level["whole_society"]["kg"][name] == pytest.approx(before[name] * 3 + 5 * before[name] * 9)

    async def test_one_that_nothing_can_be_held_against_leaves_no_verdict(self, one: dict[str, Any]) -> None:
        found = self.twice(one)
        found[1]["levels"][0]["floor"] = None
        (level,) = region_floors.city_levels(found)
        assert level["floor"] is None
        assert level["classes"]["floor"] is not None
        assert level["whole_society"]["without"] == 1
        assert set(level["whole_society"]["kg"].values()) == {None}

    async def test_two_floors_are_not_mixed(self, one: dict[str, Any]) -> None:
        found = self.twice(one)
        found[1]["levels"][0]["floor"]["profile"] = "FLOOR-B"
        assert region_floors.city_levels(found)[0]["floor"] is None

    async def test_closed_before_classes_the_verdict_is_that_of_industry(self, one: dict[str, Any]) -> None:
        found = self.twice(one)
        found[0]["classes"] = None
        (level,) = region_floors.city_levels(found)
        assert level["classes"] == {"without": 1, "total": None, "floor": None}
        assert region_floors.judged(level) is level["floor"]
        (whole,) = region_floors.city_levels(self.twice(one))
        assert region_floors.judged(whole) is whole["classes"]["floor"]

    async def test_what_was_closed_before_open_rows_were_told_apart_counts_as_its_evaluation_shows_it(
        self, one: dict[str, Any]
    ) -> None:
        before = deepcopy(one)
        for floor in (before["levels"][0]["floor"], before["classes"]["levels"][0]["floor"]):
            del floor["not_established"]
            floor |= {"short": ["pm"], "met": False, "not_established_rows": dict.fromkeys(POLLUTANTS, 0) | {"pm": 3}}
            floor["shares"] = dict.fromkeys(POLLUTANTS, 0.1)
        for rows, expected in ((3, "not_established"), (0, "not_met")):
            for floor in (before["levels"][0]["floor"], before["classes"]["levels"][0]["floor"]):
                floor["not_established_rows"]["pm"] = rows
            city = {"levels": region_floors.city_levels([before])}
            (level,) = region_floors.region_levels([city], [before]).values()
            assert level["cities"] == {"met": 0, "not_met": 0, "not_established": 0} | {expected: 1}

    async def test_what_is_short_is_short_together(self, one: dict[str, Any]) -> None:
        found = self.twice(one)
        for entry in (warning["levels"][0] for warning in found):
            entry["pollutants"]["pm"] |= {"planned_kg": 0.0, "planned_stated_kg": 0.0, "planned_computed_kg": 0.0}
            entry["not_established_lines"] = dict.fromkeys(POLLUTANTS, 0)
        (level,) = region_floors.city_levels(found)
        assert level["floor"]["short"] == ["pm"]
        assert level["floor"]["met"] is False
