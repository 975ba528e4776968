"""Carry out an approved content: warning step, response, notice, message and everything that follows, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.lifecycle import State, advanced, move
from service.coordination.flows import tell_around
from service.kit.canonical import canonical
from service.kit.problems import Conflict
from service.kit.unit_of_work import UnitOfWork, beijing
from service.notices.flows import announce
from service.obligations import flows as obligations
from service.publication.flows import freeze_message
from service.responses.flows import watch_response
from service.subscriptions.flows import queue_fan_out
from service.tasks import flows as tasks
from service.warnings.repository import Standing, standing

AFTER = {
    "raise": State.RAISED,
    "lower": State.LOWERED,
    "extend": State.EXTENDED,
    "lift": State.LIFTED,
    "revoke": State.REVOKED,
}
CONTINUING = frozenset({"lower", "extend"})
"""What changes a running warning without starting it: announced before its start, it changes nothing about the start."""
ENDING = frozenset({"lift", "revoke"})
EVENTS = {"issue": "warning.issued", "lift": "warning.lifted", "revoke": "warning.revoked"}


CARRY_ON_SQL = """
UPDATE response SET ends_at = $2 WHERE ends_at < $2 AND id = (
    SELECT r.id FROM response r JOIN warning_step s ON s.id = r.step_id
    WHERE s.warning_id = $1 AND (r.ends_at IS NULL OR r.ends_at > r.starts_at) ORDER BY r.ends_at DESC NULLS FIRST, r.id DESC LIMIT 1)
"""
AHEAD_SQL = """
SELECT max(r.starts_at) FROM response r JOIN warning_step s ON s.id = r.step_id
WHERE s.warning_id = $1 AND r.starts_at > $2 AND r.level = $3 AND (r.ends_at IS NULL OR r.ends_at > r.starts_at)
"""
OVER_SQL = """
SELECT id FROM warning WHERE adcode = $1 AND closed_at IS NULL AND fixed_end AND planned_end <= $2 ORDER BY id
"""


def _instant(value: str | None) -> datetime | None:
    return None if value is None else parse_instant(value)


async def carry_out(uow: UnitOfWork, frozen: dict[str, Any], decision_id: int) -> dict[str, Any]:
    """Make the approved content real. The caller holds the division's lock. Raises Conflict when the situation has changed."""
    adcode, action = frozen["adcode"], frozen["action"]
    level = Level.of(frozen["to"])
    await lapse_over(uow, adcode)
    current = await standing(uow, adcode)
    planned_end, fixed = _instant(frozen["planned_end"]), bool(frozen["fixed_end"])
    effective = await _begins(uow, frozen, current)
    if Level.of(frozen["from"]) != (current.level if current else Level.NONE) or (current is None) != (action == "issue"):
        raise Conflict(
            "What is in force has changed since this was proposed; a new proposal follows with the next assessment."
        )
    _check_end(frozen, effective)
    if current is None:
        warning_id = await _open(uow, adcode, level, effective, planned_end, fixed)
    else:
        warning_id = current.warning_id
        await _change(uow, current, action, level, effective, planned_end, fixed)
    step_id = await uow.fetchval(
        "INSERT INTO warning_step (warning_id, adcode, action, level, reason, decision_id, announced_at, effective_at, planned_end,"
        " content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id",
        warning_id,
        adcode,
        action,
        int(level),
        frozen["reason"],
        decision_id,
        uow.now,
        effective,
        None if action in ENDING else planned_end,
        canonical(frozen),
    )
    end = planned_end if fixed else None
    response_id = await _respond(uow, adcode, warning_id, action, level, step_id, effective, end, frozen["list_version"])
    await uow.record(
        f"warning.{action}",
        adcode,
        warning=warning_id,
        step=step_id,
        level=level.code,
        reason=frozen["reason"],
        decision=decision_id,
        effective_at=effective,
        planned_end=planned_end,
        fixed_end=fixed,
        response=response_id,
        list_version=frozen["list_version"],
        flags=frozen["flags"],
    )
    await announce(uow, adcode, step_id, level, frozen["notice"])
    message = await freeze_message(uow, warning_id, step_id, frozen, level, effective)
    await tell_around(uow, frozen, warning_id=warning_id, step_id=step_id, effective_at=effective)
    await queue_fan_out(uow, step_id, EVENTS.get(action, "warning.updated"))
    await _set_in_motion(uow, frozen, warning_id, step_id, response_id, effective)
    await _schedule(uow, warning_id, effective, planned_end if fixed else None, action)
    await uow.enqueue("publish", {})
    for topic in ("response", "warning"):
        await uow.tell(topic, adcode)
    return {"warning": warning_id, "step": step_id, "response": response_id, "effective_at": effective, "cap": message}


