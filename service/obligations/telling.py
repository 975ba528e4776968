"""What people are told about something owed."""

from __future__ import annotations

from typing import Any

from service.accounts.roles import Role
from service.kit.unit_of_work import UnitOfWork, beijing
from service.people.flows import notify

NAMES: dict[str, tuple[str, str]] = {
    "adopt_prompt": ("响应上级预警提示", "adopt the superior notice"),
    "publish": ("对外发布", "publish"),
    "response_report": ("报响应情况", "report the start of the response"),
    "execution_report": ("报执行情况", "report the execution"),
    "daily_report": ("报送日报", "daily report"),
    "summary": ("报送总结评估", "summary after the response"),
    "lifting_notice": ("公告解除", "announce the lifting"),
}
STAGES = {
    "half": ("时限过半", "half the time is over"),
    "due": ("已到期未完成", "due and not done"),
}


async def tell(uow: UnitOfWork, row: Any, rung: int, at: str | int, roles: list[Role]) -> None:
    """Tell the roles of a rung that something is not done yet."""
    due = beijing(row["due_at"])
    assert due is not None
    place = uow.runtime.place(row["adcode"])
    zh, en = NAMES[row["kind"]]
    day = "" if row["day"] is None else f" {row['day']}"
    stage_zh, stage_en = STAGES.get(str(at), (f"逾期 {at} 小时，升级", f"{at} h overdue, escalated"))
    await notify(
        uow,
        adcode=row["adcode"],
        roles=roles,
        kind="escalation" if isinstance(at, int) else "obligation",
        reason=f"obligation:{row['id']}:{rung}",
        zh=(f"{place} {zh}{day}：{stage_zh}", f"应于 {due:%Y-%m-%d %H:%M} 前完成。依据：{row['basis']}"),
        en=(f"{place}, {en}{day}: {stage_en}", f"To be done before {due:%Y-%m-%d %H:%M}. Source: {row['basis']}"),
        link=f"/duties/{row['id']}",
        urgent=at != "half",
    )
