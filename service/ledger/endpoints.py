"""`/api/v1/ledger`: every effect, in order."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from service.kit.auth import Caller
from service.kit.http import PageSize, Uow, json_answer
from service.kit.problems import Forbidden
from service.kit.unit_of_work import beijing
from service.ledger import flows

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])


@router.get("")
async def ledger(
    caller: Caller,
    uow: Uow,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    size: PageSize = 200,
    kind: Annotated[str | None, Query(max_length=48, pattern=r"^[a-z_.]+$")] = None,
) -> Response:
    """Sealed entries after a sequence number with their hashes; with all of them anybody can verify the chain."""
    if not caller.may_read_ledger:
        raise Forbidden("The ledger is read by auditors, commanders and administrators.")
    rows = await flows.page(uow, caller.scope.prefix, after, size, kind)
    items = [
        {
            "seq": row["seq"],
            "hash": row["hash"],
            "entry": row["id"],
            "at": beijing(row["at"]),
            "kind": row["kind"],
            "adcode": row["adcode"],
            "content": json.loads(row["content"]),
        }
        for row in rows
    ]
    return json_answer({"items": items, "next": items[-1]["seq"] if len(items) == size else None})
