"""Arbitrary requests over the whole OpenAPI document, signed in as a commander: whatever comes, no answer is a fault of ours."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case

from service.accounts.roles import Role
from service.app import create_app
from service.channels.base import RecordingChannel
from service.kit.clock import ManualClock
from service.kit.database import Database
from service.kit.runtime import Runtime
from service.kit.settings import Settings
from service.kit.signatures import headers as signatures
from service.law.loader import load_law
from tests.support import HEAVY, NOW, Client, forecast, listed

EXAMPLES = 5
SEED = 20161215
LEAVES = {("DELETE", "/api/v1/sessions/current"), ("DELETE", "/api/v1/sessions/{session_id}")}
"""They end the sign-in that all others need, so they come last."""
FEWER = {("POST", "/api/v1/sessions"): 8}
"""A sign-in costs a password hash each time."""


class Served:
    """The application on a port of its own, in a thread with its own event loop."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address, self._folder = address, folder
        self._ready = threading.Event()
        self._server: uvicorn.Server | None = None
        self.headers: dict[str, str] = {}
        self.base_url = ""
        self.secret = self.uscc = ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()))

    async def _main(self) -> None:
        configuration = Settings(data_dir=self._folder, database_url=self._address, max_body_bytes=200_000)
        runtime = Runtime(configuration, Database(self._address), load_law())
        runtime.set_clock(ManualClock(NOW))
        runtime.channel = RecordingChannel()
        await self._fill(runtime)
        config = uvicorn.Config(create_app(runtime, background=False), log_level="critical", lifespan="off")
        self._server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            self._ready.set()
            await self._server.serve(sockets=[listening])
        await runtime.close()

    async def _fill(self, runtime: Runtime) -> None:
        client = Client(runtime)
        self.uscc = await listed(runtime)
        self.secret = await client.feed()
        self.headers = await client.account(Role.COMMANDER, adcode="100000")
        assert (await client.deliver(forecast(HEAVY))).status_code == 202
        await client.work()
        await client.http.aclose()

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.should_exit = True
        self._thread.join(10)


@pytest.fixture
def served(database_address: str, tmp_path: Path) -> Iterator[Served]:
    with Served(database_address, tmp_path) as found:
        yield found


def test_no_request_brings_a_fault_of_ours(served: Served) -> None:
    document = httpx.get(served.base_url + "/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    faults: list[str] = []
    seen: Counter[int] = Counter()
    with requests.Session() as session:
        operations = {(found.ok().method.upper(), found.ok().path): found.ok() for found in schema.get_all_operations()}
        assert operations.keys() >= LEAVES
        for name in sorted(operations, key=lambda name: name in LEAVES):
            operation = operations[name]
            examples = FEWER.get(name, EXAMPLES)

            @seed(SEED)
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            )
            @given(case=operation.as_strategy())
            def probe(case: Case) -> None:
                answer = session.send(prepared(case, served), timeout=20)
                seen[answer.status_code] += 1
                if answer.status_code >= 500:
                    faults.append(f"{answer.request.method} {answer.request.url} {case.body!r:.300} {answer.text:.300}")

            probe()
    assert faults == []
    assert seen[200] > 25, seen
    assert seen[401] < 50, seen


def prepared(case: Case, served: Served) -> requests.PreparedRequest:
    """The request of a case: about what exists, signed in, and signed by the feed where feeds post."""
    known = {"feed": "feed", "adcode": "110000", "uscc": served.uscc}
    for named in (case.path_parameters, case.query, case.body):
        if isinstance(named, dict):
            named.update({name: known[name] for name in named if name in known})
    arguments = case.as_transport_kwargs(base_url=served.base_url)
    request = requests.Request(
        **{
            name: arguments[name]
            for name in ("method", "url", "headers", "params", "json", "data")
            if name in arguments
        }
    ).prepare()
    request.headers.update(served.headers)
    if "/feeds/" in case.path:
        body = request.body or b""
        content = body if isinstance(body, bytes) else str(body).encode()
        request.headers.update(signatures([served.secret], f"msg_{uuid.uuid4()}", datetime.now(tz=UTC), content))
    return request
