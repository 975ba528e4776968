"""What can be proposed, why, and the sentence that says so in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from alerts.levels import Level


class Action(StrEnum):
    """What is proposed."""

    ISSUE = "issue"
    RAISE = "raise"
    LOWER = "lower"
    EXTEND = "extend"
    ADVANCE = "advance"
    LIFT = "lift"
    HOLD = "hold"
    NONE = "none"


class Reason(StrEnum):
    """Why; stored with every step of a warning."""

    CRITERIA_MET = "criteria_met"
    LEVEL_RAISED = "level_raised"
    LEVEL_LOWERED = "level_lowered"
    PROLONGED = "prolonged"
    IMPROVED = "improved"
    REGIONAL_PROMPT = "regional_prompt"
    UPPER_ORDER = "upper_order"
    ISSUED_IN_ERROR = "issued_in_error"
    NO_CHANGE = "no_change"


_WORDS: dict[Action, tuple[str, str]] = {
    Action.ISSUE: ("建议发布{to}预警", "Propose to issue the {to_en} warning"),
    Action.RAISE: ("建议将{from_}预警升级为{to}", "Propose to raise {from_en} to {to_en}"),
    Action.LOWER: ("建议将{from_}预警降级为{to}", "Propose to lower {from_en} to {to_en}"),
    Action.EXTEND: ("建议延长{from_}预警", "Propose to extend the {from_en} warning"),
    Action.ADVANCE: ("建议提前启动{from_}预警", "Propose to bring the start of the {from_en} warning forward"),
    Action.LIFT: ("建议解除{from_}预警", "Propose to lift the {from_en} warning"),
    Action.HOLD: ("建议维持{from_}预警", "Propose to keep the {from_en} warning"),
    Action.NONE: ("无需启动预警", "Nothing to propose"),
}
_FLAG_WORDS: dict[str, tuple[str, str]] = {
    "insufficient": (
        "数据不足，级别为可证明的最高级别",
        "data are missing, the level is the best provable one",
    ),
    "lead_short": ("提前量不足，应立即办理", "the lead time falls short, act at once"),
    "second_episode": (
        "其后预计再次污染，请准备新的预警",
        "heavy air is forecast again, prepare a new warning",
    ),
    "range": ("预报范围内级别不一，请会商", "the levels differ within the forecast's range, consult"),
    "fireworks": (
        "受烟花爆竹影响，请会商，避免企业停产（2023年征求意见稿，正式文本未确认）",
        "fireworks contribute: consult and avoid stopping production (draft of 2023, not confirmed in the final text)",
    ),
    "observed_heavy": (
        "监测已达重度且短时无明显改善，应尽快启动",
        "the air is heavy already and will not improve soon, start as soon as possible",
    ),
    "same_level": (
        "与同省（区）联动城市原则上同级（2023-2024年攻坚方案征求意见稿，是否采用由审批决定）",
        "the level of the linked cities of its province or zone, in principle; whether to follow is for the decision",
    ),
    "common_start": (
        "启动时间随区域统一时间（较高级别随统一时间启动为系统取法，未确立，由审批决定）",
        "from the common start of the region (that a higher level begins then too is a choice, not established)",
    ),
    "fluctuating": ("近几次预报级别波动，从高执行", "recent runs disagree, the higher level stays"),
}


def sentences(
    action: Action,
    from_level: Level,
    to_level: Level,
    reason: Reason,
    effective_at: datetime | None,
    planned_end: datetime | None,
    flags: Sequence[str],
) -> tuple[str, str]:
    """The proposal as one sentence each in Chinese and English; instants in Beijing time."""
    words = {"from_": from_level.zh, "to": to_level.zh, "from_en": from_level.code, "to_en": to_level.code}
    zh, en = (text.format(**words) for text in _WORDS[action])
    if reason is Reason.REGIONAL_PROMPT:
        zh, en = f"按区域预警提示，{zh}", f"{en} on the regional prompt"
    if action not in (Action.NONE, Action.HOLD):
        zh += f"，自{effective_at:%Y-%m-%d %H:%M}起" if effective_at else "，自批准时起"
        en += f" from {effective_at:%Y-%m-%d %H:%M}" if effective_at else " on decision"
    if action in (Action.ISSUE, Action.RAISE, Action.LOWER, Action.EXTEND, Action.ADVANCE):
        zh += f"，预计至{planned_end:%Y-%m-%d %H:%M}" if planned_end else "，解除时间另行通知"
        en += f", expected until {planned_end:%Y-%m-%d %H:%M}" if planned_end else ", open-ended"
    noted = [_FLAG_WORDS[flag] for flag in flags if flag in _FLAG_WORDS]
    return (
        "；".join([zh, *(zh for zh, _ in noted)]) + "。",
        "; ".join([en, *(en for _, en in noted)]) + ".",
    )
