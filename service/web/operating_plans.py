"""The page of an enterprise's operating plan (一厂一策): versions, a form to file one, and the official's check."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from emission_lists.levels import LEVELS
from service.accounts.roles import Principal
from service.enterprises.sources import Listed
from service.kit.auth import Caller, runtime_of
from service.kit.http import Uow
from service.kit.problems import Conflict, Invalid
from service.kit.unit_of_work import UnitOfWork
from service.operating_plans.flows import file_plan, listed_now, may_check, plan_page, review_plan
from service.operating_plans.schemas import PlanContent, PlanReview
from service.web.forms import read_form
from service.web.pages import Writer, render, writer_of

router = APIRouter(include_in_schema=False)
Uscc = Annotated[str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
Id = Annotated[int, Path(ge=1, le=2**62)]
MAX_PLAN_BYTES = 500_000
MOST_LINES = 10_000
KINDS = {
    "电": "electricity",
    "electricity": "electricity",
    "气": "gas",
    "gas": "gas",
    "其他": "other",
    "other": "other",
}
WORDS = {"electricity": "电", "gas": "气", "other": "其他"}
Fields = Mapping[str, str]


class BadRow(Exception):
    """A line of a form that does not have the parts it needs."""

    def __init__(self, row: str, parts: int) -> None:
        super().__init__(row)
        self.row, self.parts = row, parts


@router.get("/enterprises/{uscc}/operating-plans")
async def plans(uscc: Uscc, request: Request, caller: Caller, uow: Uow) -> Response:
    """Every version, and for the enterprise the form of the next one."""
    return await _page(request, uow, caller, uscc)


@router.post("/enterprises/{uscc}/operating-plans")
async def filing(uscc: Uscc, request: Request, caller: Caller) -> Response:
    """File a version from the form; what is wrong is said beside what was written."""
    fields = await read_form(request, MAX_PLAN_BYTES)
    faults: list[str] = []
    try:
        content = _content(fields)
        async with runtime_of(request).unit() as uow:
            await file_plan(uow, caller, uscc, content)
            await uow.commit()
        return RedirectResponse(f"/enterprises/{uscc}/operating-plans", 303)
    except BadRow as bad:
        faults = [writer_of(request).t("plan_bad_row", row=bad.row[:80], n=bad.parts)]
    except ValidationError as wrong:
        faults = [f"{'/'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in wrong.errors(include_input=False)]
    except (Invalid, Conflict) as wrong:
        faults = [wrong.detail, *(str(fault["detail"]) for fault in wrong.errors)]
    async with runtime_of(request).unit() as uow:
        return await _page(request, uow, caller, uscc, status=422, fields=fields, faults=faults)


@router.post("/enterprises/{uscc}/operating-plans/{plan_id}/review")
async def review(uscc: Uscc, plan_id: Id, request: Request, caller: Caller) -> Response:
    """An official accepts or returns a version."""
    fields = await read_form(request)
    faults: list[str] = []
    try:
        answer = PlanReview(accept=fields.get("accept") == "yes", reason=fields.get("reason", ""))
        async with runtime_of(request).unit() as uow:
            await review_plan(uow, caller, uscc, plan_id, answer)
            await uow.commit()
        return RedirectResponse(f"/enterprises/{uscc}/operating-plans", 303)
    except ValidationError as wrong:
        faults = [fault["msg"] for fault in wrong.errors(include_input=False)]
    except Conflict as wrong:
        faults = [wrong.detail]
    async with runtime_of(request).unit() as uow:
        return await _page(request, uow, caller, uscc, status=422, faults=faults)


async def _page(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    uscc: str,
    *,
    status: int = 200,
    fields: Fields | None = None,
    faults: Sequence[str] = (),
) -> Response:
    page = await plan_page(uow, caller, uscc)
    _, listed = await listed_now(uow, uscc, caller)
    own = caller.uscc == uscc
    newest = page["items"][0]["content"] if page["items"] else None
    return render(
        request,
        "operating_plans.html",
        caller,
        status=status,
        uscc=uscc,
        listed=listed,
        line_names={line.code: line.name for line in listed.lines},
        page=page,
        own=own,
        may_check={item["id"] for item in page["items"] if await may_check(uow, caller, uscc, item["adcode"])},
        fields=(fields or _fields(newest, listed)) if own else {},
        asked=_asked(listed, writer_of(request)) if own else {},
        faults=faults,
    )


def _asked(listed: Listed, writer: Writer) -> dict[str, dict[str, str]]:
    """What the list asks of each line per level, as a help beside the fields."""
    return {
        line.code: {
            level.value: line.measure(level).render_zh() if writer.language == "zh" else line.measure(level).render_en()
            for level in LEVELS
        }
        for line in listed.lines
    }


def _fields(content: dict[str, Any] | None, listed: Listed) -> dict[str, str]:
    """The form filled with the newest version."""
    if content is None:
        return {}
    found = {
        "main_process": content["main_process"],
        "points": _rows(content["emission_points"], ("code", "name", "pollutants", "amount")),
        "group": _rows(content["command_group"], ("post", "duty", "phone")),
    }
    for place, line in enumerate(listed.lines):
        planned = next((one for one in content["lines"] if one["code"] == line.code), None)
        if planned is None:
            continue
        found |= {f"post{place}": planned["post"], f"phone{place}": planned["phone"]}
        for one in planned["levels"]:
            found[f"{one['level']}{place}"] = one["steps"]
            figures = [figure | {"kind": WORDS[figure["kind"]]} for figure in one["indicators"]]
            found[f"figures{place}"] = _rows(figures, ("kind", "point", "unit", "normal", "under_measure"))
    return found


def _rows(items: list[dict[str, Any]], keys: tuple[str, ...]) -> str:
    return "\n".join(" | ".join(str(item[key]) for key in keys) for item in items)


def _content(fields: Fields) -> PlanContent:
    """The plan of a form. Raises BadRow, ValidationError or Invalid."""
    return PlanContent.model_validate(
        {
            "main_process": fields.get("main_process", ""),
            "emission_points": _parts(fields.get("points", ""), ("code", "name", "pollutants", "amount")),
            "lines": _lines(fields),
            "command_group": _parts(fields.get("group", ""), ("post", "duty", "phone")),
        }
    )


def _codes(written: str) -> list[str]:
    """The codes of the lines in the order of the form's fields. Raises Invalid when they are not what our page sends."""
    try:
        codes = json.loads(written or "[]")
    except (ValueError, RecursionError):
        codes = None
    if not isinstance(codes, list) or len(codes) > MOST_LINES or not all(isinstance(code, str) for code in codes):
        raise Invalid("The form does not say which lines it is about; open the page again and send it once more.")
    return codes


def _lines(fields: Fields) -> list[dict[str, Any]]:
    """The lines that somebody has written about."""
    found = []
    for place, code in enumerate(_codes(fields.get("codes", ""))):
        figures = _parts(fields.get(f"figures{place}", ""), ("kind", "point", "unit", "normal", "under_measure"))
        for figure in figures:
            figure["kind"] = KINDS.get(figure["kind"], figure["kind"])
        levels = [
            {"level": level.value, "steps": fields[f"{level.value}{place}"], "indicators": figures}
            for level in LEVELS
            if fields.get(f"{level.value}{place}")
        ]
        if levels:
            post, phone = fields.get(f"post{place}", ""), fields.get(f"phone{place}", "")
            found.append({"code": code, "post": post, "phone": phone, "levels": levels})
    return found


def _parts(text: str, keys: tuple[str, ...]) -> list[dict[str, str]]:
    found = []
    for row in filter(str.strip, text.splitlines()):
        parts = [part.strip() for part in row.replace("｜", "|").split("|")]
        if len(parts) != len(keys):
            raise BadRow(row, len(keys))
        found.append(dict(zip(keys, parts, strict=True)))
    return found
