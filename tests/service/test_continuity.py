"""Extension, raise, lower and lift carry requirements over: at each instant one response is in force or none, as decided."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings

from alerts.lifecycle import IllegalMove
from service.kit.clock import ManualClock
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.responses.repository import at, of_division
from service.warnings.flows import lapse
from tests.service.duty_support import HEBEI_CITY, rows, settle, step
from tests.service.moves import MOVES, Move, action_of
from tests.support import NOW

HOUR = timedelta(hours=1)
CODES = itertools.count(710101)
"""A division of its own for each example: books are append-only."""


@dataclass
class Model:
    """What was decided, written down as simply as can be: from each instant on, the level until the fixed end, then none."""

    start: datetime
    hours: dict[int, str] = field(default_factory=dict)
    warnings: dict[int, int] = field(default_factory=dict)
    pinned: dict[int, int] = field(default_factory=dict)

    def at(self, hour: int) -> str:
        return self.hours.get(hour, "none")

    def begun(self, hour: int) -> int:
        """The first hour of the unbroken run of the same level of the same warning."""
        while self.at(hour - 1) == self.at(hour) and self.warnings.get(hour - 1) == self.warnings[hour]:
            hour -= 1
        return hour

    def take(self, level: str, begins: int, ends: int | None, *, since: int, warning: int) -> None:
        """From `begins` on this level holds until `ends`; a hole before it is closed with the level that came before.

        Not before `since`, when its warning begins: the one before that ended by itself.
        """
        if level != "none":
            last = max((hour for hour in self.hours if since <= hour < begins and self.hours[hour] != "none"), default=None)
            if last is not None:
                self.hours |= dict.fromkeys(range(last + 1, begins), self.hours[last])
                self.warnings |= dict.fromkeys(range(last + 1, begins), warning)
        for hour in range(begins, 240):
            self.hours[hour] = level if ends is None or hour < ends else "none"
            self.warnings[hour] = warning


async def end_what_is_over(runtime: Runtime, adcode: str) -> None:
    """The job of the lapse."""
    for warning in await rows(runtime, "SELECT id FROM warning WHERE adcode = $1", adcode):
        async with runtime.unit() as uow:
            await lapse(uow, warning["id"])
            await uow.commit()


class TestAnySequence:
    @settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(moves=MOVES)
    @example(moves=[Move(0, "yellow", 0, 1, extend=False, jobs=False), Move(1, "yellow", 1, None, extend=False, jobs=False)])
    @example(
        moves=[
            Move(0, "yellow", 10, None, False, False),
            Move(1, "red", 1, None, False, False),
            Move(1, "orange", 2, 9, False, False),
        ]
    )
    @example(  # extended after a level between had been announced
        moves=[
            Move(0, "yellow", 0, None, False, False),
            Move(0, "orange", 1, None, False, False),
            Move(0, "yellow", 2, None, False, False),
            Move(0, "yellow", 0, None, False, False),
        ]
    )
    @example(  # extended after another warning that ended by itself
        moves=[
            Move(0, "yellow", 0, 1, False, False),
            Move(1, "yellow", 1, None, False, False),
            Move(0, "yellow", 0, None, False, False),
        ]
    )
    @example(  # extended after an extension that has yet to begin
        moves=[
            Move(0, "yellow", 0, None, False, False),
            Move(0, "yellow", 1, None, False, False),
            Move(0, "yellow", 0, 1, False, False),
        ]
    )
    @example(  # carried on from hour 10 to 12, and then another step
        moves=[
            Move(0, "orange", 0, 10, False, False),
            Move(5, "red", 7, None, False, False),
            Move(8, "none", 0, None, False, False),
        ]
    )
    async def test_one_response_or_none(self, runtime: Runtime, clock: ManualClock, moves: list[Move]) -> None:
        adcode, start = str(next(CODES)), clock.now() + HOUR
        model = Model(start)
        hour, standing, ends, begun, issued = 0, "none", None, 0, 0
        spans: list[tuple[str, int]] = []
        for move in moves:
            hour += move.later
            clock.advance_to(start + hour * HOUR)
            if move.jobs:
                await end_what_is_over(runtime, adcode)
            if ends is not None and hour >= ends:
                standing, ends = "none", None
            action, level = action_of(standing, move)
            begins = hour + move.ahead
            if action in {"lower", "extend"}:
                begins = max(begins, begun)
            if action == "extend":  # what is announced of that level and has yet to begin is extended, not begun earlier
                begins = max([begins, *(one for of, one in spans if of == standing)])
            until = None if move.lasts is None or action == "lift" else begins + move.lasts
            try:
                await step(
                    runtime,
                    action,
                    level,
                    adcode=adcode,
                    effective=start + (hour + move.ahead) * HOUR,
                    end=None if until is None else start + until * HOUR,
                    fixed=until is not None,
                )
            except (Conflict, IllegalMove):
                assert action == "lift"
                assert ends is not None
                assert begins > ends
                continue
            issued += action == "issue"
            model.take(level, begins, until, since=begins if action == "issue" else begun, warning=issued)
            spans = [*((of, one) for of, one in spans if one < begins), (level, begins)]
            if action == "issue":
                begun = begins
            elif action == "raise":  # one that begins before the announced start moves that start
                begun = min(begun, begins)
            standing, ends = (level, until) if action != "lift" else (standing, begins)
            if action == "lift":
                break
        await self.compare(runtime, adcode, model)

    @staticmethod
    async def compare(runtime: Runtime, adcode: str, model: Model) -> None:
        async with runtime.unit() as uow:
            responses = await of_division(uow, adcode)
        assert [one.cuts[-1][1] if one.cuts else one.first_end for one in responses] == [one.ends_at for one in responses]
        for hour in range(240):
            for instant in (model.start + hour * HOUR, model.start + (hour + 1) * HOUR - timedelta(microseconds=1)):
                holding = [one for one in responses if one.holds(instant)]
                assert len(holding) <= 1, (hour, holding)
                for told in (responses, tuple(one.as_known(instant) for one in responses)):  # today, and in the archive
                    found = at(told, instant)
                    assert (found.level.code if found else "none") == model.at(hour), (hour, model.hours)
                    assert found is None or found.begun == model.start + model.begun(hour) * HOUR, (hour, model.hours)


class TestRaces:
    async def test_a_late_extension_finds_nothing_to_extend(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange", end=NOW + 5 * HOUR, fixed=True)
        clock.advance_to(NOW + 5 * HOUR)  # the job of the lapse has not run
        with pytest.raises(Conflict):
            await step(runtime, "extend", "orange", end=NOW + 20 * HOUR, fixed=True)
        await settle(runtime)
        (warning,) = await rows(runtime, "SELECT state, closed_at FROM warning")
        assert (warning["state"], warning["closed_at"]) == ("lapsed", NOW + 5 * HOUR)

    async def test_a_new_warning_follows_one_whose_lapse_was_not_done_yet(self, runtime: Runtime, clock: ManualClock) -> None:
        first = await step(runtime, "issue", "orange", end=NOW + 5 * HOUR, fixed=True)
        clock.advance_to(NOW + 6 * HOUR)
        second = await step(runtime, "issue", "yellow")
        await settle(runtime)
        found = await rows(runtime, "SELECT id, state, closed_at FROM warning ORDER BY id")
        assert [(one["id"], one["state"]) for one in found] == [(first["warning"], "lapsed"), (second["warning"], "active")]
        assert found[0]["closed_at"] == NOW + 5 * HOUR
        async with runtime.unit() as uow:
            responses = await of_division(uow, HEBEI_CITY)
        assert at(responses, NOW + 5 * HOUR) is None
        assert at(responses, NOW + 6 * HOUR) is not None

    async def test_an_extension_in_time_survives_the_job(self, runtime: Runtime, clock: ManualClock) -> None:
        done = await step(runtime, "issue", "orange", end=NOW + 5 * HOUR, fixed=True)
        clock.advance_to(NOW + 5 * HOUR - timedelta(microseconds=1))
        await step(runtime, "extend", "orange", end=NOW + 20 * HOUR, fixed=True)
        clock.advance_to(NOW + 5 * HOUR)
        await settle(runtime)
        async with runtime.unit() as uow:
            await lapse(uow, done["warning"])
            await uow.commit()
        assert (await rows(runtime, "SELECT state FROM warning"))[0]["state"] == "extended"
        async with runtime.unit() as uow:
            assert at(await of_division(uow, HEBEI_CITY), NOW + 5 * HOUR) is not None

    async def test_a_lift_at_the_instant_of_the_lapse_stands(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange", end=NOW + 5 * HOUR, fixed=True)
        await step(runtime, "lift", "none", effective=NOW + 5 * HOUR)
        clock.advance_to(NOW + 5 * HOUR)
        await settle(runtime)
        (warning,) = await rows(runtime, "SELECT state, closed_at FROM warning")
        assert (warning["state"], warning["closed_at"]) == ("lifted", NOW + 5 * HOUR)
        assert not await rows(runtime, "SELECT 1 FROM ledger_entry WHERE kind = 'warning.lapsed'")

    async def test_a_lift_after_the_named_end_is_refused(self, runtime: Runtime) -> None:
        await step(runtime, "issue", "orange", end=NOW + 5 * HOUR, fixed=True)
        with pytest.raises(Conflict, match="ends by itself"):
            await step(runtime, "lift", "none", effective=NOW + 6 * HOUR)

    async def test_a_raise_after_the_named_end_leaves_no_hole(self, runtime: Runtime) -> None:
        await step(runtime, "issue", "orange", end=NOW + 5 * HOUR, fixed=True)
        await step(runtime, "raise", "red", effective=NOW + 9 * HOUR)
        async with runtime.unit() as uow:
            responses = await of_division(uow, HEBEI_CITY)
        found = [at(responses, NOW + hour * HOUR) for hour in (4, 5, 8, 9)]
        assert [one.level.code if one else None for one in found] == ["orange", "orange", "orange", "red"]

    async def test_extending_what_is_yet_to_begin_begins_nothing_earlier(self, runtime: Runtime) -> None:
        await step(runtime, "issue", "orange")
        await step(runtime, "raise", "red", effective=NOW + 9 * HOUR)
        await step(runtime, "extend", "red", end=NOW + 30 * HOUR, fixed=True)
        async with runtime.unit() as uow:
            responses = await of_division(uow, HEBEI_CITY)
        found = [at(responses, NOW + hour * HOUR) for hour in (0, 8, 9, 29, 30)]
        assert [one.level.code if one else None for one in found] == ["orange", "orange", "red", "red", None]

    async def test_raised_before_its_start(self, runtime: Runtime, clock: ManualClock) -> None:
        await step(runtime, "issue", "orange", effective=NOW + 12 * HOUR)
        await step(runtime, "raise", "red", effective=NOW + 12 * HOUR)
        clock.advance_to(NOW + 12 * HOUR)
        await settle(runtime)
        async with runtime.unit() as uow:
            responses = await of_division(uow, HEBEI_CITY)
        assert at(responses, NOW + 11 * HOUR) is None
        assert [one.level.code for one in responses if one.holds(NOW + 12 * HOUR)] == ["red"]

    async def test_revoked_before_its_start(self, runtime: Runtime) -> None:
        await step(runtime, "issue", "orange", effective=NOW + 12 * HOUR)
        await step(runtime, "revoke", "none")
        async with runtime.unit() as uow:
            assert await of_division(uow, HEBEI_CITY) == ()
