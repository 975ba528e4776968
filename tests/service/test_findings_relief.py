"""A guarantee relieves the hours in which it holds, whenever their evidence is judged."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from service.findings.judging import judge_touched
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.evidence_support import ADCODE, START, USCC, send
from tests.service.test_findings import HOUR, arrive, ready, rows, spans
from tests.support import NOW, Client

__all__ = ["ready"]


async def guaranteed(
    runtime: Runtime, until: datetime, *, steps: tuple[tuple[str, timedelta], ...] = (("in_force", -24 * HOUR),)
) -> None:
    """A guarantee of the enterprise: its states, each from so long after the response's start."""
    async with runtime.unit() as uow:
        number = await uow.fetchval(
            "INSERT INTO guarantee_case (uscc, name, adcode, kind, basis, cap_value, cap_unit, valid_until, reason, created_at)"
            " VALUES ($1, 'Works', $2, 'livelihood', 'heat_supply', 500, 't', $3, '供热', $4) RETURNING id",
            USCC,
            ADCODE,
            until,
            START - 48 * HOUR,
        )
        for seq, (state, after) in enumerate(steps):
            await uow.execute(
                "INSERT INTO guarantee_step (case_id, seq, move, state, level, at, effective_from)"
                " VALUES ($1, $2, 'x', $3, 'city', $4, $4)",
                number,
                seq,
                state,
                START + after,
            )
        await uow.commit()


async def judged(runtime: Runtime) -> list[tuple[str, int, int, str]]:
    """Judge everything anew and say what stands: rule, hours of the response, content."""
    async with runtime.unit() as uow:
        await judge_touched(uow, ADCODE, [USCC], START, START + 48 * HOUR)
        await uow.commit()
    found = [row for row in await rows(runtime) if row["state"] == "found"]
    return [(*one[:1], *one[2:], row["content_hash"]) for one, row in zip(spans(found), found, strict=True)]


class TestRelief:
    """A guarantee relieves the hours in which it holds, whenever their evidence is judged."""

    DAY_2 = START + 24 * HOUR

    @pytest.mark.parametrize("values", [[50] * 16, [0] * 16])
    async def test_no_hour_under_a_guarantee_is_found_after_its_end(
        self, ready: Client, runtime: Runtime, clock: ManualClock, values: list[float]
    ) -> None:
        await guaranteed(runtime, self.DAY_2)
        await arrive(ready, values)
        assert await judged(runtime) == []
        clock.current = START + 54 * HOUR
        assert await judged(runtime) == []

    async def test_the_hours_after_its_end_are_found(self, ready: Client, runtime: Runtime, clock: ManualClock) -> None:
        await guaranteed(runtime, self.DAY_2)
        clock.current = START + 54 * HOUR
        await arrive(ready, [50] * 26)
        assert [one[:3] for one in await judged(runtime)] == [("RUNNING_WHILE_STOPPED", 24, 26)]

    async def test_a_suspension_and_what_is_resumed(self, ready: Client, runtime: Runtime, clock: ManualClock) -> None:
        steps = (("in_force", -24 * HOUR), ("suspended", 3 * HOUR), ("in_force", 6 * HOUR))
        await guaranteed(runtime, START + 900 * HOUR, steps=steps)
        await arrive(ready, [50] * 10)
        before = await judged(runtime)
        assert [one[:3] for one in before] == [("RUNNING_WHILE_STOPPED", 3, 6)]
        clock.current = START + 30 * HOUR
        assert await judged(runtime) == before

    async def test_one_that_began_only_later_relieves_nothing_and_cuts_nothing(
        self, ready: Client, runtime: Runtime
    ) -> None:
        await guaranteed(runtime, START + 900 * HOUR, steps=(("in_force", 2 * HOUR),))
        await arrive(ready, [50] * 5)
        assert [one[:3] for one in await judged(runtime)] == [("RUNNING_WHILE_STOPPED", 0, 5)]

    async def test_treatment_stays_on_under_a_guarantee_and_says_the_same_later(
        self, ready: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        point = {"uscc": USCC, "point": "T1", "kind": "power", "line": "L1", "role": "treatment", "rated": 30.0}
        await send(ready, {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": [point]})
        await guaranteed(runtime, self.DAY_2)
        await arrive(ready, [50] * 3)
        await arrive(ready, [0] * 3, point="T1")
        before = await judged(runtime)
        assert [one[:3] for one in before] == [("TREATMENT_OFF", 0, 3)]
        clock.current = START + 54 * HOUR
        assert await judged(runtime) == before
