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
from itertools import zip_longest
from pathlib import Path
from urllib.error import URLError

from service.accounts.flows import create_account
from service.accounts.roles import Role
from service.bench.big_lists import DIVISION, BigList, city_lists, one_division
from service.bench.scenery import graded, under_red
from service.feeds.flows import register
from service.kit.database import Database, drop_database, start_embedded
from service.kit.migrate import migrate
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.kit.signatures import new_secret
from service.law.loader import load_law

PASSWORD = "bench-only-password"


@dataclass
class Stage:
    """A runtime in this process, the address of the server process, and the keys to both."""

    runtime: Runtime
    address: str
    process: subprocess.Popen[bytes]
    secret: str
    cities: list[BigList]
    division: BigList
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

    @property
    def listed(self) -> list[tuple[str, int]]:
        """Every enterprise of the cities with its version; cities in turn, so that any run of them is mixed."""
        turns = zip_longest(*([(code, city.version) for code in city.codes] for city in self.cities))
        return [one for turn in turns for one in turn if one is not None]


def free_port() -> int:
    """A port that is free now on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def set_up(folder: Path, enterprises: int, address: str | None = None) -> Stage:
    """Prepare everything and start the server: `enterprises` over cities, and as many again in one division; 0 for no lists.

    The cities are under red and some of their enterprises have a grade of their own, so that an answer names what to do.

    The database is at `address` and made anew; without one an embedded server starts in the folder.
    """
    database = address or start_embedded(folder, "lantian_bench")
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
    cities = await city_lists(runtime, enterprises) if enterprises else []
    division = await one_division(runtime, cities) if enterprises else BigList(DIVISION, 0, [])
    await graded(runtime, [*cities, division] if cities else [])
    await under_red(runtime, cities)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "service.bench.server"],
        env={**os.environ, "DATABASE_URL": database, "LANTIAN_PORT": str(port), "LANTIAN_DATA_DIR": str(folder)},
    )
    stage = Stage(runtime, f"http://127.0.0.1:{port}", process, secret, cities, division)
    _wait(stage)
    _, answer = stage.post("/api/v1/sessions", {"login": "bench", "password": PASSWORD})
    stage.token = json.loads(answer)["token"]
    return stage


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
