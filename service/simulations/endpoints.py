"""`POST /api/v1/simulations`."""

from __future__ import annotations

from fastapi import APIRouter, Response

from service.kit.auth import Official
from service.kit.http import Uow, json_answer
from service.simulations.flows import simulate
from service.simulations.schemas import SimulationBody

router = APIRouter(prefix="/api/v1/simulations", tags=["simulations"])


@router.post("")
async def simulation(body: SimulationBody, official: Official, uow: Uow) -> Response:
    """Assess a supposed or edited forecast under up to eight rule sets or plans, side by side. Nothing is stored."""
    return json_answer(await simulate(uow, official.scope, body))
