"""Ask for a guarantee and move it along its chain: city government, province, filing with the ministry, in force."""

from __future__ import annotations

from typing import Any

from emission_lists.grading import Actor, IllegalMove, NotYours, named
from emission_lists.guarantee import CLERICAL, GuaranteeMove, GuaranteeState, guarantee_moved
from service.accounts.roles import Principal, Role
from service.grades.admission import actors_of, fault, listed_in
from service.grades.flows import IllegalStep
from service.guarantees.cases import (
    PROPOSE,
    STEPS_SQL,
    Stored,
    add_step,
    document,
    end_at,
    load,
    settle,
    steps_document,
)
from service.guarantees.schemas import GuaranteeBody, GuaranteeStepBody
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork

INSERT_SQL = """
INSERT INTO guarantee_case (uscc, name, adcode, kind, basis, cap_value, cap_unit, cap_metric, valid_until, reason,
    created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING *
"""
OPEN_SQL = """
SELECT c.id FROM guarantee_case c
JOIN LATERAL (SELECT state FROM guarantee_step s WHERE s.case_id = c.id ORDER BY seq DESC LIMIT 1) last ON true
WHERE c.uscc = $1 AND c.adcode = $2 AND last.state IN ('proposed', 'city_agreed', 'province_vetted', 'mee_filed')
"""
PAGE_SQL = """
SELECT c.* FROM guarantee_case c
JOIN LATERAL (SELECT s.state FROM guarantee_step s WHERE s.case_id = c.id ORDER BY s.seq DESC LIMIT 1) last ON true
WHERE (c.adcode LIKE $1 OR EXISTS (
        SELECT 1 FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
        WHERE e.uscc = c.uscc AND v.adcode = c.adcode AND v.state = 'active' AND e.county LIKE $1))
    AND ($2::text IS NULL OR c.adcode LIKE $2) AND ($3::text IS NULL OR last.state = $3)
    AND ($4::text IS NULL OR c.uscc = $4) AND ($5::bigint IS NULL OR c.id < $5)
ORDER BY c.id DESC LIMIT $6
"""
COUNTY_SQL = """
SELECT e.county FROM list_enterprise e JOIN list_version v ON v.id = e.version_id
WHERE e.uscc = $1 AND v.adcode = $2 AND v.state = 'active'
"""
NEEDS_REASON = frozenset(
    {GuaranteeMove.REJECT, GuaranteeMove.SUSPEND, GuaranteeMove.RESUME, GuaranteeMove.REVOKE, GuaranteeMove.WITHDRAW}
)
NEEDS_DOCUMENT = frozenset({GuaranteeMove.AGREE, GuaranteeMove.VET, GuaranteeMove.FILE, GuaranteeMove.REVOKE})


async def _sees(uow: UnitOfWork, principal: Principal, row: Any) -> bool:
    """Officials see the guarantees of their region, and a county those of enterprises that the list in force places in it."""
    if principal.role is Role.ENTERPRISE:
        return bool(principal.uscc == row["uscc"])
    if principal.scope.covers(row["adcode"]):
        return True
    county = await uow.fetchval(COUNTY_SQL, row["uscc"], row["adcode"])
    return county is not None and principal.scope.covers(county)


async def propose(uow: UnitOfWork, principal: Principal, body: GuaranteeBody) -> int:
    """Ask for a guarantee, by the enterprise or by an official of its region; returns its number.

    Raises Invalid for an end in the past, Conflict beside an open one, Forbidden, Unknown.
    """
    listed = await listed_in(uow, body.uscc, body.adcode)
    own = principal.role is Role.ENTERPRISE and principal.uscc == body.uscc
    official = principal.may_judge_grades and (
        principal.scope.covers(listed.adcode) or principal.scope.covers(listed.county)
    )
    if not own and not official:
        raise Forbidden(
            "An enterprise asks for itself; officials enter guarantees of their region.",
            detail_zh="企业只能为本企业申请；主管部门只能录入本辖区的保障类",
        )
    if body.valid_until <= uow.now:
        raise Invalid(
            "valid_until lies in the past; a guarantee needs an end that is yet to come.",
            detail_zh="有效期须晚于现在",
        )
    await uow.execute("SELECT pg_advisory_xact_lock(hashtextextended('guarantee:' || $1, 0))", body.uscc)
    standing = await uow.fetchval(OPEN_SQL, body.uscc, listed.adcode)
    if standing is not None:
        raise Conflict(
            f"Guarantee {standing} of this enterprise is still open; go on with that one.",
            detail_zh=f"该企业第{standing}号保障类尚未办结，请继续办理该件",
        )
    row = await uow.fetchrow(
        INSERT_SQL,
        body.uscc,
        listed.enterprise.name,
        listed.adcode,
        body.kind,
        body.basis,
        body.cap.value,
        body.cap.unit,
        body.cap.metric,
        body.valid_until,
        body.reason,
        principal.account_id,
        uow.now,
    )
    assert row is not None  # just inserted
    level = min(actors_of(principal, body.uscc), key=list(Actor).index)
    await add_step(
        uow,
        row,
        0,
        PROPOSE,
        GuaranteeState.PROPOSED,
        level,
        account_id=principal.account_id,
        reason=body.reason,
    )
    await end_at(uow, row["id"], body.valid_until)
    return int(row["id"])


