"""Neighbours and the upper level hear at the same time as the public (突发事件应对法第六十四条), in the same transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from alerts.instants import parse_instant
from alerts.law import Law
from alerts.levels import Level
from alerts.obligations import Kind
from service.accounts.roles import CENTRE, COORDINATORS, NATION, Principal
from service.coordination.adjacency import neighbours_of
from service.coordination.words import told
from service.kit.canonical import canonical, digest
from service.kit.problems import Forbidden, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.obligations.flows import met
from service.people.flows import Message, notify_all
from service.prompts.repository import adoption, asked_of

INSERT_SQL = """
INSERT INTO circular (adcode, warning_id, step_id, document, content_hash, sent_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
"""
RECIPIENTS_SQL = """
INSERT INTO circular_recipient (circular_id, adcode, relation)
SELECT $1, adcode, relation FROM unnest($2::text[], $3::text[]) n(adcode, relation)
"""
LINKED_SQL = "SELECT adcode FROM prompt_entry WHERE prompt_id = $1 AND left(adcode, 2) = left($2, 2) AND adcode <> $2"
RECEIPT_SQL = """
INSERT INTO circular_receipt (circular_id, adcode, account_id, role, note, read_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING RETURNING circular_id
"""


def recipients(law: Law, adcode: str, neighbours: Collection[str]) -> dict[str, str]:
    """Who is told of a place's announcement, and as what: its neighbours, and the government above it."""
    return dict.fromkeys(sorted(neighbours), "neighbour") | {above(law, adcode): "upper"}


def above(law: Law, adcode: str) -> str:
    """The division above; of a province the nation."""
    division = law.divisions.get(adcode)
    if division is not None and division.parent is not None:
        return division.parent
    province = f"{adcode[:2]}0000"
    return NATION if adcode == province else province


def across_border(one: str, other: str) -> bool:
    """Whether two divisions lie in different provinces: within 20 km of such a border projects are consulted on."""
    return one[:2] != other[:2]


async def tell_around(
    uow: UnitOfWork, frozen: Mapping[str, Any], *, warning_id: int, step_id: int, effective_at: datetime
) -> int:
    """Tell the neighbours and the upper level what this step announces; returns the id of the message.

    The message is kept as it was sent, with its hash. Divisions linked with this one in principle are assessed anew.
    """
    adcode = frozen["adcode"]
    document = _document(uow, frozen, effective_at)
    content_hash = digest(document)
    circular_id = await uow.fetchval(
        INSERT_SQL, adcode, warning_id, step_id, canonical(document), content_hash, uow.now
    )
    to = recipients(uow.runtime.law, adcode, neighbours_of(adcode, uow.runtime.settings.config_dir))
    await uow.execute(RECIPIENTS_SQL, circular_id, list(to), list(to.values()))
    await uow.record(
        "circular.sent", adcode, circular=circular_id, step=step_id, to=sorted(to), hash=content_hash
    )
    messages = []
    for code, relation in to.items():
        zh, en = told(document, relation, across_border(adcode, code))
        roles = COORDINATORS if code.endswith("0000") and relation == "upper" else CENTRE
        reason = f"circular:{circular_id}:{code}"
        messages.append(Message(code, roles, relation, reason, zh, en, "/region/circulars"))
    await notify_all(uow, messages)
    await _answer_prompt(uow, adcode, Level.of(frozen["to"]))
    await uow.tell("circular", adcode)
    return int(circular_id)


def _document(uow: UnitOfWork, frozen: Mapping[str, Any], effective_at: datetime) -> dict[str, Any]:
    """What art. 64 asks a warning to state, as it was announced."""
    end = frozen["planned_end"]
    return {
        "category": "重污染天气",
        "adcode": frozen["adcode"],
        "place": frozen["place"],
        "action": frozen["action"],
        "from": frozen["from"],
        "level": frozen["to"],
        "starts_at": effective_at,
        "expected_end": parse_instant(end) if isinstance(end, str) else end,
        "reason": frozen["reason"],
        "plan": frozen["plan"],
        "issued_at": uow.now,
        "notice": frozen["notice"],
    }


async def _answer_prompt(uow: UnitOfWork, adcode: str, level: Level) -> None:
    """The prompt that stands here is adopted with its level; divisions linked by it may have to follow in principle."""
    asked = (await asked_of(uow, [adcode])).get(adcode)
    if asked is None:
        return
    if level >= asked.view.level:
        await met(uow, adcode, Kind.ADOPT_PROMPT, adoption(asked.view.id, adcode))
    region = uow.runtime.law.regions.get(asked.region)
    if region is None or not region.same_level:
        return
    linked = [row["adcode"] for row in await uow.fetch(LINKED_SQL, int(asked.view.id), adcode)]
    if linked:
        await uow.enqueue("assess", {"adcodes": sorted(linked)})


async def acknowledge(
    uow: UnitOfWork, principal: Principal, circular_id: int, adcode: str, note: str | None
) -> dict[str, Any]:
    """Somebody on duty at a recipient has read the message; the first one counts.

    Raises Unknown when it was not sent to a place of the caller's region, Forbidden for other roles.
    """
    row = await uow.fetchrow(
        "SELECT r.adcode, r.relation, c.document, c.adcode AS sender FROM circular_recipient r JOIN circular c ON c.id = r.circular_id"
        " WHERE r.circular_id = $1 AND r.adcode = $2 AND r.adcode LIKE $3",
        circular_id,
        adcode,
        principal.scope.prefix + "%",
    )
    if row is None:
        raise Unknown(f"No message {circular_id} was sent to {adcode} in your region.")
    if not principal.may_acknowledge_circular(adcode):
        raise Forbidden("A message is acknowledged by the command centre on duty of the place that it was sent to.")
    made = await uow.fetchval(
        RECEIPT_SQL, circular_id, adcode, principal.account_id, principal.role.value, note, uow.now
    )
    if made is not None:
        await uow.record(
            "circular.read",
            adcode,
            circular=circular_id,
            account=principal.account_id,
            role=principal.role.value,
            note=note,
        )
        for place in sorted({row["sender"], adcode}):
            await uow.tell("circular", place)
    return {"circular": circular_id, "adcode": adcode, "first": made is not None, "about": json.loads(row["document"])["place"]}
