"""The call list (电话通知): enterprises that have not answered, whom to call in which order, and how each call ended."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Literal

from service.accounts.roles import Principal
from service.kit.problems import Forbidden, Invalid
from service.kit.unit_of_work import UnitOfWork, beijing
from service.notices.repository import find, list_of, silent
from service.people.schemas import one_line

Outcome = Literal["reached", "no_answer", "wrong_number"]
OUTCOMES: tuple[Outcome, ...] = ("reached", "no_answer", "wrong_number")
SHOWN = 200
CONTACTS_SQL = """
SELECT id, uscc, name, post, phone, calling_order FROM contact WHERE uscc = ANY($1::text[]) AND phone IS NOT NULL
ORDER BY uscc, calling_order, id
"""
CALLS_SQL = """
SELECT p.uscc, p.contact_id, p.outcome, p.note, p.called_at, a.display FROM phone_call p JOIN account a ON a.id = p.account_id
WHERE p.notice_id = $1 AND p.uscc = ANY($2::text[]) ORDER BY p.id
"""


async def call_list(
    uow: UnitOfWork,
    principal: Principal,
    notice_id: int,
    *,
    county: str | None = None,
    after: tuple[str, str] = ("", ""),
    size: int = SHOWN,
) -> list[dict[str, Any]]:
    """Enterprises of the region that have neither acknowledged nor been reached, by county, with contacts in order of calling.

    Raises Forbidden for those who do not call, Unknown outside the region.
    """
    if not principal.may_reach_people:
        raise Forbidden("Call lists are for the command centre of the division.", detail_zh="电话名单仅供指挥部使用。")
    notice = await find(uow, principal.scope, notice_id)
    rows = await silent(uow, notice, principal.scope.prefix, county=county, after=after, size=size)
    codes = [row["uscc"] for row in rows]
    people: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for person in await uow.fetch(CONTACTS_SQL, codes):
        people[person["uscc"]].append({name: person[name] for name in ("id", "name", "post", "phone", "calling_order")})
    calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for call in await uow.fetch(CALLS_SQL, notice_id, codes):
        calls[call["uscc"]].append(
            {
                "contact": call["contact_id"],
                "outcome": call["outcome"],
                "note": call["note"],
                "at": beijing(call["called_at"]),
                "by": call["display"],
            }
        )
    return [
        {
            "uscc": row["uscc"],
            "name": row["name"],
            "county": row["county"],
            "place": uow.runtime.place(row["county"]),
            "grade": row["grade"],
            "contacts": people[row["uscc"]],
            "calls": calls[row["uscc"]],
        }
        for row in rows
    ]


async def record_call(
    uow: UnitOfWork,
    principal: Principal,
    notice_id: int,
    uscc: str,
    outcome: Outcome,
    contact_id: int | None,
    note: str | None,
) -> dict[str, Any]:
    """Write down how a call ended. Raises Forbidden, Unknown, and Invalid for an enterprise or contact that the notice is not for."""
    if not principal.may_reach_people:
        raise Forbidden("Calls are made by the command centre of the division.", detail_zh="电话由所在地指挥部拨打。")
    notice = await find(uow, principal.scope, notice_id)
    listed = await uow.fetchval(
        "SELECT 1 FROM list_enterprise WHERE version_id = ANY($1::bigint[]) AND uscc = $2 AND starts_with(county, $3)",
        await list_of(uow, notice),
        uscc,
        principal.scope.prefix,
    )
    if listed is None:
        raise Invalid(
            f"The notice is not for an enterprise {uscc} of your region.", detail_zh="该通知不涉及本地区的这家企业。"
        )
    theirs = contact_id is None or await uow.fetchval(
        "SELECT 1 FROM contact WHERE id = $1 AND uscc = $2", contact_id, uscc
    )
    if not theirs:
        raise Invalid(
            "That contact is not of this enterprise; read the list again.",
            detail_zh="该联系人不属于这家企业，请刷新名单。",
        )
    try:
        said = one_line(note)[:200] if note else None
    except ValueError as error:
        raise Invalid(f"The note {error}.") from error
    number = await uow.fetchval(
        "INSERT INTO phone_call (notice_id, uscc, contact_id, outcome, note, account_id, called_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        notice_id,
        uscc,
        contact_id,
        outcome,
        said,
        principal.account_id,
        uow.now,
    )
    await uow.record(
        "notice.called",
        notice.adcode,
        notice=notice_id,
        uscc=uscc,
        contact=contact_id,
        outcome=outcome,
        account=principal.account_id,
    )
    await uow.tell("acknowledgement", notice.adcode)
    return {"id": number, "notice": notice_id, "uscc": uscc, "outcome": outcome, "called_at": uow.now}
