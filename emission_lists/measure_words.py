"""A measure in words, Chinese and English. What is not known is said; it never reads as nothing to do."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from emission_lists.measure_kinds import LOAD_BASES, Action, Basis, StopMode, number, percent

if TYPE_CHECKING:
    from emission_lists.measures import Measure


@lru_cache(maxsize=16_384)
def zh(measure: Measure) -> str:
    """The clause without its subject: 停产 50 %（含以上）；120 小时后：限产 30 %."""
    stages = [f"{number(later.after_hours)} 小时后：{zh(later.measure)}" for later in measure.later]
    return "；".join([_stage_zh(measure), *stages])


@lru_cache(maxsize=16_384)
def en(measure: Measure) -> str:
    stages = [f"after {number(later.after_hours)} h: {en(later.measure)}" for later in measure.later]
    return "; ".join([_stage_en(measure), *stages])


def _stage_zh(measure: Measure) -> str:
    if measure.action is Action.UNKNOWN:
        return "措施尚未确定：请联系主管部门"
    bans = [ban.zh for ban in (measure.vehicle_rule, measure.non_road_ban) if ban is not None]
    if measure.action is Action.TRANSPORT:
        text, bans = "，".join(bans) or "运输管控", []
    else:
        stop = measure.stop_mode or StopMode.COLD
        word = stop.zh if measure.action is Action.STOP else _ZH.get(measure.action, measure.action.zh)
        text = f"{word}{_quantity_zh(measure)}"
    details = "，".join(_details_zh(measure))
    return "，".join([f"{text}（{details}）" if details else text, *bans])


def _stage_en(measure: Measure) -> str:
    if measure.action is Action.UNKNOWN:
        return "not established: ask the authority"
    bans = [ban.en for ban in (measure.vehicle_rule, measure.non_road_ban) if ban is not None]
    if measure.action is Action.TRANSPORT:
        text, bans = ", ".join(bans) or "transport control", []
    else:
        stop = measure.stop_mode or StopMode.COLD
        word = stop.en if measure.action is Action.STOP else _EN.get(measure.action, measure.action.en)
        text = f"{word}{_quantity_en(measure)}"
    details = ", ".join(_details_en(measure))
    return ", ".join([f"{text} ({details})" if details else text, *bans])


_ZH = {Action.SELF_DETERMINED: "自主减排", Action.NONE: "不采取减排措施"}
_EN = {Action.SELF_DETERMINED: "the enterprise decides its own reduction", Action.NONE: "no reduction measure"}


def _quantity_zh(measure: Measure) -> str:
    if measure.action is Action.LIMIT:
        return "" if measure.ratio is None else f" {percent(measure.ratio)}{'（含）以上' if measure.at_least else ''}"
    stopped, total = measure.units_to_stop, measure.total_units
    if stopped is None or total is None or stopped == total:
        partial = measure.ratio is not None and measure.ratio < 1 and stopped is None
        return f" {percent(measure.ratio or 0)}{'（含）以上' if measure.at_least else ''}" if partial else ""
    unit = measure.count_unit.zh if measure.count_unit else "台（套）"
    return f" {stopped}/{total}（按{unit}计{'，含以上' if measure.at_least else ''}）"


def _quantity_en(measure: Measure) -> str:
    floor = "at least " if measure.at_least else ""
    if measure.action is Action.LIMIT:
        return "" if measure.ratio is None else f" output by {floor}{percent(measure.ratio)}"
    stopped, total = measure.units_to_stop, measure.total_units
    if stopped is None or total is None or stopped == total:
        partial = measure.ratio is not None and measure.ratio < 1 and stopped is None
        return f" {floor}{percent(measure.ratio or 0)}" if partial else ""
    unit = measure.count_unit.en if measure.count_unit else "unit"
    return f" {floor}{stopped} of {total} (counted by {unit})"


def _details_zh(measure: Measure) -> list[str]:
    parts: list[str] = []
    if not measure.share_stated:
        parts.append("数量未载明：请联系主管部门")
    if measure.keep_running is not None:
        parts.append(f"保留 {measure.keep_running} 条（台）运行，其余停产")
    if measure.coking_hours is not None:
        parts.append(f"出焦时间延长至 {number(measure.coking_hours)} 小时")
    if measure.cycle is not None:
        parts.append(f"停 {number(measure.cycle.off_hours)} 小时、开 {number(measure.cycle.on_hours)} 小时为周期")
    if measure.heats_per_day is not None:
        parts.append(f"每座炉每日 ≤ {measure.heats_per_day} 炉")
    if measure.load_cap is not None:
        parts.append(measure.load_cap.render_zh())
    if measure.action is Action.LIMIT and measure.basis not in (None, Basis.NOT_STATED):
        by_itself = measure.ratio is None and measure.basis in LOAD_BASES
        parts.append(_LOAD_ZH[measure.basis] if by_itself else f"基准：{measure.basis.zh}")
    if measure.window is not None:
        parts.append(f"时段 {measure.window}")
    if measure.complete_within_hours is not None:
        parts.append(f"{number(measure.complete_within_hours)} 小时内落实到位")
    return parts


def _details_en(measure: Measure) -> list[str]:
    parts: list[str] = []
    if not measure.share_stated:
        parts.append("how much is not stated: ask the authority")
    if measure.keep_running is not None:
        parts.append(f"{measure.keep_running} may run, all others stop")
    if measure.coking_hours is not None:
        parts.append(f"coking time at least {number(measure.coking_hours)} h")
    if measure.cycle is not None:
        parts.append(f"{number(measure.cycle.off_hours)} h off, {number(measure.cycle.on_hours)} h on, in turns")
    if measure.heats_per_day is not None:
        parts.append(f"≤ {measure.heats_per_day} heats a day for each furnace")
    if measure.load_cap is not None:
        parts.append(measure.load_cap.render_en())
    if measure.action is Action.LIMIT and measure.basis not in (None, Basis.NOT_STATED):
        by_itself = measure.ratio is None and measure.basis in LOAD_BASES
        parts.append(_LOAD_EN[measure.basis] if by_itself else f"counted from: {measure.basis.en}")
    if measure.window is not None:
        parts.append(f"between {measure.window}")
    if measure.complete_within_hours is not None:
        parts.append(f"done within {number(measure.complete_within_hours)} h")
    return parts


_LOAD_ZH = {
    Basis.LOWEST_DAILY_LOAD: "不超过上一年最低日生产负荷",
    Basis.HEAT_SUPPLY: "以热定产",
    Basis.ORDERED_QUANTITY: "以量定产",
    Basis.PRODUCTION_PLAN: "按调整后的生产计划",
}
_LOAD_EN = {
    Basis.LOWEST_DAILY_LOAD: "no more than the lowest daily load of last year",
    Basis.HEAT_SUPPLY: "no more than the heat that is needed",
    Basis.ORDERED_QUANTITY: "no more than the quantity that is ordered",
    Basis.PRODUCTION_PLAN: "by the reduced production plan",
}