async def _set_in_motion(
    uow: UnitOfWork, frozen: dict[str, Any], warning_id: int, step_id: int, response_id: int | None, effective: datetime
) -> None:
    """Tasks of departments, what is owed, and the events of responses that begin and end."""
    level = Level.NONE if frozen["action"] in ENDING else Level.of(frozen["to"])
    end = tasks.ends_of(frozen)
    await tasks.after_step(
        uow, frozen, warning_id=warning_id, step_id=step_id, level=level, effective_at=effective, ends_at=end
    )
    await obligations.after_step(
        uow, frozen, warning_id=warning_id, step_id=step_id, response_id=response_id, effective_at=effective
    )
    await watch_response(uow, frozen["adcode"], effective, end if response_id is not None else None)


async def check_time_left(uow: UnitOfWork, frozen: dict[str, Any]) -> None:
    """Whether what ends by itself would still begin before that end if it were decided now. Raises Conflict.

    The caller holds the division's lock.
    """
    if frozen["fixed_end"] and frozen["action"] not in ENDING:
        _check_end(frozen, await _begins(uow, frozen, await standing(uow, frozen["adcode"])))


async def _begins(uow: UnitOfWork, frozen: dict[str, Any], current: Standing | None) -> datetime:
    """When it begins if it is decided now. Raises Conflict as `_not_before` does."""
    effective = _later(_instant(frozen["effective_at"]), uow.now)
    return effective if current is None else await _not_before(uow, current, frozen["action"], effective)


def _check_end(frozen: dict[str, Any], effective: datetime) -> None:
    """A fixed end must lie after the start: a decision may come later than the end that was proposed."""
    end = _instant(frozen["planned_end"])
    if frozen["action"] in ENDING or not frozen["fixed_end"] or end is None or end > effective:
        return
    raise Conflict(
        f"It would end by itself at {end.isoformat()}, not after its start at {effective.isoformat()}; "
        "reject it and propose it again with a later end.",
        detail_zh="拟定的结束时间已不晚于启动时间，无法批准；请驳回后按更晚的结束时间重新提出。",
    )


def _later(effective: datetime | None, now: datetime) -> datetime:
    return now if effective is None or effective < now else effective


async def _not_before(uow: UnitOfWork, current: Standing, action: str, effective: datetime) -> datetime:
    """When a change of what stands may begin. Raises Conflict for a lifting after the end that the notice names."""
    if action in CONTINUING:
        effective = max(effective, current.effective_at)
    if action == "extend":  # a higher level that is announced and yet to begin is extended, not begun earlier
        ahead = await uow.fetchval(AHEAD_SQL, current.warning_id, effective, int(current.level))
        effective = effective if ahead is None else beijing(ahead) or effective
    if action == "advance":
        begins = current.level_at or current.effective_at
        if begins <= uow.now or effective >= begins:
            raise Conflict("The start that this brings forward has come already; there is nothing left to begin earlier.")
    if action in ENDING and current.fixed_end and current.planned_end is not None and effective > current.planned_end:
        raise Conflict(
            "The warning ends by itself before this lifting would begin; lift it earlier, or let it be extended first."
        )
    return effective


async def _open(
    uow: UnitOfWork, adcode: str, level: Level, effective: datetime, planned_end: datetime | None, fixed: bool
) -> int:
    state = move(move(State.PROPOSED, State.APPROVED), State.ANNOUNCED)
    if effective <= uow.now:
        state = move(state, State.ACTIVE)
    return int(
        await uow.fetchval(
            "INSERT INTO warning (adcode, state, level, announced_at, effective_at, planned_end, fixed_end)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            adcode,
            state.value,
            int(level),
            uow.now,
            effective,
            planned_end,
            fixed,
        )
    )


