"""The course of a drill as the live side sees it: planned, ready, running, finished, dropped. And its score, once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from service.accounts.roles import LEADERS, Principal, Scope
from service.drills.place import tear_down
from service.drills.script import Script, load_scripts
from service.kit.canonical import canonical, digest
from service.kit.database import Connection
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.law.loader import CONFIG

PARTICIPANTS = ("generated", "live")
FIELDS = (
    "id, script, digest, document, title_zh, title_en, adcode, participants, pace, state, planned_for, planned_by, planned_at,"
    " address, started_at, ended_at, dropped_at"
)
MOST_SHOWN = 100
LONGEST_PACE = 10_000


def schema_name(drill_id: int) -> str:
    """The schema of a drill."""
    return f"drill_{drill_id}"


def may_plan(principal: Principal) -> bool:
    """Plan, end and drop drills: the leaders of the command centre, in person."""
    return principal.role in LEADERS and principal.key_scopes is None


def scripts(uow: UnitOfWork) -> dict[str, Script]:
    """The scripts that can be used."""
    return load_scripts(uow.runtime.settings.config_dir or CONFIG, uow.runtime.law)


async def plan(
    uow: UnitOfWork,
    principal: Principal | None,
    name: str,
    *,
    participants: str = "generated",
    pace: float | None = None,
    planned_for: datetime | None = None,
) -> int:
    """Plan a drill with a script as it is now; None: the operator on the machine itself. Returns its number.

    Raises Unknown, Invalid, and Forbidden for who does not lead a command centre or has another region.
    """
    script = scripts(uow).get(name)
    if script is None:
        raise Unknown(f"There is no script {name}; known: {', '.join(sorted(scripts(uow))) or 'none'}.")
    if principal is not None and not (may_plan(principal) and principal.scope.covers(script.adcode)):
        raise Forbidden("Drills are planned by the leaders of the command centre of the script's region.")
    if participants not in PARTICIPANTS:
        raise Invalid(f"Participants are one of: {', '.join(PARTICIPANTS)}.")
    if pace is not None and not 0 < pace <= LONGEST_PACE:
        raise Invalid(f"Give a pace above 0 and at most {LONGEST_PACE}.")
    document = script.model_dump(mode="json")
    drill_id = await uow.fetchval(
        "INSERT INTO drill (script, digest, document, title_zh, title_en, adcode, participants, pace, state, planned_for,"
        " planned_by, planned_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'planned', $9, $10, $11) RETURNING id",
        script.id,
        digest(document),
        canonical(document),
        script.title.zh,
        script.title.en,
        script.adcode,
        participants,
        pace or script.pace,
        planned_for,
        None if principal is None else principal.account_id,
        datetime.now(tz=UTC),
    )
    await uow.record(
        "drill.planned",
        script.adcode,
        drill=drill_id,
        script=script.id,
        digest=digest(document),
        account=None if principal is None else principal.account_id,
    )
    return int(drill_id)


async def page(uow: UnitOfWork, scope: Scope, size: int = MOST_SHOWN) -> list[dict[str, Any]]:
    """The drills of a region, newest first, with their scores."""
    rows = await uow.fetch(
        "SELECT d.*, s.points, s.possible FROM drill d LEFT JOIN drill_score s ON s.drill_id = d.id"
        " WHERE d.adcode LIKE $1 || '%' ORDER BY d.id DESC LIMIT $2",
        scope.prefix,
        size,
    )
    return [dict(row) for row in rows]


async def find(uow: UnitOfWork, scope: Scope, drill_id: int) -> dict[str, Any]:
    """One drill of a region. Raises Unknown, also for one elsewhere."""
    row = await uow.fetchrow(
        "SELECT d.*, s.points, s.possible, s.document AS sheet, s.digest AS sheet_digest, s.made_at FROM drill d"
        " LEFT JOIN drill_score s ON s.drill_id = d.id WHERE d.id = $1 AND d.adcode LIKE $2 || '%'",
        drill_id,
        scope.prefix,
    )
    if row is None:
        raise Unknown(f"There is no drill {drill_id} in your region.")
    return dict(row)


async def drop(uow: UnitOfWork, principal: Principal | None, drill_id: int) -> None:
    """Drop the schema of a drill; the score sheet stays. Raises Unknown, Forbidden, and Conflict while it runs."""
    scope = Scope("100000") if principal is None else principal.scope
    if principal is not None and not may_plan(principal):
        raise Forbidden("Drills are dropped by the leaders of the command centre.")
    found = await find(uow, scope, drill_id)
    state = await uow.fetchval("SELECT state FROM drill WHERE id = $1 FOR UPDATE", drill_id)
    if state == "running":
        raise Conflict("This drill is running; finish it first, then its score sheet stays.")
    if state == "dropped":
        return
    await tear_down(uow.connection, schema_name(drill_id))
    await uow.execute(
        "UPDATE drill SET state = 'dropped', dropped_at = $2, address = NULL WHERE id = $1", drill_id, datetime.now(tz=UTC)
    )
    await uow.record("drill.dropped", found["adcode"], drill=drill_id, account=None if principal is None else principal.account_id)


async def mark(connection: Connection, drill_id: int, state: str, *, address: str | None = None) -> None:
    """Note where a drill stands; `connection` leads into the live schema or the drill's own."""
    now = datetime.now(tz=UTC)
    await connection.execute(
        "UPDATE drill SET state = $2::text, address = coalesce($3, address),"
        " started_at = CASE WHEN $2::text = 'running' THEN coalesce(started_at, $4) ELSE started_at END,"
        " ended_at = CASE WHEN $2::text = 'finished' THEN coalesce(ended_at, $4) ELSE ended_at END WHERE id = $1",
        drill_id,
        state,
        address,
        now,
    )


async def freeze(connection: Connection, drill_id: int, sheet: dict[str, Any]) -> str:
    """Keep the score sheet for good on the live side, once, and mark the drill finished; returns the hash that is kept."""
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO drill_score (drill_id, document, digest, points, possible, made_at) VALUES ($1, $2, $3, $4, $5, $6)"
            " ON CONFLICT DO NOTHING",
            drill_id,
            canonical(sheet),
            digest(sheet),
            sheet["points"],
            sheet["possible"],
            datetime.now(tz=UTC),
        )
        await mark(connection, drill_id, "finished")
    kept: str = await connection.fetchval("SELECT digest FROM drill_score WHERE drill_id = $1", drill_id)
    return kept
