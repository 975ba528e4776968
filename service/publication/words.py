"""The words of the public pages, Chinese and English side by side."""

from collections.abc import Mapping
from typing import Final, Literal

from alerts.levels import Level
from service.publication.state import AirCategory, PublicReason, StepKind, Words

Language = Literal["zh", "en"]


def say(words: Words, language: Language) -> str:
    """One text in the language of the page; Chinese where the English is empty."""
    return (words.en or words.zh) if language == "en" else words.zh


SHAPES: Final[Mapping[Level, str]] = {
    Level.BLUE: "◆",
    Level.YELLOW: "▲",
    Level.ORANGE: "■",
    Level.RED: "●",
}

LEVELS: Final[Mapping[Level, Words]] = {
    Level.BLUE: Words("蓝色预警", "Blue warning"),
    Level.YELLOW: Words("黄色预警", "Yellow warning"),
    Level.ORANGE: Words("橙色预警", "Orange warning"),
    Level.RED: Words("红色预警", "Red warning"),
}

RESPONSES: Final[Mapping[Level, Words]] = {
    Level.BLUE: Words("Ⅳ级响应", "Level Ⅳ response"),
    Level.YELLOW: Words("Ⅲ级响应", "Level Ⅲ response"),
    Level.ORANGE: Words("Ⅱ级响应", "Level Ⅱ response"),
    Level.RED: Words("Ⅰ级响应", "Level Ⅰ response"),
}

CATEGORIES: Final[Mapping[AirCategory, Words]] = {
    AirCategory.EXCELLENT: Words("优", "Excellent"),
    AirCategory.GOOD: Words("良", "Good"),
    AirCategory.LIGHT: Words("轻度污染", "Light"),
    AirCategory.MODERATE: Words("中度污染", "Moderate"),
    AirCategory.HEAVY: Words("重度污染", "Heavy"),
    AirCategory.SEVERE: Words("严重污染", "Severe"),
}

STEPS: Final[Mapping[StepKind, Words]] = {
    StepKind.ISSUE: Words("发布", "Issued"),
    StepKind.RAISE: Words("升级", "Raised"),
    StepKind.LOWER: Words("降级", "Lowered"),
    StepKind.EXTEND: Words("延长", "Extended"),
    StepKind.ADVANCE: Words("提前启动", "Brought forward"),
    StepKind.LIFT: Words("解除", "Lifted"),
    StepKind.REVOKE: Words("撤销", "Revoked"),
}

REASONS: Final[Mapping[PublicReason, Words]] = {
    PublicReason.CRITERIA_MET: Words("预测达到预警分级标准", "The forecast meets the warning criteria"),
    PublicReason.LEVEL_RAISED: Words("预测达到更高级别标准", "The forecast meets a higher level"),
    PublicReason.LEVEL_LOWERED: Words("预测只达到较低级别标准", "The forecast meets only a lower level"),
    PublicReason.PROLONGED: Words("污染过程延长", "The episode lasts longer"),
    PublicReason.IMPROVED: Words("空气质量改善", "The air has improved"),
    PublicReason.REGIONAL_PROMPT: Words("区域联动", "Joint action of the region"),
    PublicReason.UPPER_ORDER: Words("上级要求", "Ordered by the higher authority"),
    PublicReason.ISSUED_IN_ERROR: Words("误发", "Issued in error"),
}

