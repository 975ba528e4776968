"""What the measures mean, in both languages. docs/skill.md says it at length."""

from __future__ import annotations

BASES = {
    "forecast": ("当时发布的预报", "forecasts as issued at the time"),
    "perfect": (
        "完美预报：由事后实测重建，不是当时的预报，不能说明任何预报水平",
        "perfect forecasts, rebuilt from later observations; not those of the time, and no evidence of skill",
    ),
    "persistence": (
        "持续性预报：假定前一日的空气质量照旧，由实测重建，不是当时的预报",
        "persistence forecasts, the last day goes on, rebuilt from observations; not those of the time",
    ),
}
DEFINITIONS: dict[str, tuple[str, str]] = {
    "lead_day": (
        "预报时效：第1天为发布日之后的自然日（北京时间）；一日多次发布的，取当日最后一次（选择）；预报未完整覆盖的自然日不计。",
        "Lead day 1 is the natural day (Beijing time) after the day of issue. Of several issues a day the last counts"
        " (choice). Days that the issue does not cover whole count nowhere.",
    ),
    "aqi": (
        "AQI：按HJ 633日报方法计算的发布AQI（含臭氧），每一侧只用其给出的污染物；有效小时不足20小时为缺测；预报为区间的取中值。",
        "AQI: the published daily AQI of HJ 633, ozone included, of the pollutants that each side gives; fewer than 20 valid"
        " hours are missing. Of a forecast range the middle counts.",
    ),
    "hit": (
        "级别准确率：预报与实测AQI级别相同的天数÷有效天数；括号内为Wilson 95%区间（假定各日独立，相邻日实为相关）。",
        "Category hit rate: days with the same AQI category ÷ days known on both sides; with the Wilson 95 % interval (for"
        " independent days, which neighbouring days are not).",
    ),
    "within_one": (
        "相差不超过一级的天数÷有效天数。",
        "Days at most one category apart ÷ days known on both sides.",
    ),
    "errors": (
        "平均绝对误差、偏差（预报−实测）、均方根误差，单位为AQI点。",
        "Mean absolute error, bias (forecast − observed) and root mean square error, in AQI points.",
    ),
    "skill": (
        "技巧评分：1−平均绝对误差÷持续性预报的平均绝对误差；持续性取发布日前一自然日的实测AQI；大于0表示优于持续性。",
        "Skill score: 1 − MAE ÷ MAE of persistence, which is the observed AQI of the natural day before the day of issue;"
        " above 0 is better than persistence.",
    ),
    "missing": (
        "缺测不算对也不算错，另行计数：缺预报、缺实测、未到期。",
        "Missing is neither right nor wrong and is counted apart: no forecast, no observation, not over yet.",
    ),
    "levels": (
        "级别列联表：每次发布都计；按预警条件分别评定预报与同一时段的实测是否达到该级别或以上：命中、漏报、空报、正确否定；"
        "数据不足为不明，时长短于条件为过短。命中率POD=命中÷(命中+漏报)，空报率FAR=空报÷(命中+空报)，"
        "CSI=命中÷(命中+漏报+空报)；分母为零则无值。级别评定不含臭氧；预报为区间的按规则所定一端，未定则取中值。",
        "Contingency table per level: every issue counts once. Did the forecast, and what was measured over the same hours,"
        " reach this level or a higher one by the criteria? Hit, miss, false alarm, correct negative; unknown where hours are"
        " missing, too short where the issue has fewer hours than the clauses. POD = hits ÷ (hits + misses), FAR = false"
        " alarms ÷ (hits + false alarms), CSI = hits ÷ (hits + misses + false alarms); none where the divisor is 0. Ozone"
        " does not count towards a level; of a range the bound that the rules name, else the middle.",
    ),
    "lead_time": (
        "提前量：实测过程开始前，自某次发布起每次能判定的发布都给出该过程（预报达到该级别的时段与实测过程相交），"
        "该次发布至过程开始的小时数；另列首次给出的时间。从未给出或最后一次未给出则无值。",
        "Lead time gained: hours from the earliest issue from which on every issue that could tell gave the episode (its own"
        " hours at the level meet the observed ones) until the episode began; beside it the first issue that ever gave it."
        " None when it was never given, or not by the last issue.",
    ),
    "targets": (
        "目标：文件所称准确率的计算方法未确立；此处以级别准确率代替（选择），24小时取第1天，72小时取第3天。",
        "Targets: what the document means by accuracy is not established; the category hit rate stands for it (choice), 24 h"
        " as lead day 1, 72 h as lead day 3.",
    ),
}


def definitions() -> dict[str, dict[str, str]]:
    """Every definition, by language and name."""
    return {
        "zh": {name: zh for name, (zh, _) in DEFINITIONS.items()},
        "en": {name: en for name, (_, en) in DEFINITIONS.items()},
    }
