"""Delegations and stand-ins; API keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from service.accounts import delegations, keys
from service.accounts.schemas import DelegationBody, KeyBody, RotationBody
from service.kit.auth import Caller
from service.kit.http import PageKey, PageSize, Uow, json_answer, once

router = APIRouter(prefix="/api/v1", tags=["accounts"])
Number = Annotated[int, Path(ge=1, le=2**62)]


@router.get("/delegations")
async def list_delegations(caller: Caller, uow: Uow, after: PageKey = None, size: PageSize = 50) -> Response:
    """Who stands in for whom: your own, and for administrators and auditors those of the region."""
    items = await delegations.page(uow, caller, after, size)
    return json_answer({"items": items, "next": items[-1]["id"] if len(items) == size else None})


@router.post("/delegations", status_code=201)
async def delegate(body: DelegationBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """Lend your role between two instants, or (security administrator, `for_login`) appoint a stand-in for somebody."""

    async def make() -> tuple[int, object]:
        made = await delegations.delegate(
            uow,
            caller,
            to_login=body.to,
            adcode=body.adcode,
            valid_from=body.valid_from,
            valid_until=body.valid_until,
            reason=body.reason,
            from_login=body.for_login,
            factor=body.factor,
        )
        return 201, {"id": made}

    return await once(request, uow, caller, body.model_dump(mode="json", exclude={"factor"}), make)


@router.delete("/delegations/{delegation_id}", status_code=204)
async def end_delegation(delegation_id: Number, caller: Caller, uow: Uow) -> Response:
    """End a delegation before its time."""
    await delegations.end(uow, caller, delegation_id)
    return Response(status_code=204)


@router.get("/keys")
async def list_keys(caller: Caller, uow: Uow) -> Response:
    """Your API keys, without their secrets."""
    return json_answer({"items": await keys.keys_of(uow, caller.account_id), "scopes": sorted(keys.SCOPES)})


@router.post("/keys", status_code=201)
async def make_key(body: KeyBody, request: Request, caller: Caller, uow: Uow) -> Response:
    """A new API key; the answer tells it this once."""

    async def make() -> tuple[int, object]:
        made = await keys.make(uow, caller, **body.model_dump())
        return 201, {"id": made.id, "key": made.key, "expires_at": made.expires_at}

    return await once(request, uow, caller, body.model_dump(exclude={"factor"}), make, told_once="key")


@router.post("/keys/{key_id}/rotation", status_code=201)
async def rotate_key(
    key_id: Number, request: Request, caller: Caller, uow: Uow, body: RotationBody | None = None
) -> Response:
    """A successor with the same scopes; the old key holds a week more."""

    async def make() -> tuple[int, object]:
        made = await keys.rotate(uow, caller, key_id, body.factor if body else None)
        return 201, {"id": made.id, "key": made.key, "expires_at": made.expires_at}

    return await once(request, uow, caller, {"key": key_id}, make, told_once="key")


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(key_id: Number, caller: Caller, uow: Uow) -> Response:
    """Revoke a key at once: your own, or as security administrator one of the region."""
    await keys.revoke(uow, caller, key_id)
    return Response(status_code=204)