PAGE: Final[Mapping[str, Words]] = {
    "title": Words("重污染天气预警", "Heavy air pollution warnings"),
    "skip": Words("跳到正文", "Skip to content"),
    "as_of": Words("本页内容截至", "This page is as of"),
    "beijing_time": Words("北京时间", "Beijing time"),
    "other_language": Words("English", "中文"),
    "home": Words("全部地区", "All places"),
    "now": Words("当前预警", "Warnings now"),
    "none": Words(
        "目前没有地区处于重污染天气预警中。", "No place is under a heavy air pollution warning now."
    ),
    "none_more": Words(
        "人民政府发布预警后，这里会列出地区、级别、起止时间和应对建议。",
        "When a government issues a warning, this page lists the place, the level, from when until when, "
        "and what to do.",
    ),
    "no_places": Words(
        "还没有登记地区。登记后，这里会显示每个地区的预警和预报。",
        "No places are registered yet. Once they are, their warnings and forecasts appear here.",
    ),
    "places_unit": Words("个地区", "places"),
    "place_unit": Words("个地区", "place"),
    "since": Words("本级起始", "Level since"),
    "until": Words("结束", "Until"),
    "open_end": Words("解除时间另行通知", "end to be announced"),
    "not_yet": Words("已发布，尚未生效", "Announced, not yet in effect"),
    "ending": Words("已发布解除", "lift announced"),
    "will_be": Words("随后", "Next"),
    "legend": Words("预警级别图例", "Warning levels"),
    "air_legend": Words("空气质量图例 (AQI)", "Air quality (AQI)"),
    "air_legend_note": Words(
        "空气质量与预警是两套颜色：空气红色是中度污染，红色预警是最高级。",
        "Air quality colours and warning colours are two scales: red air is moderate pollution, "
        "a red warning is the highest level.",
    ),
    "advice": Words("该怎么做", "What to do"),
    "advice_differs": Words(
        "各地建议不同，见各地页面。", "Advice differs from place to place; see the page of your place."
    ),
    "advice_none": Words("按当地通知执行。", "Follow the notice of your place."),
    "enterprises": Words(
        "列入应急减排清单的企业，以收到的减排通知为准。",
        "Listed enterprises: the notice sent to you says what to do.",
    ),
    "forecast": Words("未来几天空气质量预报", "Air quality forecast for the following days"),
    "forecast_none": Words("暂无已发布的预报。", "No forecast has been published."),
    "forecast_issued": Words("预报发布时间", "Forecast issued"),
    "forecast_counts": Words("各级别的地区数；逐地预报见各地页面。", "Number of places by category."),
    "place": Words("地区", "Place"),
    "day": Words("日期", "Day"),
    "category": Words("空气质量", "Air quality"),
    "range": Words("AQI 范围", "AQI range"),
    "others": Words("其他地区", "Other places"),
    "no_warning_here": Words("没有预警", "no warning"),
    "past": Words("以往预警", "Past warnings"),
    "past_none": Words("暂无以往预警。", "No past warnings."),
    "past_shown": Words("只显示最近的；全部见 warnings.json。", "The latest only; all are in warnings.json."),
    "revoked": Words("误发，已撤销", "issued in error, revoked"),
    "feeds": Words("订阅与数据", "Feeds and data"),
    "feed_atom": Words("Atom 订阅 (CAP 1.2 消息)", "Atom feed of CAP 1.2 messages"),
    "feed_drills": Words("演练与测试 Atom 订阅", "Atom feed of drills and tests"),
    "feed_json": Words("预警数据 JSON", "Warnings as JSON"),
    "sources": Words("资料来源", "Sources"),
    "law": Words(
        "预警由人民政府决定和发布（大气污染防治法第九十五条）。本页只显示已发布的预警。",
        "Warnings are decided and issued by government (Air Pollution Prevention Law, art. 95). "
        "This page shows only warnings that have been approved and announced.",
    ),
    "kind": Words("类别", "Kind"),
    "kind_value": Words("重污染天气", "Heavy air pollution"),
    "level": Words("级别", "Level"),
    "start": Words("起始时间", "Start"),
    "area": Words("可能影响的范围", "Area"),
    "items": Words("警示事项", "What to expect"),
    "issuer": Words("发布单位", "Issued by"),
    "issued": Words("发布时间", "Issued at"),
    "reason": Words("原因", "Reason"),
    "steps": Words("预警过程", "Steps so far"),
    "effective": Words("生效", "in effect"),
    "messages": Words("CAP 消息", "CAP message"),
    "here_none": Words(
        "本地区目前没有重污染天气预警。", "This place is under no heavy air pollution warning now."
    ),
    "simulated": Words("模拟/演练", "Simulation or drill"),
}