async def _change(
    uow: UnitOfWork,
    current: Standing,
    action: str,
    level: Level,
    effective: datetime,
    planned_end: datetime | None,
    fixed: bool,
) -> None:
    advancing = action == "advance"
    state = advanced(current.state, begun=effective <= uow.now) if advancing else move(current.state, AFTER[action])
    if action in ENDING:
        await uow.execute(
            "UPDATE warning SET state = $2, closed_at = $3 WHERE id = $1", current.warning_id, state.value, effective
        )
        return
    await uow.execute(
        "UPDATE warning SET state = $2, level = $3, planned_end = $4, fixed_end = $5, effective_at = least(effective_at, $6)"
        " WHERE id = $1",
        current.warning_id,
        state.value,
        int(level),
        planned_end,
        fixed,
        effective,
    )


async def _respond(
    uow: UnitOfWork,
    adcode: str,
    warning_id: int,
    action: str,
    level: Level,
    step_id: int,
    effective: datetime,
    planned_end: datetime | None,
    list_version: int | None,
) -> int | None:
    """End the running response where the new one begins, and start the new one: one row, whatever the number of enterprises.

    A change that begins after a fixed end carries the level before it on until then: nobody decided on a gap. What was
    known of it at an earlier instant is worked out from the same steps (`service/responses/repository.py`).
    """
    await uow.execute(
        "UPDATE response SET ends_at = greatest(starts_at, $2) WHERE adcode = $1 AND (ends_at IS NULL OR ends_at > $2)",
        adcode,
        effective,
    )
    if action in ENDING:
        return None
    await uow.execute(CARRY_ON_SQL, warning_id, effective)
    return int(
        await uow.fetchval(
            "INSERT INTO response (adcode, level, step_id, list_version_id, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)"
            " RETURNING id",
            adcode,
            int(level),
            step_id,
            list_version,
            effective,
            planned_end,
        )
    )


async def _schedule(
    uow: UnitOfWork, warning_id: int, effective: datetime, planned_end: datetime | None, action: str
) -> None:
    if action in ENDING:
        await uow.due(f"republish:{warning_id}", effective, "publish", {})
        return
    await uow.due(f"activate:{warning_id}", effective, "activate_warning", {"warning": warning_id})
    if planned_end is not None:
        await uow.due(f"lapse:{warning_id}", planned_end, "lapse_warning", {"warning": warning_id})


async def _lock_of(uow: UnitOfWork, warning_id: int) -> None:
    """A decision may be changing the same warning: wait for it, then look at what it left."""
    adcode = await uow.fetchval("SELECT adcode FROM warning WHERE id = $1", warning_id)
    if adcode is not None:
        await uow.lock_division(adcode)


async def activate(uow: UnitOfWork, warning_id: int) -> None:
    """The announced start has come. Idempotent."""
    await _lock_of(uow, warning_id)
    row = await uow.fetchrow(
        "UPDATE warning SET state = 'active' WHERE id = $1 AND state = 'announced' AND effective_at <= $2 RETURNING adcode, level",
        warning_id,
        uow.now,
    )
    if row is not None:
        await uow.record("warning.active", row["adcode"], warning=warning_id, level=Level(row["level"]).code)
        await uow.tell("warning", row["adcode"])
    await uow.enqueue("publish", {})


async def lapse_over(uow: UnitOfWork, adcode: str) -> None:
    """End what is over by its fixed end though its job has not run yet: a decision that comes too late finds nothing to extend.

    The caller holds the division's lock.
    """
    for row in await uow.fetch(OVER_SQL, adcode, uow.now):
        await _lapse(uow, row["id"])


async def lapse(uow: UnitOfWork, warning_id: int) -> None:
    """The fixed end printed in the notice has come: the warning ends by itself. Idempotent; an extended one stays."""
    await _lock_of(uow, warning_id)
    await _lapse(uow, warning_id)


async def _lapse(uow: UnitOfWork, warning_id: int) -> None:
    row = await uow.fetchrow(
        "UPDATE warning SET state = 'lapsed', closed_at = planned_end WHERE id = $1 AND closed_at IS NULL AND fixed_end"
        " AND planned_end <= $2 RETURNING adcode, level, planned_end",
        warning_id,
        uow.now,
    )
    if row is None:
        return
    await uow.record(
        "warning.lapsed", row["adcode"], warning=warning_id, level=Level(row["level"]).code, ended_at=row["planned_end"]
    )
    await obligations.after_lapse(uow, row["adcode"], warning_id, beijing(row["planned_end"]) or uow.now)
    await uow.enqueue("publish", {})
    for topic in ("response", "warning"):
        await uow.tell(topic, row["adcode"])
