"""CEMS and electricity of a line over HTTP: a source that is said to stand still emits nothing; what is broken falls back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from emission_lists.accounting import Readings
from emission_lists.lists import Line
from service.evaluations.measured import Hours, lines_of
from service.evidence.points import PointInfo
from tests.service.test_evaluations import (
    HOUR,
    HOUR_COLUMNS,
    POINT_COLUMNS,
    STARTS,
    World,
    meter,
    world,
)

__all__ = ["world"]
NAN = float("nan")
NOX = 1
Told = dict[str, list[tuple[float | None, str | None]]]


async def store(world: World, line: str, told: Told) -> None:
    """A meter DB1 (100 kWh on normal days) and a monitor YQ1; `told`: item → value and flag hour by hour."""
    points = [meter(world.uscc, line, "DB1"), meter(world.uscc, line, "YQ1", kind="cems", role="none")]
    normal = [("110000", world.uscc, "DB1", "kwh", STARTS - place * HOUR, 0, 100.0, None) for place in range(24 * 14)]
    said = [
        ("110000", world.uscc, "DB1" if item == "kwh" else "YQ1", item, STARTS + (place + 1) * HOUR, 1, value, flag)
        for item, hours in told.items()
        for place, (value, flag) in enumerate(hours)
    ]
    async with world.client.runtime.unit() as uow:
        copy = uow.connection.copy_records_to_table
        await copy("evidence_point", records=points if "kwh" in told else points[1:], columns=POINT_COLUMNS)
        await copy("evidence_hour", records=normal + said, columns=HOUR_COLUMNS)
        await uow.commit()


async def of_nox(world: World) -> Line:
    every = (await world.lines()).values()
    return next(one for one in every if one.base.nox and one.measures.yellow.action.value in ("limit", "stop"))


async def verified(world: World, told: Told) -> tuple[float | None, int, float]:
    """Verified NOx kg, its minutes, and the base of an hour."""
    await world.over()
    line = await of_nox(world)
    await store(world, line.code, told)
    figures: dict[str, Any] = (await world.get())["totals"]["pollutants"]["nox"]
    assert line.base.nox is not None
    return figures["verified_at_least_kg"], figures["verified_minutes"], line.base.nox / 24


STILL = [(None, "F")] * 24


async def test_a_meter_at_rest_and_a_monitor_that_says_stopped_verify_the_whole_day(world: World) -> None:
    kg, minutes, hour = await verified(world, {"kwh": [(0.0, None)] * 24, "nox": STILL, "flow": STILL})
    assert (kg, minutes) == (pytest.approx(24 * hour, abs=1e-5), 1440)


async def test_a_monitor_alone_that_says_stopped_verifies_it_too(world: World) -> None:
    kg, minutes, hour = await verified(world, {"nox": STILL, "flow": STILL})
    assert (kg, minutes) == (pytest.approx(24 * hour, abs=1e-5), 1440)


async def test_hours_in_maintenance_fall_back_to_electricity(world: World) -> None:
    """An hour stopped by its flag, one in maintenance at half the power, and one in maintenance without a meter's value."""
    told: Told = {
        "kwh": [(0.0, None), (50.0, None)],
        "nox": [(None, "F"), (30.0, "M"), (30.0, "M")],
        "flow": [(None, "F"), (9e9, "N"), (9e9, "N")],
    }
    kg, minutes, hour = await verified(world, told)
    assert (kg, minutes) == (pytest.approx(1.5 * hour, abs=1e-5), 120)


async def test_what_a_monitor_says_while_its_flow_goes_on_is_no_standstill(world: World) -> None:
    kg, minutes, _ = await verified(world, {"nox": [(None, "F")] * 2, "flow": [(5000.0, "N"), (0.0, "N")]})
    assert minutes == 60
    assert kg is not None


def point(name: str) -> PointInfo:
    return PointInfo("110000", "U", name, "cems", "L", "none", None, None, None, "upload")


def hours(*values: float, stopped: tuple[int, ...] = ()) -> Hours:
    marks = np.isin(np.arange(len(values)), stopped)
    return Hours(Readings(np.arange(len(values)), np.array(values)), marks)


class TestLines:
    def test_two_monitors_add_up_and_one_of_them_may_stand_still(self) -> None:
        series = {
            ("A", "nox"): hours(NAN, NAN, stopped=(0, 1)),
            ("A", "flow"): hours(NAN, NAN, stopped=(0, 1)),
            ("B", "nox"): hours(100.0, NAN),
            ("B", "flow"): hours(10_000.0, 10_000.0),
        }
        emitted = lines_of([point("A"), point("B")], series, {})["L"].cems[NOX]
        assert emitted.values.tolist() == pytest.approx([1.0, NAN], nan_ok=True)

    def test_a_flow_that_is_missing_or_stopped_is_enough_with_the_flag(self) -> None:
        series = {("A", "nox"): hours(NAN, NAN, 5.0, stopped=(0, 1)), ("A", "flow"): hours(NAN, stopped=(0,))}
        assert lines_of([point("A")], series, {})["L"].cems[NOX].values.tolist() == pytest.approx([0.0, 0.0, NAN], nan_ok=True)

    def test_a_monitor_without_any_value_is_none(self) -> None:
        assert lines_of([point("A")], {("A", "nox"): hours(NAN), ("A", "flow"): hours(5.0)}, {}) == {}
