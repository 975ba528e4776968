"""`/api/v1/obligations`, `/api/v1/tasks`, `/api/v1/departments`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from service.kit.auth import Official
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.obligations import reports, repository
from service.obligations.schemas import EntryBody, HolderBody, ReportBody
from service.tasks import flows as tasks
from service.tasks import repository as tasks_repository

router = APIRouter(prefix="/api/v1", tags=["obligations"])
Id = Annotated[int, Path(ge=1, le=2**62)]
Adcode = Annotated[str, Path(pattern=r"^\d{6}$")]
Place = Annotated[str | None, Query(pattern=r"^\d{6}$")]
State = Annotated[Literal["open", "missed", "met", "late_met", "waived"] | None, Query()]
TaskState = Annotated[Literal["given", "received", "done"] | None, Query()]
Name = Annotated[str | None, Query(max_length=32)]
Number = Annotated[int | None, Query(ge=1, le=2**62)]


@router.get("/obligations")
async def obligations(
    official: Official,
    uow: Uow,
    state: State = None,
    kind: Name = None,
    warning: Number = None,
    after: PageKey = None,
    size: PageSize = 100,
) -> Response:
    """What is or was owed in your region, newest first; missed ones are in it for everybody above and for auditors."""
    states: list[str] | None = None if state is None else [state]
    items = await repository.page(
        uow, official.scope, states=states, kind=kind, warning=warning, after=after, size=size
    )
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/obligations/{obligation_id}")
async def obligation(obligation_id: Id, official: Official, uow: Uow) -> Response:
    """One obligation with the reports signed for it."""
    return json_answer(await repository.find(uow, official.scope, obligation_id))


@router.get("/obligations/{obligation_id}/report")
async def draft(obligation_id: Id, official: Official, uow: Uow) -> Response:
    """The facts of an owed report as of now, with the hash to sign them under."""
    return json_answer(await reports.draft(uow, official.scope, obligation_id))


@router.post("/obligations/{obligation_id}/report", status_code=201)
async def sign(obligation_id: Id, body: ReportBody, request: Request, official: Official, uow: Uow) -> Response:
    """Sign a report; facts and words are frozen with their hash."""
    words = {name: getattr(body, name) for name in reports.WORDS}

    async def make() -> tuple[int, object]:
        signed = await reports.sign(
            uow, official, obligation_id, body.content_hash, words, as_of=body.as_of, factor=body.factor
        )
        return 201, signed

    return await once(request, uow, official, body.model_dump(exclude={"factor"}), make)


@router.get("/tasks")
async def list_tasks(
    official: Official,
    uow: Uow,
    adcode: Place = None,
    state: TaskState = None,
    department: Name = None,
    over: Annotated[bool, Query(description="Those that are over too.")] = False,
    after: PageKey = None,
    size: PageSize = 100,
) -> Response:
    """Tasks of departments in your region, newest first."""
    items = await tasks_repository.page(
        uow, official.scope, adcode=adcode, state=state, department=department, live_only=not over, after=after, size=size
    )
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.get("/tasks/{task_id}")
async def task(task_id: Id, official: Official, uow: Uow) -> Response:
    """One task with its receipts and progress."""
    return json_answer(await tasks_repository.find(uow, official, task_id))


@router.post("/tasks/{task_id}/entries", status_code=201)
async def enter(task_id: Id, body: EntryBody, request: Request, official: Official, uow: Uow) -> Response:
    """Receive a task, tell its progress, or tell that it is done."""

    async def make() -> tuple[int, object]:
        await tasks.enter(uow, official, task_id, body.kind, done=body.done, total=body.total, note=body.note)
        return 201, await tasks_repository.find(uow, official, task_id)

    return await once(request, uow, official, body.model_dump(), make)


@router.get("/departments")
async def departments(official: Official, uow: Uow, adcode: Place = None) -> Response:
    """The departments of a division, their categories of measures, and the organisations that hold their tasks."""
    place = adcode or official.scope.adcode
    return json_answer({"adcode": place, "items": await tasks_repository.departments(uow, official.scope, place)})


@router.put("/departments/{adcode}/{department}")
async def name_holder(
    adcode: Adcode,
    department: Annotated[str, Path(max_length=32)],
    body: HolderBody,
    official: Official,
    uow: Uow,
) -> Response:
    """Name the organisation that holds a department's tasks."""
    await tasks.name_holder(uow, official, adcode, department, body.organisation)
    return json_answer({"adcode": adcode, "department": department, "organisation": body.organisation})
