"""A whole drill in a process of its own, with receivers of every kind listening: not one connection but the database's."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from service.drills.running import plan_here
from service.drills.surroundings import Door, DoorShut, shut_doors
from service.kit.runtime import Runtime
from tests.service.drill_support import ORANGE

ROOT = Path(__file__).resolve().parents[2]
WATCH = """
import os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and len(arguments) > 1 and arguments[1] is not None:
        line = f"{event} {arguments[1]!r}\\n".encode()
        handle = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line)
        os.close(handle)

sys.addaudithook(note)
"""
SUBSCRIBE_SQL = """
INSERT INTO {schema}.subscription (account_id, adcode, prefix, url, host, secrets, events, state, created_at, retiring, scheme,
    ordered, failures)
SELECT id, '140100', '1401', $1, $2, ('["whsec_' || encode(sha256('x'), 'base64') || '"]')::jsonb, '[]', 'active', now(), '[]', 'v1',
    false, 0
FROM {schema}.account WHERE login = 'drill-leader'
"""
CONTACT_SQL = """
INSERT INTO {schema}.contact (adcode, account_id, name, phone, email, language, calling_order, by_email, by_sms, changed_by, changed_at)
SELECT a.adcode, a.id, a.display, '13900000000', 'x@example.test', 'zh', 1, true, true, a.id, now()
FROM {schema}.account a WHERE a.role <> 'enterprise'
"""


class Receiver:
    """Something that would take a webhook, a mail or a call of the gateway, and counts who comes."""

    def __init__(self) -> None:
        self.visits = 0

    async def __aenter__(self) -> Receiver:
        self._server = await asyncio.start_server(self._visited, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _visited(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        writer.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


async def test_nothing_leaves_a_whole_drill(runtime: Runtime, database_address: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    watched = tmp_path / "watched"
    drill_id, port = await plan_here(runtime, ORANGE, "generated", 600), free_port()
    async with Receiver() as hook, Receiver() as mail, Receiver() as gateway:
        environment = os.environ | {
            "DATABASE_URL": database_address,
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
            "WATCHED": str(watched),
            "LANTIAN_DATA_DIR": str(tmp_path / "data"),
            "LANTIAN_ALLOW_PRIVATE_TARGETS": "true",
            "LANTIAN_SMTP_HOST": "127.0.0.1",
            "LANTIAN_SMTP_PORT": str(mail.port),
            "LANTIAN_SMTP_SECURITY": "none",
            "LANTIAN_MAIL_FROM": "office@example.test",
            "LANTIAN_SMS_URL": f"http://127.0.0.1:{gateway.port}/sms",
        }
        call = [sys.executable, "-m", "service.cli.main", "drill", "run", str(drill_id), "--port", str(port)]
        process = await asyncio.create_subprocess_exec(
            *call, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            schema = f"drill_{drill_id}"
            password = await _password(process)
            connection = await asyncpg.connect(database_address)
            await connection.execute(
                SUBSCRIBE_SQL.format(schema=schema), f"http://127.0.0.1:{hook.port}/hook", f"127.0.0.1:{hook.port}"
            )
            await connection.execute(CONTACT_SQL.format(schema=schema))
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
                await _start(http, password)
                kept = await _delivered(connection, schema, {"webhook", "email", "sms"})
            await connection.close()
        finally:
            process.terminate()
            await process.communicate()
    assert set(kept) == {"webhook", "email", "sms"}, "every way out was used, or the proof is worth nothing"
    assert (hook.visits, mail.visits, gateway.visits) == (0, 0, 0)
    lines = watched.read_text(encoding="utf-8").splitlines()
    assert lines, "the watch has seen the database at least"
    door = Door.to(database_address)
    assert [line for line in lines if not door.leads_to(ast.literal_eval(line.partition(" ")[2]))] == []


async def _password(process: asyncio.subprocess.Process) -> str:
    """The password that is told once the drill is ready."""
    assert process.stdout is not None
    told = ""
    async with asyncio.timeout(120):
        while line := (await process.stdout.readline()).decode():
            told += line
            if found := re.search(r"password: (\S+)", line):
                return found.group(1)
    raise AssertionError(told)


async def _start(http: httpx.AsyncClient, password: str) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                answer = await http.post("/api/v1/sessions", json={"login": "drill-leader", "password": password})
                break
            except httpx.TransportError:
                await asyncio.sleep(0.2)
    assert answer.status_code == 201, answer.text
    headers = {"authorization": f"Bearer {answer.json()['token']}", "sec-fetch-site": "same-origin"}
    assert (await http.post("/drill/start", headers=headers)).status_code == 303


async def _delivered(connection: Any, schema: str, wanted: set[str]) -> dict[str, int]:
    """Deliveries by channel that are over, waited for until every channel has one."""
    found: dict[str, int] = {}
    async with asyncio.timeout(150):
        while not wanted <= found.keys():
            rows = await connection.fetch(
                f"SELECT channel, count(*) AS n FROM {schema}.delivery WHERE state = 'done' GROUP BY channel"
            )
            found = {row["channel"]: row["n"] for row in rows}
            await asyncio.sleep(0.5)
    return found


@contextmanager
def guarded(address: str) -> Iterator[Any]:
    """The guard as a function, not as a hook of this interpreter."""
    guards: list[Any] = []
    shut_doors(Door.to(address), "127.0.0.1", shut=guards.append)
    yield guards[0]


class TestShutDoors:
    @pytest.mark.parametrize(
        ("event", "target"),
        [
            ("socket.connect", ("127.0.0.1", 25)),
            ("socket.connect", ("127.0.0.1", 5433)),
            ("socket.connect", "/run/other/.s.PGSQL.5432"),
            ("socket.connect", b"/run/postgresql/sub/.s.PGSQL.5432"),
            ("socket.sendto", ("192.0.2.1", 53)),
            ("socket.sendmsg", ("::1", 5432, 0, 0)),
        ],
    )
    def test_what_is_not_the_database_is_refused(self, event: str, target: Any) -> None:
        with guarded("postgresql://u@127.0.0.1:5432/db?host=/run/postgresql") as guard, pytest.raises(DoorShut):
            guard(event, (None, target))

    def test_the_database_and_answers_on_open_sockets_are_not(self) -> None:
        with guarded("postgresql://u@/db?host=/run/postgresql") as guard:
            guard("socket.connect", (None, "/run/postgresql/.s.PGSQL.5432"))
            guard("socket.sendmsg", (None, None))
            guard("socket.getaddrinfo", ("127.0.0.1", 8100, 0, 0, 0))
        with guarded("postgresql://u@127.0.0.1:5432/db") as guard:
            guard("socket.connect", (None, ("127.0.0.1", 5432)))

    @pytest.mark.parametrize("event", ["socket.getaddrinfo", "socket.gethostbyname"])
    def test_no_name_is_looked_up(self, event: str) -> None:
        with guarded("postgresql://u@/db?host=/run/postgresql") as guard, pytest.raises(DoorShut):
            guard(event, ("receiver.example", 443))


LIVE = {"HttpChannel", "EmailChannel", "SmsChannel"}
ALLOWED = {"service/channels/registry.py", "service/bench/delivery_paths.py"}


def constructed(path: Path) -> set[str]:
    """Live channels that a file constructs."""
    calls = (node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return {getattr(call, "id", getattr(call, "attr", "")) for call in calls} & LIVE


def test_only_the_registry_makes_live_channels() -> None:
    places = {str(path.relative_to(ROOT)): constructed(path) for path in (ROOT / "service").rglob("*.py")}
    assert {name for name, found in places.items() if found} - ALLOWED == set()
    assert places["service/channels/registry.py"] == LIVE


def test_live_channels_are_asked_for_in_one_place() -> None:
    askers = set()
    for path in (ROOT / "service").rglob("*.py"):
        names = {node.id for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Name)}
        if "live_channels" in names:
            askers.add(str(path.relative_to(ROOT)))
    assert askers == {"service/kit/runtime.py"}
