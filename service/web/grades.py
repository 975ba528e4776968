"""Grades and the guarantee class: cases by state, one case with its chain and what comes next, forms."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from emission_lists.grades import Grade
from emission_lists.grading import OFFICIAL, Actor, Move, State, levels_of
from emission_lists.guarantee import BASES, GuaranteeState
from emission_lists.lists import GuaranteeType
from emission_lists.standing import DOWNGRADING
from service.accounts.roles import Principal, Role
from service.grades import flows, imports, reading
from service.grades.flows import NEEDS_DOCUMENT, NEEDS_REASON, STATES_GRADE
from service.grades.rules import rules_for
from service.grades.schemas import ApplicationBody, DowngradeBody, StepBody
from service.guarantees import flows as guarantee_flows
from service.guarantees.schemas import GuaranteeBody, GuaranteeStepBody
from service.kit.auth import Caller, runtime_of, same_origin
from service.kit.clock import SHANGHAI
from service.kit.http import PageKey, Uow
from service.kit.problems import Forbidden, Problem
from service.kit.unit_of_work import UnitOfWork
from service.web.forms import read_form
from service.web.pages import Writer, render, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
SHOWN = 50
MOST_FAULTS = 200
GROUPS: dict[str, list[str]] = {
    "review": ["applied", "district_reviewed", "city_reviewed", "province_reviewed", "ministry_reviewed", "entered"],
    "publicity": ["in_publicity", "objected", "publicity_ended"],
    "published": ["published", "in_force"],
    "downgrade": ["proposed", "decided", "dropped", "reversed"],
    "closed": ["rejected", "appealed", "upheld", "withdrawn", "expired", "superseded"],
}
"""States as the page groups them; every state stands in exactly one group."""
Group = Annotated[str, Query(pattern="^(|" + "|".join(GROUPS) + ")$")]
Body = TypeVar("Body", bound=BaseModel)
DAYS = ("effective_from", "valid_until", "ban_until")


def _said(problem: Problem, writer: Writer) -> list[str]:
    """What a refusal says, in the reader's language where it is said in it."""
    zh = writer.language == "zh"
    first = problem.extensions.get("detail_zh") if zh else None
    faults = [_fault_said(one, writer) for one in problem.errors]
    return [str(first or problem.detail or problem.title), *faults]


def _fault_said(fault: Mapping[str, Any], writer: Writer) -> str:
    """One fault of a form (`detail`, `detail_zh`) or of a file (`message`, with its row)."""
    names = ("detail_zh", "message", "detail") if writer.language == "zh" else ("detail", "message_en", "message")
    said = next(str(fault[name]) for name in names if fault.get(name))
    row = fault.get("row")
    return said if row is None else writer.t("grades_import_row", row=row, what=said)


def _body(model: type[Body], fields: dict[str, str], writer: Writer) -> Body:
    """A form as the body of the API. Raises Refused with every fault."""
    given: dict[str, Any] = {name: value for name, value in fields.items() if value != ""}
    for name in DAYS:
        if name in given:
            given[name] = _midnight(given[name], end=name != "effective_from")
    if "cap" in model.model_fields:
        cap = {name: given.pop(f"cap_{name}") for name in ("value", "unit", "metric") if f"cap_{name}" in given}
        given["cap"] = cap
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = sorted({".".join(str(part) for part in one["loc"]) for one in error.errors()})
        names = [writer.t(f"grades_f_{name.split('.')[0]}") for name in faults]
        raise Refused([writer.t("grades_form_faults", names="、".join(dict.fromkeys(names)))]) from error


def _midnight(text: str, *, end: bool) -> str:
    """A day of a form as an instant: its first, or with `end` the midnight after it."""
    try:
        day = datetime.combine(datetime.fromisoformat(text).date(), time(), SHANGHAI)
    except ValueError:
        return text
    return day.isoformat() if not end else day.replace(hour=23, minute=59, second=59).isoformat()


