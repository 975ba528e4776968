"""Tasks of departments: given with the response, received, carried out, and handed over when the level changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.instants import parse_instant
from alerts.levels import Level
from alerts.plans import later_starts
from service.accounts.roles import CENTRE, Principal, Role
from service.kit.canonical import canonical, digest
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork, beijing
from service.people.flows import notify
from service.tasks.departments import Duties, duties_of
from service.tasks.planning import Key, Live, Wanted, hand_over

LIVE_SQL = """
SELECT id, category, department, digest, starts_at, ends_at FROM task
WHERE warning_id = $1 AND (ends_at IS NULL OR (ends_at > $2 AND ends_at > starts_at)) ORDER BY id
"""
SPANS_SQL = """
UPDATE task t SET starts_at = n.starts_at, ends_at = n.ends_at
FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) n(id, starts_at, ends_at) WHERE t.id = n.id
"""
NEW_SQL = """
INSERT INTO task (warning_id, step_id, adcode, category, department, organisation_id, document, digest, level, starts_at, ends_at,
    before_id, state, created_at)
SELECT $1, $2, $3, n.category, n.department, h.organisation_id, n.document, n.digest, $4, n.starts_at,
    CASE WHEN $5::timestamptz IS NULL THEN NULL ELSE greatest(n.starts_at, $5) END, n.before_id, 'given', $6
FROM unnest($7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::bigint[]) WITH ORDINALITY
    n(category, department, document, digest, starts_at, before_id, place)
