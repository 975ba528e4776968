"""Import, check, freeze, activate and withdraw emission lists."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from emission_lists.findings import Severity
from emission_lists.lists import EmissionListDraft
from service.accounts.roles import CENTRE, Principal, Role, Scope
from service.grades.list_check import grade_checks, require_grades
from service.guarantees.list_check import guarantee_checks, require_guarantees
from service.guides.repository import keep_edition
from service.kit.clock import SHANGHAI
from service.kit.problems import Conflict, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork
from service.lists.apart import process_for_caller
from service.lists.states import VersionState, move_version
from service.lists.storing import FromApart, FromDraft, Head, store
from service.lists.workbooks import Checked, checked, guide_of, law_at
from service.people.flows import notify
from service.permits.flows import coverage_checks, require_coverage

RUN_OUT_SQL = """
SELECT key, name, min(until) AS until FROM (
    SELECT e.uscc AS key, e.name, substring(e.document, '"guarantee_until":"([0-9-]+)"') AS until, 'GUARANTEE_EXPIRED' AS code
    FROM list_enterprise e WHERE e.version_id = $1 AND strpos(e.document, '"guarantee":null') = 0
        AND substring(e.document, '"guarantee_until":"([0-9-]+)"') < $2
    UNION ALL
    SELECT e.uscc, e.name, r.document::jsonb -> 'fields' ->> 'valid_until', 'GUARANTEE_NOT_IN_FORCE' FROM list_record r
    JOIN list_enterprise e ON e.version_id = r.version_id AND e.uscc = r.key
    WHERE r.version_id = $1 AND r.sheet = 'guarantee' AND r.document::jsonb -> 'fields' ->> 'valid_until' < $2
        AND strpos(e.document, '"guarantee":null') = 0
) ended WHERE code = ANY($3::text[]) GROUP BY key, name ORDER BY key
"""
"""Guarantees whose end, of the row or of the sheet 保障类清单, lies before a day; only by checks that forbid an activation."""
RUN_OUT_CODES = ("GUARANTEE_EXPIRED", "GUARANTEE_NOT_IN_FORCE")
NAMED = 5
"""Guarantees that have run out are named up to so many."""
SHOWN_FAULTS = 2000
PIECE_BYTES = 1 << 20
KEEPERS = "Lists are kept by duty officers, commanders and administrators of the command centre of the division."
KEEPERS_ZH = "清单由该行政区指挥中心的值班员、指挥长或管理员维护。"


def check_keeper(uow: UnitOfWork, principal: Principal, adcode: str, guide: str) -> None:
    """Raises Forbidden, Unknown or Invalid unless this person may bring such a list."""
    if not principal.may_keep_lists or not principal.scope.covers(adcode):
        raise Forbidden(KEEPERS, detail_zh=KEEPERS_ZH)
    check_place(uow, adcode, guide)


def check_place(uow: UnitOfWork, adcode: str, guide: str) -> None:
    """Raises Unknown or Invalid when there is no such division or guide."""
    if adcode not in uow.runtime.law.divisions:
        raise Unknown(
            f"There is no division {adcode}; use a GB/T 2260 code such as 130100.",
            detail_zh=f"没有行政区 {adcode}；请填写 GB/T 2260 代码，如 130100。",
        )
    guide_of(guide)


async def import_workbook(
    uow: UnitOfWork, principal: Principal, adcode: str, content: bytes, *, title: str, guide: str
) -> dict[str, Any]:
    """Read a workbook, check it and store it as a draft version. Raises Invalid with all faults at once; then nothing is stored."""
    check_keeper(uow, principal, adcode, guide)
    await uow.computes_long()
    today = uow.now.date()
    request = {"adcode": adcode, "title": title, "law": law_at(adcode, guide, today), "as_of": today}
    async with process_for_caller(uow.runtime, "import", **request) as apart:
        await apart.send_all(_pieces(content))
        found = await apart.answer()
        if "faults" in found:
            raise refusal(found["faults"])
        head = Head(adcode, title, guide, principal.account_id)
        version_id = await store(uow, head, Checked(**found), FromApart(apart))
    return await find(uow, principal.scope, version_id)


def refusal(faults: list[dict[str, Any]]) -> Invalid:
    """The refusal of a workbook, with its faults."""
    return Invalid(
        f"{len(faults)} fault(s) in the workbook; nothing was stored.",
        errors=faults[:SHOWN_FAULTS],
        detail_zh=f"工作簿有 {len(faults)} 处错误，什么都没有保存。",
    )


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]


async def store_draft(
    uow: UnitOfWork, draft: EmissionListDraft, *, guide: str, created_by: int | None, generated: bool = False
) -> int:
    """Store a version as a draft with the result of its checks; returns its id."""
    await uow.computes_long()
    found = await asyncio.to_thread(checked, draft, guide, uow.now.date())
    head = Head(draft.adcode, draft.title, guide, created_by, generated)
    return await store(uow, head, found, FromDraft(draft))


async def _locked(uow: UnitOfWork, scope: Scope, version_id: int) -> Any:
    """The version, for changing its state. Raises Unknown outside the scope."""
    adcode = await uow.fetchval("SELECT adcode FROM list_version WHERE id = $1", version_id)
    if adcode is None or not scope.covers(adcode):
        raise _unknown(version_id)
    await uow.lock_division(adcode)
    return await uow.fetchrow("SELECT * FROM list_version WHERE id = $1 FOR UPDATE", version_id)


def _unknown(version_id: int) -> Unknown:
    return Unknown(
        f"There is no list {version_id} in your region.", detail_zh=f"您的辖区内没有清单第 {version_id} 版。"
    )


async def freeze(uow: UnitOfWork, scope: Scope, version_id: int, account_id: int | None) -> dict[str, Any]:
    """Fix a checked draft (冻结): its content and digest stay as they are. Raises Conflict for blocking findings."""
    row = await _locked(uow, scope, version_id)
    await _freeze(uow, row, account_id)
    await uow.tell("list", row["adcode"])
    return await find(uow, scope, version_id)


async def _freeze(uow: UnitOfWork, row: Any, account_id: int | None) -> None:
    move_version(row["state"], VersionState.FROZEN)
    blocking = await uow.fetchval(
        "SELECT coalesce(blocking, (SELECT count(*) FROM jsonb_array_elements(checks) c WHERE c->>'severity' = 'blocking'))"
        " FROM list_version WHERE id = $1",
        row["id"],
    )
    if blocking:
        raise Conflict(
            f"{blocking} finding(s) block the list; read them under /api/v1/lists/{row['id']}/checks.",
            detail_zh=f"有 {blocking} 个阻断问题，不能冻结或启用；请改正后重新导入。",
        )
    await _require_guarantees(uow, row, uow.now)
    guides = await keep_edition(uow)
    await uow.execute(
        "UPDATE list_version SET state = 'frozen', frozen_by = $2, frozen_at = $3, guide_content = $4 WHERE id = $1",
        row["id"],
        account_id,
        uow.now,
        guides,
    )
    await uow.record(
        "list.frozen", row["adcode"], version=row["id"], digest=row["digest"], guides=guides, account=account_id
    )


async def _require_guarantees(uow: UnitOfWork, row: Any, at: datetime) -> None:
    """Raises Conflict where a guarantee that rows rest on has run out by the Beijing day of `at`, as the checks would then."""
    day = at.astimezone(SHANGHAI).date()
    checks = law_at(row["adcode"], row["guide"], day)[1].checks
    asked = [code for code in RUN_OUT_CODES if checks[code].severity == Severity.BLOCKING.value]
    over = await uow.fetch(RUN_OUT_SQL, row["id"], day.isoformat(), asked)
    if not over:
        return
    named = ", ".join(f"{one['name']} ({one['key']}, {one['until']})" for one in over[:NAMED])
    if at > uow.now:
        raise Conflict(
            f"{len(over)} guarantee(s) will have run out on {day}, when the list would come into force: {named}. Let it come"
            " into force earlier, or import it anew with the guarantees renewed.",
            detail_zh=f"有 {len(over)} 家保障类的批准在清单生效日 {day} 前到期：{named}；请提前生效，或续批后重新导入。",
        )
    raise Conflict(
        f"{len(over)} guarantee(s) have run out since the list was checked: {named}. Import the list anew.",
        detail_zh=f"有 {len(over)} 家保障类的批准在检查之后已到期：{named}；请改正后重新导入。",
    )


async def activate(
    uow: UnitOfWork,
    scope: Scope,
    version_id: int,
    account_id: int | None,
    effective_from: datetime | None = None,
) -> dict[str, Any]:
    """Make a version the one in force, by somebody other than its importer; a draft is frozen by it.

    With `effective_from` ahead, it waits frozen until then. Running responses keep the version they pinned. Raises Conflict
    for blocking findings or from a state that does not lead there.
    """
    if effective_from is not None and effective_from < uow.now:
        raise Invalid(
            "A list cannot come into force in the past; give an instant ahead, or none.",
            detail_zh="清单不能从过去的时刻起生效；请填写将来的时刻，或留空表示立即生效。",
        )
    row = await _locked(uow, scope, version_id)
    if account_id is not None and row["created_by"] == account_id:
        raise Forbidden(
            "You imported this list yourself; somebody else must activate it (four eyes).",
            detail_zh="这一版由您本人导入，须由另一人启用（双人复核）。",
        )
    starts = uow.now if effective_from is None else effective_from
    draft = row["state"] == VersionState.DRAFT
    if draft:
        await _freeze(uow, row, account_id)
    else:
        move_version(row["state"], VersionState.ACTIVE)
    if not draft or starts > uow.now:
        await _require_guarantees(uow, row, starts)
    await require_coverage(uow, version_id, row["adcode"])
    await require_grades(uow, version_id, row["adcode"])
    await require_guarantees(uow, version_id, row["adcode"], starts)
    await uow.execute(
        "UPDATE list_version SET activated_by = $2, effective_from = $3 WHERE id = $1", version_id, account_id, starts
    )
    if starts > uow.now:
        payload = {"version": version_id, "effective_from": starts}
        await uow.due(f"list:{version_id}", starts, "activate_list", payload)
        await uow.record("list.scheduled", row["adcode"], version=version_id, account=account_id, effective_from=starts)
        await uow.tell("list", row["adcode"])
    else:
        await _put_in_force(uow, row, account_id)
    return await find(uow, scope, version_id)


async def _put_in_force(uow: UnitOfWork, row: Any, account_id: int | None) -> None:
    await uow.execute(
        "UPDATE list_version SET state = 'superseded', ended_at = $2 WHERE adcode = $1 AND state = 'active'",
        row["adcode"],
        uow.now,
    )
    await uow.execute("UPDATE list_version SET state = 'active', activated_at = $2 WHERE id = $1", row["id"], uow.now)
    await uow.record("list.activated", row["adcode"], version=row["id"], digest=row["digest"], account=account_id)
    await uow.tell("list", row["adcode"])
    if await uow.fetchval("SELECT 1 FROM proposal WHERE adcode = $1 AND state = 'open'", row["adcode"]):
        await uow.enqueue("assess", {"adcodes": [row["adcode"]]})  # it names the list that it pins: propose anew


async def activate_when_due(uow: UnitOfWork, version_id: int, effective_from: datetime) -> bool:
    """Put a version in force whose day has come; False when it was withdrawn, put in force or given another day meanwhile.

    Also where its guarantees have run out or lost their approval by then: it stays frozen without a day, and those who keep
    lists are told.
    """
    row = await _locked(uow, Scope("100000"), version_id)
    if row["state"] != VersionState.FROZEN or row["effective_from"] != effective_from:
        return False
    try:
        await _require_guarantees(uow, row, uow.now)
        await require_guarantees(uow, version_id, row["adcode"], uow.now)
    except Conflict as refused:
        await _leave_frozen(uow, row, refused)
        return False
    await _put_in_force(uow, row, row["activated_by"])
    return True


async def _leave_frozen(uow: UnitOfWork, row: Any, refused: Conflict) -> None:
    """A scheduled activation that cannot happen: on the ledger, and before the people who can do something about it."""
    version, adcode, place = row["id"], row["adcode"], uow.runtime.place(row["adcode"])
    await uow.execute("UPDATE list_version SET effective_from = NULL WHERE id = $1", version)
    await uow.record("list.held_back", adcode, version=version, effective_from=row["effective_from"], why=refused.detail)
    await notify(
        uow,
        adcode=adcode,
        roles=CENTRE | {Role.ADMINISTRATOR},
        kind="list",
        reason=f"list:{version}:held:{row['effective_from'].isoformat()}",
        zh=(f"{place}：清单第 {version} 版未能按期生效", f"{refused.extensions['detail_zh']}此前的清单（如有）继续有效。"),
        en=(f"{place}: list version {version} did not come into force", f"{refused.detail} The list before it, if any, stays in force."),
        link=f"/lists/{version}",
        urgent=True,
    )
    await uow.tell("list", adcode)


async def withdraw(
    uow: UnitOfWork, scope: Scope, version_id: int, account_id: int | None, reason: str
) -> dict[str, Any]:
    """Take a version back (撤回), with a reason. One in force leaves its division without a list for the next response.

    That one is therefore taken back by somebody other than who put it in force; drafts and frozen ones by anybody who keeps lists.
    """
    row = await _locked(uow, scope, version_id)
    move_version(row["state"], VersionState.WITHDRAWN)
    if row["state"] == VersionState.ACTIVE and account_id is not None and row["activated_by"] == account_id:
        raise Forbidden(
            "You put this list in force yourself; somebody else must withdraw it (four eyes).",
            detail_zh="这一版由您本人启用，须由另一人撤回（双人复核）。",
        )
    if not reason.strip():
        raise Invalid("Give the reason for the withdrawal.", detail_zh="请填写撤回的理由。")
    await uow.execute("UPDATE list_version SET state = 'withdrawn', ended_at = $2 WHERE id = $1", version_id, uow.now)
    await uow.record(
        "list.withdrawn", row["adcode"], version=version_id, was=row["state"], account=account_id, reason=reason.strip()
    )
    await uow.tell("list", row["adcode"])
    return await find(uow, scope, version_id)


VERSION_SQL = """
SELECT id, adcode, title, guide, state, generated, enterprises, lines, totals, digest, created_at, frozen_at, effective_from,
    activated_at, ended_at, created_by,
    coalesce(blocking, (SELECT count(*) FROM jsonb_array_elements(checks) c WHERE c->>'severity' = 'blocking')) AS blocking,
    coalesce(remarks, (SELECT count(*) FROM jsonb_array_elements(checks) c WHERE c->>'severity' <> 'blocking')) AS remarks
