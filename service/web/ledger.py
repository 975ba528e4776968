"""The ledger: its newest entries, a verification of the whole chain on demand, and what departs from the assessment."""

from __future__ import annotations

import json

from fastapi import APIRouter, Request, Response

from service.deviations import repository as deviation_book
from service.kit.auth import Caller, Official, runtime_of
from service.kit.http import PageKey, Uow
from service.kit.problems import Forbidden
from service.kit.unit_of_work import beijing
from service.ledger.flows import verify
from service.web.pages import render

router = APIRouter(include_in_schema=False)
SHOWN = 100
DEVIATIONS_SHOWN = 50
NEWEST_SQL = """
SELECT s.seq, s.hash, e.at, e.kind, e.adcode, e.content FROM ledger_seal s JOIN ledger_entry e ON e.id = s.entry_id
WHERE ($1 = '' OR e.adcode LIKE $1 || '%') ORDER BY s.seq DESC LIMIT $2
"""
FRAME = {"kind", "adcode", "at"}


@router.get("/ledger")
async def ledger(request: Request, caller: Caller, uow: Uow, verified: bool = False) -> Response:
    """Newest sealed entries of the scope; with `verified` the chain is recomputed from its first entry."""
    if not caller.may_read_ledger:
        raise Forbidden("The ledger is read by auditors, commanders and administrators.")
    rows = await uow.fetch(NEWEST_SQL, caller.scope.prefix, SHOWN)
    verdict = None
    if verified:
        connection = await runtime_of(request).database.connect()
        try:
            verdict = await verify(connection)
        finally:
            await connection.close()
    entries = [
        {
            "seq": row["seq"],
            "hash": row["hash"],
            "at": beijing(row["at"]),
            "kind": row["kind"],
            "place": uow.runtime.place(row["adcode"]) if row["adcode"] else "",
            "content": {name: value for name, value in json.loads(row["content"]).items() if name not in FRAME},
        }
        for row in rows
    ]
    return render(request, "ledger.html", caller, entries=entries, verdict=verdict)


@router.get("/ledger/deviations")
async def deviations(request: Request, official: Official, uow: Uow, after: PageKey = None) -> Response:
    """Deviations of the scope with ground, reason and outcome, newest first, in pages."""
    items = await deviation_book.page(uow, official.scope, adcode=None, kind=None, after=after, size=DEVIATIONS_SHOWN)
    following = items[-1]["id"] if len(items) == DEVIATIONS_SHOWN else None
    return render(request, "deviations.html", official, items=items, following=following)
