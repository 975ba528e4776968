"""`/api/v1/notices`: how notices were answered, reminders, call lists, and notices by hand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from service.accounts.roles import Principal
from service.kit.auth import Caller, Official
from service.kit.http import PageKey, PageSize, Uow, json_answer, once
from service.kit.unit_of_work import UnitOfWork
from service.notices import calls, extra, flows, repository
from service.notices.reports import silent_csv
from service.notices.repository import Group, Notice
from service.notices.schemas import CallBody, ExtraBody, ExtraDecision, PreviewBody

router = APIRouter(prefix="/api/v1", tags=["notices"])
Id = Annotated[int, Path(ge=1, le=2**62)]
County = Annotated[str | None, Query(pattern=r"^\d{6}$")]
MOST_IN_FILE = 300_000


def group_document(uow: UnitOfWork, group: Group, name: str) -> dict[str, Any]:
    """One group as JSON; `name`: what it was grouped by."""
    return {
        name: getattr(group, name),
        **({"place": uow.runtime.place(group.county)} if name == "county" else {}),
        "listed": group.listed,
        "acknowledged": group.acknowledged,
        "reached_by_phone": group.reached,
        "silent": group.silent,
        "rate": None if group.rate is None else round(group.rate, 4),
    }


async def notice_document(uow: UnitOfWork, official: Principal, notice: Notice) -> dict[str, Any]:
    """A notice with how it was answered in the official's region."""
    standing = await repository.standing_of(uow, notice, official.scope.prefix)
    whole = group_document(uow, standing.whole, "grade")
    return {
        "id": notice.id,
        "adcode": notice.adcode,
        "place": uow.runtime.place(notice.adcode),
        "step": notice.step_id,
        "level": notice.level.code,
        "headline": {"zh": notice.headline_zh, "en": notice.headline_en},
        "created_at": notice.created_at,
        **{name: value for name, value in whole.items() if name != "grade"},
        "by_county": [group_document(uow, group, "county") for group in standing.by("county")],
        "by_grade": [group_document(uow, group, "grade") for group in standing.by("grade")],
    }


@router.get("/notices")
async def page(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Notices of your region, newest first."""
    found = await repository.page(uow, official.scope, after, size)
    items = [
        {
            "id": one.id,
            "adcode": one.adcode,
            "level": one.level.code,
            "headline": {"zh": one.headline_zh, "en": one.headline_en},
            "created_at": one.created_at,
        }
        for one in found
    ]
    return json_answer({"items": items, "next": found[-1].id if len(found) == size else None})


@router.get("/notices/{notice_id}")
async def notice(notice_id: Id, official: Official, uow: Uow) -> Response:
    """How a notice was answered in your region: in the portal and by telephone, by county and by grade."""
    return json_answer(await notice_document(uow, official, await repository.find(uow, official.scope, notice_id)))


@router.get("/notices/{notice_id}/silent.csv")
async def silent(notice_id: Id, official: Official, uow: Uow, county: County = None) -> Response:
    """Enterprises of your region that have not answered, as .csv."""
    found = await repository.find(uow, official.scope, notice_id)
    rows = await repository.silent(uow, found, official.scope.prefix, county=county, size=MOST_IN_FILE)
    places = {row["county"]: uow.runtime.place(row["county"]) for row in rows}
    headers = {"content-disposition": f"attachment; filename=notice-{notice_id}-silent.csv"}
    return Response(silent_csv(rows, places), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/notices/{notice_id}/reminders", status_code=201)
async def remind(notice_id: Id, request: Request, caller: Caller, uow: Uow) -> Response:
    """Remind the contacts of those who have not acknowledged; the content stays as it is."""

    async def make() -> tuple[int, object]:
        return 201, await flows.remind(uow, caller, notice_id)

    return await once(request, uow, caller, notice_id, make)


@router.get("/notices/{notice_id}/calls")
async def call_list(
    notice_id: Id, official: Official, uow: Uow, county: County = None, size: PageSize = 200
) -> Response:
    """Whom to call: enterprises that have not answered, by county, with contacts in order."""
    return json_answer({"items": await calls.call_list(uow, official, notice_id, county=county, size=size)})


@router.post("/notices/{notice_id}/calls", status_code=201)
async def called(notice_id: Id, body: CallBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Write down how a call ended; who was reached counts as having answered."""

    async def make() -> tuple[int, object]:
        return 201, await calls.record_call(uow, caller, notice_id, body.uscc, body.outcome, body.contact, body.note)

    return await once(request, uow, caller, {"notice": notice_id, **body.model_dump()}, make)


@router.post("/audiences/preview")
async def preview(body: PreviewBody, caller: Caller, uow: Uow) -> Response:
    """How many enterprises and contacts an audience has."""
    return json_answer(await extra.preview(uow, caller, body.adcode, body.audience))


@router.get("/extra-notices")
async def extras(official: Official, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Notices by hand of your region, newest first."""
    items = await extra.page(uow, official.scope, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("/extra-notices", status_code=201)
async def draft(body: ExtraBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Draft a notice by hand; it goes out when somebody else approves it."""

    async def make() -> tuple[int, object]:
        return 201, await extra.draft(uow, caller, body)

    return await once(request, uow, caller, body.content(), make)


@router.get("/extra-notices/{extra_id}")
async def one_extra(extra_id: Id, official: Official, uow: Uow) -> Response:
    """One of them."""
    return json_answer(await extra.find(uow, official.scope, extra_id))


@router.post("/extra-notices/{extra_id}/decision")
async def decide_extra(extra_id: Id, body: ExtraDecision, request: Request, caller: Caller, uow: Uow) -> Response:
    """Send or refuse exactly the content with this hash; not by its author."""

    async def make() -> tuple[int, object]:
        return 200, await extra.decide(uow, caller, extra_id, body)

    return await once(request, uow, caller, {"extra": extra_id, **body.model_dump(exclude={"factor"})}, make)
