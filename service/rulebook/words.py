"""Values of the law in words, in Chinese and English. A value of None is not established and has no words here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from alerts.levels import Level
from alerts.notes import CAUSE_WORDS
from alerts.rules import Condition, EarlyStart, LiftRule, Tier
from alerts.trace import condition_en, condition_zh

Pair = tuple[str, str]

POLLUTANT_WORDS: Mapping[str, str] = {
    "pm25": "PM2.5",
    "pm10": "PM10",
    "so2": "SO₂",
    "no2": "NO₂",
    "co": "CO",
    "o3": "O₃",
}
LABELS: Mapping[str, Pair] = {
    "adcode": ("行政区代码", "Division code"),
    "adopt_prompt_hours": ("收到上级提示后的响应时限", "From a superior notice to its adoption"),
    "approvers": ("本系统中的审批角色", "Roles of this service that decide"),
    "signatures": ("本系统中依次签批的角色", "Roles of this service that sign in order"),
    "authorities": ("审批和发布主体", "Who approves and who issues"),
    "authority": ("预警权限", "Who may warn"),
    "base": ("分级标准", "Rule set"),
    "bulletins": ("通报", "Bulletins"),
    "categories": ("空气质量类别", "AQI categories"),
    "conflict": ("与上级提示不一致时", "Own level against a prompt"),
    "daily_report_by": ("日报时限", "Daily report"),
    "day": ("计日方式", "How days are counted"),
    "deadlines": ("时限", "Deadlines"),
    "decision_hours": ("会商到审批", "Consultation to approval"),
    "definition": ("定义", "Definition"),
    "early_start": ("按监测值启动", "Starting on what is measured"),
    "edition": ("版本选用", "Choice of the edition"),
    "excluded_causes": ("不计入分级的成因", "Causes left out"),
    "execution_report_hours": ("执行情况报告", "Report on execution, after the start"),
    "exemption": ("豁免", "Exemption"),
    "feeds": ("多来源预报", "Several forecasts"),
    "forecast": ("预报会商", "Forecasting"),
    "forecast_good_hours": ("旧预报不再计入", "An older issue no longer counts"),
    "formula": ("计算公式", "Formula"),
    "grade_on_range": ("预报为范围时", "A forecast given as a range"),
    "graded": ("参与分级的污染物", "Pollutants that are graded"),
    "health_advice": ("健康提示", "Health advice"),
    "health_prompt_over": ("臭氧健康提示", "Health prompt for ozone"),
    "hospitals_and_events": ("医疗和大型活动", "Hospitals and events"),
    "in_force": ("施行时间", "In force"),
    "incomplete": ("缺项时", "With a pollutant missing"),
    "index_range": ("指数范围", "Range of the index"),
    "industry_floors": ("减排比例下限", "Floors of reduction"),
    "issue_ahead_hours": ("最早提前多久建议", "How early a warning is proposed"),
    "items": ("浓度限值", "Breakpoints"),
    "lead_time_hours": ("提前量", "Lead time"),
    "levels": ("分级条件", "Criteria of the levels"),
    "lift": ("解除条件", "Lifting"),
    "lift_ahead_hours": ("解除可提前公布", "Lifting announced ahead"),
    "lifting_notice_hours": ("解除后公告", "Notice after lifting"),
    "lists": ("应急减排清单", "Emission lists"),
    "lower_after_runs": ("降级", "Lowering"),
    "measures": ("措施", "Measures"),
    "measures_blue": ("蓝色预警措施", "Measures for blue"),
    "measures_from": ("措施何时开始", "When measures begin"),
    "merge_gap_hours": ("过程合并", "Merging of episodes"),
    "met_within_hours": ("研判结论有效", "How long an assessment counts"),
    "number": ("文号", "Document number"),
    "orders": ("调度令", "Orders"),
    "prompt": ("区域预警提示", "Regional prompt"),
    "publish_hours": ("签发到发布", "Signature to the public"),
    "reconsider_hours": ("否决后再次建议", "Proposing again after a rejection"),
    "regional_linkage": ("区域联动", "Regional linkage"),
    "response_report_hours": ("响应情况报告", "Report on the response, after the start"),
    "rounding": ("修约", "Rounding"),
    "so2_hourly": ("二氧化硫小时浓度", "Hourly SO2"),
    "special_cases": ("特殊情形", "Special cases"),
    "structure": ("指挥机构", "Organisation"),
    "summary_hours": ("总结评估", "Evaluation after lifting"),
    "tiers": ("预警之外的措施档", "Steps beside the levels"),
    "title": ("标题", "Title"),
    "validity": ("数据有效性", "Validity of means"),
    "version": ("版本", "Version"),
    "zones": ("分区", "Zones"),
}
"""What a path of a law file is called; the last known part of a path names it."""


def label(path: str) -> Pair:
    """The name of a value or topic: its level or own name after it; the path itself when it is unknown."""
    root, _, rest = path.partition(".")
    if root == "deadlines" and rest in LABELS:
        return LABELS[rest]
    if root not in LABELS:
        return path, path
    zh, en = LABELS[root]
    if not rest:
        return zh, en
    level = next((known for known in Level if known.code == rest), None)
    return (f"{zh} · {level.zh}", f"{en}, {rest}") if level else (f"{zh} · {rest}", f"{en}: {rest}")


def clauses(conditions: Iterable[Condition]) -> list[Pair]:
    """The clauses of a level in their order; the first is `<level>.any[0]`."""
    return [(condition_zh(one), condition_en(one)) for one in conditions]


def tier_conditions(tier: Tier) -> list[Pair]:
    """The conditions of a tier, and on what it starts."""
    said = clauses(tier.any)
    if tier.below_warning:
        said.append(("仅在未达到预警级别时", "only where no level is reached"))
    said.append(
        ("须由上级部门下达指令", "only when the superior authority orders it")
        if tier.on == "superior_order"
        else ("由当地决定是否实施", "the place may decide on it")
    )
    return said


def _causes(value: Iterable[str]) -> Pair:
    words = [CAUSE_WORDS[cause] for cause in value]
    return "、".join(zh for zh, _ in words) or "无", ", ".join(en for _, en in words) or "none"


def _lift(rule: LiftRule) -> Pair:
    return (
        f"小时AQI不大于{rule.at_most}，且预测持续{rule.forecast_hours}小时",
        f"hourly AQI at most {rule.at_most} now and for the next {rule.forecast_hours} h",
    )


def _early(rule: EarlyStart) -> Pair:
    return (
        f"监测小时AQI大于{rule.over}且未来{rule.hours}小时无明显改善的，尽快启动",
        f"measured hourly AQI above {rule.over} and no improvement within {rule.hours} h: start as soon as possible",
    )


def _hours(value: int) -> Pair:
    return f"{value} 小时", f"{value} h"


def _within(value: int) -> Pair:
    return f"{value} 小时内", f"within {value} h"


_CHOICES: Mapping[str, Mapping[str, Pair]] = {
    "day": {
        "rolling": ("连续24小时，可跨自然日", "rolling 24 h, across midnight"),
        "natural": ("自然日，须连续", "natural days that follow each other"),
    },
    "conflict": {"higher": ("从高", "the higher counts")},
    "feeds": {
        "highest": (
            "各来源分别研判，级别从高，相同时取最新",
            "each is assessed, the highest level counts, of equal ones the newest",
        ),
        "latest": ("以最新发布的预报为准", "the newest issue counts"),
    },
    "grade_on_range": {
        "lower": ("按预报下限分级", "graded on the lower value"),
        "middle": ("按预报中值分级", "graded on the middle value"),
        "upper": ("按预报上限分级", "graded on the upper value"),
    },
    "measures_from": {
        "start": ("随响应开始", "with the response"),
        "next_midnight": ("次日0时起", "from the next 00:00"),
    },
}
_WRITTEN: Mapping[str, Callable[[Any], Pair]] = {
    "excluded_causes": _causes,
    "lift": _lift,
    "early_start": _early,
    "graded": lambda value: ("、".join(names := [POLLUTANT_WORDS[one] for one in value]), ", ".join(names)),
    "merge_gap_hours": lambda value: (
        ("不合并，须连续", "none; the days must follow each other")
        if value is None
        else (f"间隔不足 {value} 小时的两段按一次过程累计", f"over gaps shorter than {value} h durations add up")
    ),
    "health_prompt_over": lambda value: (
        f"臭氧为首且AQI大于{value}时作健康提示",
        f"a health prompt when ozone leads a block above AQI {value}",
    ),
    "lead_time_hours": lambda value: (f"提前 {value} 小时", f"{value} h ahead"),
    "lift_ahead_hours": lambda value: (f"至多提前 {value} 小时公布", f"at most {value} h ahead"),
    "lower_after_runs": lambda value: (
        f"连续 {value} 次预报均较低才建议降级",
        f"a lower level is proposed when {value} runs agree",
    ),
    "daily_report_by": lambda value: (f"每日 {value} 时前报前一日", f"by {value}:00 for the day before"),
    "decision_hours": _within,
    "publish_hours": _within,
    "adopt_prompt_hours": _within,
    "response_report_hours": _within,
    "execution_report_hours": _within,
    "summary_hours": _within,
    "lifting_notice_hours": _within,
    "reconsider_hours": lambda value: (f"{value} 小时后", f"after {value} h"),
    "issue_ahead_hours": _hours,
    "met_within_hours": _hours,
    "forecast_good_hours": lambda value: (
        f"早于最新一次 {value} 小时以上",
        f"more than {value} h older than the newest",
    ),
}
ALWAYS_STATED = frozenset({"merge_gap_hours"})
"""Values for which None says something."""


def written(name: str, value: Any) -> list[Pair]:
    """A value in words, line by line; empty when it is not established."""
    if value is None and name not in ALWAYS_STATED:
        return []
    if name in _CHOICES:
        return [_CHOICES[name][value]]
    return [_WRITTEN[name](value)]
