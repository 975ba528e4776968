"""Findings as they are read: by scope for officials, its own from the notification on for an enterprise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emission_lists.compliance_process import FindingState, FindingStep, steps_from
from emission_lists.compliance_rules import Rule
from service.accounts.roles import Principal, Role
from service.evidence.config import consequences
from service.kit.problems import Unknown
from service.kit.unit_of_work import UnitOfWork, beijing

COLUMNS = """id, adcode, uscc, enterprise, line_code, rule, response_id, state, starts_at, until_at, content_hash, supported,
    raised_by, found_at, answer_by, changed_at"""
PAGE_SQL = f"""
SELECT {COLUMNS} FROM finding WHERE adcode LIKE $1 AND ($2::text IS NULL OR adcode = $2) AND ($3::text IS NULL OR state = $3)
    AND ($4::text IS NULL OR rule = $4) AND ($5::text IS NULL OR uscc = $5) AND ($6::bool IS NOT TRUE OR answer_by IS NOT NULL)
    AND ($7::bigint IS NULL OR response_id = $7) AND ($8::bigint IS NULL OR id < $8) AND state <> ALL($10::text[])
ORDER BY id DESC LIMIT $9
"""
STEPS_SQL = """
SELECT s.step, s.at, s.role, a.display, s.account_id, s.note, s.attachment, s.content_hash FROM finding_step s
LEFT JOIN account a ON a.id = s.account_id WHERE s.finding_id = $1 ORDER BY s.id
"""
LINE_NAMES_SQL = """
SELECT id, proof->>'line_name' AS name FROM finding WHERE id = ANY($1::bigint[]) AND proof->>'line_name' <> ''
"""
AS_TOLD = frozenset({FindingStep.ANSWER, FindingStep.CONFIRM})
"""The steps that speak of what the enterprise was told."""
INSTANTS = ("starts_at", "until_at", "found_at", "answer_by", "changed_at")


def narrowed(row: Mapping[str, Any]) -> bool:
    """Whether evidence shows only a part of what the enterprise was told, and it was not told of that part yet."""
    state = FindingState(row["state"])
    if state is FindingState.FOUND:
        return row["answer_by"] is not None
    return state in (FindingState.NOTIFIED, FindingState.ANSWERED) and not row["supported"]


def hidden_from(principal: Principal) -> bool:
    """Whether findings without a notification (no `answer_by`) are hidden: an enterprise learns of them by it."""
    return principal.role is Role.ENTERPRISE


async def page(
    uow: UnitOfWork,
    principal: Principal,
    *,
    adcode: str | None = None,
    state: FindingState | None = None,
    rule: Rule | None = None,
    uscc: str | None = None,
    response: int | None = None,
    after: int | None = None,
    size: int = 100,
    open_only: bool = False,
) -> list[dict[str, Any]]:
    """Findings newest first. An enterprise gets its own."""
    own = principal.role is Role.ENTERPRISE
    rows = await uow.fetch(
        PAGE_SQL,
        "%" if own else principal.scope.prefix + "%",
        adcode,
        None if state is None else state.value,
        None if rule is None else rule.value,
        principal.uscc if own else uscc,
        own,
        response,
        after,
        size,
        ["confirmed", "withdrawn"] if open_only else [],
    )
    return [short(uow, row) for row in rows]


async def with_lines(uow: UnitOfWork, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same findings with the name of each one's line, as its proof has it; None where it names none."""
    rows = await uow.fetch(LINE_NAMES_SQL, [item["id"] for item in items])
    names = {row["id"]: row["name"] for row in rows}
    return [item | {"line_name": names.get(item["id"])} for item in items]


async def find(uow: UnitOfWork, principal: Principal, finding_id: int, *, lock: bool = False) -> Any:
    """The row of a finding that somebody may see. Raises Unknown otherwise."""
    row = await uow.fetchrow("SELECT * FROM finding WHERE id = $1" + (" FOR UPDATE" if lock else ""), finding_id)
    hidden = row is None or not principal.may_see_enterprise(row["adcode"], row["uscc"])
    if row is None or hidden or (hidden_from(principal) and row["answer_by"] is None):
        raise Unknown(f"There is no finding {finding_id} that you may see.")
    return row


async def notified_by(uow: UnitOfWork, finding_id: int) -> int | None:
    """Whose account told the enterprise of a finding, the last time; None while nobody did."""
    found: int | None = await uow.fetchval(
        "SELECT account_id FROM finding_step WHERE finding_id = $1 AND step = 'notify' ORDER BY id DESC LIMIT 1", finding_id
    )
    return found


def short(uow: UnitOfWork, row: Mapping[str, Any]) -> dict[str, Any]:
    """A finding without its proof."""
    rule = Rule(row["rule"])
    return {
        "id": row["id"],
        "adcode": row["adcode"],
        "place": uow.runtime.place(row["adcode"]),
        "uscc": row["uscc"],
        "enterprise": row["enterprise"],
        "line": row["line_code"] or None,
        "rule": rule.value,
        "rule_zh": rule.zh,
        "rule_en": rule.en,
        "response": row["response_id"],
        "state": row["state"],
        "supported": row["supported"],
        "by_hand": row["raised_by"] is not None,
        "content_hash": row["content_hash"],
        **{name: beijing(row[name]) for name in INSTANTS},
    }


async def document(uow: UnitOfWork, principal: Principal, finding_id: int) -> dict[str, Any]:
    """A finding with its proof, its steps, what may be done now, and what laws say may follow."""
    row = await find(uow, principal, finding_id)
    return await whole(uow, row)


async def whole(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    """A finding with everything that belongs to it."""
    rule = Rule(row["rule"])
    table = consequences()
    unknown = table.unknown.get(rule)
    steps = [
        {name: row[name] for name in ("step", "role", "note", "attachment", "content_hash")}
        | {"at": beijing(row["at"]), "by": row["display"]}
        for row in await uow.fetch(STEPS_SQL, row["id"])
    ]
    open_steps: tuple[FindingStep, ...] = steps_from(FindingState(row["state"]), uow.now, row["answer_by"])
    if narrowed(row):
        open_steps = tuple(step for step in open_steps if step not in AS_TOLD)
    return short(uow, row) | {
        "proof": row["proof"],
        "steps": steps,
        "open": [step.value for step in open_steps],
        "consequences": [one.model_dump(mode="json", exclude={"rules"}) for one in table.of(rule, row["adcode"])],
        "consequences_unknown": None if unknown is None else unknown.model_dump(),
        "narrowed": narrowed(row),
        "downgrade_refused": row["downgrade_refused"],
        "downgrade": await uow.fetchval("SELECT id FROM grade_application WHERE finding_id = $1", row["id"]),
    }