class Refused(Exception):
    """A form that cannot be read; `faults` in the reader's language."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(faults[0])
        self.faults = faults


async def _write(
    request: Request, work: Callable[[UnitOfWork, dict[str, str], Writer], Awaitable[str]], again: Callable[..., Any]
) -> Response:
    """Do what a form asks and go on to where it leads; or show the page again with every fault."""
    fields, writer = await read_form(request), writer_of(request)
    try:
        async with runtime_of(request).unit() as uow:
            target = await work(uow, fields, writer)
            await uow.commit()
    except Refused as refused:
        faults, status = refused.faults, 422
    except Problem as problem:
        faults, status = _said(problem, writer), problem.status
    else:
        return RedirectResponse(target, 303)
    async with runtime_of(request).unit() as uow:
        answer: Response = await again(uow, faults=faults, status=status, fields=fields)
        return answer


async def _page(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    *,
    group: str = "",
    grade: str = "",
    after: int | None = None,
    faults: list[str] | None = None,
    status: int = 200,
    fields: dict[str, str] | None = None,
) -> Response:
    items = await reading.page(
        uow, caller, states=GROUPS.get(group), grade=grade or None, after=after, size=SHOWN
    )
    rules = rules_for(caller.scope.adcode, uow.now.date())
    picks = caller.may_judge_grades and Actor.PROVINCE in levels_of(caller.scope.adcode)
    return render(
        request,
        "grades.html",
        caller,
        status=status,
        items=items,
        groups=list(GROUPS),
        group=group,
        chosen=grade,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        faults=faults or [],
        fields=fields or {},
        rules=rules,
        rule_names=RULE_NAMES,
        all_grades=[one for one in Grade if one is not Grade.UNGRADED and (picks or one is not Grade.A_PLUS)],
        causes=sorted(DOWNGRADING, key=lambda one: one.value),
        may_apply=caller.role is Role.ENTERPRISE or caller.may_judge_grades,
        may_downgrade=caller.may_judge_grades,
    )


RULE_NAMES = (
    "routes",
    "publicity",
    "batches",
    "valid_months",
    "after_expiry",
    "downgrade_to",
    "ban_months",
    "appeal_suspends",
    "a_plus",
    "needs_evaluation",
)


@router.get("/grades")
async def grades(
    request: Request,
    caller: Caller,
    uow: Uow,
    group: Group = "",
    grade: Annotated[str, Query(pattern="^(|" + "|".join(one.value.replace("+", r"\+") for one in Grade) + ")$")] = "",
    after: PageKey = None,
) -> Response:
    """Cases of the region by state and grade, and the forms to put one forward."""
    return await _page(request, uow, caller, group=group, grade=grade, after=after)


@router.post("/grades")
async def apply(request: Request, caller: Caller) -> Response:
    """Apply for a grade."""

    async def work(uow: UnitOfWork, fields: dict[str, str], writer: Writer) -> str:
        case = await flows.apply(uow, caller, _body(ApplicationBody, fields, writer))
        return f"/grades/{case}"

    return await _write(request, work, lambda uow, **found: _page(request, uow, caller, **found))


@router.post("/grades/imports")
async def enter(request: Request, caller: Caller) -> Response:
    """Enter a published list: every fault at once, or its cases, which somebody else publishes."""
    if not same_origin(request):
        raise Forbidden("This form was sent from another site's page.")
    writer, limit = writer_of(request), runtime_of(request).settings.max_body_bytes
    async with request.form(max_files=1, max_fields=10) as form:
        sent = form.get("published")
        content = await sent.read(limit + 1) if isinstance(sent, UploadFile) else b""
        adcode, source = (str(form.get(name) or "").strip()[:200] for name in ("adcode", "source"))
    try:
        if not content or len(content) > limit or not source or not re.fullmatch(r"\d{6}", adcode, re.ASCII):
            raise Refused([writer.t("grades_import_none")])
        async with runtime_of(request).unit() as uow:
            await imports.enter(uow, caller, adcode, content, source)
            await uow.commit()
    except (Refused, Problem) as refused:
        faults = refused.faults if isinstance(refused, Refused) else _said(refused, writer)
        status = 422 if isinstance(refused, Refused) else refused.status
    else:
        return RedirectResponse("/grades?group=review", 303)
    async with runtime_of(request).unit() as uow:
        return await _page(request, uow, caller, faults=faults[:MOST_FAULTS], status=status)


@router.post("/grades/imports/{import_id}/publication")
async def publish_import(
    import_id: Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")], request: Request, caller: Caller
) -> Response:
    """Put an entered list in force."""

    async def work(uow: UnitOfWork, fields: dict[str, str], writer: Writer) -> str:
        await imports.publish(uow, caller, import_id, _body(StepBody, fields | {"move": "publish"}, writer))
        return "/grades?group=published"

    return await _write(request, work, lambda uow, **found: _page(request, uow, caller, **found))


@router.post("/grades/downgrades")
async def downgrade(request: Request, caller: Caller) -> Response:
    """Propose a downgrade."""

    async def work(uow: UnitOfWork, fields: dict[str, str], writer: Writer) -> str:
        case = await flows.downgrade(uow, caller, _body(DowngradeBody, fields, writer))
        return f"/grades/{case}"

    return await _write(request, work, lambda uow, **found: _page(request, uow, caller, **found))


async def _guarantees(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    *,
    state: str = "",
    after: int | None = None,
    faults: list[str] | None = None,
    status: int = 200,
    fields: dict[str, str] | None = None,
) -> Response:
    items = await guarantee_flows.page(uow, caller, state=state or None, after=after, size=SHOWN)
    return render(
        request,
        "guarantees.html",
        caller,
        status=status,
        items=items,
        states=list(GuaranteeState),
        state=state,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        faults=faults or [],
        fields=fields or {},
        kinds=list(GuaranteeType),
        bases=BASES,
        may_apply=caller.role is Role.ENTERPRISE or caller.may_judge_grades,
    )


@router.get("/grades/guarantees")
async def guarantees(
    request: Request,
    caller: Caller,
    uow: Uow,
    state: Annotated[str, Query(pattern="^(|" + "|".join(one.value for one in GuaranteeState) + ")$")] = "",
    after: PageKey = None,
) -> Response:
    """Guarantees of the region by state, and the form to ask for one."""
    return await _guarantees(request, uow, caller, state=state, after=after)


@router.post("/grades/guarantees")
async def propose_guarantee(request: Request, caller: Caller) -> Response:
    """Ask for a guarantee."""

    async def work(uow: UnitOfWork, fields: dict[str, str], writer: Writer) -> str:
        case = await guarantee_flows.propose(uow, caller, _body(GuaranteeBody, fields, writer))
        return f"/grades/guarantees/{case}"

    return await _write(request, work, lambda uow, **found: _guarantees(request, uow, caller, **found))


async def _guarantee(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    case_id: int,
    *,
    faults: list[str] | None = None,
    status: int = 200,
    fields: dict[str, str] | None = None,
) -> Response:
    case = await guarantee_flows.find(uow, caller, case_id)
    return render(
        request,
        "guarantee.html",
        caller,
        status=status,
        case=case,
        mine=_mine(caller, case),
        faults=faults or [],
        fields=fields or {},
        needs_reason={one.value for one in guarantee_flows.NEEDS_REASON},
        needs_document={one.value for one in guarantee_flows.NEEDS_DOCUMENT},
    )


def _mine(caller: Principal, case: dict[str, Any]) -> list[dict[str, Any]]:
    """The moves that this reader's level may make now; whether it is their turn (four eyes) is checked on the step."""
    if caller.role is Role.ENTERPRISE:
        own = {"enterprise"} if caller.uscc == case["uscc"] else set()
    else:
        own = {one.value for one in levels_of(caller.scope.adcode) & OFFICIAL} if caller.may_judge_grades else set()
    return [one for one in case["next"] if own & {actor["level"] for actor in one["by"]}]


