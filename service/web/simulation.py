"""Simulation (推演): what a supposed forecast would mean under several laws, side by side. Nothing is stored or published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.datastructures import UploadFile

from alerts.law import Law, LawNotFound
from alerts.points import Point
from alerts.rules import NATIONAL
from alerts.simulation import EditError
from service.accounts.roles import Principal, Scope
from service.forecasts.points_csv import CsvInvalid, CsvProblem, points_of_csv
from service.kit.auth import Official, runtime_of
from service.kit.body import MOST_CSV_BYTES
from service.kit.http import Uow
from service.kit.problems import Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.rulebook.flows import plans_by_place, rule_sets, standing
from service.simulations.flows import NothingKnown, simulate
from service.simulations.repository import stored_forecasts
from service.web.city import in_scope
from service.web.pages import render, writer_of
from service.web.simulation_form import IN_FORCE, LEVELS, FormFault, SimulationForm

router = APIRouter(include_in_schema=False)
SHOWN_FORECASTS = 60
MOST_FIELDS = 120


@router.get("/simulation")
async def simulation_page(request: Request, official: Official, uow: Uow, adcode: str = "") -> Response:
    """The form; with `adcode` its forecasts, with `forecast`, `plan` or `rules` filled in."""
    if not adcode and official.scope.adcode != NATIONAL:
        adcode = official.scope.adcode
    if adcode:
        in_scope(uow, official, adcode)
    form = SimulationForm.asked(request.query_params, adcode, _usual(uow.runtime.law))
    return await _page(request, uow, official, form)


def _usual(law: Law) -> tuple[str, ...]:
    """What is compared when nothing is chosen: what applies there and then, and the newest national rule set."""
    newest = next(one for one in rule_sets(law) if one.adcode == NATIONAL)
    return IN_FORCE, f"rules:{newest.id}"


@router.post("/simulation")
async def simulated(request: Request, official: Official) -> Response:
    """The answer above the form as it was sent, or the form with every fault."""
    async with request.form(max_files=1, max_fields=MOST_FIELDS) as sent:
        form, upload = SimulationForm.of(sent), sent.get("file")
        content = await upload.read(MOST_CSV_BYTES + 1) if isinstance(upload, UploadFile) else b""
    async with runtime_of(request).unit() as uow:
        in_scope(uow, official, form.adcode)
        points, problems = _points(content)
        body, faults = form.body(points)
        if problems:
            faults = [FormFault("file", "sim_fault_csv", {"n": len(problems)}), *faults]
        if body is None or faults:
            return await _page(request, uow, official, form, faults=faults, problems=problems, status=422)
        try:
            answer = await simulate(uow, official.scope, body)
        except (Invalid, Unknown) as refused:
            return await _page(request, uow, official, form, faults=[_fault(refused)], status=refused.status)
        return await _page(request, uow, official, form, answer=answer)


def _points(content: bytes) -> tuple[list[Point] | None, Sequence[CsvProblem]]:
    """The points of an uploaded file, None without one; and everything wrong with it."""
    if not content:
        return None, ()
    try:
        return points_of_csv(content, MOST_CSV_BYTES), ()
    except CsvInvalid as invalid:
        return None, invalid.problems


def _fault(refused: Invalid | Unknown) -> FormFault:
    """What a refusal means for the form."""
    cause = refused.__cause__
    if isinstance(cause, EditError):
        return FormFault("shift", "sim_fault_days")
    if isinstance(refused, NothingKnown):
        return FormFault("forecast", "sim_fault_nothing")
    if isinstance(cause, LawNotFound):
        return FormFault("cases", "sim_fault_law", {"detail": refused.detail})
    if isinstance(refused, Unknown):
        return FormFault("forecast", "sim_fault_forecast")
    return FormFault("forecast", "sim_fault_other", {"detail": refused.detail})


async def _page(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    form: SimulationForm,
    *,
    answer: dict[str, Any] | None = None,
    faults: Sequence[FormFault] = (),
    problems: Sequence[CsvProblem] = (),
    status: int = 200,
) -> Response:
    law, today = uow.runtime.law, uow.now.date()
    language = writer_of(request).language
    return render(
        request,
        "simulation.html",
        official,
        status=status,
        form=form,
        place=uow.runtime.place(form.adcode) if form.adcode else "",
        divisions=list(_divisions(uow, official.scope, form.adcode)),
        forecasts=await stored_forecasts(uow, official.scope, form.adcode, SHOWN_FORECASTS) if form.adcode else [],
        rule_sets=[(one, standing(one.in_force, today)) for one in rule_sets(law)],
        plans=_plans(law, form),
        warning_levels=LEVELS,
        faults=faults,
        problems=[one.document(language) for one in problems],
        answer=answer,
        differing=set() if answer is None else {(one["label"], one["what"]) for one in answer["differences"]},
        most_csv=MOST_CSV_BYTES // 1_000_000,
    )


def _divisions(uow: UnitOfWork, scope: Scope, chosen: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Provinces with their prefectures in the scope, for the list to choose from; the chosen one is always there."""
    law, today = uow.runtime.law, uow.now.date()
    groups: dict[str, list[tuple[str, str]]] = {}
    for adcode, division in sorted(law.divisions.items()):
        exists = (division.valid_from is None or division.valid_from <= today) and (
            division.valid_until is None or today < division.valid_until
        )
        offered = division.level != "county" or adcode == scope.adcode
        if adcode == chosen or (exists and offered and scope.covers(adcode)):
            groups.setdefault(f"{adcode[:2]}0000", []).append((adcode, division.name))
    for province, members in groups.items():
        yield uow.runtime.place(province), members


def _plans(law: Law, form: SimulationForm) -> dict[str, list[Any]]:
    """The plans of the place and those above it, and the others."""
    own = {form.adcode, f"{form.adcode[:2]}0000", f"{form.adcode[:4]}00", NATIONAL}
    chosen = set(form.cases)
    named = [
        (law.divisions[adcode].name if adcode in law.divisions else "", plan)
        for adcode, plans in plans_by_place(law)
        for plan in plans
    ]
    near = [one for one in named if one[1].adcode in own or f"plan:{one[1].id}" in chosen]
    return {"near": near, "others": [one for one in named if one not in near]}
