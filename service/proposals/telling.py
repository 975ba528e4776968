"""What people of the command are told about a proposal: whose turn it is, until when, and what became of it."""

from __future__ import annotations

import json
from typing import Any

from alerts.approval import Chain, Position
from service.accounts.roles import Role
from service.kit.unit_of_work import UnitOfWork, beijing
from service.people.flows import notify
from service.proposals.content import instant_zh

TURN = {
    "proposal": ("待签批", "To sign"),
    "escalation": ("逾期升级，待签批", "Nobody signed in time, now yours to sign"),
    "reminder": ("签批提醒", "Reminder to sign"),
}
CLOSED = {
    "expired": (
        "建议逾期",
        "逾期无人签批，已失效，未发布任何内容。",
        "A proposal expired",
        "Nobody signed in time; nothing was published.",
    ),
    "superseded": (
        "签批作废",
        "内容已变更，由新的建议替代；已有签名不计入新内容，须重新签批。",
        "Signatures do not count any more",
        "The content changed and another proposal replaces it; signatures given so far do not count for it.",
    ),
    "withdrawn": ("建议已撤回", "提出人已撤回，不再签批。", "A proposal was withdrawn", "Its proposer withdrew it."),
    "rejected": (
        "建议被驳回",
        "后一签批人驳回，一切不变。",
        "A proposal was rejected",
        "A later signer rejected it; nothing changes.",
    ),
}
"""Title and sentence of what closed a proposal, in Chinese and English."""


async def tell_turn(
    uow: UnitOfWork, proposal: Any, chain: Chain, position: Position, kind: str, mark: str = ""
) -> None:
    """Tell those who may sign now. `kind`: proposal (their turn), escalation or reminder; `mark` tells reminders apart."""
    until = beijing(position.until)
    assert until is not None
    notice = json.loads(proposal["content"])["notice"]
    step, of = position.step + 1, len(chain.steps)
    head_zh, head_en = TURN[kind]
    await notify(
        uow,
        adcode=proposal["adcode"],
        roles=chain.steps[position.step].may_sign(position.escalations),
        kind=kind,
        reason=f"{kind}:proposal:{proposal['id']}:{position.step}:{position.escalations}{mark}",
        zh=(
            f"{head_zh}：{notice['zh']['headline']}",
            f"第 {step} 签，共 {of} 签；请在 {instant_zh(until)} 前签批或驳回。",
        ),
        en=(
            f"{head_en}: {notice['en']['headline']}",
            f"Signature {step} of {of}; sign or reject before {until:%Y-%m-%d %H:%M}.",
        ),
        link=f"/proposals/{proposal['id']}",
        urgent=True,
    )


async def tell_closed(uow: UnitOfWork, proposal: Any, how: str, roles: list[str]) -> None:
    """Tell those whom the chain had reached how the proposal ended; nobody when it had reached no one."""
    if not roles:
        return
    notice = json.loads(proposal["content"])["notice"]
    title_zh, text_zh, title_en, text_en = CLOSED[how]
    await notify(
        uow,
        adcode=proposal["adcode"],
        roles=sorted(Role(role) for role in set(roles)),
        kind="escalation" if how == "expired" else "proposal",
        reason=f"{how}:proposal:{proposal['id']}",
        zh=(f"{title_zh}：{notice['zh']['headline']}", text_zh),
        en=(f"{title_en}: {notice['en']['headline']}", text_en),
        link=f"/proposals/{proposal['id']}",
        urgent=how == "expired",
    )
