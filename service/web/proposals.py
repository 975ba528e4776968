"""Approvals as a list, my turn first; and the page on which a proposal is entered by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from alerts.approval import chain_of
from alerts.guard import GROUNDS, Ground
from alerts.instants import day_start
from alerts.levels import WARNING_LEVELS, Level
from service.accounts.roles import NATION, Principal
from service.deviations.flows import Refused, refuse, standpoint
from service.kit.auth import Official, runtime_of
from service.kit.clock import SHANGHAI
from service.kit.http import PageKey, Uow
from service.kit.problems import Conflict, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.prompts.repository import prompt_for
from service.proposals import repository
from service.proposals.by_hand import look_again, propose_by_hand
from service.proposals.chains import turns
from service.proposals.endpoints import ProposalBody
from service.warnings.repository import Standing, standing
from service.web import proposal_facts as facts
from service.web.forms import read_form
from service.web.pages import Writer, render, said_of, writer_of

router = APIRouter(include_in_schema=False)
SIZE = 50
OPEN_AT_ONCE = 500
"""Open proposals of a scope that are sorted by whose turn it is; a division has at most one."""
DUE = {"hour": timedelta(hours=1), "two": timedelta(hours=2)}
REASONS: tuple[str, ...] = get_args(ProposalBody.model_fields["reason"].annotation)
FIELDS = (
    "adcode",
    "to",
    "reason",
    "explanation",
    "ground",
    "legal_basis",
    "planned_end",
    "fixed_end",
    "advance",
    "starts_at",
)
MAX_TEXT = {"explanation": 2000, "legal_basis": 500}


@dataclass(frozen=True)
class Filter:
    """What of the proposals is asked for."""

    state: str
    due: str
    place: str

    def until(self, now: datetime) -> datetime | None:
        """The latest deadline that is shown."""
        if self.due == "today":
            return day_start(now.astimezone(SHANGHAI).date() + timedelta(days=1))
        return now + DUE[self.due] if self.due in DUE else None

    def places(self, uow: UnitOfWork) -> list[str] | None:
        """The divisions whose code or name begins or contains what was typed; None for all."""
        if not self.place:
            return None
        known = uow.runtime.law.divisions
        return [code for code, one in known.items() if code == self.place or self.place in one.name]


@router.get("/proposals")
async def proposals(
    request: Request,
    official: Official,
    uow: Uow,
    state: Annotated[str, Query(pattern=f"^(any|{'|'.join(repository.STATES)})$")] = "open",
    due: Annotated[str, Query(pattern="^(any|hour|two|today)$")] = "any",
    place: Annotated[str, Query(max_length=40)] = "",
    after: PageKey = None,
) -> Response:
    """Open proposals by whose turn it is and deadline; closed ones newest first."""
    asked = Filter(state, due, place.strip())
    mine, others = await _open(uow, official, asked) if after is None else ([], [])
    closed = await _closed(uow, official, asked, after)
    return render(
        request,
        "proposals.html",
        official,
        asked=asked,
        mine=mine,
        others=others,
        closed=closed[:SIZE],
        after=closed[SIZE - 1]["id"] if len(closed) > SIZE else None,
        states=("any", *repository.STATES),
        dues=("any", *DUE, "today"),
    )


async def _open(uow: UnitOfWork, official: Principal, asked: Filter) -> tuple[list[Any], list[Any]]:
    """Open proposals: those that wait for this reader, and the others; both by deadline."""
    if asked.state not in ("any", "open"):
        return [], []
    found = await repository.page(
        uow, official.scope, state="open", places=asked.places(uow), until=asked.until(uow.now), size=OPEN_AT_ONCE
    )
    found.sort(key=lambda one: (facts.deadline_of(one), one["id"]))
    whose = await turns(uow, official, [one["id"] for one in found])
    mine = [one for one in found if whose[one["id"]].bar is None]
    return mine, [one for one in found if one not in mine]


async def _closed(uow: UnitOfWork, official: Principal, asked: Filter, after: int | None) -> list[dict[str, Any]]:
    """One more than a page of closed proposals, newest first."""
    if asked.state == "open":
        return []
    return await repository.page(
        uow,
        official.scope,
        state=None if asked.state == "any" else asked.state,
        places=asked.places(uow),
        closed=True,
        after=after,
        size=SIZE + 1,
    )


@dataclass(frozen=True)
class Situation:
    """What a place stands at, beside the form. `warning`: what is announced there, None: nothing.

    `begins_at`: when it begins, where that lies ahead.
    """

    standing: Level
    warning: Standing | None
    begins_at: datetime | None
    supported: Level | None
    prompted: Level | None
    signers: Mapping[str, Any]


def _places(request: Request, official: Principal) -> dict[str, str]:
    """The places of the scope that have proposals of their own: prefectures, and municipalities and counties as a scope."""
    divisions = runtime_of(request).law.divisions
    parents = {one.parent for one in divisions.values() if one.level == "prefecture"}
    found = {
        code: one.name
        for code, one in sorted(divisions.items())
        if official.scope.covers(code)
        and one.valid_until is None
        and (one.level == "prefecture" or (one.level == "province" and code not in parents))
    }
    own = official.scope.adcode
    if own != NATION and own in divisions:
        found.setdefault(own, divisions[own].name)
    return found


async def _situation(uow: UnitOfWork, adcode: str) -> Situation:
    plan = uow.runtime.law.plan_for(adcode, uow.now)
    stands, prompt = await standing(uow, adcode), await prompt_for(uow, adcode)
    level = stands.level if stands else Level.NONE
    begins = stands.in_force.begins_at if stands and stands.closing_at is None else None
    found = await standpoint(uow, adcode, level, plan)
    known = uow.runtime.law.criteria_for(adcode, uow.now, plan_id=plan.id).known_levels
    chains = {one.code: chain_of(plan, Level.NONE, one) for one in reversed(known)}
    return Situation(
        level,
        stands,
        begins if begins is not None and begins > uow.now else None,
        found.supported.to_level if found.supported else None,
        prompt.level if prompt else None,
        {code: chain for code, chain in chains.items() if chain is not None},
    )


async def _form(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    fields: Mapping[str, str],
    *,
    status: int = 200,
    fault: str = "",
) -> Response:
    places = _places(request, official)
    given = {name: fields.get(name, "") for name in FIELDS}
    if given["adcode"] not in places:
        given["adcode"] = next(iter(places)) if len(places) == 1 else ""
    writer = writer_of(request)
    return render(
        request,
        "proposal_new.html",
        official,
        status=status,
        fault=fault,
        given=given,
        places=places,
        situation=await _situation(uow, given["adcode"]) if given["adcode"] else None,
        reasons=REASONS,
        grounds=_grounds(writer),
    )


def _grounds(writer: Writer) -> dict[str, tuple[str, str]]:
    """Each ground that can be chosen, in words, with what its legal basis names."""
    zh = writer.language == "zh"
    return {
        ground.value: (rule.words.zh if zh else rule.words.en, rule.needs.zh if zh else rule.needs.en)
        for ground, rule in GROUNDS.items()
        if ground is not Ground.REGIONAL_PROMPT  # with one on record it is no deviation
    }


@router.get("/proposals/new")
async def new(
    request: Request, official: Official, uow: Uow, adcode: Annotated[str, Query(pattern=r"^(\d{6})?$")] = ""
) -> Response:
    """The form, with what the place stands at and who would sign."""
    return await _form(request, uow, official, {"adcode": adcode})


@router.post("/proposals/new")
async def enter(request: Request, caller: Official) -> Response:
    """Put the proposal forward; then to its page. What is refused is on the ledger, and the form comes back as it was."""
    fields, runtime, writer = await read_form(request), runtime_of(request), writer_of(request)
    try:
        wanted = _wanted(writer, fields)
        await look_again(runtime, caller, wanted["adcode"])
        async with runtime.unit() as uow:
            made = await propose_by_hand(uow, caller, **wanted)
            await uow.commit()
    except Refused as refused:
        async with runtime.unit() as uow:
            await refuse(uow, caller, refused, None)
            await uow.commit()
        return await _again(request, caller, fields, refused.status, said_of(refused, writer.language))
    except (Invalid, Conflict, Unknown) as refused:
        return await _again(request, caller, fields, refused.status, said_of(refused, writer.language))
    return RedirectResponse(f"/proposals/{made}", 303)


async def _again(request: Request, caller: Principal, fields: Mapping[str, str], status: int, fault: str) -> Response:
    async with runtime_of(request).unit() as uow:
        return await _form(request, uow, caller, fields, status=status, fault=fault)


def _wanted(writer: Writer, fields: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of `propose_by_hand`. Raises Invalid for what the form cannot mean."""
    adcode, explanation = fields.get("adcode", ""), fields.get("explanation", "").strip()
    levels = {"none", *(one.code for one in WARNING_LEVELS)}
    ground = fields.get("ground", "")
    sound = len(adcode) == 6 and adcode.isdigit() and fields.get("to") in levels and fields.get("reason") in REASONS
    if not sound or not explanation or (ground and ground not in set(Ground)):
        raise Invalid(writer.t("new_bad_field"))
    return {
        "adcode": adcode,
        "to_level": Level.of(fields["to"]),
        "reason": fields["reason"],
        "explanation": explanation[: MAX_TEXT["explanation"]],
        "legal_basis": fields.get("legal_basis", "")[: MAX_TEXT["legal_basis"]] or None,
        "ground": Ground(ground) if ground else None,
        "planned_end": _instant(writer, fields.get("planned_end", ""), "new_bad_end"),
        "advance": fields.get("advance") == "yes",
        "starts_at": _instant(writer, fields.get("starts_at", ""), "new_bad_start"),
        "fixed_end": fields.get("fixed_end") == "yes",
    }


def _instant(writer: Writer, given: str, fault: str) -> datetime | None:
    """The instant that was typed, in Beijing time."""
    if not given:
        return None
    try:
        typed = datetime.fromisoformat(given)
    except ValueError as error:
        raise Invalid(writer.t(fault)) from error
    return typed.replace(tzinfo=SHANGHAI) if typed.tzinfo is None else typed
