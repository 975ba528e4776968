"""A drill in the test's own database, played by a clock set by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from service.demo.outside import Outside
from service.drills.drill import Drill
from service.drills.participants import LEADER
from service.drills.running import make_ready, plan_here
from service.drills.surroundings import Where
from service.kit.clock import ManualClock
from service.kit.jobs import Worker, tick
from service.kit.runtime import Runtime
from tests.support import app_over

ORANGE, PROMPT = "sudden-orange-absent", "ministry-prompt-2016"
STEP = timedelta(minutes=10)


async def planned(live: Runtime, script: str = ORANGE, participants: str = "generated") -> int:
    """A drill planned by the operator."""
    return await plan_here(live, script, participants, None)


@asynccontextmanager
async def ready(live: Runtime, folder: Path, drill_id: int) -> AsyncIterator[Drill]:
    """The drill ready to be played, its API in process."""
    where = Where(data_dir=folder, database_url=live.database.address)
    drill = await make_ready(live.database.address, where, drill_id, host="127.0.0.1", port=8100)
    app = app_over(drill.runtime)
    app.state.drill = drill
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://drill.invalid") as http:
        async with drill.runtime.unit() as uow:
            logins = [row["login"] for row in await uow.fetch("SELECT login FROM account WHERE login LIKE 'sim-%'")]
        drill.director.take(Outside(http, drill.handed.feeds, dict.fromkeys(logins, drill.handed.simulated)))
        try:
            yield drill
        finally:
            await drill.runtime.close()


def http_of(drill: Drill) -> httpx.AsyncClient:
    """The drill's API in process."""
    assert drill.director.outside is not None
    return drill.director.outside.http


async def play(drill: Drill, *, until_minutes: int | None = None, step: timedelta = STEP) -> None:
    """Play the drill from its start, step by step; by default to its end."""
    await drill.director.start()
    clock = ManualClock(drill.script.starts_at)
    drill.runtime.set_clock(clock)
    end = drill.script.ends_at if until_minutes is None else drill.script.starts_at + timedelta(minutes=until_minutes)
    number = 0
    while True:
        await work(drill.runtime)
        if await drill.director.beat(number * 2):
            return
        drill.runtime.set_clock(clock)
        await work(drill.runtime)
        if clock.now() >= end:
            return
        clock.advance_to(min(clock.now() + step, end))
        number += 1


async def work(runtime: Runtime) -> None:
    """Everything that is due and queued."""
    await tick(runtime)
    await Worker(runtime).run_queued()


async def counts(address: str, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Rows of each live table, and the ledger's head."""
    connection = await asyncpg.connect(address)
    try:
        tables = [row["tablename"] for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        found = {name: await connection.fetchval(f'SELECT count(*) FROM public."{name}"') for name in tables if name not in without}
        return found | {"head": await connection.fetchval("SELECT max(id) FROM public.ledger_entry")}
    finally:
        await connection.close()


async def leader(drill: Drill) -> dict[str, str]:
    """Headers of who directs."""
    return await signed_in(drill, LEADER, drill.handed.people)


async def signed_in(drill: Drill, login: str, password: str) -> dict[str, str]:
    """Headers of somebody in the drill."""
    answer = await http_of(drill).post("/api/v1/sessions", json={"login": login, "password": password})
    assert answer.status_code == 201, answer.text
    return {"authorization": f"Bearer {answer.json()['token']}"}
