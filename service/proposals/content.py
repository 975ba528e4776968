"""The frozen content of a proposal: exactly what will be announced and ordered, and its hash."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from alerts.levels import Level

ACTION_ZH = {
    "issue": "发布",
    "raise": "升级",
    "lower": "降级",
    "extend": "延长",
    "lift": "解除",
    "revoke": "撤销",
}
ACTION_EN = {
    "issue": "issue",
    "raise": "raise",
    "lower": "lower",
    "extend": "extend",
    "lift": "lift",
    "revoke": "revoke",
}


def instant_zh(instant: datetime) -> str:
    """12月16日20:00 (Beijing time)."""
    return f"{instant.month}月{instant.day}日{instant:%H:%M}"


def _from_zh(instant: datetime | None) -> str:
    return "自发布时起" if instant is None else f"自{instant_zh(instant)}起"


def _until_zh(instant: datetime | None, fixed: bool) -> str:
    if instant is None:
        return "，解除时间另行通知"
    return f"至{instant_zh(instant)}" if fixed else f"，预计至{instant_zh(instant)}，解除时间另行通知"


def headline_zh(place: str, action: str, from_level: Level, to_level: Level) -> str:
    """The title of the notice in the usual form (关于……的通知)."""
    if action == "issue":
        return f"{place}发布重污染天气{to_level.zh}预警，启动{to_level.response}应急响应"
    if action in {"raise", "lower"}:
        verb = "升级" if action == "raise" else "调整"
        return f"{place}将重污染天气预警由{from_level.zh}{verb}为{to_level.zh}，执行{to_level.response}应急响应"
    if action == "extend":
        return f"{place}延长重污染天气{to_level.zh}预警和{to_level.response}应急响应"
    verb = "撤销" if action == "revoke" else "解除"
    return f"{place}{verb}重污染天气{from_level.zh}预警，终止{from_level.response}应急响应"


def headline_en(place: str, action: str, from_level: Level, to_level: Level) -> str:
    """The same in English."""
    if action in {"raise", "lower"}:
        return f"{place}: heavy-pollution warning changed from {from_level.code} to {to_level.code}"
    if action in {"lift", "revoke"}:
        return f"{place}: {from_level.code} heavy-pollution warning {'lifted' if action == 'lift' else 'revoked'}"
    return f"{place}: {to_level.code} heavy-pollution warning {'extended' if action == 'extend' else 'issued'}"


def body_zh(
    place: str,
    action: str,
    from_level: Level,
    to_level: Level,
    effective_at: datetime | None,
    planned_end: datetime | None,
    fixed_end: bool,
    why: str,
) -> str:
    """The notice text: basis, decision, times (Emergency Response Law art. 64, 72)."""
    if action in {"lift", "revoke"}:
        when = "自发布时起" if effective_at is None else f"自{instant_zh(effective_at)}起"
        return f"{why}{when}，{place}解除重污染天气{from_level.zh}预警，终止{from_level.response}应急响应。"
    return (
        f"{why}{_from_zh(effective_at)}{_until_zh(planned_end, fixed_end)}，{place}执行重污染天气{to_level.zh}预警（{to_level.response}应急响应）。"
        "请各有关单位和企业按应急减排清单落实相应措施。"
    )


def content(
    *,
    adcode: str,
    place: str,
    action: str,
    from_level: Level,
    to_level: Level,
    reason: str,
    effective_at: datetime | None,
    planned_end: datetime | None,
    why_zh: str,
    why_en: str,
    rules: str,
    plan: str,
    flags: tuple[str, ...],
    list_version: int | None,
    legal_basis: str | None = None,
    fixed_end: bool = False,
) -> dict[str, Any]:
    """Everything a decision binds to. Changed content has another hash and needs another decision.

    `planned_end` is the expected end that art. 72 asks to state; only with `fixed_end` does the warning lapse there by itself.
    """
    return {
        "adcode": adcode,
        "place": place,
        "action": action,
        "from": from_level.code,
        "to": to_level.code,
        "reason": reason,
        "effective_at": effective_at,
        "planned_end": planned_end,
        "fixed_end": fixed_end,
        "rules": rules,
        "plan": plan,
        "flags": list(flags),
        "list_version": list_version,
        "legal_basis": legal_basis,
        "notice": {
            "zh": {
                "headline": headline_zh(place, action, from_level, to_level),
                "text": body_zh(place, action, from_level, to_level, effective_at, planned_end, fixed_end, why_zh),
            },
            "en": {"headline": headline_en(place, action, from_level, to_level), "text": why_en},
        },
    }
