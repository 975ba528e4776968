"""The demonstration's plants: who they are, what their meters say, what they file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from emission_lists.generator import generate_list
from emission_lists.lists import Enterprise, Line
from emission_lists.permits import read_register, write_register
from service.demo.plants import (
    DEFIANT,
    IDLE,
    NORMAL_DAYS,
    PLANTS,
    UNLISTED,
    Plant,
    hours_message,
    load_of,
    meter,
    normal_days,
    plan_of,
    plants_of,
    points_message,
    register_of,
)
from service.evidence.records import Kind
from service.evidence.schemas import HoursMessage, PointsMessage, read_message
from service.kit.canonical import canonical
from service.kit.clock import SHANGHAI
from service.lists.workbooks import guide_of, profile
from service.operating_plans.schemas import PlanContent

NOON = datetime(2016, 12, 17, 12, tzinfo=SHANGHAI)
Listed = list[tuple[Enterprise, tuple[Line, ...]]]


@pytest.fixture(scope="module")
def listed() -> Listed:
    draft = generate_list("110000", seed=5, enterprises=900, guide=guide_of("G2020"), profile=profile())
    return [
        (rows[0].enterprise, tuple(row.line for row in rows)) for _, rows in sorted(draft.by_enterprise().items())
    ]


class TestPlants:
    def test_are_always_the_same_and_one_of_them_defies(self, listed: Listed) -> None:
        plants = plants_of(listed)
        assert plants == plants_of(listed)
        assert len(plants) == PLANTS
        defying = [number for number, plant in enumerate(plants) if plant.defies is not None]
        assert defying == [DEFIANT]
        assert plants[DEFIANT].defies in {line.code for line in plants[DEFIANT].lines}

    def test_the_visitors_own_is_among_them_and_obeys(self, listed: Listed) -> None:
        own = listed[-1][0].uscc
        plants = plants_of(listed, own)
        (shown,) = [plant for plant in plants if plant.uscc == own]
        assert (len(plants), shown.defies) == (PLANTS + 1, None)

    def test_their_lines_all_stand_still_at_red(self, listed: Listed) -> None:
        for plant in plants_of(listed):
            assert {line.measures.red.action.value for line in plant.lines} == {"stop"}


class TestMeters:
    @pytest.fixture
    def plant(self, listed: Listed) -> Plant:
        return plants_of(listed)[0]

    @pytest.mark.parametrize(
        ("asked", "load"),
        [
            (None, 1.0),
            ({"action": "stop", "total_units": 2, "stopped_units": 2}, IDLE),
            ({"action": "stop", "total_units": 4, "stopped_units": 1}, 0.75),
            ({"action": "stop", "total_units": None, "stopped_units": None}, IDLE),
            ({"action": "limit", "ratio": 0.2}, 0.8),
            ({"action": "limit", "ratio": None}, 1.0),
            ({"action": "transport"}, 1.0),
            ({"action": "unknown"}, 1.0),
        ],
    )
    def test_follow_what_is_asked(self, plant: Plant, asked: dict[str, Any] | None, load: float) -> None:
        assert load_of(plant, plant.lines[0], asked) == pytest.approx(load)

    def test_but_not_where_somebody_defies(self, listed: Listed) -> None:
        plant = plants_of(listed)[DEFIANT]
        stop = {"action": "stop", "total_units": 1, "stopped_units": 1}
        loads = {line.code: load_of(plant, line, stop) for line in plant.lines}
        assert loads.pop(plant.defies or "") == 1.0
        assert set(loads.values()) == {IDLE}

    def test_normal_days_end_at_the_start(self) -> None:
        hours = normal_days(NOON)
        assert (len(hours), hours[-1][0], hours[0][0]) == (24 * NORMAL_DAYS, NOON, NOON - timedelta(hours=167))

    def test_messages_are_what_the_service_takes(self, plant: Plant) -> None:
        loads = [(plant, line, normal_days(NOON)) for line in plant.lines]
        sent = canonical(hours_message(loads, NOON)).encode()
        kind, records = read_message(sent)
        assert (kind, len(records)) == (Kind.POWER, 168 * len(plant.lines))
        assert HoursMessage.model_validate_json(sent).data[0].point == meter(plant.lines[0])
        kind, records = read_message(canonical(points_message([plant], NOON)).encode())
        assert (kind, len(records)) == (Kind.POINTS, len(plant.lines))
        assert PointsMessage.model_validate_json(canonical(points_message([plant], NOON))).data[0].kind == "power"


class TestFilings:
    def test_the_register_can_be_read_and_differs_from_the_list(self, listed: Listed) -> None:
        permits = register_of(listed, "110000", date(2016, 12, 14))
        read = read_register(write_register(permits), "110000")
        assert (read.errors, read.permits) == ([], permits)
        codes = {firm.uscc for firm, _ in listed}
        assert sum(permit.uscc not in codes for permit in permits) == UNLISTED
        assert any(permit.valid_until and permit.valid_until < date(2016, 12, 14) for permit in permits)
        assert {firm.uscc for firm, _ in listed if firm.permit_no} - {permit.uscc for permit in permits}
        assert write_register(permits) == write_register(permits)

    def test_every_enterprise_can_file_a_plan_after_its_list(self, listed: Listed) -> None:
        for firm, lines in listed:
            if any(line.measures.red.executable for line in lines if line.process != "公路运输"):
                plan = PlanContent.model_validate(plan_of(firm, lines))
                assert {line.code for line in plan.lines} <= {line.code for line in lines}
