"""The reasons of the board in words, Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.guard import GROUNDS, Ground
from alerts.region_board import Line, Why
from service.accounts.roles import ROLE_ZH, Role
from service.kit.clock import SHANGHAI

WORDS: Mapping[Why, tuple[str, str]] = {
    Why.EXPIRED: ("建议逾期未审批，已失效，待下一次研判重新提出", "the proposal expired undecided; the next assessment proposes anew"),
    Why.REJECTED: ("已驳回{ground}{said}", "rejected{ground}{said}"),
    Why.WITHDRAWN: ("建议已撤回{said}", "the proposal was withdrawn{said}"),
    Why.WAITING: ("等待{roles}审批{signed}，截止{deadline}", "waiting for {roles}{signed}, due {deadline}"),
    Why.CLOSING: ("现有预警已决定解除，结束后再研判", "the end of the present warning is decided; assessed when it is over"),
    Why.TOO_FAR: ("启动时间尚远，先观察不提出", "the start is far ahead: watched, not proposed yet"),
    Why.UNASSESSED: ("尚未研判", "not assessed yet"),
    Why.NO_PROPOSAL: ("无可提出的事项", "there is nothing to propose"),
    Why.OVER: ("已启动，现已结束", "was in force and is over"),
    Why.NO_LIST: ("已启动，但没有生效的减排清单", "started without an emission list in force"),
    Why.STARTS_LATER: ("已发布，晚于统一时间启动", "announced, starts later than the common start"),
    Why.STARTED_LATER: ("已启动，晚于统一时间", "started later than the common start"),
    Why.IN_STEP: ("与区域同步", "in step with the region"),
    Why.SUPERSEDED: ("已被新的提示替代", "replaced by a newer prompt"),
    Why.NOT_KNOWN: ("尚未对外发布", "nothing is announced yet"),
    Why.LIFT_MISSING: (
        "缺{missing}小时数据，不能判定解除，未提出建议",
        "{missing} h of data are missing, lifting cannot be judged: nothing is proposed",
    ),
    Why.LIFT_HEAVY: (
        "解除窗口内仍有{heavy}小时AQI高于{line}（最高{worst}），未提出建议",
        "{heavy} h of the window are still above AQI {line} (up to {worst}): nothing is proposed",
    ),
    Why.LIFT_NO_RULE: ("预案未规定解除条件，须人工依据指令办理", "no text sets a lifting test here: by hand, on an order"),
    Why.LIFT_UNCHECKED: ("尚未核对解除条件", "the lifting test has not been made yet"),
    Why.LIFT_TOO_FAR: ("解除时间尚远，届时再核对", "the hour of lifting is far ahead and is tested then"),
    Why.LIFT_DECIDED: ("已决定解除，尚未到时间", "the lifting is decided and not due yet"),
    Why.LIFTED: ("已解除", "lifted"),
    Why.NOTHING_IN_FORCE: ("没有生效的预警", "no warning is in force"),
}


def reason(line: Line, checked: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The reason of a line: its code and one phrase in each language. `checked`: the numbers of a lift check."""
    zh, en = WORDS[line.why]
    given = {**(checked or {}), **line.facts}
    return {
        "code": line.why.value,
        "zh": zh.format_map(_values(given, "zh")),
        "en": en.format_map(_values(given, "en")),
    }


def _values(given: Mapping[str, Any], language: str) -> dict[str, str]:
    chinese = language == "zh"
    values = {name: str(given.get(name, "")) for name in ("missing", "heavy", "worst", "line")}
    values["roles"] = _roles(given.get("roles") or (), chinese)
    values["deadline"] = _instant(given.get("deadline"), chinese)
    signed, of = given.get("signed", 0), given.get("of", 1)
    values["signed"] = "" if of < 2 else f"（已签{signed}/{of}）" if chinese else f" ({signed} of {of} signed)"
    values["ground"] = _ground(given.get("ground"), chinese)
    said = given.get("said")
    values["said"] = "" if not said else f"：{said}" if chinese else f": {said}"
    return values


def _roles(roles: tuple[str, ...], chinese: bool) -> str:
    if chinese:
        return "或".join(ROLE_ZH[Role(role)] for role in roles) or "（预案未规定）"
    return " or ".join(role.replace("_", " ") for role in roles) or "nobody (the plan names none)"


def _ground(code: str | None, chinese: bool) -> str:
    if code is None:
        return ""
    words = GROUNDS[Ground(code)].words
    return f"（{words.zh}）" if chinese else f" ({words.en})"


def _instant(value: datetime | None, chinese: bool) -> str:
    if value is None:
        return ""
    local = value.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日{local:%H:%M}" if chinese else f"{local:%Y-%m-%d %H:%M}"