async def step(uow: UnitOfWork, principal: Principal, case_id: int, body: GuaranteeStepBody) -> None:
    """One step of a guarantee. Raises Unknown, Forbidden (not your level, or four eyes), Conflict, Invalid."""
    stored = await settle(uow, case_id)
    if not await _sees(uow, principal, stored.row):
        raise Unknown(f"There is no guarantee {case_id} in your region.")
    move = named(GuaranteeMove, body.move)
    state, level = _checked(principal, stored, move)
    faults = []
    if move in NEEDS_REASON and not body.reason:
        faults.append(fault("reason", f"Say why ({move.en}).", f"请写明理由（{move.zh}）"))
    if move in NEEDS_DOCUMENT and not body.document:
        faults.append(
            fault("document", f"Name the document by which it is done ({move.en}).", f"请写明文号（{move.zh}）")
        )
    if faults:
        raise Invalid(
            f"{len(faults)} fault(s) in the step; nothing was stored.",
            errors=faults,
            detail_zh=f"本环节有{len(faults)}处问题，未保存",
        )
    await add_step(
        uow,
        stored.row,
        len(stored.steps),
        move.value,
        state,
        level,
        account_id=principal.account_id,
        reason=body.reason,
        document=body.document,
    )


def _checked(principal: Principal, stored: Stored, move: GuaranteeMove) -> tuple[GuaranteeState, Actor]:
    by = actors_of(principal, stored.row["uscc"])
    if not by:
        raise Forbidden(
            "Your role may look at guarantees, but not move them.", detail_zh="您的角色只能查看，不能办理保障类"
        )
    try:
        state, level = guarantee_moved(stored.state, move, by)
    except NotYours as refused:
        raise Forbidden(refused.en, detail_zh=refused.zh) from refused
    except IllegalMove as refused:
        raise IllegalStep(refused.en, detail_zh=refused.zh) from refused
    passed = any(account == principal.account_id and one not in CLERICAL for one, account in stored.before)
    if move not in CLERICAL and passed:
        raise Forbidden(
            "You have passed a step of this guarantee already; somebody else must make this one (four eyes).",
            detail_zh="您已办理过本件的一个环节，须由他人办理（双人原则）",
        )
    return state, level


async def find(uow: UnitOfWork, principal: Principal, case_id: int) -> dict[str, Any]:
    """One guarantee with its steps. Raises Unknown outside the region."""
    stored = await load(uow, case_id)
    if not await _sees(uow, principal, stored.row):
        raise Unknown(f"There is no guarantee {case_id} in your region.")
    return document(uow, stored) | {"steps": steps_document(stored)}


async def page(
    uow: UnitOfWork,
    principal: Principal,
    *,
    within: str | None = None,
    state: str | None = None,
    uscc: str | None = None,
    after: int | None = None,
    size: int = 50,
) -> list[dict[str, Any]]:
    """Guarantees of the caller's region (an enterprise's own), newest first. `within`: first digits of a division."""
    plant = principal.role is Role.ENTERPRISE
    prefix = "" if plant else principal.scope.prefix
    own = principal.uscc if plant else uscc
    rows = await uow.fetch(
        PAGE_SQL, prefix + "%", None if within is None else within + "%", state, own, after, size
    )
    steps: dict[int, list[Any]] = {row["id"]: [] for row in rows}
    for one in await uow.fetch(STEPS_SQL, list(steps)):
        steps[one["case_id"]].append(one)
    return [document(uow, Stored(row, tuple(steps[row["id"]]))) for row in rows]
