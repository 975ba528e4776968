"""The due process of findings: raise by hand, notify, answer, confirm, withdraw; everything on the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from emission_lists.compliance_process import FindingState, FindingStep, IllegalStepError, moved
from emission_lists.compliance_rules import Rule
from service.accounts.roles import Principal, Role
from service.enterprises.sources import Lists, homes_of
from service.evidence.config import rules
from service.findings import repository
from service.findings.schemas import FindingBody, StepBody
from service.findings.storing import ADD_SQL, STEP_SQL
from service.findings.under import response_over
from service.grades.flows import propose_downgrade
from service.kit.canonical import canonical, digest
from service.kit.clock import SHANGHAI
from service.kit.problems import Conflict, ContentChanged, Forbidden, Invalid, Unknown
from service.kit.unit_of_work import UnitOfWork

NO_ANSWER = "（期限内未答复）"
"""What a confirmation says when the enterprise gave no answer."""
NARROWED = (
    "Corrected evidence shows only a part of what the enterprise was told. Notify it again with what is left, or withdraw the"
    " finding; its time to answer begins anew with the notification, and only then can it be answered and confirmed."
)
NARROWED_ZH = "更正后的数据只证明原通知内容的一部分。请按余下部分重新通知企业或撤回问题；答复期限自重新通知起重新计算，之后方可答复和确认。"
OFFICIALS = "Findings are pursued by duty officers, commanders and inspectors of the region."
OFFICIALS_ZH = "问题由本辖区的值班员、指挥长和检查人员办理。"


async def raise_by_hand(uow: UnitOfWork, principal: Principal, body: FindingBody) -> dict[str, Any]:
    """What an inspector saw becomes a finding. Raises Forbidden, Unknown, Invalid."""
    if not principal.may_pursue_findings:
        raise Forbidden(OFFICIALS, detail_zh=OFFICIALS_ZH)
    adcode = next((home.adcode for home in await homes_of(uow, body.uscc) if principal.scope.covers(home.adcode)), None)
    if adcode is None:
        raise Forbidden("This enterprise is outside your region.")
    starts = body.starts_at.astimezone(SHANGHAI)
    until = (body.until_at or body.starts_at).astimezone(SHANGHAI)
    if until < starts or until > uow.now + timedelta(minutes=10):
        raise Invalid("until_at must not lie before starts_at, nor in the future.")
    response = await response_over(uow, body.uscc, adcode, starts)
    lists = Lists(uow, body.uscc)
    pinned = response.list_version if response is not None and response.adcode == adcode else None
    version = pinned or await lists.active(adcode, uow.now)
    listed = await lists.listed(version)
    if listed is None:
        raise Unknown(f"{body.uscc} is not in the list that applied then; check the code and the instant.")
    line = next((one for one in listed.lines if one.code == body.line), None)
    if body.line is not None and line is None:
        raise Invalid(
            f"The list has no line {body.line} of this enterprise; leave it away for the enterprise as a whole."
        )
    proof: dict[str, Any] = {
        "line": body.line or "",
        "line_name": "" if line is None else line.name,
        "threshold": {"of": "hand"},
        "items": [],
        "note": body.note,
        "attachment": body.attachment,
    }
    content = digest({"uscc": body.uscc, "rule": Rule.BY_HAND.value, "starts": starts, "until": until, "proof": proof})
    number: int = await uow.fetchval(
        ADD_SQL,
        adcode,
        body.uscc,
        listed.enterprise.name,
        body.line or "",
        Rule.BY_HAND.value,
        None if response is None else response.id,
        starts,
        until,
        canonical(proof),
        content,
        principal.account_id,
        uow.now,
    )
    await _note(uow, number, "found", principal, body.note, body.attachment, content, proof)
    await uow.record(
        "finding.found", adcode, finding=number, uscc=body.uscc, rule=Rule.BY_HAND.value, hash=content,
        account=principal.account_id,
    )  # fmt: skip
    await uow.tell("finding", adcode)
    return await repository.document(uow, principal, number)


async def take_step(uow: UnitOfWork, principal: Principal, finding_id: int, body: StepBody) -> dict[str, Any]:
    """One step of the due process. Raises Forbidden, Unknown, Conflict for a step that is not open, ContentChanged."""
    row = await repository.find(uow, principal, finding_id, lock=True)
    await _may(uow, principal, row, body.step)
    if body.step in repository.AS_TOLD and repository.narrowed(row):
        raise Conflict(NARROWED, detail_zh=NARROWED_ZH)
    if body.step is FindingStep.CONFIRM and body.content_hash != row["content_hash"]:
        raise ContentChanged(content_hash=row["content_hash"])
    state = FindingState(row["state"])
    try:
        following = moved(state, body.step, uow.now, row["answer_by"])
    except IllegalStepError as error:
        raise Conflict(str(error)) from error
    answer_by = _deadline(uow.now) if body.step is FindingStep.NOTIFY else row["answer_by"]
    silent = state is FindingState.NOTIFIED and body.step is FindingStep.CONFIRM
    note = body.note + (NO_ANSWER if silent else "")
    ledger: dict[str, Any] = {"answered": not silent} if body.step is FindingStep.CONFIRM else {}
    refused = None
    if following is FindingState.CONFIRMED:
        case, refused = await _downgrade(uow, row, note)
        ledger |= {"downgrade": case} if refused is None else {"downgrade": None, "downgrade_refused": refused["en"]}
    await uow.execute(
        "UPDATE finding SET state = $2, answer_by = $3, changed_at = $4, downgrade_refused = $5 WHERE id = $1",
        finding_id,
        following.value,
        answer_by,
        uow.now,
        None if refused is None else canonical(refused),
    )
    await _note(uow, finding_id, body.step.value, principal, note, body.attachment, row["content_hash"], None)
    await uow.record(
        f"finding.{following.value}",
        row["adcode"],
        finding=finding_id,
        uscc=row["uscc"],
        rule=row["rule"],
        hash=row["content_hash"],
        account=principal.account_id,
        note=note,
        attachment=body.attachment,
        **ledger,
    )
    await uow.tell("finding", row["adcode"])
    return await repository.document(uow, principal, finding_id)


async def _may(uow: UnitOfWork, principal: Principal, row: Any, step: FindingStep) -> None:
    """An enterprise answers for itself; everything else is for officials.

    Nobody confirms what they raised or notified themselves, answered or not: two persons stand behind what proposes a downgrade.
    """
    if step is FindingStep.ANSWER:
        if principal.role is not Role.ENTERPRISE:
            raise Forbidden("Only the enterprise itself can answer.", detail_zh="只有企业本身可以答复。")
        return
    if not principal.may_pursue_findings:
        raise Forbidden(OFFICIALS, detail_zh=OFFICIALS_ZH)
    if step is not FindingStep.CONFIRM:
        return
    if row["raised_by"] == principal.account_id:
        raise Forbidden(
            "You raised this finding yourself; somebody else must confirm it (four eyes).",
            detail_zh="此问题由您录入或上传，须由另一人确认。",
        )
    if await repository.notified_by(uow, row["id"]) == principal.account_id:
        raise Forbidden(
            "You notified the enterprise of this finding yourself; ask another duty officer, commander or inspector of the"
            " region to confirm it (four eyes).",
            detail_zh="此问题由您通知企业，请本辖区另一名值班员、指挥长或检查人员确认。",
        )


def _deadline(now: datetime) -> datetime:
    return now + timedelta(hours=rules().process.answer_hours.value)


async def _downgrade(uow: UnitOfWork, row: Any, note: str) -> tuple[int | None, dict[str, str] | None]:
    """Propose a downgrade: its case, or why none could be proposed; the finding says so and people go on by hand."""
    reason = f"{Rule(row['rule']).zh}：{note}"
    try:
        case = await propose_downgrade(
            uow, uscc=row["uscc"], adcode=row["adcode"], finding_id=row["id"], reason=reason[:2000]
        )
    except (Invalid, Unknown, Conflict) as refused:
        zh = refused.extensions.get("detail_zh") or refused.detail or refused.title_zh
        return None, {"zh": str(zh), "en": refused.detail or refused.title}
    return case, None


async def _note(
    uow: UnitOfWork,
    number: int,
    step: str,
    principal: Principal,
    note: str,
    attachment: str | None,
    content: str,
    proof: dict[str, Any] | None,
) -> None:
    await uow.execute(
        STEP_SQL,
        number,
        step,
        uow.now,
        principal.account_id,
        principal.role.value,
        note,
        attachment,
        content,
        None if proof is None else canonical(proof),
    )
