"""The frozen content of a proposal: exactly what will be announced and ordered, and its hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.assessment import Assessment
from alerts.levels import Level
from alerts.plans import later_starts
from alerts.proposal import Step
from alerts.proposal_words import Reason

ENDING = frozenset({"lift", "revoke"})
STARTING = frozenset({"issue", "raise", "advance"})
HOLD = "hold"
"""The decision that nothing changes (无变化): on record, never announced."""


@dataclass(frozen=True)
class Change:
    """What changes in one division. `effective_at` None: with the decision. `measures_from`: as the plan has it."""

    adcode: str
    place: str
    action: str
    from_level: Level
    to_level: Level
    reason: str
    effective_at: datetime | None = None
    planned_end: datetime | None = None
    fixed_end: bool = False
    measures_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def later_measures(self) -> Mapping[str, str]:
        """The categories whose measures the plan lets begin at the next 00:00; none where nothing starts."""
        starts = self.action in STARTING
        return {category: rule for category, rule in self.measures_from.items() if starts and rule != "start"}


def basis_of(step: Step, assessment: Assessment) -> tuple[str, str]:
    """The basis that a notice states, in Chinese and English: the clause met, the prompt followed, or the improvement."""
    if step.reason is Reason.REGIONAL_PROMPT:
        return "根据区域预警提示，统一启动应急响应。", "On the regional prompt, in step with the region."
    if step.reason is Reason.IMPROVED:
        return (
            "经会商研判，空气质量已改善或即将改善到预警条件以下并将持续。",
            "Air quality has improved below the warning criteria, or is about to, and will stay so.",
        )
    return assessment.trace.basis_zh, assessment.trace.basis_en


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
    if action == "advance":
        return f"{place}提前启动重污染天气{to_level.zh}预警和{to_level.response}应急响应"
    if action == HOLD:
        return f"{place}{_unchanged_zh(to_level)}"
    verb = "撤销" if action == "revoke" else "解除"
    return f"{place}{verb}重污染天气{from_level.zh}预警，终止{from_level.response}应急响应"


def headline_en(place: str, action: str, from_level: Level, to_level: Level) -> str:
    """The same in English."""
    if action == HOLD:
        return f"{place}: no change, {_unchanged_en(to_level)}"
    if action in {"raise", "lower"}:
        return f"{place}: heavy-pollution warning changed from {from_level.code} to {to_level.code}"
    if action in {"lift", "revoke"}:
        return f"{place}: {from_level.code} heavy-pollution warning {'lifted' if action == 'lift' else 'revoked'}"
    done = {"extend": "extended", "advance": "brought forward"}.get(action, "issued")
    return f"{place}: {to_level.code} heavy-pollution warning {done}"


def _unchanged_zh(level: Level) -> str:
    return f"维持重污染天气{level.zh}预警和{level.response}应急响应" if level else "不启动重污染天气预警"


def _unchanged_en(level: Level) -> str:
    return f"the {level.code} warning stays" if level else "no warning is issued"


def body_zh(change: Change, why: str) -> str:
    """The notice text: basis, decision, times (Emergency Response Law art. 64, 72)."""
    if change.action == HOLD:
        return f"{why}{change.place}{_unchanged_zh(change.to_level)}，不作调整。"
    start = _from_zh(change.effective_at)
    if change.action in ENDING:
        verb = "撤销" if change.action == "revoke" else "解除"
        level = change.from_level
        return f"{why}{start}，{change.place}{verb}重污染天气{level.zh}预警，终止{level.response}应急响应。"
    level = change.to_level
    told = "启动时间提前，" if change.action == "advance" else ""
    return (
        f"{why}{told}{start}{_until_zh(change.planned_end, change.fixed_end)}，"
        f"{change.place}执行重污染天气{level.zh}预警（{level.response}应急响应）。"
        f"请各有关单位和企业按应急减排清单落实相应措施。{_later_zh(change)}"
    )


def _later_zh(change: Change) -> str:
    """From when the measures that do not begin with the response begin."""
    named = "、".join(category.rpartition("·")[2] for category in change.later_measures)
    if not named:
        return ""
    if change.effective_at is None:
        return f"其中{named}措施自发布后的次日00:00起执行。"
    starts = later_starts(change.later_measures, change.effective_at)
    return f"其中{named}措施自{instant_zh(min(starts.values()))}起执行。" if starts else ""


def _later_en(change: Change) -> str:
    if not change.later_measures:
        return ""
    if change.effective_at is None:
        return " What the plan lets begin later begins at the next 00:00."
    starts = later_starts(change.later_measures, change.effective_at)
    return f" What the plan lets begin later begins at {min(starts.values()):%Y-%m-%d %H:%M}." if starts else ""


def body_en(change: Change, why: str) -> str:
    """The same in English."""
    if change.action == HOLD:
        return f"{why} In {change.place} {_unchanged_en(change.to_level)}."
    start = "From the announcement" if change.effective_at is None else f"From {change.effective_at:%Y-%m-%d %H:%M}"
    if change.action in ENDING:
        return f"{why} {start} the {change.from_level.code} warning of {change.place} is over."
    end = ""
    if change.planned_end is not None:
        end = f" until {change.planned_end:%Y-%m-%d %H:%M}" + ("" if change.fixed_end else " (expected)")
    told = " The start is brought forward." if change.action == "advance" else ""
    return (
        f"{why}{told} {start}{end} the {change.to_level.code} warning holds in {change.place}. "
        f"Listed enterprises follow the emission list.{_later_en(change)}"
    )


def content(
    change: Change,
    *,
    why: tuple[str, str],
    rules: str,
    plan: str,
    flags: tuple[str, ...],
    list_version: int | None,
    legal_basis: str | None = None,
    deviation: dict[str, str | None] | None = None,
) -> dict[str, Any]:
    """Everything a decision binds to. Changed content has another hash and needs another decision.

    `why` is the basis in Chinese and English; `planned_end` the expected end that art. 72 asks to state: only with
    `fixed_end` does the warning lapse there by itself. `deviation` stands in it only when it departs from the assessment:
    kind, ground, and the level that the assessment calls for.
    """
    named = (change.place, change.action, change.from_level, change.to_level)
    frozen: dict[str, Any] = {
        "adcode": change.adcode,
        "place": change.place,
        "action": change.action,
        "from": change.from_level.code,
        "to": change.to_level.code,
        "reason": change.reason,
        "effective_at": change.effective_at,
        "planned_end": change.planned_end,
        "fixed_end": change.fixed_end,
        "rules": rules,
        "plan": plan,
        "flags": list(flags),
        "list_version": list_version,
        "legal_basis": legal_basis,
        "notice": {
            "zh": {"headline": headline_zh(*named), "text": body_zh(change, why[0])},
            "en": {"headline": headline_en(*named), "text": body_en(change, why[1])},
        },
    }
    if change.later_measures:
        frozen["measures_from"] = dict(change.later_measures)
    return frozen if deviation is None else frozen | {"deviation": deviation}


def called_for(frozen: dict[str, Any]) -> Level:
    """The level that the assessment called for when this departed from it; NONE when it does not, or none was known."""
    deviation = frozen.get("deviation") or {}
    return Level.of(deviation.get("called_for") or "none")
