"""Pages of notices: who has answered, whom to call, notices by hand, and the words of templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from emission_lists.grades import Grade
from service.accounts.roles import NATION, Principal
from service.channels.sms import parts, units
from service.kit.auth import Caller, Official, runtime_of
from service.kit.http import PageKey, Uow
from service.kit.problems import Invalid, Problem
from service.kit.unit_of_work import UnitOfWork
from service.notices import calls, extra, flows, repository
from service.notices.schemas import CallBody, ExtraBody, ExtraDecision
from service.people.audience import Audience
from service.people.templates import load_templates
from service.web.factor import FAULTS, is_asked
from service.web.forms import read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
SHOWN = 30
Id = Annotated[int, Path(ge=1, le=2**62)]
County = Annotated[str, Query(pattern=r"^(\d{6})?$")]
Code = Annotated[str, Query(pattern=r"^[0-9A-Z]{0,18}$")]
FORM_BYTES = 40_000
ACTIONS = ("stop", "limit", "transport", "self_determined", "none", "unknown")
LEVELS = ("yellow", "orange", "red")
CHANNELS = ("email", "sms", "webhook")


@router.get("/notices")
async def page(request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """Notices of the region with how they were answered, and those written by hand."""
    found = await repository.page(uow, official.scope, after, SHOWN)
    items = [(one, await repository.standing_of(uow, one, official.scope.prefix)) for one in found]
    extras = await extra.page(uow, official.scope, None, SHOWN) if after is None else []
    following = found[-1].id if len(found) == SHOWN else None
    return render(
        request, "notices.html", official, items=items, extras=extras, following=following, place=uow.runtime.place
    )


@router.get("/notices/templates")
async def templates(request: Request, official: Official) -> Response:
    """The templates of messages, filled in with samples, and how many parts a text message has."""
    known = load_templates(runtime_of(request).settings.config_dir)
    filled = [(one, one.texts(one.samples)) for one in known.values()]
    return render(request, "notice_templates.html", official, items=filled, parts=parts, units=units)


@router.get("/notices/extra/new")
async def new(request: Request, official: Official) -> Response:
    """The form of a notice by hand."""
    place = official.scope.adcode
    given = {f"channel-{one}": "on" for one in CHANNELS} | {"adcode": "" if place == NATION else place}
    return render(request, "extra_new.html", official, **_form(given))


def _form(fields: Mapping[str, str], counted: dict[str, int] | None = None, fault: str | None = None) -> dict[str, Any]:
    return {
        "fields": dict(fields),
        "counted": counted,
        "fault": fault,
        "grades": [grade.value for grade in Grade],
        "actions": ACTIONS,
        "asked_levels": LEVELS,
        "channels": CHANNELS,
        "parts": parts(fields.get("text_zh", "")),
        "units": units(fields.get("text_zh", "")),
    }


def _words(text: str) -> list[str]:
    return [
        word
        for word in text.replace("，", ",").replace("、", ",").replace("\n", ",").replace(" ", ",").split(",")
        if word
    ]


def extra_of(fields: Mapping[str, str]) -> ExtraBody:
    """The notice of a form. Raises Invalid in the words of its fields."""
    ticked = [name.partition("-")[2] for name in fields if name.startswith("grade-")]
    given = {
        "adcode": fields.get("adcode", ""),
        "audience": {
            "counties": _words(fields.get("counties", "")),
            "industries": _words(fields.get("industries", "")),
            "grades": ticked,
            "level": fields.get("level") or None,
            "actions": [name.partition("-")[2] for name in fields if name.startswith("action-")],
            "channels": [one for one in CHANNELS if f"channel-{one}" in fields],
        },
        "zh": {"title": fields.get("title_zh", ""), "text": fields.get("text_zh", "")},
        "en": {"title": fields.get("title_en", ""), "text": fields.get("text_en", "")},
    }
    try:
        return ExtraBody.model_validate(given)
    except ValidationError as error:
        said = [
            f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors()
        ]
        raise Invalid("; ".join(said)) from error


@router.post("/notices/extra/new")
async def write(request: Request, caller: Caller) -> Response:
    """Count the audience, or put the draft before a second person."""
    fields = await read_form(request, FORM_BYTES)
    try:
        given = extra_of(fields)
        async with runtime_of(request).unit() as uow:
            if fields.get("wish") != "draft":
                counted = await extra.preview(uow, caller, given.adcode, given.audience)
                return render(request, "extra_new.html", caller, **_form(fields, counted))
            made = await extra.draft(uow, caller, given)
            await uow.commit()
    except Invalid as refused:
        fault = said_of(refused, writer_of(request).language)
        return render(request, "extra_new.html", caller, status=refused.status, **_form(fields, None, fault))
    return RedirectResponse(f"/notices/extra/{made['id']}", 303)


@router.get("/notices/extra/{extra_id}")
async def one_extra(extra_id: Id, request: Request, official: Official, uow: Uow) -> Response:
    """A notice by hand, with the decision that it waits for."""
    return await _extra_page(request, uow, official, extra_id)


async def _extra_page(
    request: Request, uow: UnitOfWork, official: Principal, extra_id: int, status: int = 200, fault: str | None = None
) -> Response:
    item = await extra.find(uow, official.scope, extra_id)
    mailing = await uow.fetchrow(
        "SELECT state, contacts, queued, done_at FROM mailing WHERE reason = $1", f"extra:{extra_id}"
    )
    counted = None
    if official.may_reach_people and official.scope.covers(item["adcode"]):
        counted = await extra.count(uow, item["adcode"], Audience.model_validate(item["audience"]))
    return render(
        request,
        "extra.html",
        official,
        status=status,
        item=item,
        mailing=mailing,
        counted=counted,
        fault=fault,
        factor=await is_asked(uow, official),
    )


@router.post("/notices/extra/{extra_id}/decision")
async def decide_extra(extra_id: Id, request: Request, official: Official) -> Response:
    """Send or refuse exactly what was shown."""
    fields = await read_form(request)
    try:
        given = ExtraDecision(
            approve=fields.get("wish") == "send",
            content_hash=fields.get("content_hash", ""),
            note=fields.get("note", "")[:500] or None,
            factor=fields.get("factor", "")[:64] or None,
        )
    except ValidationError as error:
        raise Invalid("The form names no content; open the page again.") from error
    try:
        async with runtime_of(request).unit() as uow:
            await extra.decide(uow, official, extra_id, given)
            await uow.commit()
    except Problem as refused:
        async with runtime_of(request).unit() as uow:
            writer, known = writer_of(request), FAULTS.get(type(refused))
            fault = said_of(refused, writer.language) if known is None else writer.t(known)
            return await _extra_page(request, uow, official, extra_id, refused.status, fault)
    return RedirectResponse(f"/notices/extra/{extra_id}", 303)


@router.get("/notices/{notice_id}")
async def one(notice_id: Id, request: Request, official: Official, uow: Uow, done: str = "") -> Response:
    """How a notice was answered, by county and grade, and how it went out."""
    return await _notice_page(request, uow, official, notice_id, done=done[:12])


async def _notice_page(
    request: Request,
    uow: UnitOfWork,
    official: Principal,
    notice_id: int,
    *,
    status: int = 200,
    done: str = "",
    fault: str = "",
) -> Response:
    notice = await repository.find(uow, official.scope, notice_id)
    return render(
        request,
        "notice.html",
        official,
        status=status,
        notice=notice,
        place=uow.runtime.place,
        standing=await repository.standing_of(uow, notice, official.scope.prefix),
        mailings=await repository.mailings(uow, notice_id),
        silent=await repository.silent(uow, notice, official.scope.prefix, size=SHOWN),
        minutes=uow.runtime.settings.acknowledge_minutes.get(notice.level.code),
        mine=official.may_reach_people and official.scope.covers(notice.adcode),
        done=done,
        fault=fault,
    )


@router.post("/notices/{notice_id}/remind")
async def remind(notice_id: Id, request: Request, official: Official) -> Response:
    """Remind those who have not answered."""
    await read_form(request)
    try:
        async with runtime_of(request).unit() as uow:
            await flows.remind(uow, official, notice_id)
            await uow.commit()
    except Problem as refused:
        async with runtime_of(request).unit() as uow:
            fault = said_of(refused, writer_of(request).language)
            return await _notice_page(request, uow, official, notice_id, status=refused.status, fault=fault)
    return RedirectResponse(f"/notices/{notice_id}?done=reminded", 303)


@router.get("/notices/{notice_id}/calls")
async def call_list(
    notice_id: Id,
    request: Request,
    official: Official,
    uow: Uow,
    county: County = "",
    after: Code = "",
    place: County = "",
) -> Response:
    """Whom to call, by county, for the screen and for print."""
    notice = await repository.find(uow, official.scope, notice_id)
    items = await calls.call_list(uow, official, notice_id, county=county or None, after=(place, after))
    standing = await repository.standing_of(uow, notice, official.scope.prefix)
    return render(
        request,
        "notice_calls.html",
        official,
        notice=notice,
        items=items,
        county=county,
        counties=[(group.county, uow.runtime.place(group.county), group.silent) for group in standing.by("county")],
        following=items[-1] if len(items) == calls.SHOWN else None,
        outcomes=calls.OUTCOMES,
    )


@router.post("/notices/{notice_id}/calls")
async def called(notice_id: Id, request: Request, official: Official) -> Response:
    """Write down how a call ended."""
    fields = await read_form(request)
    try:
        body = CallBody.model_validate(
            {
                "uscc": fields.get("uscc", ""),
                "outcome": fields.get("outcome", ""),
                "contact": fields.get("contact") or None,
                "note": fields.get("note") or None,
            }
        )
    except ValidationError as error:
        raise Invalid("The form is not complete; open the page again.") from error
    async with runtime_of(request).unit() as uow:
        await calls.record_call(uow, official, notice_id, body.uscc, body.outcome, body.contact, body.note)
        await uow.commit()
    county = fields.get("county", "")
    return RedirectResponse(f"/notices/{notice_id}/calls" + (f"?county={county}" if county.isdigit() else ""), 303)