FROM list_version
"""
RESPONSES_SQL = """
SELECT id, level, starts_at FROM response
WHERE list_version_id = $1 AND (ends_at IS NULL OR ends_at > $2) ORDER BY id DESC LIMIT 20
"""


async def find(uow: UnitOfWork, scope: Scope, version_id: int) -> dict[str, Any]:
    """One version without its rows. Raises Unknown outside the scope."""
    row = await uow.fetchrow(VERSION_SQL + " WHERE id = $1", version_id)
    if row is None or not scope.covers(row["adcode"]):
        raise _unknown(version_id)
    records = await uow.fetch(
        "SELECT sheet, count(*) AS records FROM list_record WHERE version_id = $1 GROUP BY sheet ORDER BY sheet",
        version_id,
    )
    return _document(uow, row) | {"records": {record["sheet"]: record["records"] for record in records}}


async def page(uow: UnitOfWork, scope: Scope, after: int | None, size: int) -> list[dict[str, Any]]:
    """Versions of a scope, newest first."""
    rows = await uow.fetch(
        VERSION_SQL + " WHERE adcode LIKE $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        scope.prefix + "%",
        after,
        size,
    )
    return [_document(uow, row) for row in rows]


def _document(uow: UnitOfWork, row: Any) -> dict[str, Any]:
    return dict(row) | {"place": uow.runtime.place(row["adcode"])}


async def responses_of(uow: UnitOfWork, version_id: int) -> list[Any]:
    """Responses that run on a version: they keep it to their end, whatever becomes of it."""
    return await uow.fetch(RESPONSES_SQL, version_id, uow.now)


async def running_in(uow: UnitOfWork, adcode: str) -> bool:
    """Whether a response runs in a division now."""
    return bool(
        await uow.fetchval(
            "SELECT EXISTS (SELECT 1 FROM response WHERE adcode = $1 AND starts_at <= $2 AND (ends_at IS NULL OR ends_at > $2))",
            adcode,
            uow.now,
        )
    )


async def checks_of(uow: UnitOfWork, scope: Scope, version_id: int) -> list[dict[str, Any]]:
    """The findings of a version, blocking ones first; coverage is told against the register in force now.

    Raises Unknown outside the scope.
    """
    row = await uow.fetchrow("SELECT adcode, state, checks FROM list_version WHERE id = $1", version_id)
    if row is None or not scope.covers(row["adcode"]):
        raise _unknown(version_id)
    findings: list[dict[str, Any]] = row["checks"]
    if row["state"] not in (VersionState.SUPERSEDED, VersionState.WITHDRAWN):
        findings = findings + await coverage_checks(uow, version_id, row["adcode"])
        findings = findings + await grade_checks(uow, version_id, row["adcode"])
        findings = findings + await guarantee_checks(uow, version_id, row["adcode"], uow.now)
    return sorted(findings, key=lambda finding: finding["severity"] != "blocking")
