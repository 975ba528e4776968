"""`lantian assess`: the warning level that a CSV file of hours or days reaches, with its reasons."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from alerts.assessment import Assessment, assess
from alerts.instants import iso, parse_instant
from alerts.law import Law, LawNotFound
from alerts.levels import Level
from alerts.proposal import next_step
from alerts.rules import Criteria
from alerts.series import Series
from service.cli.points_csv import CsvInvalid, CsvProblem, read_points
from service.law.loader import load_law

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

NOWHERE = "000000"
BASES = {
    "concentration": "各污染物浓度均值",
    "hourly_aqi": "小时AQI的均值（无浓度数据）",
    "daily_aqi": "给出的日AQI",
    "lower_bound": "部分污染物（仅为下限）",
    "mixed": "不同来源混合",
    "none": "无可用数据",
}
ADVICE = {
    "ozone_health_prompt": "臭氧污染：发布健康提示",
    "voc_nox_supervision": "加强挥发性有机物和氮氧化物源监管",
    "dust_health_prompt": "沙尘：发布健康提示，可加强扬尘管控",
    "wildfire_health_prompt": "山火：发布健康提示",
    "local_dust_health_prompt": "局地扬尘：发布健康提示，可加强扬尘管控",
    "foreign_transport_health_prompt": "国外传输：发布健康提示",
    "fireworks_review": "烟花爆竹影响：请会商，避免企业停产",
}
EXCLUDED = {
    "ozone": "臭氧",
    "dust": "沙尘",
    "wildfire": "山火",
    "local_dust": "局地扬尘",
    "foreign_transport": "国外传输",
}


def register(subparsers: Commands) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "assess",
        help="warning level of a CSV file · 研判预警级别",
        description="Columns: time (end of the hour) or date; any of aqi pm25 pm10 so2 no2 co o3; cause.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument("--adcode", help="division whose plan applies")
    parser.add_argument("--as-of", help="instant of the assessment; default: the start of the first hour")
    parser.add_argument("--rules", help="rule set, such as national-2024; default: the one in force")
    parser.add_argument("--plan", help="plan to lay over the rule set")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(call: argparse.Namespace) -> int:
    """Print the assessment; 2 when the file or a name in the call cannot be used."""
    try:
        assessment, criteria = _assessed(call)
    except CsvInvalid as invalid:
        return _refuse(f"{call.file} cannot be assessed", invalid.problems, as_json=call.json)
    except (ValueError, LawNotFound) as error:
        return _refuse(str(error.args[0]), (), as_json=call.json)
    if call.json:
        print(json.dumps(assessment.contract(), ensure_ascii=False))
    else:
        print(describe(assessment, criteria))
    return 0


def _assessed(call: argparse.Namespace) -> tuple[Assessment, Criteria]:
    law = load_law()
    _check_division(law, call.adcode)
    series = Series.from_points(call.adcode or NOWHERE, read_points(call.file))
    as_of = series.start if call.as_of is None else parse_instant(call.as_of)
    criteria = law.criteria_for(call.adcode, as_of, rules_id=call.rules, plan_id=call.plan)
    return assess(series, as_of=as_of, criteria=criteria, standards=law.standards), criteria


def _check_division(law: Law, adcode: str | None) -> None:
    if adcode is not None and adcode not in law.divisions:
        raise LawNotFound(f"there is no division {adcode!r}; give a six-digit code of GB/T 2260 such as 110000")


def _refuse(error: str, problems: Sequence[CsvProblem], *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": error, "problems": [asdict(each) for each in problems]}, ensure_ascii=False))
    print(error, file=sys.stderr)
    for each in problems:
        place = ", ".join(part for part in (f"row {each.row}" if each.row else "", each.column) if part)
        print(f"  {place or 'file'}: {each.problem}; {each.advice}", file=sys.stderr)
    return 2


def _at(instant: datetime | None) -> str:
    return "—" if instant is None else iso(instant)[:16].replace("T", " ")


def describe(assessment: Assessment, criteria: Criteria) -> str:
    """The assessment and its reasons in Chinese."""
    trace = assessment.trace
    level = assessment.level
    step = next_step(assessment, in_force=None, prompt=None, criteria=criteria, now=assessment.as_of)
    lines = [
        f"研判时间：{_at(assessment.as_of)}    依据：《{trace.title}》（{trace.number}，{assessment.rules}）",
        f"级别：{level.zh if level is not Level.NONE else '未达到预警级别'}"
        + (f"（{level.response}响应）" if level is not Level.NONE else "")
        + ("    数据不足" if assessment.state == "insufficient" else ""),
        f"起止：{_at(assessment.starts_at)} 至 {_at(assessment.ends_at)}",
        f"AQI来源：{BASES[assessment.aqi_basis]}",
    ]
    for block in assessment.blocks:
        index = "，".join(f"{name} {value}" for name, value in block.index.items())
        lines.append(
            f"  {_at(block.start)} 至 {_at(block.end)}  AQI {block.aqi}，分级用 {block.graded_aqi}"
            f"，有效 {block.valid_hours} 小时" + (f"（{index}）" if index else "")
        )
    lines += [trace.why_zh, trace.not_next_zh, trace.change_zh, *trace.notes_zh]
    if assessment.excluded:
        lines.append("不计入分级：" + "、".join(EXCLUDED[cause] for cause in assessment.excluded))
    lines += [ADVICE[code] for code in assessment.advice]
    lines.append(f"建议：{step.sentence_zh}")
    return "\n".join(lines)
