"""An assessment in words, in Chinese or English, for people who read it in a terminal or on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from alerts.assessment import Assessment, BlockView
from alerts.instants import iso
from alerts.levels import Level
from alerts.proposal import Step
from alerts.simulation import Difference, Outcome

Lang = Literal["zh", "en"]
Pair = tuple[str, str]

BASES: Mapping[str, Pair] = {
    "concentration": ("各污染物浓度均值", "mean concentrations"),
    "hourly_aqi": ("小时AQI的均值（无浓度数据）", "mean of the hourly AQI (no concentrations)"),
    "daily_aqi": ("给出的日AQI", "daily AQI as given"),
    "lower_bound": ("部分污染物（仅为下限）", "some pollutants only (a lower bound)"),
    "mixed": ("不同来源混合", "mixed sources"),
    "none": ("无可用数据", "no usable data"),
}
ADVICE: Mapping[str, Pair] = {
    "ozone_health_prompt": ("臭氧污染：发布健康提示", "ozone: publish a health prompt"),
    "voc_nox_supervision": ("加强挥发性有机物和氮氧化物源监管", "supervise sources of VOCs and NOx more closely"),
    "dust_health_prompt": (
        "沙尘：发布健康提示，可加强扬尘管控",
        "dust: publish a health prompt; dust control may be added",
    ),
    "wildfire_health_prompt": ("山火：发布健康提示", "wildfire: publish a health prompt"),
    "local_dust_health_prompt": (
        "局地扬尘：发布健康提示，可加强扬尘管控",
        "local blown dust: publish a health prompt; dust control may be added",
    ),
    "foreign_transport_health_prompt": ("国外传输：发布健康提示", "foreign transport: publish a health prompt"),
    "fireworks_review": (
        "烟花爆竹影响：请会商，避免企业停产",
        "fireworks: consult and avoid stopping production",
    ),
    "observed_heavy_consult": (
        "监测已达重度而未达分级条件：请会商",
        "the measured air is heavy though no clause is met: consult",
    ),
}
_STATES: Mapping[str, Pair] = {"determined": ("数据充分", "determined"), "insufficient": ("数据不足", "insufficient data")}
_BOUNDS: Mapping[str, Pair] = {"lower": ("下限", "lower"), "middle": ("中值", "middle"), "upper": ("上限", "upper")}
_WHAT: Mapping[str, Pair] = {
    "level": ("级别", "level"),
    "state": ("数据状态", "state"),
    "clause": ("条款", "clause"),
    "starts_at": ("开始", "starts"),
    "ends_at": ("结束", "ends"),
    "proposal": ("建议", "proposal"),
    "proposed_level": ("建议级别", "proposed level"),
    "effective_at": ("生效", "effective"),
    "lead_time_hours": ("提前量目标（小时）", "lead time target (h)"),
}


def said(pair: Pair, lang: Lang) -> str:
    """The words of one language."""
    return pair[0] if lang == "zh" else pair[1]


def advice_words(code: str, lang: Lang) -> str | None:
    """The words of an advice; None for a tier of a plan, which the notes of the trace name."""
    pair = ADVICE.get(code)
    return None if pair is None else said(pair, lang)


def level_words(level: Level, lang: Lang) -> str:
    """黄色（Ⅲ级响应）, or that no level is reached."""
    if level is Level.NONE:
        return said(("未达到预警级别", "no warning level"), lang)
    return said((f"{level.zh}（{level.response}响应）", f"{level.code} (response {level.response[:-1]})"), lang)


def at(instant: datetime | None) -> str:
    """2024-11-08 00:00 in Beijing time, or a dash."""
    return "—" if instant is None else iso(instant)[:16].replace("T", " ")


def describe(assessment: Assessment, step: Step, lang: Lang = "zh") -> str:
    """The assessment with its reasons, line by line."""
    trace = assessment.trace
    plan = assessment.plan or "—"
    lines = [
        said(
            (
                f"研判时间：{at(assessment.as_of)}    依据：{trace.document}（{assessment.rules}，预案 {plan}）",
                f"As of {at(assessment.as_of)}    by {trace.document} ({assessment.rules}, plan {plan})",
            ),
            lang,
        ),
        said(("级别：", "Level: "), lang)
        + level_words(assessment.level, lang)
        + ("    " + said(_STATES["insufficient"], lang) if assessment.state == "insufficient" else ""),
        said(
            (
                f"起止：{at(assessment.starts_at)} 至 {at(assessment.ends_at)}",
                f"From {at(assessment.starts_at)} to {at(assessment.ends_at)}",
            ),
            lang,
        ),
        said(("AQI来源：", "AQI from: "), lang) + said(BASES[assessment.aqi_basis], lang),
        *_range_line(assessment, lang),
        *(_block_line(block, lang) for block in assessment.blocks),
        *reasons(assessment, lang),
        *(words for code in assessment.advice if (words := advice_words(code, lang))),
        said(("建议：", "Proposal: "), lang) + (step.sentence_zh if lang == "zh" else step.sentence_en),
    ]
    return "\n".join(lines)


def reasons(assessment: Assessment, lang: Lang) -> list[str]:
    """Why this level, why not the next one, what would change it, and what else to know."""
    trace = assessment.trace
    asked = (
        (("为什么是这一级：", "Why: "), (trace.why_zh, trace.why_en)),
        (("为什么不更高：", "Why not higher: "), (trace.not_next_zh, trace.not_next_en)),
        (("什么会改变结论：", "What would change it: "), (trace.change_zh, trace.change_en)),
    )
    lines = [said(question, lang) + said(answer, lang) for question, answer in asked]
    notes = trace.notes_zh if lang == "zh" else trace.notes_en
    return lines + [said(("说明：", "Note: "), lang) + note for note in notes]


def _range_line(assessment: Assessment, lang: Lang) -> list[str]:
    ranged = assessment.range
    if ranged is None:
        return []
    named = (("lower", ranged.lower), ("middle", ranged.middle), ("upper", ranged.upper))
    levels = said(("，", ", "), lang).join(f"{said(_BOUNDS[bound], lang)} {level_words(level, lang)}" for bound, level in named)
    return [said(("预报范围：", "Range: "), lang) + levels]


def _block_line(block: BlockView, lang: Lang) -> str:
    index = said(("，", ", "), lang).join(f"{name} {value}" for name, value in block.index.items())
    text = said(
        (
            f"  {at(block.start)} 至 {at(block.end)}  AQI {block.aqi}，分级用 {block.graded_aqi}，有效 {block.valid_hours} 小时",
            f"  {at(block.start)} to {at(block.end)}  AQI {block.aqi}, graded {block.graded_aqi}, {block.valid_hours} valid h",
        ),
        lang,
    )
    return text + (said((f"（{index}）", f" ({index})"), lang) if index else "")


def describe_comparison(found: Sequence[Outcome], differences: Sequence[Difference], lang: Lang = "zh") -> str:
    """Every case with its reasons, then where they differ from the first."""
    lines = []
    for label, assessment, step in found:
        lines += [f"── {label} " + "─" * max(0, 60 - len(label)), describe(assessment, step, lang), ""]
    lines.append(
        said((f"与 {found[0].label} 的不同：", f"Different from {found[0].label}:"), lang)
        if differences
        else said(("各方案结论相同。", "All cases say the same."), lang)
    )
    lines += [f"  {one.label}  {difference_words(one, lang)}" for one in differences]
    return "\n".join(lines)


def difference_words(one: Difference, lang: Lang) -> str:
    """级别：orange → none."""
    colon = said(("：", ": "), lang)
    return f"{said(_WHAT[one.what], lang)}{colon}{_value(one.first, lang)} → {_value(one.here, lang)}"


def _value(value: str | None, lang: Lang) -> str:
    if value is None:
        return "—"
    if lang == "zh" and value in {level.code for level in Level}:
        return Level.of(value).zh
    return value[:16].replace("T", " ") if value[:2] == "20" and "T" in value else value
