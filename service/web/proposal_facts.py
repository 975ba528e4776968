"""What a decision page tells beside the frozen content: the chain, the neighbours, and what changes at which instant."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.instants import day_start, parse_instant
from alerts.levels import Level
from alerts.plans import Plan, later_starts
from service.accounts.roles import NATION, Principal, Scope, StandIn
from service.kit.clock import SHANGHAI
from service.kit.unit_of_work import UnitOfWork, beijing
from service.law.loader import load_adjacency
from service.prompts.repository import asked_of
from service.proposals.chains import Bar, Turn
from service.proposals.content import ENDING, HOLD
from service.warnings.repository import all_standing

NAMES_SQL = "SELECT id, display FROM account WHERE id = ANY($1::bigint[])"
REPLACED_SQL = """
SELECT p.id, count(*) AS signatures FROM proposal p JOIN signature s ON s.proposal_id = p.id
WHERE p.adcode = $1 AND p.state = 'superseded' AND p.closed_at = $2 AND p.id < $3 GROUP BY p.id ORDER BY p.id DESC LIMIT 1
"""
REPLACING_SQL = "SELECT id FROM proposal WHERE adcode = $1 AND created_at = $2 AND id > $3 ORDER BY id LIMIT 1"
DURING = ("response_report_hours", "execution_report_hours", "daily_report_by")
AFTER = ("lifting_notice_hours", "summary_hours")
OBSTACLES = {
    Bar.OWN: "you_cannot_own",
    Bar.PROMPTED: "you_cannot_prompted",
    Bar.SIGNED: "you_have_signed",
    Bar.LATER: "you_sign_later",
    Bar.ROLE: "you_cannot_role",
    Bar.LATE: "you_too_late",
    Bar.CLOSED: "conflict_closed",
}
"""The text of why a reader does not sign now."""


@dataclass(frozen=True)
class Change:
    """One line of what changes when. `at` None: at no known instant; `open`: no text establishes it; `given` fills the text."""

    key: str
    at: datetime | None = None
    given: Mapping[str, Any] | None = None
    open: bool = False
    reference: str | None = None


def changes(proposal: Mapping[str, Any], plan: Plan, law_plans: Mapping[str, Plan], now: datetime) -> list[Change]:
    """What changes at which instant, in order, were the last signature given at `now`.

    Obligations stand with the plan's deadline, or as not established.
    """
    frozen = proposal["content"]
    if frozen["action"] == HOLD:
        return [Change("change_hold")]
    announced = proposal["closed_at"] if proposal["state"] == "approved" else None
    base = announced or now
    stated = _instant(frozen["effective_at"])
    effective = max(base, stated) if stated else base
    rows = [
        Change("change_announce", announced),
        _duty("publish_hours", plan, law_plans, base),
        Change("change_end" if frozen["action"] in ENDING else "change_effective", effective),
    ]
    if frozen["action"] in ENDING:
        return [*rows, *(_duty(name, plan, law_plans, effective) for name in AFTER)]
    for category, at in later_starts(frozen.get("measures_from", {}), effective).items():
        rows.append(Change("change_later", at, {"category": category}))
    if frozen["planned_end"] is None:
        rows.append(Change("change_open_end"))
    else:
        rows.append(
            Change(
                "change_fixed_end" if frozen["fixed_end"] else "change_expected_end", _instant(frozen["planned_end"])
            )
        )
    return [*rows, *(_duty(name, plan, law_plans, effective) for name in DURING)]


def _instant(value: str | None) -> datetime | None:
    return None if value is None else parse_instant(value)


def _duty(name: str, plan: Plan, law_plans: Mapping[str, Plan], since: datetime) -> Change:
    """An obligation of the plan with its instant and reference."""
    hours = getattr(plan.deadlines, name)
    if hours is None:
        return Change(f"duty_{name}", open=True)
    at = since + timedelta(hours=hours)
    if name == "daily_report_by":
        at = day_start(since.astimezone(SHANGHAI).date() + timedelta(days=1)) + timedelta(hours=hours)
    owner = law_plans.get(plan.origin.get(f"deadlines.{name}", plan.id), plan)
    reference = next(
        (owner.references[key] for key in (name, f"deadlines.{name}", "deadlines") if key in owner.references), None
    )
    return Change(f"duty_{name}", at, {"hours": hours}, reference=reference)


@dataclass(frozen=True)
class Neighbour:
    """An adjacent division: what is announced there, and what a prompt in force asks of it when the reader may know."""

    adcode: str
    name: str
    level: Level
    effective_at: datetime | None
    ends_at: datetime | None
    prompted: Level | None
    mine: bool


async def neighbours(uow: UnitOfWork, principal: Principal, adcode: str) -> list[Neighbour]:
    """The adjacent divisions, those with something going on first.

    Announced warnings are public. A prompt is shown of divisions in the reader's scope, and of those that stand beside this
    one in the same prompt.
    """
    adjacency = await asyncio.to_thread(load_adjacency, uow.runtime.settings.config_dir)
    near = sorted(adjacency.get(adcode, frozenset()))
    asked = await asked_of(uow, [adcode, *near])
    own = asked.get(adcode)
    warned = {one.adcode: one for one in await all_standing(uow, Scope(NATION)) if one.adcode in near}
    found = []
    for code in near:
        stands, prompt = warned.get(code), asked.get(code)
        told = prompt is not None and (
            principal.scope.covers(code) or (own is not None and own.view.id == prompt.view.id)
        )
        found.append(
            Neighbour(
                code,
                uow.runtime.place(code),
                stands.level if stands else Level.NONE,
                stands.effective_at if stands else None,
                (stands.closing_at or stands.planned_end) if stands else None,
                prompt.view.level if prompt is not None and told else None,
                principal.scope.covers(code),
            )
        )
    return sorted(found, key=lambda one: (-one.level, -(one.prompted or 0), one.adcode))


async def signers(uow: UnitOfWork, proposal: Mapping[str, Any]) -> dict[int, str]:
    """Display names of everybody who signed, and of whom they stood in for, and of the proposer."""
    given = [step["signed"] for step in proposal["chain"]["steps"] if step["signed"]]
    ids = {number for one in given for number in (one["account"], one["for_account"])} | {proposal["proposed_by"]}
    rows = await uow.fetch(NAMES_SQL, sorted(ids - {None}))
    return {row["id"]: row["display"] for row in rows}


async def replaced(uow: UnitOfWork, proposal: Mapping[str, Any]) -> Any:
    """The proposal that this one replaced after signatures were given under it; None when there is none."""
    return await uow.fetchrow(REPLACED_SQL, proposal["adcode"], proposal["created_at"], proposal["id"])


async def replacing(uow: UnitOfWork, proposal: Mapping[str, Any]) -> int | None:
    """The proposal that replaced this one."""
    if proposal["state"] != "superseded":
        return None
    found: int | None = await uow.fetchval(REPLACING_SQL, proposal["adcode"], proposal["closed_at"], proposal["id"])
    return found


def stands_in(principal: Principal, turn: Turn) -> StandIn | None:
    """For whom this reader would sign now; None when in a role of their own, or not at all."""
    if turn.bar is not None or turn.acting is None:
        return None
    return next((one for one in principal.stand_ins if one.delegation_id == turn.acting.delegation_id), None)


def deadline_of(proposal: Mapping[str, Any]) -> datetime:
    """When the present window ends, in Beijing time."""
    found = beijing(proposal["deadline"])
    assert found is not None
    return found
