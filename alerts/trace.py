"""The reasons of an assessment (研判依据) as values and as sentences in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from alerts.evaluation import Found, Shortfall, clause_name
from alerts.levels import Level
from alerts.rules import Condition, Criteria


class Near(BaseModel):
    """The nearest clause of a higher level, and what it lacks; `points` None: the series is too short."""

    model_config = ConfigDict(frozen=True)

    level: Level
    clause: str
    points: int | None
    hours: int
    containing_hours: int


class Trace(BaseModel):
    """Why this level, why not the next one, what would change it; with the document and its references."""

    model_config = ConfigDict(frozen=True)

    title: str
    number: str
    references: dict[str, str]
    next: Near | None
    margin: int | None
    why_zh: str
    why_en: str
    basis_zh: str
    basis_en: str
    not_next_zh: str
    not_next_en: str
    change_zh: str
    change_en: str
    notes_zh: tuple[str, ...] = ()
    notes_en: tuple[str, ...] = ()


def condition_zh(condition: Condition) -> str:
    """A condition in words, such as 日AQI大于150持续72小时."""
    text = f"日AQI大于{condition.over}持续{condition.hours}小时"
    inner = condition.containing
    return text if inner is None else f"{text}且其中大于{inner.over}持续{inner.hours}小时"


def condition_en(condition: Condition) -> str:
    """A condition in words, such as AQI above 150 for 72 h."""
    text = f"AQI above {condition.over} for {condition.hours} h"
    inner = condition.containing
    return text if inner is None else f"{text}, of which above {inner.over} for {inner.hours} h"


def nearest(gaps: Sequence[Shortfall]) -> Shortfall | None:
    """The clause that lacks the fewest AQI points, then the fewest hours."""
    if not gaps:
        return None
    return min(gaps, key=_distance)


def _distance(gap: Shortfall) -> tuple[bool, int, int, Level]:
    return gap.points is None, gap.points or 0, gap.hours + gap.rich_hours, gap.level


def near_of(gap: Shortfall | None) -> Near | None:
    """The same as a value of the trace."""
    if gap is None:
        return None
    return Near(
        level=gap.level,
        clause=clause_name(gap.level, gap.place),
        points=gap.points,
        hours=gap.hours,
        containing_hours=gap.rich_hours,
    )


def why(found: Found | None, criteria: Criteria, aqis: Sequence[int]) -> tuple[str, str]:
    """Why this level."""
    document = f"《{criteria.title}》（{criteria.number}）"
    if found is None:
        return (
            f"未达到任何预警级别：没有满足{document}任一条件的时段。",
            f"No warning level is reached: no clause of {criteria.number} is satisfied.",
        )
    listed = "、".join(str(aqi) for aqi in aqis)
    return (
        f"达到{found.level.zh}：满足{document}{found.clause}（{condition_zh(found.condition)}），"
        f"{len(aqis)}个24小时时段的AQI为{listed}。",
        f"{found.level.code} is reached: {criteria.number} {found.clause} ({condition_en(found.condition)}); "
        f"the 24-h blocks have AQI {', '.join(str(aqi) for aqi in aqis)}.",
    )


def basis(found: Found | None, criteria: Criteria, aqis: Sequence[int]) -> tuple[str, str]:
    """The same for a public notice: the condition in words, without the name of the clause."""
    if found is None:
        return why(None, criteria, aqis)
    listed = "、".join(str(aqi) for aqi in aqis)
    return (
        f"经研判，达到《{criteria.title}》（{criteria.number}）规定的{found.level.zh}预警条件"
        f"（{condition_zh(found.condition)}），{len(aqis)}个24小时时段的AQI为{listed}。",
        f"The forecast meets the {found.level.code} criterion of {criteria.number} ({condition_en(found.condition)}); "
        f"the 24-h blocks have AQI {', '.join(str(aqi) for aqi in aqis)}.",
    )


def why_not_next(gap: Shortfall | None) -> tuple[str, str]:
    """Why not a higher level: the nearest clause that is not met, and the gap to it."""
    if gap is None:
        return "已是最高级别。", "This is the highest level."
    condition, clause = gap.condition, clause_name(gap.level, gap.place)
    gaps_zh, gaps_en = [], []
    if gap.hours:
        gaps_zh.append(f"大于{condition.over}的时间还差{gap.hours}小时")
        gaps_en.append(f"{gap.hours} h above {condition.over} are missing")
    if gap.rich_hours and condition.containing is not None:
        over = condition.containing.over
        gaps_zh.append(f"其中大于{over}的时间还差{gap.rich_hours}小时")
        gaps_en.append(f"{gap.rich_hours} h above {over} are missing")
    if gap.points is None:
        gaps_zh.append("数据时段不够长")
        gaps_en.append("the series is too short for it")
    elif gap.points:
        gaps_zh.append(f"各时段AQI再高{gap.points}点即满足")
        gaps_en.append(f"it would be met if every block were {gap.points} points higher")
    return (
        f"未达到{gap.level.zh}：最接近的条件是{clause}（{condition_zh(condition)}），{'，'.join(gaps_zh)}。",
        f"{gap.level.code} is not reached: the nearest clause is {clause} ({condition_en(condition)}); "
        f"{', '.join(gaps_en)}.",
    )


def what_changes(found: Found | None, fall: int | None, near: Near | None) -> tuple[str, str]:
    """What would change the answer, downwards and upwards."""
    zh, en = [], []
    if found is not None and fall is not None:
        zh.append(f"各时段AQI低{fall}点，则不再满足{found.level.zh}")
        en.append(f"{fall} AQI points lower and {found.level.code} no longer holds")
    if near is not None and near.points:
        zh.append(f"各时段AQI高{near.points}点，则达到{near.level.zh}")
        en.append(f"{near.points} AQI points higher and {near.level.code} is reached")
    if not zh:
        return "现有时段的AQI变化不会改变结论。", "No change of AQI within these hours changes the answer."
    return "；".join(zh) + "。", "; ".join(en) + "."


def insufficient(possible: Level) -> tuple[str, str]:
    """The note for a series whose unknown blocks could raise the level."""
    return (
        f"数据不足：若缺测时段高于标准，级别可能达到{possible.zh}；现级别只是可证明的最高级别，不得据此降级或解除。",
        f"Not enough data: with the unknown blocks above the lines {possible.code} could be reached; it "
        "is the best provable one and must not serve to lower or lift.",
    )
