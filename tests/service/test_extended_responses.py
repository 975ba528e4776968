"""An extension goes on with the response: hours of a measure, the time to carry it out and the grade count from its beginning."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from emission_lists.identifiers import make_uscc
from emission_lists.measures import Action, Later, Measure
from service.accounts.roles import Principal, Role, Scope
from service.enterprises.flows import requirements
from service.evaluations.accounts import spans_of
from service.evaluations.following import followed_by
from service.evaluations.repository import responses_of
from service.findings.told import book_of, plants_of
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.responses.repository import of_division
from tests.emission_lists.list_samples import firm, line
from tests.service import grading
from tests.service.duty_support import step
from tests.service.requirement_support import CITY, COUNTY, FIRM, put_in_force
from tests.support import Client

HOUR = timedelta(hours=1)
STOP = Measure(Action.STOP, 1.0)
RELIEVED = Measure(Action.STOP, 1.0, complete_within_hours=12, later=(Later(120, Measure(Action.LIMIT, ratio=0.5)),))
"""Relief after 120 hours of response, as several industries of the guide have it."""


async def told(runtime: Runtime, instant: datetime | None = None, uscc: str = FIRM.uscc) -> dict[str, Any]:
    owner = Principal(1, "plant", "plant", Role.ENTERPRISE, Scope("100000"), uscc)
    async with runtime.reading() as uow:
        return dict(json.loads((await requirements(uow, owner, uscc, instant)).body))


async def warn(runtime: Runtime, clock: ManualClock, *course: tuple[str, str, int], adcode: str = CITY) -> datetime:
    """Steps so many hours after the first; the clock stands at the last one."""
    first = clock.now()
    for action, to, hours in course:
        clock.advance_to(first + hours * HOUR)
        await step(runtime, action, to, adcode=adcode, effective=clock.now())
        runtime.live.changed("response", adcode)
    return first


class TestHours:
    async def test_relief_after_120_hours_comes_although_the_warning_was_extended(
        self, runtime: Runtime, clock: ManualClock
    ) -> None:
        await put_in_force(runtime, [line("L1", RELIEVED)])
        first = await warn(runtime, clock, ("issue", "red", 0), ("extend", "red", 60), ("extend", "red", 100))
        (before,) = (await told(runtime, first + 119 * HOUR))["lines"]
        (after,) = (await told(runtime, first + 120 * HOUR))["lines"]
        assert (before["action"], after["action"]) == ("stop", "limit")

    async def test_time_to_carry_out_is_not_given_again(self, runtime: Runtime, clock: ManualClock) -> None:
        await put_in_force(runtime, [line("L1", RELIEVED)])
        first = await warn(runtime, clock, ("issue", "red", 0), ("extend", "red", 100))
        before, after = await told(runtime, first + HOUR), await told(runtime, first + 101 * HOUR)
        assert after["lines"][0]["complete_by"] == before["lines"][0]["complete_by"]
        assert after["response"]["effective_at"] == before["response"]["effective_at"] == first.isoformat()

    async def test_another_level_begins_anew(self, runtime: Runtime, clock: ManualClock) -> None:
        await put_in_force(runtime, [line("L1", RELIEVED)])
        first = await warn(
            runtime, clock, ("issue", "red", 0), ("lower", "orange", 30), ("raise", "red", 60), ("extend", "red", 80)
        )
        (required,) = (await told(runtime, first + 150 * HOUR))["lines"]
        assert required["action"] == "stop"
        assert (await told(runtime, first + 180 * HOUR))["lines"][0]["action"] == "limit"

    async def test_another_warning_begins_anew(self, runtime: Runtime, clock: ManualClock) -> None:
        await put_in_force(runtime, [line("L1", RELIEVED)])
        first = await warn(runtime, clock, ("issue", "red", 0), ("lift", "none", 100), ("issue", "red", 100))
        assert (await told(runtime, first + 130 * HOUR))["lines"][0]["action"] == "stop"

    async def test_findings_count_the_same_hours(self, runtime: Runtime, clock: ManualClock) -> None:
        await put_in_force(runtime, [line("L1", RELIEVED)])
        first = await warn(runtime, clock, ("issue", "red", 0), ("extend", "red", 100))
        async with runtime.unit() as uow:
            plants = await plants_of(uow, [FIRM.uscc])
            _, extended = await of_division(uow, CITY)
            book = await book_of(uow, extended, plants, first)
            ordered = book.ordered(FIRM.uscc, plants[FIRM.uscc][0])
        assert ordered is not None
        stopped, limited = (one.stage for one in ordered.stages["L1"])
        assert (stopped.starts, stopped.due) == (first + 100 * HOUR, first + 12 * HOUR)
        assert (limited.starts, limited.measure.action) == (first + 120 * HOUR, Action.LIMIT)

    async def test_the_evaluation_counts_the_same_hours(self, runtime: Runtime, clock: ManualClock) -> None:
        version = await put_in_force(runtime, [line("L1", RELIEVED)])
        first = clock.now()
        for hours, action, to in ((0, "issue", "orange"), (10, "raise", "red"), (60, "extend", "red"), (90, "lower", "orange")):
            clock.advance_to(first + hours * HOUR)
            await step(runtime, action, to, adcode=CITY, effective=clock.now(), list_version=version)
        async with runtime.unit() as uow:
            warning = await uow.fetchval("SELECT max(id) FROM warning")
            responses = await responses_of(uow, warning)
            (spans,) = spans_of(responses, first + 100 * HOUR, await followed_by(uow, responses)).values()
        told_of = [(one.since, one.before and one.before.value) for one in spans]
        raised = (first + 10 * HOUR, "orange")
        assert told_of == [(first, None), raised, raised, (first + 90 * HOUR, "red")]


class TestGrade:
    async def test_a_grade_that_came_during_the_response_waits_for_the_next_one(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        clock.current = grading.NOW
        await grading.with_list(runtime)
        people = await grading.People(client).come()
        async with runtime.unit() as uow:
            version = await uow.fetchval("SELECT id FROM list_version WHERE adcode = $1 AND state = 'active'", grading.CITY)
        await step(runtime, "issue", "red", adcode=grading.CITY, effective=clock.now(), list_version=version)
        await people.published(clock, runtime)
        await step(runtime, "extend", "red", adcode=grading.CITY, effective=clock.now(), list_version=version)
        runtime.live.changed("response", grading.CITY)
        required = await told(runtime, uscc=grading.CEMENT)
        assert (required["grade"], {one["action"] for one in required["lines"]}) == ("C", {"stop"})


class TestWhereItIsListed:
    async def test_a_list_that_dropped_the_enterprise_says_nothing_at_any_instant(
        self, runtime: Runtime, clock: ManualClock
    ) -> None:
        """The county's list alone names it when the city turns red: now, at the same instant asked later, and as it is judged."""
        await put_in_force(runtime, [line("L1", STOP)], FIRM, CITY)
        await put_in_force(runtime, [line("L1", STOP)], FIRM, COUNTY)
        clock.advance_to(clock.now() + HOUR)
        other = firm(adcode=COUNTY, uscc=make_uscc(COUNTY, 77))
        version = await put_in_force(runtime, [line("L1", STOP)], other, CITY)
        clock.advance_to(clock.now() + HOUR)
        await step(runtime, "issue", "red", adcode=CITY, effective=clock.now(), list_version=version)
        runtime.live.changed("response", CITY)
        instant = clock.now()
        now = await told(runtime)
        clock.advance_to(instant + HOUR)
        then = await told(runtime, instant)
        assert (now["status"], now["lines"][0]["action"], now["division"]) == ("required", "stop", COUNTY)
        assert {key: then[key] for key in now} == now
        async with runtime.unit() as uow:
            (response,) = await of_division(uow, CITY)
            plants = await plants_of(uow, [FIRM.uscc], response)
            ordered = (await book_of(uow, response, plants, instant)).ordered(FIRM.uscc, plants[FIRM.uscc][0])
        assert ordered is not None
        assert [one.stage.measure.action for one in ordered.stages["L1"]] == [Action.STOP]
