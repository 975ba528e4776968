"""`lantian drill …`: plan, run, watch, finish and drop drills."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvicorn

from service.accounts.roles import NATION, Scope
from service.drills import flows
from service.drills.director import Director
from service.drills.drill import Drill
from service.drills.running import application, make_ready, plan_here, welcome
from service.drills.script import Script
from service.drills.surroundings import Door, Where, forget_environment, settings_for, shut_doors
from service.kit.database import Database, address_of
from service.kit.drill import into_drill
from service.kit.logs import set_up_logs
from service.kit.migrate import migrate
from service.kit.problems import Conflict, Problem
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.law.loader import load_law

ALL = Scope(NATION)


def register(commands: Any) -> None:
    """Add the commands."""
    parts = commands.add_parser("drill", help="plan and run drills over a schema of their own").add_subparsers(
        dest="part", required=True, metavar="PART"
    )
    listing = parts.add_parser("list", help="scripts and drills")
    listing.set_defaults(run=run_list)
    run = parts.add_parser("run", help="serve a drill: a script's name plans a new one, a number takes up a planned one")
    run.add_argument("drill", help="name of a script, or number of a drill")
    run.add_argument("--host", default="127.0.0.1", help="address to listen on")
    run.add_argument("--port", type=int, default=8100, help="port to listen on")
    run.add_argument("--participants", choices=flows.PARTICIPANTS, default="generated", help="for a new drill")
    run.add_argument("--pace", type=float, help="for a new drill: its seconds in a real one; the script's own by default")
    run.add_argument("--start", action="store_true", help="let the clock go at once; otherwise the leader starts it")
    run.set_defaults(run=run_run)
    status = parts.add_parser("status", help="where a drill stands, and its score when it is over")
    finish = parts.add_parser("finish", help="end a drill and freeze its score sheet")
    drop = parts.add_parser("drop", help="drop a drill's schema; the score sheet stays")
    for command, function in ((status, run_status), (finish, run_finish), (drop, run_drop)):
        command.add_argument("drill", type=int, help="number of the drill")
        command.set_defaults(run=function)
    for command in (listing, run, status, finish, drop):
        command.add_argument("--data", type=Path, help="folder of the embedded database")
        command.add_argument("--json", action="store_true", help="answer and log in JSON")


def _where(call: argparse.Namespace) -> Where:
    return Where() if call.data is None else Where(data_dir=call.data)


def _live_settings(where: Where) -> Settings:
    """Settings that know the database only: no secret of the live service is read for a drill."""
    from service.drills.surroundings import DrillSettings

    return DrillSettings(**where.model_dump())


def _live(where: Where) -> Runtime:
    settings = _live_settings(where)
    address = address_of(settings)
    return Runtime(settings, Database(address, 2), load_law(settings.config_dir))


def _with_live(call: argparse.Namespace, work: Callable[[Runtime], Awaitable[Any]]) -> tuple[int, Any]:
    """Run something over the live database; 1 and the reason when it is refused."""

    async def run() -> Any:
        live = _live(_where(call))
        try:
            await migrate(live.database.address)
            return await work(live)
        finally:
            await live.close()

    try:
        return 0, asyncio.run(run())
    except Problem as problem:
        print(problem.detail, file=sys.stderr)
        return 1, None


def run_list(call: argparse.Namespace) -> int:
    """Print scripts and drills."""

    async def work(live: Runtime) -> tuple[dict[str, Script], list[dict[str, Any]]]:
        async with live.unit() as uow:
            return flows.scripts(uow), await flows.page(uow, ALL)

    code, answer = _with_live(call, work)
    if answer is None:
        return code
    known, drills = answer
    if call.json:
        listed = [{"id": one.id, "title": one.title.model_dump(), "adcode": one.adcode} for one in known.values()]
        print(json.dumps({"scripts": listed, "drills": [_told(one) for one in drills]}, ensure_ascii=False))
        return 0
    for script in known.values():
        print(f"{script.id:<28} {script.title.zh} · {script.title.en}")
    for one in drills:
        score = "" if one["points"] is None else f"  {one['points']}/{one['possible']}"
        print(f"{one['id']:>6}  {one['state']:<9} {one['title_zh']}  {one['address'] or ''}{score}")
    return 0


def _told(row: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "script", "adcode", "state", "participants", "pace", "address", "points", "possible")
    return {name: row[name] for name in names}


def run_run(call: argparse.Namespace) -> int:
    """Serve a drill until told to stop."""
    set_up_logs(as_json=call.json)
    where = _where(call)
    live = address_of(_live_settings(where))
    forget_environment()
    try:
        drill = asyncio.run(_prepared(call, where, live))
    except Problem as problem:
        print(problem.detail, file=sys.stderr)
        return 1
    print(welcome(drill, start=call.start), flush=True)
    shut_doors(Door.to(live), call.host)
    uvicorn.run(
        application(drill, start=call.start),
        host=call.host,
        port=call.port,
        loop="asyncio",  # its sockets are Python's own, which the shut doors see
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    return 0


async def _prepared(call: argparse.Namespace, where: Where, live: str) -> Drill:
    await migrate(live)
    if call.drill.isdecimal():
        number = int(call.drill)
    else:
        runtime = Runtime(
            _live_settings(where.model_copy(update={"database_url": live})), Database(live, 2), load_law(where.config_dir)
        )
        try:
            number = await plan_here(runtime, call.drill, call.participants, call.pace)
        finally:
            await runtime.close()
    return await make_ready(live, where, number, host=call.host, port=call.port)


def run_status(call: argparse.Namespace) -> int:
    """Print where a drill stands."""

    async def work(live: Runtime) -> dict[str, Any]:
        async with live.unit() as uow:
            return await flows.find(uow, ALL, call.drill)

    code, row = _with_live(call, work)
    if row is None:
        return code
    score = None if row["sheet"] is None else json.loads(row["sheet"])
    if call.json:
        print(json.dumps({**_told(row), "score": score, "digest": row["sheet_digest"]}, ensure_ascii=False))
        return 0
    print(f"{row['id']}  {row['state']}  {row['title_zh']} · {row['title_en']}  {row['address'] or ''}")
    for one in [] if score is None else score["results"]:
        minutes = "–" if one["minutes"] is None else f"{one['minutes']:g} min"
        print(f"  {one['state']:<12} {one['points']:>3}/{one['possible']:<3} {minutes:>10}  {one['title']['zh']}")
    if score is not None:
        print(f"  {score['points']}/{score['possible']}  SHA-256 {row['sheet_digest']}")
    return 0


def run_finish(call: argparse.Namespace) -> int:
    """End a drill."""

    async def work(live: Runtime) -> str:
        async with live.unit() as uow:
            row = await flows.find(uow, ALL, call.drill)
        if row["state"] not in {"ready", "running"}:
            raise Conflict(f"Drill {call.drill} is {row['state']}; only one that is ready or running can be finished.")
        schema = flows.schema_name(call.drill)
        inside = into_drill(live.database.address, schema)
        settings = settings_for(inside, _where(call), schema)
        runtime = Runtime(settings, Database(inside, 2), live.law)
        try:
            await runtime.load_clock()
            script = Script.model_validate(json.loads(row["document"]))
            return await Director(runtime, script, call.drill, live.database.address, pace=row["pace"]).finish()
        finally:
            await runtime.close()

    code, kept = _with_live(call, work)
    if kept is not None:
        print(json.dumps({"digest": kept}) if call.json else f"Drill {call.drill} is finished; score sheet {kept}.")
    return code


def run_drop(call: argparse.Namespace) -> int:
    """Drop a drill's schema."""

    async def work(live: Runtime) -> bool:
        async with live.unit() as uow:
            await flows.drop(uow, None, call.drill)
            await uow.commit()
        return True

    code, done = _with_live(call, work)
    if done:
        print(json.dumps({"dropped": call.drill}) if call.json else f"Drill {call.drill} is dropped; its score sheet stays.")
    return code
