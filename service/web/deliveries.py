"""What was sent to whom and what was answered; sending again; the links of one's own endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from service.accounts.roles import Principal
from service.kit.auth import Caller, runtime_of
from service.kit.http import PageKey, Uow, instant_of
from service.kit.problems import Invalid, Problem
from service.kit.unit_of_work import UnitOfWork
from service.subscriptions import deliveries, keeping
from service.subscriptions.deliveries import Filter
from service.subscriptions.schemas import Channel, State
from service.web.forms import read_form
from service.web.pages import render, said_of, writer_of

router = APIRouter(include_in_schema=False)
SHOWN = 50
STATES, CHANNELS = get_args(State), get_args(Channel)
Id = Annotated[int, Path(ge=1, le=2**62)]


def wanted_of(fields: Mapping[str, str]) -> Filter:
    """The filter of a form; what is empty does not narrow. Raises Invalid."""
    state, channel, adcode = (fields.get(name) or None for name in ("state", "channel", "adcode"))
    if state not in {None, *STATES} or channel not in {None, *CHANNELS}:
        raise Invalid("There is no such state or channel; choose one of the list.")
    if adcode is not None and not (len(adcode) == 6 and adcode.isascii() and adcode.isdigit()):
        raise Invalid("A division is a code of six digits.", detail_zh="行政区划代码须为 6 位数字。")
    start, until = (_instant(fields, name) for name in ("from", "until"))
    return Filter(state, channel, None, adcode, fields.get("event") or None, start, until)


def _instant(fields: Mapping[str, str], name: str) -> datetime | None:
    given = fields.get(name, "")
    return instant_of(given if "+" in given or given.endswith("Z") else f"{given}+08:00", name) if given else None


@router.get("/deliveries")
async def page(
    request: Request,
    caller: Caller,
    uow: Uow,
    after: PageKey = None,
    again: Annotated[int | None, Query(ge=0, le=10**6)] = None,
) -> Response:
    """Deliveries that the reader may see, newest first, and the reader's own endpoints."""
    return await _page(request, uow, caller, dict(request.query_params), after=after, again=again)


async def _page(
    request: Request,
    uow: UnitOfWork,
    caller: Principal,
    fields: Mapping[str, str],
    *,
    after: int | None = None,
    again: int | None = None,
    status: int = 200,
    fault: str | None = None,
) -> Response:
    try:
        wanted = wanted_of(fields)
    except Invalid as refused:
        wanted, status, fault = Filter(), refused.status, said_of(refused, writer_of(request).language)
    items = await deliveries.page(uow, caller, wanted, after, SHOWN)
    kept = {
        name: value
        for name, value in fields.items()
        if name in {"state", "channel", "adcode", "event", "from", "until"} and value
    }
    return render(
        request,
        "deliveries.html",
        caller,
        status=status,
        items=items,
        following=items[-1]["id"] if len(items) == SHOWN else None,
        fields=kept,
        states=STATES,
        channels=CHANNELS,
        endpoints=await keeping.page(uow, caller, None, SHOWN),
        again=again,
        fault=fault,
    )


async def _again(request: Request, caller: Principal, refused: Problem) -> Response:
    """The page with what was refused."""
    async with runtime_of(request).unit() as uow:
        fault = said_of(refused, writer_of(request).language)
        return await _page(request, uow, caller, {}, status=refused.status, fault=fault)


@router.post("/deliveries/redrive")
async def redrive(request: Request, caller: Caller) -> Response:
    """Send the dead letters of a filter again, a thousand at most."""
    fields = await read_form(request)
    try:
        wanted = wanted_of({**fields, "state": "dead"})
        async with runtime_of(request).unit() as uow:
            count = await deliveries.redrive(uow, caller, wanted)
            await uow.commit()
    except Problem as refused:
        return await _again(request, caller, refused)
    return RedirectResponse(f"/deliveries?again={count}", 303)


@router.get("/deliveries/{delivery_id}")
async def one(delivery_id: Id, request: Request, caller: Caller, uow: Uow) -> Response:
    """One delivery with its content and every attempt."""
    return render(request, "delivery.html", caller, item=await deliveries.one(uow, caller, delivery_id), fault=None)


@router.post("/deliveries/{delivery_id}/resend")
async def resend(delivery_id: Id, request: Request, caller: Caller) -> Response:
    """Send one again under the same message id."""
    await read_form(request)
    try:
        async with runtime_of(request).unit() as uow:
            await deliveries.resend(uow, caller, delivery_id)
            await uow.commit()
    except Problem as refused:
        async with runtime_of(request).unit() as uow:
            item: dict[str, Any] = await deliveries.one(uow, caller, delivery_id)
        fault = said_of(refused, writer_of(request).language)
        return render(request, "delivery.html", caller, status=refused.status, item=item, fault=fault)
    return RedirectResponse(f"/deliveries/{delivery_id}", 303)


@router.post("/deliveries/endpoints/{subscription_id}/test")
async def test_link(subscription_id: Id, request: Request, caller: Caller) -> Response:
    """Send an own endpoint a link test and show its delivery."""
    await read_form(request)
    try:
        async with runtime_of(request).unit() as uow:
            number = await keeping.link_test(uow, caller, subscription_id)
            await uow.commit()
    except Problem as refused:
        return await _again(request, caller, refused)
    return RedirectResponse(f"/deliveries/{number}", 303)


@router.post("/deliveries/endpoints/{subscription_id}/replay")
async def replay(subscription_id: Id, request: Request, caller: Caller) -> Response:
    """Send an own endpoint every event of a range again."""
    fields = await read_form(request)
    try:
        start, until = (_instant(fields, name) for name in ("from", "until"))
        if start is None or until is None:
            raise Invalid("Give both ends of the range.", detail_zh="请填写起止时间。")
        async with runtime_of(request).unit() as uow:
            found = await deliveries.replay(uow, caller, subscription_id, start, until)
            await uow.commit()
    except Problem as refused:
        return await _again(request, caller, refused)
    return RedirectResponse(f"/deliveries?again={found['again'] + found['added']}", 303)
