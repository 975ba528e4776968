"""The paths of deliveries: one step to thousands of endpoints on loopback, each beside its limit."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.error import URLError

from service.accounts.seal import sealed
from service.bench.load import Call, Result, compared, per_second
from service.bench.stage import Stage, free_port
from service.channels.webhook import HttpChannel
from service.kit.canonical import canonical
from service.kit.signatures import headers, new_secret
from service.subscriptions.flows import write_deliveries
from service.subscriptions.keeping import host_of
from service.subscriptions.signing import about_endpoint

ENDPOINTS, HOSTS = 10_000, 250
SLOW_IN, SLOW_SECONDS = 100, 4.0
AT_ONCE = 128
EVENT = "warning.issued"
ADCODE = "110000"
SUBSCRIBE_SQL = """
INSERT INTO subscription (account_id, adcode, prefix, url, host, secrets, events, state, created_at)
SELECT (SELECT id FROM account WHERE login = 'bench'), $1, '11', url, host, '[]', '[]', 'active', now()
FROM unnest($2::text[], $3::text[]) AS t(url, host) RETURNING id
"""
KEEP_SQL = """
UPDATE subscription s SET secrets = t.secrets FROM unnest($1::bigint[], $2::jsonb[]) AS t(id, secrets) WHERE s.id = t.id
"""
BODY = canonical(
    {
        "type": EVENT,
        "timestamp": "2026-01-15T18:00:00+08:00",
        "data": {"adcode": ADCODE, "level": "red", "notice": "发布重污染天气红色预警" * 20, "effective_at": "2026-01-16T00:00:00+08:00"},
    }
)


async def notices_fast(stage: Stage, rounds: int, endpoints: int = ENDPOINTS) -> Result:
    """One event to many fast endpoints: fan-out, claims, signatures, calls, records, against a bare loop of the same POSTs."""
    async with _receivers(stage) as port:
        urls = addresses(port, endpoints)
        await _subscribe(stage, urls)
        signed = headers([new_secret()], "bench", datetime.now(tz=UTC), BODY.encode())
        calls = [Call("POST", url, {**signed, "content-type": "application/json"}, BODY.encode()) for url in urls]
        found = await compared(
            lambda number: _delivered(stage, f"bench-fast-{number}", endpoints),
            lambda _: per_second(calls, AT_ONCE, 204),
            rounds,
        )
        await _forget(stage)
    return Result("notices_fast", *found.medians, ">= 0.5", "notices/s", f"{endpoints} endpoints", found.spread)


async def notices_slow_receivers(stage: Stage, rounds: int, endpoints: int = ENDPOINTS) -> Result:
    """How much later the last fast endpoint is told when one in a hundred is slow, in seconds."""
    late = []
    async with _receivers(stage) as port:
        for number in range(rounds + 1):
            took = {}
            for slow in (False, True) if number % 2 else (True, False):  # tables grow: neither is always the second
                await _subscribe(stage, addresses(port, endpoints, slow=slow))
                await asyncio.to_thread(_heard, port)
                started = time.time()
                await _delivered(stage, f"bench-slow-{number}-{slow}", endpoints)
                heard = await asyncio.to_thread(_heard, port)
                assert heard["fast"] >= endpoints - (endpoints // SLOW_IN if slow else 0)
                took[slow] = heard["last"] - started
                await _forget(stage)
            if number:
                late.append(took[True] - took[False])
    mine = statistics.median(late)
    note = f"{endpoints} endpoints, one in {SLOW_IN} answers after {SLOW_SECONDS:g} s"
    return Result("notices_slow_receivers", mine, 1.0, mine, "<= 1", "s", note, _apart(late))


def _apart(values: Sequence[float]) -> str:
    return f"{min(values):.3g}-{max(values):.3g} in {len(values)}"


def addresses(port: int, endpoints: int, *, slow: bool = False) -> list[str]:
    """Addresses of endpoints spread over hosts of the loopback net; with `slow` one in a hundred lies under /slow."""
    return [
        f"http://127.1.0.{number % HOSTS + 1}:{port}/{'slow' if slow and number % SLOW_IN == 7 else 'fast'}/{number}"
        for number in range(endpoints)
    ]


async def _subscribe(stage: Stage, urls: Sequence[str]) -> None:
    async with stage.runtime.unit() as uow:
        rows = await uow.fetch(SUBSCRIBE_SQL, ADCODE, list(urls), [host_of(url) for url in urls])
        made = [row["id"] for row in rows]
        settings = stage.runtime.settings
        kept = [canonical([sealed(settings, new_secret(), about_endpoint(one))]) for one in made]
        await uow.execute(KEEP_SQL, made, kept)
        await uow.commit()


async def _forget(stage: Stage) -> None:
    async with stage.runtime.unit() as uow:
        await uow.execute("UPDATE subscription SET state = 'ended'")
        await uow.commit()


async def _delivered(stage: Stage, reason: str, endpoints: int) -> float:
    """Notices per second from the first row of the fan-out to the last record."""
    started = time.perf_counter()
    async with stage.runtime.unit() as uow:
        written = await write_deliveries(uow, reason, EVENT, BODY, ADCODE, None)
        await uow.commit()
    await stage.runtime.engine.work()
    took = time.perf_counter() - started
    async with stage.runtime.unit() as uow:
        done = await uow.fetchval("SELECT count(*) FROM delivery WHERE reason = $1 AND state = 'done'", reason)
    if not written == done == endpoints:
        raise RuntimeError(f"{written} deliveries written, {done} done, {endpoints} expected")
    return endpoints / took


@asynccontextmanager
async def _receivers(stage: Stage) -> AsyncIterator[int]:
    """The receivers' process, and a way out that may call loopback; yields the port."""
    await stage.runtime.channel.close()
    stage.runtime.channel = HttpChannel(stage.runtime.settings.delivery_timeout_seconds, allow_private=True)
    port = free_port()
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "service.bench.receivers", str(port), str(SLOW_SECONDS)], env={**os.environ}
    )
    try:
        for _ in range(100):
            try:
                await asyncio.to_thread(_heard, port)
                break
            except (URLError, OSError):
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _heard(port: int) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


DELIVERIES: dict[str, Any] = {"notices_fast": notices_fast, "notices_slow_receivers": notices_slow_receivers}
