"""A report as a document (.docx), by the same helper as the evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.instants import SHANGHAI, parse_instant
from alerts.levels import Level
from service.accounts.roles import ROLE_ZH, Role
from service.evaluations import words
from service.evaluations.document import LABELS, NOT_REPORTED, Report
from service.evaluations.figures import open_lines

TITLES = {
    "response_report": "应急响应启动情况报告",
    "execution_report": "应急响应执行情况报告",
    "daily_report": "应急响应日报",
    "summary": "应急响应总结评估报告",
}
ENDINGS = {"lift": "按批准解除", "revoke": "撤销", "lapse": "到通知载明的结束时间自动终止"}
WORDS = {"situation": "工作情况", "problems": "存在问题", "next_steps": "下步打算"}
SUMMARY_WORDS = {"situation": "终止情况与措施效果评估", "problems": "存在问题", "next_steps": "下步打算"}


def docx(facts: Mapping[str, Any], signed: Mapping[str, Any] | None) -> bytes:
    """The report; `signed` None: a draft of facts that nobody has signed."""
    report = Report()
    day = "" if facts["day"] is None else f"（{facts['day']}）"
    report.title(f"{facts['place']}重污染天气{TITLES[facts['kind']]}{day}")
    _signed(report, facts, signed)
    _course(report, facts)
    _figures(report, facts)
    if "ending" in facts:
        _effect(report, facts)
    labels = SUMMARY_WORDS if facts["kind"] == "summary" else WORDS
    for name, label in labels.items():
        report.heading(label)
        report.say((signed["words"][name] if signed else "") or "（未填写）")
    return report.saved()


def _signed(report: Report, facts: Mapping[str, Any], signed: Mapping[str, Any] | None) -> None:
    if signed is None:
        report.say("草稿：以下为系统汇总的事实，尚未由人员签署。", strong=True)
    else:
        late = "，逾期" if signed["late"] else ""
        report.say(f"签署：{signed['signed_by']}（{ROLE_ZH[Role(signed['role'])]}），{_at(signed['signed_at'])}{late}。", strong=True)
        report.say(f"内容指纹（SHA-256）：{signed['digest']}")
    report.say(f"时限依据：{facts['reference']}")


def _course(report: Report, facts: Mapping[str, Any]) -> None:
    report.heading("响应级别与时间")
    rows = []
    for one in facts["levels"]:
        level = Level.of(one["level"])
        rows.append((f"{level.zh}（{level.response}）", _at(one["from"]), _at(one["until"])))
    report.table(("级别", "自", "至"), rows, words=3)
    if facts["hours"] is not None:
        report.say(f"期间响应 {facts['hours']} 小时。")
    if "ending" in facts:
        report.say(f"终止：{ENDINGS[facts['ending']['how']]}，{_at(facts['ending']['at'])}。")


def _figures(report: Report, facts: Mapping[str, Any]) -> None:
    report.heading("执行情况")
    receipts, tasks, findings, reduced = (facts[name] for name in ("receipts", "tasks", "findings", "reductions"))
    rate = "–" if receipts["rate"] is None else f"{receipts['rate'] * 100:.1f} %"
    rows = [
        ("清单企业（家）", str(receipts["listed"])),
        ("已回执（家）", f"{receipts['acknowledged']}（{rate}）"),
        ("部门任务：下达 / 接收 / 完成", f"{tasks['given']} / {tasks['received']} / {tasks['done']}"),
        ("检查发现 / 已认定", f"{findings['count']} / {findings['confirmed']}"),
        ("已上报减排的企业 / 生产线·日", f"{reduced['enterprises']} / {reduced['lines']}"),
    ]
    rows += [
        (f"上报减排 {label}（kg）", NOT_REPORTED if reduced[name] is None else f"{reduced[name]:.1f}")
        for name, label in LABELS.items()
    ]
    report.table(("项目", "数值"), rows)
    report.heading("空气质量（仅为观测）")
    if facts["air"]:
        rows_of_air = [
            (day["day"], *("–" if day[name] is None else str(day[name]) for name in ("aqi", "pm25", "pm10")))
            for day in facts["air"]
        ]
        report.table(("日期", "AQI", "PM2.5 µg/m³", "PM10 µg/m³"), rows_of_air)
    else:
        report.say("无足够的监测数据。")


def _effect(report: Report, facts: Mapping[str, Any]) -> None:
    report.heading("减排效果（事后评估）")
    found = facts["evaluation"]
    if found is None:
        report.say("无可评估的响应。")
        return
    report.say("评估已定稿。" if found["state"] == "closed" else "评估尚为草稿，数字可能变化。")
    pollutants = found["totals"]["pollutants"]
    rows = [
        (
            label,
            words.counted(pollutants[name]["planned_kg"], open_lines(found["totals"], name)),
            *(_tonnes(pollutants[name][key]) for key in ("reported_kg", "verified_at_least_kg")),
        )
        for name, label in LABELS.items()
    ]
    report.table(("污染物", "计划减排（t）", "企业上报（t）", "核实（t，下限）"), rows)


def _tonnes(kg: float | None) -> str:
    return "–" if kg is None else f"{kg / 1000:.3f}"


def _at(value: Any) -> str:
    if value is None:
        return "–"
    at = (parse_instant(value) if isinstance(value, str) else value).astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"
