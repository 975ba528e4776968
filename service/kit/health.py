"""`/healthz` (the process lives), `/readyz` (it can serve) and `/metrics`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.kit.auth import runtime_of
from service.kit.http import json_answer
from service.kit.problems import Busy

router = APIRouter(tags=["operation"])


@router.get("/healthz")
async def healthz() -> Response:
    """The process answers."""
    return json_answer({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """The database answers; says whether the clock is simulated and whether this node hears the others."""
    runtime = runtime_of(request)
    try:
        async with runtime.unit() as uow:
            await uow.fetchval("SELECT 1")
    except OSError as error:
        raise Busy(f"The database does not answer: {error}") from error
    return json_answer(
        {
            "status": "ready",
            "now": runtime.clock.now(),
            "simulated": runtime.clock.simulated,
            "listening": runtime.live.listening,
        }
    )


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
