"""The HTTP application: one factory, used by `serve`, by replay and by tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from service.accounts.authority_endpoints import router as authority
from service.accounts.book_endpoints import router as account_book
from service.accounts.endpoints import router as accounts
from service.accounts.refusals import NoteRefusals
from service.coordination.endpoints import router as circulars
from service.deviations.endpoints import router as deviations
from service.divisions.endpoints import router as divisions
from service.enterprises.endpoints import router as enterprises
from service.evaluations.endpoints import router as evaluations
from service.evidence.endpoints import router as evidence
from service.feeds.endpoints import router as feeds
from service.findings.endpoints import router as findings
from service.grades.endpoints import router as grades
from service.guarantees.endpoints import router as guarantees
from service.guides.endpoints import router as guides
from service.kit import problems
from service.kit.auth import runtime_of
from service.kit.body import BodyLimit
from service.kit.health import router as health
from service.kit.jobs import Ticker, Worker, tick
from service.kit.runtime import Runtime
from service.kit.security import SecurityHeaders
from service.ledger.endpoints import router as ledger
from service.ledger.flows import seal
from service.lists.endpoints import router as lists
from service.lists.floor_endpoints import router as list_floors
from service.notices.endpoints import router as notices
from service.obligations.endpoints import router as obligations
from service.operating_plans.endpoints import router as operating_plans
from service.people.endpoints import router as people
from service.permits.endpoints import router as permits
from service.prompts.endpoints import router as prompts
from service.proposals.endpoints import router as proposals
from service.publication.files import public_router
from service.rulebook.endpoints import router as rulebook
from service.seasonal.endpoints import router as seasonal
from service.simulations.endpoints import router as simulations
from service.skill.endpoints import router as skill
from service.subscriptions.delivery_endpoints import router as deliveries
from service.subscriptions.endpoints import router as subscriptions
from service.warnings.endpoints import router as warnings
from service.web.endpoints import install as install_pages

ROUTERS = (
    enterprises,  # asked most, and routes are looked through in this order
    deliveries,
    accounts,
    account_book,
    authority,
    circulars,
    deviations,
    divisions,
    evaluations,
    evidence,
    feeds,
    findings,
    grades,
    guarantees,
    guides,
    health,
    ledger,
    list_floors,
    lists,
    notices,
    people,
    permits,
    obligations,
    operating_plans,
    prompts,
    proposals,
    rulebook,
    seasonal,
    simulations,
    skill,
    subscriptions,
    warnings,
)


def create_app(runtime: Runtime, *, background: bool = True) -> FastAPI:
    """The application over a runtime. `background` runs the listener, the ticker and (by setting) the worker beside it.

    Whatever answers finds the runtime at `app.state.runtime` and nowhere else.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if not background:
            yield
            return
        async with running(runtime, worker=runtime.settings.worker):
            yield

    app = FastAPI(
        title="Lantian 蓝天",
        summary="重污染天气应急响应服务 · Heavy-pollution emergency response",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.runtime = runtime
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(public_router(lambda request: runtime_of(request).settings.public_root))
    install_pages(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(NoteRefusals)
    return app


@asynccontextmanager
async def running(runtime: Runtime, *, worker: bool) -> AsyncIterator[None]:
    """Everything that runs beside requests: hearing other nodes, the ticker, sealing, and the worker when asked."""
    stop = asyncio.Event()
    runtime.live.on_change.append(lambda topic, _: _reload_clock(runtime, topic))
    await runtime.load_clock()
    tasks = [asyncio.create_task(runtime.live.listen(runtime.database, stop))]
    hand = Worker(runtime) if worker else None
    if hand is not None:
        tasks.append(asyncio.create_task(hand.run()))
    ticker = Ticker({"tick": (1.0, lambda: tick(runtime)), "seal": (1.0, lambda: seal(runtime))})
    ticker.start()
    try:
        yield
    finally:
        ticker.stop()
        stop.set()
        if hand is not None:
            hand.stop()
        done, late = await asyncio.wait(tasks, timeout=10)
        for task in late:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*done, *late)
        await runtime.close()


def _reload_clock(runtime: Runtime, topic: str) -> None:
    if topic == "clock":
        runtime.background(runtime.load_clock())
