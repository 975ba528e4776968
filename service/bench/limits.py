"""The same work with nothing of ours: endpoints that only do what no implementation could leave out."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from functools import lru_cache

import asyncpg
from fastapi import APIRouter, Request, Response

from service.kit.canonical import canonical

router = APIRouter(prefix="/limit")
CONSTANT = json.dumps({"lines": [{"code": f"MF{number:04}", "action": "stop"} for number in range(12)]}).encode()


async def _pool(request: Request) -> asyncpg.Pool:
    state = request.app.state
    if not hasattr(state, "limit_pool"):
        state.limit_pool = await asyncpg.create_pool(
            state.runtime.database.address, min_size=4, max_size=state.runtime.settings.pool_size
        )
    pool: asyncpg.Pool = state.limit_pool
    return pool


@router.get("/constant")
async def constant(request: Request) -> Response:
    """Constant bytes, as many as the whole query string says; `CONSTANT` without one."""
    return Response(constant_of(request.scope["query_string"]), media_type="application/json")


@lru_cache(maxsize=8)
def constant_of(length: bytes) -> bytes:
    """`CONSTANT` over and over up to a length, made once; whole where none is given."""
    if not length:
        return CONSTANT
    return (CONSTANT * (int(length) // len(CONSTANT) + 1))[: int(length)]


@router.get("/select/{uscc}/{version}")
async def select(uscc: str, version: int, request: Request) -> Response:
    """One row by key."""
    pool = await _pool(request)
    document = await pool.fetchval(
        "SELECT document FROM list_enterprise WHERE uscc = $1 AND version_id = $2", uscc, version
    )
    return Response(document, media_type="application/json")


@router.post("/forecast")
async def forecast(request: Request) -> Response:
    """The rows that a webhook leaves behind, inserted in one transaction: receipt, forecast, ledger entry, its mark, job."""
    body = (await request.body()).decode()
    key = uuid.uuid4().hex
    pool, at = await _pool(request), datetime.now(tz=UTC)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO receipt (feed, webhook_id, body_digest, status, answer, received_at)"
            " VALUES ('limit', $1, $2, 202, '{}', now())",
            key,
            key * 2,
        )
        await connection.execute(
            "INSERT INTO forecast (adcode, feed, issued_at, basis, points, digest, received_at)"
            " VALUES ('110000', 'bench', now(), 'forecast', $1::jsonb->'data'->'points', $2, now())",
            body,
            key * 2,
        )
        entry = await connection.fetchval(
            "INSERT INTO ledger_entry (at, kind, adcode, content) VALUES ($1, 'limit', '110000', $2) RETURNING id",
            at,
            canonical({"adcode": "110000", "at": at, "key": key, "kind": "limit"}),
        )
        await connection.execute("INSERT INTO ledger_pending (entry_id) VALUES ($1)", entry)
        await connection.execute(
            "INSERT INTO pgqueuer (priority, entrypoint, payload, status) VALUES (0, 'limit', $1, 'queued')",
            key.encode(),
        )
    return Response(b"{}", 202, media_type="application/json")
