"""The reasons of an assessment (研判依据) as values and as sentences in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from alerts.evaluation import Found, Shortfall, clause_name
from alerts.levels import Level
from alerts.rules import Condition, Criteria


class Near(BaseModel):
    """The nearest clause of a higher level, and what it lacks; `points` (AQI, or µg/m³) None: the series is too short."""

    model_config = ConfigDict(frozen=True)

    level: Level
    clause: str
    points: int | None
    unit: str
    hours: int
    containing_hours: int


class Trace(BaseModel):
    """Why this level, why not the next one, what would change it; with the document and its references."""

    model_config = ConfigDict(frozen=True)

    title: str
    number: str
    document: str
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


_MEASURED: dict[str, tuple[str, str]] = {
    "aqi": ("日AQI", "AQI"),
    "pm25": ("PM2.5日均浓度（µg/m³）", "24-h mean PM2.5 (µg/m³)"),
    "ozone_aqi": ("臭氧首要污染物的日AQI", "AQI led by ozone"),
}
_UNITS: dict[str, tuple[str, str]] = {
    "aqi": ("AQI{}{}点", "{} AQI points {}"),
    "pm25": ("PM2.5{}{}µg/m³", "PM2.5 {} µg/m³ {}"),
    "ozone_aqi": ("AQI{}{}点", "{} AQI points {}"),
}


def condition_zh(condition: Condition) -> str:
    """A condition in words, such as 日AQI大于150持续72小时."""
    text = f"{_MEASURED[condition.of][0]}大于{condition.over}持续{condition.hours}小时"
    inner = condition.containing
    return text if inner is None else f"{text}且其中大于{inner.over}持续{inner.hours}小时"


def condition_en(condition: Condition) -> str:
    """A condition in words, such as AQI above 150 for 72 h."""
    text = f"{_MEASURED[condition.of][1]} above {condition.over} for {condition.hours} h"
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
        unit=gap.condition.of,
        hours=gap.hours,
        containing_hours=gap.rich_hours,
    )


def why(found: Found | None, criteria: Criteria, values: Sequence[int]) -> tuple[str, str]:
    """Why this level; `values` are what the clause measures, block by block."""
    if found is None:
        every = dict.fromkeys((*criteria.documents.values(), criteria.document(Level.NONE)))
        document = "、".join(every)
        return (
            f"未达到任何预警级别：没有满足{document}任一条件的时段。",
            f"No warning level is reached: no clause of {document} is satisfied.",
        )
    document = criteria.document(found.level)
    blocks_zh, blocks_en = _listed(found.condition, values)
    return (
        f"达到{found.level.zh}：满足{document}{found.clause}（{condition_zh(found.condition)}），{blocks_zh}。",
        f"{found.level.code} is reached: {document} {found.clause} ({condition_en(found.condition)}); {blocks_en}.",
    )


def basis(found: Found | None, criteria: Criteria, values: Sequence[int]) -> tuple[str, str]:
    """The same for a public notice: the condition in words, without the name of the clause."""
    if found is None:
        return why(None, criteria, values)
    document = criteria.document(found.level)
    blocks_zh, blocks_en = _listed(found.condition, values)
    return (
        f"经研判，达到{document}规定的{found.level.zh}预警条件（{condition_zh(found.condition)}），{blocks_zh}。",
        f"The forecast meets the {found.level.code} criterion of {document} ({condition_en(found.condition)}); {blocks_en}.",
    )


def _listed(condition: Condition, values: Sequence[int]) -> tuple[str, str]:
    """The blocks' values in words."""
    zh = "、".join(str(value) for value in values)
    en = ", ".join(str(value) for value in values)
    if condition.of == "pm25":
        return f"{len(values)}个24小时时段的PM2.5均值为{zh}µg/m³", f"the 24-h blocks have PM2.5 of {en} µg/m³"
    return f"{len(values)}个24小时时段的AQI为{zh}", f"the 24-h blocks have AQI {en}"


def why_not_next(gap: Shortfall | None, criteria: Criteria) -> tuple[str, str]:
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
        rise_zh, rise_en = _moved(condition.of, gap.points, up=True)
        gaps_zh.append(f"各时段{rise_zh}即满足")
        gaps_en.append(f"it would be met if every block were {rise_en}")
    document = criteria.document(gap.level)
    return (
        f"未达到{gap.level.zh}：最接近的条件是{document}{clause}（{condition_zh(condition)}），{'，'.join(gaps_zh)}。",
        f"{gap.level.code} is not reached: the nearest clause is {document} {clause} ({condition_en(condition)}); "
        f"{', '.join(gaps_en)}.",
    )


def _moved(of: str, by: int, *, up: bool) -> tuple[str, str]:
    """So many AQI points, or µg/m³, higher or lower."""
    zh, en = _UNITS[of]
    return zh.format("高" if up else "低", by), en.format(by, "higher" if up else "lower")


def what_changes(found: Found | None, fall: int | None, near: Near | None) -> tuple[str, str]:
    """What would change the answer, downwards and upwards."""
    zh, en = [], []
    if found is not None and fall is not None:
        fall_zh, fall_en = _moved(found.condition.of, fall, up=False)
        zh.append(f"各时段{fall_zh}，则不再满足{found.level.zh}")
        en.append(f"{fall_en} and {found.level.code} no longer holds")
    if near is not None and near.points:
        rise_zh, rise_en = _moved(near.unit, near.points, up=True)
        zh.append(f"各时段{rise_zh}，则达到{near.level.zh}")
        en.append(f"{rise_en} and {near.level.code} is reached")
    if near is not None and near.hours and not near.points and not near.containing_hours:
        zh.append(f"高于该线的时间再延长{near.hours}小时，则达到{near.level.zh}")
        en.append(f"{near.hours} h longer above the line and {near.level.code} is reached")
    if not zh:
        return "现有时段的AQI变化不会改变结论。", "No change of AQI within these hours changes the answer."
    return "；".join(zh) + "。", "; ".join(en) + "."
