"""`lantian serve`, `worker` and `migrate`."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import structlog
import uvicorn
from fastapi import FastAPI

from service.accounts.sealing import found
from service.app import create_app, running
from service.kit.database import Database, address_of
from service.kit.grants import SameRole, grant_rows
from service.kit.logs import set_up_logs
from service.kit.memory import settle
from service.kit.migrate import migrate
from service.kit.problems import Busy
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.law.loader import load_law


def register(commands: Any) -> None:
    """Add the commands."""
    serve = commands.add_parser("serve", help="serve the API, the pages and the public site")
    serve.add_argument("--host", help="address to listen on")
    serve.add_argument("--port", type=int, help="port to listen on")
    serve.add_argument("--no-worker", action="store_true", help="run no jobs here; `lantian worker` does")
    serve.add_argument("--demo", action="store_true", help="play the December 2016 episode to a service of its own")
    serve.add_argument("--pace", type=_pace, help="demo: simulated seconds in a real one (default 100)")
    serve.add_argument("--fresh", action="store_true", help="demo: forget the last run and start the episode anew")
    serve.add_argument("--hands-off", action="store_true", help="demo: leave every decision to people")
    serve.set_defaults(run=run_serve)
    worker = commands.add_parser("worker", help="run jobs and the ticker without serving")
    worker.set_defaults(run=run_worker)
    upgrade = commands.add_parser("migrate", help="create the database when missing and upgrade its schema")
    upgrade.set_defaults(run=run_migrate)
    for command in (serve, worker, upgrade):
        command.add_argument("--data", type=Path, help="folder of the embedded database and the public site")
        command.add_argument("--json", action="store_true", help="log and answer in JSON lines")


logger = structlog.get_logger("lantian.start")
T = TypeVar("T")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _pace(text: str) -> float:
    pace = float(text)
    if not 0 < pace <= 100_000:
        raise argparse.ArgumentTypeError("give a number above 0 and at most 100000")
    return pace


def settings_of(call: argparse.Namespace) -> Settings:
    """Settings from the environment with the options of the call laid over them."""
    given: dict[str, Any] = {}
    for option, name in (("host", "host"), ("port", "port"), ("data", "data_dir")):
        if getattr(call, option, None) is not None:
            given[name] = getattr(call, option)
    if getattr(call, "no_worker", False):
        given["worker"] = False
    return Settings(**given)


def runtime_from(settings: Settings) -> Runtime:
    """The runtime of a process: starts the embedded database when none is given, reads and validates the law."""
    address = address_of(settings)
    return Runtime(settings, Database(address, settings.pool_size), load_law(settings.config_dir))


def run_migrate(call: argparse.Namespace) -> int:
    """Upgrade and say so."""
    settings = settings_of(call)
    address = address_of(settings)
    owner = settings.migrate_url.get_secret_value() if settings.migrate_url else None
    asyncio.run(migrate(owner or address))
    role = None
    if owner is not None:
        try:
            role = asyncio.run(grant_rows(owner, address))
        except SameRole as error:
            print(error, file=sys.stderr)
            return 2
    said = "The database has the newest schema." + (f" {role} may read and write its rows." if role else "")
    print(json.dumps({"migrated": True, "application_role": role}) if call.json else said)
    return 0


def run_serve(call: argparse.Namespace) -> int:
    """Serve until told to stop."""
    settings = settings_of(call)
    set_up_logs(as_json=call.json)
    if call.demo:
        return run_demo(call, settings)
    if call.pace or call.fresh or call.hands_off:
        print("--pace, --fresh and --hands-off belong to --demo; add it or leave them out.", file=sys.stderr)
        return 2
    runtime = runtime_from(settings)
    if asyncio.run(_ready(runtime)):
        print(
            "This database holds the demonstration, whose logins are public; give another one, or add --demo.",
            file=sys.stderr,
        )
        return 1
    _listen(create_app(runtime), settings)
    return 0


def with_runtime(call: argparse.Namespace, work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Do the work of a command on an upgraded database. Raises OSError first when the command's file cannot be read."""
    if getattr(call, "file", None) is not None:
        call.file.open("rb").close()  # before a database is started for nothing
    runtime = runtime_from(settings_of(call))

    async def run() -> T:
        await migrate(runtime.database.address)
        try:
            return await work(runtime)
        finally:
            await runtime.close()

    return asyncio.run(run())


async def _ready(runtime: Runtime) -> bool:
    """Upgrade the database, say what is wrong with its secrets; whether it holds the demonstration."""
    from service.demo.serving import is_demo

    await migrate(runtime.database.address)
    try:
        await _look_at_secrets(runtime)
        return await is_demo(runtime)
    finally:
        await runtime.database.close()


async def _look_at_secrets(runtime: Runtime) -> None:
    """Warn of secrets in the open and of such that this node cannot open; the service starts all the same."""
    try:
        async with runtime.unit() as uow:
            secrets = await found(uow)
    except Busy as error:
        logger.warning("the key of this node cannot be used", problem=error.detail)
        return
    if secrets.plain:
        logger.warning("secrets lie in the open in the database; run lantian secrets seal", secrets=secrets.plain)
    if secrets.foreign:
        logger.warning(
            "secrets were sealed by another key; give every node the same LANTIAN_SECRET_KEY", secrets=secrets.foreign
        )


def run_demo(call: argparse.Namespace, settings: Settings) -> int:
    """Serve the demonstration until told to stop; 1 when the database is not its own."""
    from service.demo import serving

    if settings.host not in LOOPBACK:
        print("The demonstration's logins are public: it listens on this machine only.", file=sys.stderr)
        return 2
    runtime = runtime_from(serving.demo_settings(settings))
    app = create_app(runtime)
    serving.attach(app, runtime, serving.Options(pace=call.pace or serving.PACE, hands_off=call.hands_off))
    try:
        asyncio.run(serving.prepare(runtime, fresh=call.fresh))
    except serving.NotADemo as error:
        print(error, file=sys.stderr)
        return 1
    _listen(app, settings)
    return 0


def _listen(app: FastAPI, settings: Settings) -> None:
    settle()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        forwarded_allow_ips=settings.trusted_proxies,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


def run_worker(call: argparse.Namespace) -> int:
    """Run jobs until told to stop."""
    set_up_logs(as_json=call.json)
    runtime = runtime_from(settings_of(call))
    if asyncio.run(_ready(runtime)):
        print("This database holds the demonstration; give another one.", file=sys.stderr)
        return 1
    settle()
    asyncio.run(_work(runtime))
    return 0


async def _work(runtime: Runtime) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with running(runtime, worker=True):
        print("worker ready", file=sys.stderr, flush=True)
        await stop.wait()
