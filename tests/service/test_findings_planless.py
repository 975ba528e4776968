"""Who has no operating plan is found when a response starts, without evidence, once for a warning."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from emission_lists.compliance_rules import Rule
from emission_lists.measures import Action, Later, Measure
from service.accounts.roles import Role
from service.findings.judging import judge_touched
from service.kit.clock import ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.responses.flows import watch_response
from tests.service.evidence_support import ADCODE, METER, NOW, OTHER, START, USCC, evidence_list, line, respond
from tests.service.test_findings import HOUR, step
from tests.support import Client


@pytest.fixture
async def listed(client: Client, runtime: Runtime) -> Client:
    """Two enterprises, one of which has filed."""
    await evidence_list(runtime)
    await client.account(Role.ENTERPRISE, adcode=ADCODE, uscc=OTHER)
    async with runtime.unit() as uow:
        account = await uow.fetchval("SELECT min(id) FROM account")
        await uow.execute(
            "INSERT INTO operating_plan (uscc, adcode, version, content, basis, digest, during, filed_by, filed_by_name, filed_at)"
            " VALUES ($1, $2, 1, '{}', '{}', 'x', '[]', $3, 'x', $4)",
            OTHER, ADCODE, account, START - 100 * HOUR,
        )  # fmt: skip
        await uow.commit()
    return client


async def starts(client: Client, runtime: Runtime, at: datetime = START, *, of: int | None = None, **more: Any) -> int:
    """A response starts at an instant, or the one `of` a warning is extended then, and its jobs are done."""
    number = await respond(runtime, start=at, **more) if of is None else await extended(runtime, of, at)
    async with runtime.unit() as uow:
        await watch_response(uow, ADCODE, at, None)
        await uow.commit()
    await client.work()
    return number


async def extended(runtime: Runtime, of: int, at: datetime) -> int:
    """A further step of the warning of a response, written directly."""
    async with runtime.unit() as uow:
        warning = await uow.fetchval(
            "SELECT s.warning_id FROM warning_step s JOIN response r ON r.step_id = s.id WHERE r.id = $1", of
        )
        step_id = await uow.fetchval(
            "INSERT INTO warning_step (warning_id, adcode, action, level, reason, announced_at, effective_at, content)"
            " VALUES ($1, $2, 'extend', 4, 'criteria_met', $3, $3, '{}') RETURNING id",
            warning, ADCODE, at,
        )  # fmt: skip
        made: int = await uow.fetchval(
            "INSERT INTO response (adcode, level, step_id, list_version_id, starts_at, ends_at)"
            " SELECT adcode, level, $2, list_version_id, $3, NULL FROM response WHERE id = $1 RETURNING id",
            of, step_id, at,
        )  # fmt: skip
        await uow.execute("UPDATE response SET ends_at = $2 WHERE id = $1", of, at)
        await uow.tell("response", ADCODE)
        await uow.commit()
    runtime.live.changed("response", ADCODE)
    return made


async def missing(runtime: Runtime) -> list[tuple[str, int, str]]:
    async with runtime.unit() as uow:
        found = await uow.fetch("SELECT uscc, response_id, state, rule FROM finding ORDER BY id")
    assert {row["rule"] for row in found} <= {Rule.NO_PLAN}
    return [(row["uscc"], row["response_id"], row["state"]) for row in found]


async def test_without_any_evidence(listed: Client, runtime: Runtime) -> None:
    number = await starts(listed, runtime)
    assert await missing(runtime) == [(USCC, number, "found")]
    async with runtime.unit() as uow:
        await uow.enqueue("find_missing_plans", {"adcode": ADCODE, "at": START})
        await uow.commit()
    await listed.work()
    assert len(await missing(runtime)) == 1
    async with runtime.unit() as uow:
        assert await judge_touched(uow, ADCODE, [USCC, OTHER], START, NOW) == 0


async def test_where_most_have_filed_nothing_here_a_missing_plan_says_little(listed: Client, runtime: Runtime) -> None:
    async with runtime.unit() as uow:
        await uow.execute(
            "INSERT INTO list_enterprise (version_id, uscc, name, county, industry, grade, lines, document)"
            " SELECT version_id, left(uscc, 17) || '?', name, county, industry, grade, lines, document FROM list_enterprise"
            " WHERE uscc = $1",
            USCC,
        )
        await uow.commit()
    await starts(listed, runtime)
    assert await missing(runtime) == []


async def test_a_later_stage_is_ordered_too(listed: Client, runtime: Runtime) -> None:
    staged = Measure(Action.NONE, **METER, later=(Later(24.0, Measure(Action.STOP, 1.0, **METER)),))
    await evidence_list(runtime, lines=(line("L1", staged),))
    number = await starts(listed, runtime)
    assert await missing(runtime) == [(USCC, number, "found")]


async def test_not_before_it_starts(listed: Client, runtime: Runtime, clock: ManualClock) -> None:
    number = await starts(listed, runtime, NOW + 5 * HOUR)
    assert await missing(runtime) == []
    clock.current = NOW + 5 * HOUR
    while await tick(runtime):
        await listed.work()
    await listed.work()
    assert await missing(runtime) == [(USCC, number, "found")]


@pytest.mark.parametrize("pursued", [None, "notify", "withdraw"])
async def test_an_extension_finds_it_no_second_time(listed: Client, runtime: Runtime, pursued: str | None) -> None:
    first = await starts(listed, runtime)
    if pursued is not None:
        (number,) = [row["id"] for row in await _ids(runtime)]
        assert (await step(listed, await listed.account(Role.DUTY_OFFICER), number, pursued)).status_code == 200
    await starts(listed, runtime, START + 8 * HOUR, of=first)
    states = {None: "found", "notify": "notified", "withdraw": "withdrawn"}
    assert await missing(runtime) == [(USCC, first, states[pursued])]
    async with runtime.unit() as uow:
        await judge_touched(uow, ADCODE, [USCC], START, NOW)
        await uow.commit()
    assert await missing(runtime) == [(USCC, first, states[pursued])]


async def test_another_warning_finds_it_again(listed: Client, runtime: Runtime) -> None:
    first = await starts(listed, runtime, end=START + 4 * HOUR)
    second = await starts(listed, runtime, START + 8 * HOUR)
    assert await missing(runtime) == [(USCC, first, "found"), (USCC, second, "found")]


async def test_where_nobody_files_here_nothing_is_known(client: Client, runtime: Runtime) -> None:
    await evidence_list(runtime)
    await starts(client, runtime)
    assert await missing(runtime) == []


async def _ids(runtime: Runtime) -> list[Any]:
    async with runtime.unit() as uow:
        return list(await uow.fetch("SELECT id FROM finding ORDER BY id"))
