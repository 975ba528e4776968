"""The closed list of reasons, with their general meaning in Chinese and English."""

from __future__ import annotations

from enum import StrEnum

NEAR_POINTS = 10
"""AQI points up to which a level counts as just missed. A choice of this comparison; no text fixes it."""


class Code(StrEnum):
    """The closed list. The first six say why nothing can be compared."""

    PLACE_UNKNOWN = "place_unknown"
    NO_OBSERVATIONS = "no_observations"
    NO_RULE_SET = "no_rule_set"
    NO_LIFTING_TEST = "no_lifting_test"
    LEVEL_NOT_PUBLISHED = "level_not_published"
    DATA_INCOMPLETE = "data_incomplete"
    REGIONAL_PROMPT = "regional_prompt"
    UPPER_ORDER = "upper_order"
    PUBLISHED_BASIS = "published_basis"
    OTHER_TIME = "other_time"
    OUTLASTED = "outlasted"
    PLAN_DIFFERS = "plan_differs"
    THRESHOLD_BOUNDARY = "threshold_boundary"
    FORECAST_DIFFERS = "forecast_differs"
    MERGED_EPISODE = "merged_episode"
    LIFT_FUTURE = "lift_future"
    LIFT_ON_FORECAST = "lift_on_forecast"
    DAILY_DATA_ONLY = "daily_data_only"
    LOCAL_PLAN_NOT_ESTABLISHED = "local_plan_not_established"
    RECORD_UNCERTAIN = "record_uncertain"


MEANINGS: dict[Code, tuple[str, str]] = {
    Code.PLACE_UNKNOWN: ("地名没有对应的行政区划代码", "no division code is known for the place"),
    Code.NO_OBSERVATIONS: ("资料集中没有该地该时段的实测数据", "the collection has no observations of the place then"),
    Code.NO_RULE_SET: ("该地该时没有已知的分级标准", "no rule set is known for the place and time"),
    Code.NO_LIFTING_TEST: ("当时的标准没有已知的解除条件", "no lifting test is known for that rule set"),
    Code.LEVEL_NOT_PUBLISHED: ("公布文字未写明级别", "the published text names no level"),
    Code.DATA_INCOMPLETE: ("缺测时段可能改变级别", "missing hours could change the level"),
    Code.REGIONAL_PROMPT: ("按区域预警提示名单启动", "started on the region's prompt"),
    Code.UPPER_ORDER: ("按省级调度启动", "started on the province's order or advice"),
    Code.PUBLISHED_BASIS: ("公布时给出的依据", "the basis that was published with it"),
    Code.OTHER_TIME: ("规则也达到该级别，但时间不同", "the rules reach that level, too, at another time"),
    Code.OUTLASTED: ("公告时段内级别一致，过程实际更长", "the level fits the announced period; the episode went on"),
    Code.PLAN_DIFFERS: (
        "按另一时期或另一层级的标准则一致，当地可能已采用",
        "by another rule set it would agree; the city may have used that one",
    ),
    Code.THRESHOLD_BOUNDARY: (
        f"距分级线不超过{NEAR_POINTS}个AQI点",
        f"within {NEAR_POINTS} AQI points of the line",
    ),
    Code.FORECAST_DIFFERS: (
        "预警依据预报，实测与预报不同",
        "warnings follow forecasts; the observed air came out differently",
    ),
    Code.MERGED_EPISODE: ("间隔不足以解除的几次过程按一次计", "several episodes count as one"),
    Code.LIFT_FUTURE: ("提前公告了将来的解除时间", "a future lifting was announced ahead"),
    Code.LIFT_ON_FORECAST: ("解除依据预报，实测尚未满足", "lifted on the forecast before the observed air allowed it"),
    Code.DAILY_DATA_ONLY: ("只有日均值，看不出小时", "daily means only; hours cannot be seen"),
    Code.LOCAL_PLAN_NOT_ESTABLISHED: (
        "当地预案未确立，按国家标准比较",
        "the place's own plan is not established; compared by the national set",
    ),
    Code.RECORD_UNCERTAIN: ("记录本身存疑或年份系推断", "the record itself is in doubt, or its year is inferred"),
}
