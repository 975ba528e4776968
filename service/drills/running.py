"""A drill's process: make ready, serve, direct. Like `serve`, over the drill's schema and behind shut doors."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg
import httpx
from fastapi import FastAPI

from service.app import create_app
from service.demo.outside import Outside
from service.demo.serving import own_address
from service.drills.director import Director
from service.drills.drill import Drill
from service.drills.flows import FIELDS, mark, plan, schema_name
from service.drills.participants import Handed, copy_accounts, new_passwords, seat
from service.drills.place import build, is_there, tear_down
from service.drills.script import Script
from service.drills.surroundings import Where, settings_for
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.database import Database
from service.kit.drill import into_drill
from service.kit.problems import Conflict, Unknown
from service.kit.runtime import Runtime
from service.law.loader import load_law

OWN_FIELDS = FIELDS.replace(" planned_by,", "")


async def plan_here(live: Runtime, name: str, participants: str, pace: float | None) -> int:
    """Plan a drill as the operator."""
    async with live.unit() as uow:
        drill_id = await plan(uow, None, name, participants=participants, pace=pace)
        await uow.commit()
    return drill_id


async def make_ready(live: str, where: Where, drill_id: int, *, host: str, port: int) -> Drill:
    """Build the drill's surroundings, or take up again what stands. `live` is the address of the live database.

    Raises Unknown, and Conflict for a drill that is over.
    """
    schema = schema_name(drill_id)
    connection = await asyncpg.connect(live)
    try:
        row = await connection.fetchrow("SELECT * FROM drill WHERE id = $1", drill_id)
        if row is None:
            raise Unknown(f"There is no drill {drill_id}; see `lantian drill list`.")
        if row["state"] in {"finished", "dropped"}:
            raise Conflict(f"Drill {drill_id} is {row['state']}; plan another one.")
        script = Script.model_validate(json.loads(row["document"]))
        if row["state"] == "planned":
            await tear_down(connection, schema)  # what an attempt that failed half-way left
            await build(live, schema)
            await _take_over(connection, schema, drill_id)
            if row["participants"] == "live":
                await copy_accounts(connection, schema, script)
        elif not await is_there(connection, schema):
            raise Conflict(f"The schema of drill {drill_id} is gone; drop the drill and plan another one.")
        runtime = _runtime(into_drill(live, schema), where, schema, host, port)
        director = Director(runtime, script, drill_id, live, pace=row["pace"])
        handed = await _seated(director, row)
        state = "ready" if row["state"] == "planned" else row["state"]
        await mark(connection, drill_id, state, address=own_address(runtime.settings))
    finally:
        await connection.close()
    await runtime.database.close()
    return Drill(drill_id, runtime, script, director, handed, row["participants"])


def _runtime(inside: str, where: Where, schema: str, host: str, port: int) -> Runtime:
    settings = settings_for(inside, where, schema, host=host, port=port)
    return Runtime(settings, Database(inside, settings.pool_size), load_law(settings.config_dir))


async def _take_over(connection: asyncpg.Connection, schema: str, drill_id: int) -> None:
    """The drill's own row, and the live one is told apart from it by nothing but the schema."""
    home = await connection.fetchval("SELECT quote_ident(current_schema())")
    await connection.execute(
        f"INSERT INTO {schema}.drill ({OWN_FIELDS}) OVERRIDING SYSTEM VALUE SELECT {OWN_FIELDS} FROM {home}.drill WHERE id = $1",
        drill_id,
    )


async def _seated(director: Director, row: asyncpg.Record) -> Handed:
    """Everybody in his place and the clock where it stands."""
    runtime, script = director.runtime, director.script
    if row["state"] == "planned":
        runtime.set_clock(ManualClock(script.starts_at))
        handed = await seat(runtime, script, row["participants"])
        await director.stand(script.starts_at)
        async with runtime.unit() as uow:
            await mark(uow.connection, director.drill_id, "ready")
            await uow.commit()
        return handed
    async with runtime.unit() as uow:
        saved: datetime | None = await uow.fetchval("SELECT start FROM clock WHERE id = 1")
    at = script.starts_at if saved is None else saved.astimezone(SHANGHAI)
    await director.stand(at)
    handed = await new_passwords(runtime)
    if row["state"] == "running":
        await director.go_on(at)
    return handed


def application(drill: Drill, *, start: bool) -> FastAPI:
    """The service over the drill, with its director beside it. `start`: the clock goes at once instead of when the leader says so."""
    app = create_app(drill.runtime)
    app.state.drill = drill
    served = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        async with (
            served(application),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app), base_url="http://drill.invalid", timeout=60
            ) as within,
        ):
            names = await _simulated(drill.runtime)
            drill.director.take(Outside(within, drill.handed.feeds, dict.fromkeys(names, drill.handed.simulated)))
            if start:
                await drill.director.start()
            stop = asyncio.Event()
            directing = asyncio.create_task(drill.director.run(stop))
            try:
                yield
            finally:
                stop.set()
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait_for(directing, 10)

    app.router.lifespan_context = lifespan
    return app


async def _simulated(runtime: Runtime) -> list[str]:
    async with runtime.unit() as uow:
        return [row["login"] for row in await uow.fetch("SELECT login FROM account WHERE login LIKE 'sim-%'")]


def welcome(drill: Drill, *, start: bool) -> str:
    """What the operator is told: where, who, with which password."""
    address = own_address(drill.runtime.settings)
    people = (
        "各人用正式账号名和下列演练口令登录（只显示这一次）· live logins, each with a drill password of its own, told this once"
        if drill.participants == "live"
        else "演练账号以 drill- 开头 · accounts begin with drill-"
    )
    return "\n".join(
        [
            "",
            f"  【演练 DRILL】{drill.script.title.zh} · {drill.script.title.en}",
            f"  第{drill.id}号演练 drill {drill.id}: {address}/   导调 leader: {address}/drill （drill-leader）",
            f"  {people}",
            *(f"    {login:<32} {password}" for login, password in sorted(drill.handed.own.items())),
            f"  drill-… 口令 password: {drill.handed.people}",
            "  时钟已走动 the clock goes" if start else "  由导调员在 /drill 启动 · the leader starts it at /drill",
            "  本进程只记录、不发送 · this process records and sends nothing",
            "",
        ]
    )
