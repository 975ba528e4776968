"""`/api/v1/grades`: applications, their steps, downgrades; `/api/v1/enterprises/{uscc}/grades`: an enterprise's history."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from emission_lists.grades import Grade
from emission_lists.grading import State
from service.accounts.roles import prefix_of
from service.grades import flows, imports, reading
from service.grades.schemas import ApplicationBody, DowngradeBody, PublicationBody, StepBody
from service.kit.auth import Caller, runtime_of
from service.kit.body import read_body
from service.kit.http import PageKey, PageSize, Uow, json_answer, once

router = APIRouter(prefix="/api/v1", tags=["grades"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Uscc = Annotated[str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
StateName = Annotated[str | None, Query(pattern="^(" + "|".join(state.value for state in State) + ")$")]


@router.get("/grades")
async def grades(
    caller: Caller,
    uow: Uow,
    adcode: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    state: StateName = None,
    grade: Grade | None = None,
    after: PageKey = None,
    size: PageSize = 50,
) -> Response:
    """Cases of your region (an enterprise sees its own), newest first, in pages; `next` is the `after` of the following."""
    items = await reading.page(
        uow,
        caller,
        within=None if adcode is None else prefix_of(adcode),
        states=None if state is None else [state],
        grade=None if grade is None else grade.value,
        after=after,
        size=size,
    )
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("/grades/applications", status_code=201)
async def apply(body: ApplicationBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Apply for a grade: an enterprise for itself, an official on its behalf. All faults come at once."""

    async def make() -> tuple[int, object]:
        return 201, await reading.find(uow, caller, await flows.apply(uow, caller, body))

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.get("/grades/applications/{case_id}")
async def one(case_id: Id, caller: Caller, uow: Uow) -> Response:
    """One case with its chain of steps, what comes next and who may do it."""
    return json_answer(await reading.find(uow, caller, case_id))


@router.post("/grades/applications/{case_id}/steps", status_code=201)
async def step(case_id: Id, body: StepBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """One step of a case by the level that has to make it; nobody passes two steps of one case."""

    async def make() -> tuple[int, object]:
        await flows.step(uow, caller, case_id, body)
        return 201, await reading.find(uow, caller, case_id)

    return await once(request, uow, caller, {"case": case_id, **body.model_dump(mode="json")}, make)


@router.post("/grades/downgrades", status_code=201)
async def downgrade(body: DowngradeBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Propose a downgrade; the level that decides on the grade in force decides on it."""

    async def make() -> tuple[int, object]:
        return 201, await reading.find(uow, caller, await flows.downgrade(uow, caller, body))

    return await once(request, uow, caller, body.model_dump(mode="json"), make)


@router.post("/grades/imports", status_code=201)
async def enter(
    request: Request,
    caller: Caller,
    adcode: Annotated[str, Query(pattern=r"^\d{6}$")],
    source: Annotated[str, Query(min_length=1, max_length=200)],
) -> Response:
    """Enter a published list of grades (the body is the .xlsx or .csv); `source` names the announcement. All faults at once."""
    runtime = runtime_of(request)
    content = await read_body(request, runtime.settings.max_body_bytes)
    fingerprint = {"adcode": adcode, "source": source, "content": hashlib.sha256(content).hexdigest()}
    async with runtime.unit() as uow:

        async def make() -> tuple[int, object]:
            return 201, await imports.enter(uow, caller, adcode, content, source)

        answer = await once(request, uow, caller, fingerprint, make)
        await uow.commit()
    return answer


@router.post("/grades/imports/{batch_id}/publication", status_code=201)
async def publish_import(
    batch_id: Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")],
    body: PublicationBody,
    request: Request,
    caller: Caller,
    uow: Uow,
) -> Response:
    """Put an entered list in force, by somebody other than who entered it."""
    asked = StepBody(move="publish", **body.model_dump())

    async def make() -> tuple[int, object]:
        return 201, await imports.publish(uow, caller, batch_id, asked)

    return await once(request, uow, caller, {"import": batch_id, **body.model_dump(mode="json")}, make)


@router.get("/enterprises/{uscc}/grades")
async def history(uscc: Uscc, caller: Caller, uow: Uow) -> Response:
    """The grades of an enterprise: in force, every decision, every case."""
    return json_answer(await reading.history(uow, caller, uscc))
