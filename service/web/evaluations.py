"""The evaluation of a response as a page and as a document, and the form by which enterprises report."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from emission_lists.lists import POLLUTANTS
from service.accounts.roles import Principal
from service.enterprises.flows import may_see
from service.evaluations import figures, flows, reports, repository
from service.evaluations.document import DOCX, docx
from service.evaluations.schemas import UNREADABLE, LineReport
from service.kit.auth import Caller, Official, runtime_of
from service.kit.http import Uow
from service.kit.problems import ContentChanged, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.web.enterprises import PARTS
from service.web.forms import read_form
from service.web.pages import render, writer_of

router = APIRouter(include_in_schema=False)
Id = Annotated[int, Path(ge=1, le=2**62)]
Uscc = Annotated[str, Path(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$")]
LABELS = {"so2": "SO₂", "nox": "NOx", "pm": "PM", "vocs": "VOCs"}
MOST_LINES = 200


@router.get("/responses/{response_id}/evaluation")
async def evaluation(response_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """The evaluation with its charts; a person closes it here."""
    return await _page(request, uow, official, response_id)


async def _page(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    response_id: int,
    *,
    status: int = 200,
    fault: str | None = None,
    written: Mapping[str, str] | None = None,
) -> Response:
    warning = await repository.warning_of(uow, official.scope, response_id)
    found = await flows.evaluation(uow, official.scope, warning)
    return render(
        request,
        "evaluation.html",
        official,
        status=status,
        response=response_id,
        evaluation=found,
        verdict=standing,
        open_lines=figures.open_lines,
        line_open=figures.line_open,
        days=by_day(found["hours"]),
        picture=picture(found),
        may_close=official.may_evaluate and found["state"] == flows.DRAFT and not found["running"],
        fault=fault,
        written={"conclusion": "", "lessons": ""} | dict(written or {}),
    )


def standing(floor: Mapping[str, Any], name: str) -> str:
    """The verdict of a pollutant; `swapped` where it meets the floor only together with the other of SO2 and NOx."""
    found = figures.verdict(floor, name)
    share, required = floor["shares"][name], floor["required"][name]
    alone = share is None or required is None or share >= required
    return "swapped" if found == "met" and floor.get("swap_used") and not alone else found


def picture(found: Mapping[str, Any]) -> dict[str, Any]:
    """What the charts draw: tonnes per pollutant, and kg per clock hour over all responses; None where nothing is known."""
    every = found["hours"]
    return {
        "classes": _classes(found),
        "until": [until for response in every for until in response["until"]],
        "pollutants": [
            {
                "label": LABELS[name],
                "planned": _tonnes(found["totals"]["pollutants"][name]["planned_kg"]),
                "reported": _tonnes(found["totals"]["pollutants"][name]["reported_kg"]),
                "verified": _tonnes(found["totals"]["pollutants"][name]["verified_at_least_kg"]),
                "hours": {
                    "planned": [one for response in every for one in response["pollutants"][name]["planned_kg"]],
                    "verified": [
                        one for response in every for one in response["pollutants"][name]["verified_at_least_kg"]
                    ],
                },
            }
            for name in POLLUTANTS
        ],
    }


def _classes(found: Mapping[str, Any]) -> dict[str, list[float | None]]:
    """Planned tonnes by class of sources, one value for each pollutant; nothing of what was closed before they were accounted."""
    parts = found["classes"]["parts"] if "classes" in found else []
    return {part["class"]: [_tonnes(part["pollutants"][name]["planned_kg"]) for name in POLLUTANTS] for part in parts}


def _tonnes(kg: float | None) -> float | None:
    return None if kg is None else round(kg / 1000, 6)


def by_day(every: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Planned and verified kg by natural day; verified None on a day without a measured hour. An hour belongs to its start's day.

    `open`: lines of which nothing is planned that is established, in the response of the day with the most of them.
    """
    days: defaultdict[str, dict[str, dict[str, float | None]]] = defaultdict(
        lambda: {kind: dict.fromkeys(POLLUTANTS) for kind in ("planned", "verified")}
    )
    still_open: defaultdict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(POLLUTANTS, 0))
    for response in every:
        for place, until in enumerate(response["until"]):
            key = _day_of(until)
            day = days[key]
            for name in POLLUTANTS:
                values = response["pollutants"][name]
                still_open[key][name] = max(still_open[key][name], values.get("not_established_lines", 0))
                for kind, member in (("planned", "planned_kg"), ("verified", "verified_at_least_kg")):
                    value = values[member][place]
                    if value is not None:
                        day[kind][name] = round((day[kind][name] or 0.0) + value, 6)
    return [{"day": day, **values, "open": still_open[day]} for day, values in sorted(days.items())]


def _day_of(until: str) -> str:
    """The day in which the hour lies that ends at an instant: 00:00 belongs to the day before."""
    return repository.hour_start(until).date().isoformat()


@router.get("/responses/{response_id}/evaluation.docx")
async def document(response_id: Id, official: Official, uow: Uow) -> Response:
    """The report as a document (Word, WPS, LibreOffice)."""
    warning = await repository.warning_of(uow, official.scope, response_id)
    found = await flows.evaluation(uow, official.scope, warning)
    name = f'attachment; filename="evaluation-{warning}.docx"'
    content = await asyncio.to_thread(docx, found, by_day(found["hours"]))
    return Response(content, media_type=DOCX, headers={"content-disposition": name, "cache-control": "private, no-store"})


