"""What the benches need: a database with a big generated list, accounts, a feed, and a server process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from emission_lists.generator import generate_list
from emission_lists.identifiers import uscc_check
from service.accounts.flows import create_account
from service.accounts.roles import Role, Scope
from service.feeds.flows import register
from service.kit.database import Database, drop_database, start_embedded
from service.kit.migrate import migrate
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.kit.signatures import new_secret
from service.law.loader import load_law
from service.lists.flows import activate, store_draft
from service.lists.workbooks import guide_of, profile

PASSWORD = "bench-only-password"
SEED_ENTERPRISES = 1000
BIG_SQL = """
INSERT INTO list_enterprise (version_id, uscc, name, county, industry, grade, lines, document)
SELECT $1, u.uscc, e.name, e.county, e.industry, e.grade, e.lines, replace(e.document, e.uscc, u.uscc)
FROM unnest($2::text[], $3::text[]) AS u(uscc, source) JOIN list_enterprise e ON e.version_id = $1 AND e.uscc = u.source
"""


@dataclass
class Stage:
    """A runtime in this process, the address of the server process, and the keys to both."""

    runtime: Runtime
    address: str
    process: subprocess.Popen[bytes]
    secret: str
    version: int
    codes: list[str]
    token: str = ""

    @property
    def signed_in(self) -> dict[str, str]:
        """Headers of the commander's calls."""
        return {"authorization": f"Bearer {self.token}"}

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """One POST of values."""
        request = urllib.request.Request(
            self.address + path,
            json.dumps(body).encode(),
            {"content-type": "application/json", **(headers or {})},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()


def free_port() -> int:
    """A port that is free now on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def set_up(folder: Path, enterprises: int) -> Stage:
    """Prepare everything and start the server."""
    database = start_embedded(folder, "lantian_bench")
    await drop_database(database)
    await migrate(database)
    settings = Settings(data_dir=folder, database_url=database)
    runtime = Runtime(settings, Database(database), load_law())
    secret = new_secret()
    async with runtime.unit() as uow:
        await register(uow, "bench", "Bench feed", "100000", [secret])
        await create_account(
            uow, login="bench", password=PASSWORD, display="bench", role=Role.COMMANDER, adcode="100000"
        )
        await uow.commit()
    version, codes = await _big_list(runtime, enterprises)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "service.bench.server"],
        env={**os.environ, "DATABASE_URL": database, "LANTIAN_PORT": str(port), "LANTIAN_DATA_DIR": str(folder)},
    )
    stage = Stage(runtime, f"http://127.0.0.1:{port}", process, secret, version, codes)
    _wait(stage)
    _, answer = stage.post("/api/v1/sessions", {"login": "bench", "password": PASSWORD})
    stage.token = json.loads(answer)["token"]
    return stage


async def _big_list(runtime: Runtime, enterprises: int) -> tuple[int, list[str]]:
    draft = generate_list(
        "110000",
        seed=1,
        enterprises=min(SEED_ENTERPRISES, enterprises),
        guide=guide_of("G2020"),
        profile=profile(),
    )
    sources = sorted(draft.by_enterprise())
    async with runtime.unit() as uow:
        version = await store_draft(uow, draft, guide="G2020", created_by=None, generated=True)
        more = [_code(number) for number in range(enterprises - len(sources))]
        await uow.execute(BIG_SQL, version, more, [sources[number % len(sources)] for number in range(len(more))])
        await activate(uow, Scope("100000"), version, None)
        await uow.execute("UPDATE list_version SET enterprises = $2 WHERE id = $1", version, len(sources) + len(more))
        await uow.commit()
    async with runtime.unit() as uow:
        await uow.connection.execute("ANALYZE list_enterprise")
        await uow.commit()
    return version, sources + more


def _code(number: int) -> str:
    """A valid, generated credit code."""
    body = f"91110000{number:08d}X"
    return body + uscc_check(body)


def _wait(stage: Stage) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(stage.address + "/readyz", timeout=2) as answer:
                if json.loads(answer.read())["listening"]:
                    return
        except (URLError, OSError):
            pass
        time.sleep(0.1)
    raise RuntimeError("the bench server did not come up; see its messages above")


async def tear_down(stage: Stage) -> None:
    """Stop the server and drop the database."""
    stage.process.terminate()
    stage.process.wait(20)
    await stage.runtime.close()
    await drop_database(stage.runtime.database.address)
