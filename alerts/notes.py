"""Notes of an assessment (研判说明): what the reader must know beside the level, in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.levels import Level
from alerts.rules import EVERY_GRADED, Criteria
from alerts.tiers import TierView

Note = tuple[str, str]
Notes = list[Note]

CAUSE_WORDS: dict[str, tuple[str, str]] = {
    "ozone": ("臭氧", "ozone"),
    "dust": ("沙尘", "dust"),
    "wildfire": ("山火", "wildfire"),
    "local_dust": ("局地扬尘", "local blown dust"),
    "foreign_transport": ("国外传输", "foreign transport"),
    "fireworks": ("烟花爆竹", "fireworks"),
}
_BOUNDS = {"lower": ("下限", "lower"), "middle": ("中值", "middle"), "upper": ("上限", "upper")}
_ON = {
    "superior_order": ("须由上级部门下达指令后实施", "only when the superior authority orders it"),
    "discretion": ("由当地决定是否实施", "the place may decide on it"),
}


def notes_of(
    criteria: Criteria,
    *,
    basis: str,
    level: Level,
    possible: Level,
    whole: Level,
    excluded: Sequence[str],
    ranged: tuple[Level, Level, Level] | None,
    tiers: Sequence[TierView],
    heavy: bool,
) -> Notes:
    """All notes of one assessment; `whole` is the level with nothing left out, `ranged` those of a forecast range."""
    notes: Notes = []
    if possible > level:
        notes.append(insufficient(possible))
    if ranged is not None:
        notes.append(_range(criteria, ranged))
    if excluded:
        notes.append(_left_out(criteria, excluded, level, whole))
    if basis in {"hourly_aqi", "daily_aqi", "mixed"}:
        notes += _aqi_alone(criteria)
    if criteria.graded != EVERY_GRADED:
        notes.append(_graded(criteria))
    if heavy:
        notes.append(_heavy(criteria, level))
    notes += [_tier(view) for view in tiers]
    notes += _open_questions(criteria)
    return notes


def insufficient(possible: Level) -> Note:
    """The note for a series whose unknown blocks could raise the level."""
    return (
        f"数据不足：若缺测时段高于标准，级别可能达到{possible.zh}；现级别只是可证明的最高级别，不得据此降级或解除。",
        f"Not enough data: with the unknown blocks above the lines {possible.code} could be reached; it "
        "is the best provable one and must not serve to lower or lift.",
    )


def _range(criteria: Criteria, ranged: tuple[Level, Level, Level]) -> Note:
    lower, middle, upper = ranged
    on = _BOUNDS[criteria.grade_on_range or "middle"]
    if criteria.grade_on_range is not None:
        said = (f"{criteria.number}规定按{on[0]}分级", f"{criteria.number} grades on the {on[1]} value")
    else:
        said = (
            f"未见规定按哪一值分级，现按{on[0]}，由会商决定",
            f"no rule says which counts; the {on[1]} value stands until the consultation decides",
        )
    return (
        f"预报给出范围：下限{lower.zh}，中值{middle.zh}，上限{upper.zh}；{said[0]}。",
        f"The forecast is a range: lower {lower.code}, middle {middle.code}, upper {upper.code}; {said[1]}.",
    )


def _left_out(criteria: Criteria, excluded: Sequence[str], level: Level, whole: Level) -> Note:
    zh = "、".join(CAUSE_WORDS[cause][0] for cause in excluded)
    en = ", ".join(CAUSE_WORDS[cause][1] for cause in excluded)
    stated = criteria.references.get("excluded_causes")
    source_zh = f"依据：{stated}" if stated else "当时未见文本规定，按现行做法（选择）"
    source_en = f"Source: {stated}" if stated else "No text of that time was seen; a choice, as is done today"
    if whole > level:
        return (
            f"不计入分级：{zh}；若计入，级别为{whole.zh}。{source_zh}。",
            f"Left out of the grading: {en}; counted in, {whole.code} would be reached. {source_en}.",
        )
    return (
        f"不计入分级：{zh}；计入与否不影响级别。{source_zh}。",
        f"Left out of the grading: {en}; counting it in would not change the level. {source_en}.",
    )


def _aqi_alone(criteria: Criteria) -> Notes:
    """Where only AQI is given, what belongs to ozone cannot be told apart."""
    if "ozone" not in criteria.excluded_causes:
        return []
    return [
        (
            "部分或全部时段只有AQI而无浓度，无法区分臭氧的贡献；如为臭氧污染，请会商。",
            "For some or all blocks only the AQI is given, so ozone's part cannot be told apart; consult if it is ozone.",
        )
    ]


def _graded(criteria: Criteria) -> Note:
    names = "、".join(criteria.graded)
    return (f"本地预案只按{names}分级。", f"The plan grades on {', '.join(criteria.graded)} alone.")


def _heavy(criteria: Criteria, level: Level) -> Note:
    rule = criteria.early_start
    assert rule is not None  # only such a rule finds it
    if level is Level.NONE:
        then = ("达到哪一级别未见规定，请会商", "which level fits is not established; consult")
    else:
        then = ("应尽快启动", "start as soon as possible")
    return (
        f"监测AQI已大于{rule.over}，且未来{rule.hours}小时无明显改善；{then[0]}。",
        f"Measured AQI is already above {rule.over} and no improvement is expected within {rule.hours} h; {then[1]}.",
    )


def _tier(view: TierView) -> Note:
    zh, en = _ON[view.on]
    return (
        f"达到{view.name}条件（{view.clause}，{view.starts_at:%Y-%m-%d %H:%M}起）；不属于分级预警，{zh}。",
        f"The condition of {view.name_en} is met ({view.clause}, from {view.starts_at:%Y-%m-%d %H:%M}); it is no graded warning, {en}.",
    )


def _open_questions(criteria: Criteria) -> Notes:
    """What the plan's own criteria say is not established: the product says so and does not invent."""
    return [
        (f"未确立：{text}", f"Not established: {criteria.not_established_en.get(topic, text)}")
        for topic, text in criteria.not_established.items()
        if topic == "levels" or topic.startswith("levels.")
    ]