LEFT JOIN duty_holder h ON h.adcode = $3 AND h.department = n.department ORDER BY n.place
"""
LINE_SQL = """
SELECT t.*, a.organisation_id AS callers FROM task t JOIN account a ON a.id = $3 WHERE t.id = $1 AND t.adcode LIKE $2 FOR UPDATE OF t
"""
ENTRY_SQL = """
INSERT INTO task_entry (task_id, adcode, kind, done, total, note, account_id, role, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
READERS = frozenset({Role.AUDITOR, Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR})
"""Officials who carry out nothing."""
MOST = 10_000_000


async def after_step(
    uow: UnitOfWork,
    frozen: Mapping[str, Any],
    *,
    warning_id: int,
    step_id: int,
    level: Level,
    effective_at: datetime,
    ends_at: datetime | None,
) -> None:
    """A step is decided: hand the tasks of its warning over, in its transaction. Level none ends them all."""
    adcode = frozen["adcode"]
    wanted, documents = _wanted(uow, adcode, level, effective_at, frozen.get("measures_from", {}))
    live = [_live(row) for row in await uow.fetch(LIVE_SQL, warning_id, effective_at)]
    change = hand_over(live, wanted, effective_at, ends_at)
    if change.spans:
        starts, ends = zip(*change.spans.values(), strict=True)
        await uow.execute(SPANS_SQL, list(change.spans), list(starts), list(ends))
    if change.added:
        keys = list(change.added)
        await uow.execute(
            NEW_SQL, warning_id, step_id, adcode, int(level), ends_at, uow.now, [key[0] for key in keys],
            [key[1] for key in keys], [documents[key] for key in keys], [wanted[key].digest for key in keys],
            [wanted[key].starts_at for key in keys], list(change.added.values()),
        )  # fmt: skip
        await _tell(uow, frozen["place"], adcode, step_id, len(keys))
    if change.spans or change.added:
        await uow.record(
            "tasks.handed_over", adcode, warning=warning_id, step=step_id, looked_at=sorted(change.spans), added=len(change.added)
        )
        await uow.tell("duties", adcode)


def _live(row: Any) -> Live:
    starts = beijing(row["starts_at"])
    assert starts is not None
    return Live(row["id"], (row["category"], row["department"]), row["digest"], starts, beijing(row["ends_at"]))


def _wanted(
    uow: UnitOfWork, adcode: str, level: Level, effective_at: datetime, measures_from: Mapping[str, str]
) -> tuple[dict[Key, Wanted], dict[Key, str]]:
    """What the plan asks of each department at a level: one task per category and department, with its frozen text."""
    plan, duties = uow.runtime.law.plan_for(adcode, uow.now), duties_of(uow.runtime.law, adcode, uow.runtime.settings.config_dir)
    chinese = next((groups for code, groups in plan.measures.items() if code == level.code), {})
    english = list(next((groups for code, groups in plan.measures_en.items() if code == level.code), {}).items())
    later = later_starts(measures_from, effective_at)
    wanted: dict[Key, Wanted] = {}
    documents: dict[Key, str] = {}
    for place, (category, measures) in enumerate(chinese.items()):
        named = duties.categories.get(category)
        aside = english[place] if place < len(english) else (category, measures)
        for department in (named.departments if named is not None else ()) or ("",):
            key = (category, department)
            content = _content(duties, category, department, measures, aside)
            wanted[key] = Wanted(digest({"measures": content["measures"], "key": key}), later.get(category, effective_at))
            documents[key] = canonical(content)
    return wanted, documents


def _content(
    duties: Duties, category: str, department: str, measures: tuple[str, ...], aside: tuple[str, tuple[str, ...]]
) -> dict[str, Any]:
    known = duties.departments.get(department)
    named = duties.categories.get(category)
    return {
        "category": {"zh": category, "en": named.en if named is not None else aside[0]},
        "department": None if known is None else {"zh": known.zh, "en": known.en},
        "chosen": known is not None and duties.chosen(category),
        "measures": list(measures),
        "measures_en": list(aside[1]),
    }


async def _tell(uow: UnitOfWork, place: str, adcode: str, step_id: int, count: int) -> None:
    await notify(
        uow,
        adcode=adcode,
        roles=[Role.DUTY_OFFICER, Role.INSPECTOR],
        kind="task",
        reason=f"tasks:step:{step_id}",
        zh=(f"{place}：{count} 项部门任务待接收", "应急响应的部门任务已下达，请接收并填报进展。"),
        en=(f"{place}: {count} department tasks to receive", "Tasks of the response were given; confirm receipt and report progress."),
        link=f"/duties?place={adcode}",
        urgent=True,
    )


async def enter(
    uow: UnitOfWork,
    principal: Principal,
    task_id: int,
    kind: str,
    *,
    done: int | None = None,
    total: int | None = None,
    note: str | None = None,
) -> None:
    """A department says that it received a task, how far it is, or that it is done. A second receipt has no effect.

    Raises Unknown outside the region, Forbidden for others than the department's organisation and the command centre,
    Conflict for a task that was closed, Invalid for numbers that cannot be.
    """
    row = await uow.fetchrow(LINE_SQL, task_id, principal.scope.prefix + "%", principal.account_id)
    if row is None:
        raise Unknown(f"There is no task {task_id} in your region.")
    _check(uow, principal, row, kind, done, total)
    if kind == "receipt" and row["received_at"] is not None:
        return
    await uow.execute(
        ENTRY_SQL, task_id, row["adcode"], kind, done, total, note, principal.account_id, principal.role.value, uow.now
    )
    await uow.execute(
        "UPDATE task SET state = CASE WHEN $2 = 'done' THEN 'done' WHEN $2 = 'progress' OR state = 'given' THEN 'received' ELSE state END,"
        " received_at = coalesce(received_at, $3), received_by = coalesce(received_by, $4), done = coalesce($5, done),"
        " total = coalesce($6, total), told_at = $3 WHERE id = $1",
        task_id,
        kind,
        uow.now,
        principal.account_id,
        done,
        total,
    )
    await uow.record(
        f"task.{kind}", row["adcode"], task=task_id, done=done, total=total, note=note, account=principal.account_id
    )
    await uow.tell("duties", row["adcode"])


def _check(uow: UnitOfWork, principal: Principal, row: Any, kind: str, done: int | None, total: int | None) -> None:
    own = row["callers"] is not None and row["callers"] == row["organisation_id"] and principal.role not in READERS
    if principal.uscc is not None or not (own or principal.role in CENTRE):
        raise Forbidden("A task is answered by the organisation that holds it, or by the command centre for it.")
    if row["ends_at"] is not None and row["ends_at"] <= max(uow.now, row["starts_at"]):
        raise Conflict("This task is over; the one that follows it, if any, stands on /duties.")
    if (done is None) != (total is None) or (done is not None and not 0 <= done <= (total or 0) <= MOST):
        raise Invalid("Give both numbers, such as 12 of 40; the first may not be larger than the second.")
    if kind == "progress" and done is None:
        raise Invalid("Progress needs numbers, such as 12 sites checked of 40.")


async def name_holder(uow: UnitOfWork, principal: Principal, adcode: str, department: str, organisation_id: int) -> None:
    """Let an organisation hold a department's tasks in a division, those given already too.

    Raises Forbidden for others than the command centre of the region, Invalid for an unknown department or organisation.
    """
    if principal.role not in CENTRE or not principal.scope.covers(adcode):
        raise Forbidden("Who holds a department's tasks is set by the command centre of the division.")
    known = duties_of(uow.runtime.law, adcode, uow.runtime.settings.config_dir).departments
    if department not in known:
        raise Invalid(f"Unknown department; known: {', '.join(sorted(known))}.")
    home = await uow.fetchval(
        "SELECT adcode FROM organisation WHERE id = $1 AND closed_at IS NULL FOR SHARE", organisation_id
    )
    if home is None or home != adcode:
        raise Invalid(f"Organisation {organisation_id} is no open one of {adcode}; see GET /api/v1/organisations.")
    await uow.execute(
        "INSERT INTO duty_holder (adcode, department, organisation_id, account_id, named_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (adcode, department) DO UPDATE SET organisation_id = $3, account_id = $4, named_at = $5",
        adcode,
        department,
        organisation_id,
        principal.account_id,
        uow.now,
    )
    await uow.execute(
        "UPDATE task SET organisation_id = $3 WHERE adcode = $1 AND department = $2 AND (ends_at IS NULL OR ends_at > $4)",
        adcode,
        department,
        organisation_id,
        uow.now,
    )
    await uow.record(
        "department.named", adcode, department=department, organisation=organisation_id, account=principal.account_id
    )
    await uow.tell("duties", adcode)


def ends_of(frozen: Mapping[str, Any]) -> datetime | None:
    """The fixed end of a step's response; None while it is open."""
    end = frozen["planned_end"]
    if not frozen["fixed_end"] or end is None:
        return None
    return parse_instant(end) if isinstance(end, str) else end


def words_of(document: str) -> dict[str, Any]:
    """The frozen text of a task."""
    found: dict[str, Any] = json.loads(document)
    return found