@router.get("/grades/guarantees/{case_id}")
async def guarantee(case_id: Id, request: Request, caller: Caller, uow: Uow) -> Response:
    """One guarantee: the chain of steps, what comes next and who may do it."""
    return await _guarantee(request, uow, caller, case_id)


@router.post("/grades/guarantees/{case_id}/steps")
async def guarantee_step(case_id: Id, request: Request, caller: Caller) -> Response:
    """One step of a guarantee."""

    async def work(uow: UnitOfWork, fields: dict[str, str], writer: Writer) -> str:
        await guarantee_flows.step(uow, caller, case_id, _body(GuaranteeStepBody, fields, writer))
        return f"/grades/guarantees/{case_id}"

    return await _write(request, work, lambda uow, **found: _guarantee(request, uow, caller, case_id, **found))


async def _case(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    case_id: int,
    *,
    faults: list[str] | None = None,
    status: int = 200,
    fields: dict[str, str] | None = None,
) -> Response:
    case = await reading.find(uow, caller, case_id)
    return render(
        request,
        "grade.html",
        caller,
        status=status,
        case=case,
        mine=_mine(caller, case),
        faults=faults or [],
        fields=fields or {},
        all_grades=[one for one in Grade if one is not Grade.UNGRADED],
        needs_reason={one.value for one in NEEDS_REASON},
        needs_document={one.value for one in NEEDS_DOCUMENT},
        states_grade={one.value for one in STATES_GRADE},
        deciding={Move.PUBLISH.value, Move.DECIDE.value},
        in_publicity=case["state"] == State.IN_PUBLICITY.value,
    )


@router.get("/grades/{case_id}")
async def one(case_id: Id, request: Request, caller: Caller, uow: Uow) -> Response:
    """One case: the chain of steps, what comes next and who may do it."""
    return await _case(request, uow, caller, case_id)


@router.post("/grades/{case_id}/steps")
async def step(case_id: Id, request: Request, caller: Caller) -> Response:
    """One step of a case."""

    async def work(uow: UnitOfWork, fields: dict[str, str], writer: Writer) -> str:
        await flows.step(uow, caller, case_id, _body(StepBody, fields, writer))
        return f"/grades/{case_id}"

    return await _write(request, work, lambda uow, **found: _case(request, uow, caller, case_id, **found))