@router.get("/warnings/{warning_id}/evaluation")
async def of_warning(warning_id: Id, official: Official, uow: Uow) -> Response:
    """The evaluation of a warning stands under its newest response. Raises Unknown for a warning that never had one."""
    await repository.warning_row(uow, official.scope, warning_id)
    newest = await repository.newest_response(uow, warning_id)
    if newest is None:
        raise Unknown("This warning has set no response in motion; there is nothing to evaluate.")
    return RedirectResponse(f"/responses/{newest}/evaluation", 303)


@router.post("/responses/{response_id}/evaluation")
async def close(response_id: Id, request: Request, official: Official) -> Response:
    """Close the evaluation as it was read."""
    fields = await read_form(request)
    written = {name: fields.get(name, "")[:4000] for name in ("conclusion", "lessons")}
    fault = None if written["conclusion"] else "ev_conclusion_needed"
    if any(UNREADABLE.search(text) for text in written.values()):
        fault, written = "ev_unreadable", {name: UNREADABLE.sub("", text) for name, text in written.items()}
    async with runtime_of(request).unit() as uow:
        warning = await repository.warning_of(uow, official.scope, response_id)
        if fault is None:
            try:
                lessons = written["lessons"] or None
                await flows.close(uow, official, warning, fields.get("content_hash", ""), written["conclusion"], lessons)
                await uow.commit()
            except ContentChanged:
                fault = "ev_changed"
        if fault is not None:
            return await _page(request, uow, official, response_id, status=409, fault=fault, written=written)
    return RedirectResponse(f"/responses/{response_id}/evaluation", 303)


@router.get("/enterprises/{uscc}/reports")
async def report_form(
    uscc: Uscc, request: Request, caller: Caller, uow: Uow, sent: Annotated[int, Query(ge=0, le=1000)] = 0
) -> Response:
    """What an enterprise may report: its lines for each response and day; and what it reported so far."""
    return await _form(request, uow, caller, uscc, sent=sent)


async def _form(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    uscc: str,
    *,
    status: int = 200,
    faults: list[str] | None = None,
    sent: int = 0,
) -> Response:
    if caller.uscc not in (None, uscc):
        raise Forbidden("You may report for your own enterprise.")
    if caller.uscc is None:
        await may_see(uow, caller, uscc)
    found = await reports.to_report(uow, caller, uscc)
    return render(
        request,
        "reports.html",
        caller,
        status=status,
        uscc=uscc,
        responses=found,
        own=caller.uscc == uscc,
        faults=faults or [],
        sent=sent,
        lines_shown=MOST_LINES,
    )


async def _part(uow: UnitOfWork, caller: Principal, uscc: str) -> dict[str, Any]:
    """What the page of an enterprise shows of its reports: how many lines and days it reported under the newest response."""
    newest = await reports.to_report(uow, caller, uscc, most=1)
    return {"own": caller.uscc == uscc, "newest": newest[0] if newest else None}


PARTS["part_report.html"] = _part


@router.post("/enterprises/{uscc}/reports")
async def send_report(uscc: Uscc, request: Request, caller: Caller) -> Response:
    """Take the form of one day; with faults nothing is stored and the page says which."""
    fields = await read_form(request)
    writer = writer_of(request)
    faults: list[str] = []
    lines = _lines(fields, faults, writer.t)
    response = fields.get("response", "")
    if not response.isascii() or not response.isdigit() or len(response) > 18:
        raise Invalid("The form names no response; open the page again.")
    if caller.uscc != uscc:
        raise Forbidden("Reductions are reported by the enterprise itself.")
    if not lines and not faults:
        faults.append(writer.t("rp_nothing"))
    async with runtime_of(request).unit() as uow:
        if not faults:
            try:
                await reports.report(uow, caller, int(response), lines)
                await uow.commit()
                return RedirectResponse(f"/enterprises/{uscc}/reports?sent={len(lines)}", 303)
            except Invalid as refused:
                faults = [_said(fault, lines) for fault in refused.errors]
        return await _form(request, uow, caller, uscc, status=422, faults=faults)


def _said(fault: Mapping[str, Any], lines: list[LineReport]) -> str:
    """A fault with the line that it is about."""
    parts = str(fault["pointer"]).split("/")
    return f"{lines[int(parts[2])].line}: {fault['detail']}"


def _lines(fields: Mapping[str, str], faults: list[str], t: Any) -> list[LineReport]:
    found = []
    for number in range(MOST_LINES):
        state = fields.get(f"state_{number}", "")
        if state not in {"stopped", "limited", "running"}:
            continue
        line = fields.get(f"line_{number}", "")
        ran_at = _number(fields.get(f"ran_at_{number}", ""), faults, t, line)
        given = {
            "line": line,
            "day": fields.get("day", ""),
            "state": state,
            "hours": _number(fields.get(f"hours_{number}", ""), faults, t, line) or 0.0,
            "ran_at": None if ran_at is None else ran_at / 100,
            "note": fields.get(f"note_{number}", "")[:1000] or None,
            **{name: _number(fields.get(f"{name}_{number}", ""), faults, t, line) for name in POLLUTANTS},
        }
        try:
            found.append(LineReport.model_validate(given))
        except ValidationError as error:
            faults += [f"{line} {'/'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return found


def _number(text: str, faults: list[str], t: Any, line: str) -> float | None:
    if not text:
        return None
    try:
        return float(text.replace("，", "").replace(",", ""))
    except ValueError:
        faults.append(f"{line}: {t('rp_number', value=text[:40])}")
        return None
