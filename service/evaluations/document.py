"""The evaluation as a document (评估报告, .docx): real headings and tables, Chinese fonts named, no pictures."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from alerts.instants import SHANGHAI, parse_instant
from alerts.levels import Level
from emission_lists.lists import POLLUTANTS
from service.accounts.roles import ROLE_ZH, Role
from service.evaluations import words
from service.evaluations.figures import line_open, open_lines, total, verdict
from service.evaluations.schemas import UNREADABLE

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BODY, HEAD, LATIN = "宋体", "黑体", "Times New Roman"
LABELS = {"so2": "SO2", "nox": "NOx", "pm": "颗粒物", "vocs": "VOCs"}
BY = {"county": "按区县", "industry": "按行业", "grade": "按绩效等级", "source": "按源类", "standing": "按管控类别"}
ACTIONS = {"issue": "发布", "raise": "升级", "lower": "降级", "extend": "延长", "advance": "提前启动", "lift": "解除", "revoke": "撤销"}
TIMINGS = {
    "lead": "提前量 {hours} 小时，要求不少于 {asked} 小时",
    "decision": "建议至审批 {hours} 小时，要求不超过 {asked} 小时",
    "publication": "审批至发布 {hours} 小时，要求不超过 {asked} 小时",
}
WHEN = {"before": "响应前", "during": "响应中", "after": "响应后"}
HEAD_OF_FIGURES = (
    "污染物", "基准排放（t）", "计划减排（t）", "占基准", "其中清单载明（t）", "其中核算（t）", "企业上报（t）", "核实（t，下限）",
    "同期同线计划（t）", "核实覆盖",
)  # fmt: skip
NOT_REPORTED, NOT_VERIFIED = "未上报", "未核实"
VERDICTS = {"met": "达到", "not_met": "未达到", "not_established": words.NOT_ESTABLISHED}
Row = Sequence[str]


def docx(found: Mapping[str, Any], days: Sequence[Mapping[str, Any]]) -> bytes:
    """The report on an evaluation; `days` are its planned and verified kg by natural day."""
    report = Report()
    report.title(f"{found['place']}重污染天气应急响应事后评估报告")
    _state(report, found)
    _course(report, found)
    _coverage(report, found)
    _reductions(report, found, days)
    _groups(report, found)
    _findings(report, found)
    _air(report, found)
    _lessons(report, found)
    _corrections(report, found)
    return report.saved()


class Report:
    """Headings numbered 一、二、三, paragraphs and tables on A4 across."""

    NUMBERS = "一二三四五六七八九十"

    def __init__(self) -> None:
        self.file = Document()
        self._headings = 0
        section = self.file.sections[0]
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Cm(29.7), Cm(21)
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
        _font(self.file.styles["Normal"], BODY, 10.5)
        for level, size in ((1, 15), (2, 12.5)):
            _font(self.file.styles[f"Heading {level}"], HEAD, size)
        _font(self.file.styles["Title"], HEAD, 20)
        properties = self.file.core_properties
        properties.author, properties.comments, properties.language = "", "", "zh-CN"

    def title(self, text: str) -> None:
        self.file.core_properties.title = _clean(text)[:255]
        paragraph = self.file.add_paragraph(_clean(text), style="Title")
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER

    def heading(self, text: str) -> None:
        self.file.add_heading(f"{self.NUMBERS[self._headings]}、{text}", level=1)
        self._headings += 1

    def under(self, text: str) -> None:
        self.file.add_heading(_clean(text), level=2)

    def say(self, text: str, *, strong: bool = False) -> None:
        for part in _clean(text).splitlines() or [""]:
            self.file.add_paragraph().add_run(part).bold = strong

    def table(self, head: Row, rows: Iterable[Row], *, words: int = 1) -> None:
        """A table with a repeated head; the first `words` columns are text, the others numbers."""
        table = self.file.add_table(rows=1, cols=len(head))
        table.style = "Table Grid"
        for cell, text in zip(table.rows[0].cells, head, strict=True):
            _write(cell, text, strong=True)
        _repeated(table.rows[0])
        for row in rows:
            for place, (cell, text) in enumerate(zip(table.add_row().cells, row, strict=True)):
                _write(cell, text, number=place >= words)
        self.file.add_paragraph()

    def saved(self) -> bytes:
        target = io.BytesIO()
        self.file.save(target)
        return target.getvalue()


def _clean(text: str) -> str:
    """Names come from lists as they were written; a document without a control character is better than none."""
    return UNREADABLE.sub("", text)


def _font(style: Any, chinese: str, size: float) -> None:
    style.font.name, style.font.size = LATIN, Pt(size)
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(name), None)
    fonts.set(qn("w:eastAsia"), chinese)
    fonts.set(qn("w:hAnsi"), LATIN)


def _write(cell: Any, text: str, *, strong: bool = False, number: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    run = paragraph.add_run(_clean(text))
    run.bold, run.font.size = strong, Pt(9)
    if number:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _repeated(row: Any) -> None:
    """The head stands again on every page that the table reaches."""
    header = OxmlElement("w:tblHeader")
    header.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(header)


def _instant(value: str | None) -> str:
    if value is None:
        return "–"
    at: datetime = parse_instant(value).astimezone(SHANGHAI)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _level(code: str) -> str:
    level = Level.of(code)
    return f"{level.zh}（{level.response}）" if level else "无预警"


def _verified(figures: Mapping[str, Any]) -> str:
    kg = figures["verified_at_least_kg"]
    own = f"\n其中企业自送 {figures['verified_own_kg'] / 1000:.3f}" if figures.get("verified_own_minutes") else ""
    return NOT_VERIFIED if kg is None else f"≥ {kg / 1000:.3f}{own}"


def _state(report: Report, found: Mapping[str, Any]) -> None:
    closed = found["closed"]
    if closed is None:
        report.say("草稿：按现有数据实时核算，尚未由人员定稿。" + ("响应尚未结束，数字截至现在。" if found["running"] else ""), strong=True)
    else:
        report.say(f"定稿：{closed['closed_by']}（{ROLE_ZH[Role(closed['role'])]}），{_instant(_text(closed['closed_at']))}。", strong=True)
    report.say("依据《中华人民共和国大气污染防治法》第九十六条，应急响应结束后开展应急预案实施情况的评估。")
    report.say("减排量按生产线逐小时核算，以整毫克汇总，各级合计严格一致；计划、上报、核实三者分列，互不替代。")
    report.say(f"内容指纹（SHA-256）：{found['content_hash']}")


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _course(report: Report, found: Mapping[str, Any]) -> None:
    report.heading("事件经过与响应时限")
    report.say(
        f"最高级别：{_level(found['level'])}。响应自 {_instant(found['starts_at'])} 起，"
        + ("尚未结束。" if found["running"] else f"至 {_instant(found['ends_at'])} 止。")
    )
    report.table(
        ("步骤", "预报发布", "研判", "预警建议", "审批", "发布", "启动（措施开始）", "时限与要求"),
        [
            (
                f"{ACTIONS.get(step['action'], step['action'])} {_level(step['level'])}",
                _instant(step["forecast_issued_at"]),
                _instant(step["assessed_at"]),
                _instant(step["proposed_at"]),
                _instant(step["decided_at"]),
                _instant(step["announced_at"]),
                _instant(step["effective_at"]),
                "\n".join(_timing(one) for one in step["timing"]),
            )
            for step in found["course"]
        ],
        words=8,
    )


def _timing(one: Mapping[str, Any]) -> str:
    asked = words.NOT_ESTABLISHED if one["asked"] is None else f"{one['asked']:g}"
    verdict = "" if one["met"] is None else "（达到）" if one["met"] else "（未达到）"
    return TIMINGS[one["what"]].format(hours=f"{one['hours']:g}", asked=asked) + verdict


def _coverage(report: Report, found: Mapping[str, Any]) -> None:
    report.heading("覆盖情况")
    covered, listed = found["coverage"], found["list"]
    if listed is not None:
        generated = "（示例生成）" if listed["generated"] else ""
        report.say(f"执行清单：第 {listed['id']} 版《{listed['title']}》{generated}，内容指纹 {listed['digest']}。")
    for one in found.get("lists", []):
        named = "；".join(f"{each['place']}第 {each['id']} 版《{each['title']}》" for each in one["lists"])
        report.say(f"响应 {one['response']}：{one['words']['zh']}" + (f"所用清单：{named}。" if named else ""))
    report.table(
        ("清单企业", "生产线", "有减排措施的生产线", "措施未确立的生产线", "已回执企业", "已上报生产线", "有监测数据的生产线"),
        [
            tuple(
                str(covered[name])
                for name in (
                    "enterprises", "lines", "asked_lines", "unknown_lines", "acknowledged", "reported_lines", "verified_lines",
                )
            )
        ],
        words=0,
    )  # fmt: skip


def _reductions(report: Report, found: Mapping[str, Any], days: Sequence[Mapping[str, Any]]) -> None:
    report.heading("减排量：计划、上报与核实")
    if not found["totals"]["lines"]:
        if found.get("without_list"):
            report.say(f"计划减排量{words.NOT_ESTABLISHED}：响应开始时没有生效的清单，无从核算；这不是零。")
        else:
            report.say("没有带减排措施的响应时段，或清单没有本地的企业。")
        return
    report.table(HEAD_OF_FIGURES, [_figures_row(name, found["totals"]) for name in POLLUTANTS])
    report.say("本表只含工业源（应急减排清单的生产线）；扬尘源与移动源见“分源类计划减排”。")
    report.say("核实量只计有用电或在线监测数据的小时，是下限；没有数据的小时既不算未减排，也不算全部减排。")
    if any(one.get("verified_own_minutes") for one in found["totals"]["pollutants"].values()):
        report.say("“其中企业自送”所依据的小时数据由企业自己上传，未经第三方或主管部门的数据来源证实。")
    report.say("“≥”为下限：其余条目未确立，不计入，也不当作零。部分生产线未载明基数时不列计划占比。")
    for level in found["levels"]:
        report.under(f"{_level(level['level'])}，{level['minutes'] / 60:.1f} 小时")
        _floor(report, level)
    _classes(report, found)
    report.under("逐日减排量（t）")
    kinds = (("planned", "计划"), ("verified", "核实下限"))
    report.table(
        ("日期", *(f"{word} {LABELS[name]}" for _, word in kinds for name in POLLUTANTS)),
        [
            (
                day["day"],
                *(words.planned(day["planned"][name], day["open"][name]) for name in POLLUTANTS),
                *(words.tonnes(day["verified"][name], NOT_VERIFIED) for name in POLLUTANTS),
            )
            for day in days
        ],
    )


def _figures_row(name: str, totals: Mapping[str, Any]) -> Row:
    one, count = totals["pollutants"][name], open_lines(totals, name)
    return (
        LABELS[name],
        words.base(one["base_kg"], open_lines(totals, name, "base_not_stated_lines")),
        words.counted(one["planned_kg"], count),
        words.least(one["planned_share"], count),
        words.tonnes(one["planned_stated_kg"]),
        words.tonnes(one["planned_computed_kg"]),
        words.tonnes(one["reported_kg"], NOT_REPORTED),
        _verified(one),
        words.tonnes(one["planned_where_verified_kg"]),
        words.percent(one["verified_coverage"]),
    )


def _floor(report: Report, level: Mapping[str, Any]) -> None:
    floor = level["floor"]
    if floor is None:
        report.say("清单未载明全社会排放量，无法与比例底线比较。")
        return
    swap = "SO2 与 NOx 合并平衡。" if floor["swap_used"] else ""
    report.say(f"只含工业源。比例为响应期日均减排量（含措施到位前的小时）与全社会日排放量之比，底线方案 {floor['profile']}。{swap}")
    verified = floor["verified"]["shares"] if floor["verified"] else dict.fromkeys(POLLUTANTS)
    report.table(
        ("污染物", "计划减排（t）", "计划比例", "清单全日比例", "底线", "核实比例（下限）", "结论"),
        [
            (
                LABELS[name],
                words.counted(level["pollutants"][name]["planned_kg"], open_lines(level, name)),
                words.least(floor["shares"][name], open_lines(level, name)),
                words.least(floor["list_shares"][name], open_lines(level, name)),
                words.percent(floor["required"][name]),
                NOT_VERIFIED if verified[name] is None else f"≥ {words.percent(verified[name])}",
                VERDICTS[verdict(floor, name)],
            )
            for name in POLLUTANTS
        ],
    )


def _classes(report: Report, found: Mapping[str, Any]) -> None:
    """Industry, dust and mobile sources: what is planned, and all of it against the floors."""
    report.under("分源类计划减排：工业、扬尘、移动（t）")
    if "classes" not in found:
        report.say("本评估定稿时尚未核算扬尘源与移动源，只含工业源。")
        return
    classes = found["classes"]
    rows = [("合计", classes["total"])]
    for one in reversed(classes["parts"]):
        sheets = one["sheets"] if len(one["sheets"]) > 1 else []
        rows[:0] = [(one["name"]["zh"], one), *((f"其中：{_sheet(sheet)}", sheet) for sheet in sheets)]
    report.table(
        ("源类", "条目", "有措施", *(LABELS[name] for name in POLLUTANTS)),
        [
            (label, str(one["rows"]), str(one["asked_rows"]), *(_rows(one["pollutants"][name]) for name in POLLUTANTS))
            for label, one in rows
        ],
    )
    report.say(
        "合计含工业源、扬尘源和移动源（道路移动源、非道路移动机械、用车大户），不含生活及其他源。扬尘与移动源按表中载明的减排量计，"
        "不超过现状排放量；停用的机械按其全部现状排放量计。没有载明数量的列为“未确立”，不估算，也不当作零。"
    )
    for level in classes["levels"]:
        report.say(f"{_level(level['level'])}，{level['minutes'] / 60:.1f} 小时，工业、扬尘、移动源合计：", strong=True)
        _class_floor(report, level)


def _sheet(sheet: Mapping[str, Any]) -> str:
    listed = f"（其中 {sheet['listed_rows']} 家已计入工业源）" if sheet["listed_rows"] else ""
    return f"{sheet['name']['zh']}{listed}"


def _rows(one: Mapping[str, Any]) -> str:
    return words.counted(one["planned_kg"], one["not_established_rows"])


def _of_part(one: Mapping[str, Any]) -> str:
    return words.planned(one["planned_kg"], one["not_established_rows"])


def _class_floor(report: Report, level: Mapping[str, Any]) -> None:
    floor = level["floor"]
    shares = dict.fromkeys(POLLUTANTS) if floor is None else floor["shares"]
    required = dict.fromkeys(POLLUTANTS) if floor is None else floor["required"]
    report.table(
        ("污染物", "工业源（t）", "扬尘源（t）", "移动源（t）", "合计（t）", "计划比例", "底线", "结论"),
        [
            (
                LABELS[name],
                *(_of_part(part["pollutants"][name]) for part in level["parts"]),
                _rows(level["total"]["pollutants"][name]),
                words.least(shares[name], level["total"]["pollutants"][name]["not_established_rows"]),
                words.percent(required[name]),
                words.NOT_ESTABLISHED if floor is None else VERDICTS[verdict(floor, name)],
            )
            for name in POLLUTANTS
        ],
    )
    if floor is None:
        report.say("清单未载明全社会排放量，无法与比例底线比较。")
    else:
        swap = "SO2 与 NOx 合并平衡。" if floor["swap_used"] else ""
        report.say(f"比例为三类源响应期日均计划减排量与全社会日排放量之比，未确立的不计入；底线方案 {floor['profile']}。{swap}")


SHOWN_GROUPS = 60


def _groups(report: Report, found: Mapping[str, Any]) -> None:
    report.heading("分类汇总与主要生产线")
    columns = tuple(f"{word} {LABELS[name]}" for word in ("计划", "上报", "核实") for name in POLLUTANTS)
    for by, title in BY.items():
        report.under(f"{title}（t）")
        shown, others = found["by"][by][:SHOWN_GROUPS], found["by"][by][SHOWN_GROUPS:]
        rows = [(one["name"]["zh"], one) for one in shown]
        if others:
            rows.append((f"另有 {len(others)} 项合计", total(others)))
        report.table(
            ("分组", "企业", "生产线", *columns),
            [(name, str(one["enterprises"]), str(one["asked_lines"]), *_kinds(one, open_lines)) for name, one in rows],
        )
    report.under("减排量最大的生产线（t）")
    report.table(
        ("企业", "生产线", *columns),
        [(one["name"], f"{one['line_name']}（{one['line']}）", *_kinds(one, line_open)) for one in found["largest"]],
        words=2,
    )


def _kinds(one: Mapping[str, Any], count: Callable[[Mapping[str, Any], str], int]) -> Row:
    """Planned, reported and verified tonnes of each pollutant."""
    every = one["pollutants"]
    return (
        *(words.planned(every[name]["planned_kg"], count(one, name)) for name in POLLUTANTS),
        *(words.tonnes(every[name][kind]) for kind in ("reported_kg", "verified_at_least_kg") for name in POLLUTANTS),
    )


def _findings(report: Report, found: Mapping[str, Any]) -> None:
    report.heading("发现的问题与处置")
    if not found["findings"]["count"]:
        report.say("没有登记的问题。")
        return
    report.say(f"共 {found['findings']['count']} 个问题。")
    report.table(
        ("问题", "企业", "生产线", "开始", "结束", "状态"),
        [
            (
                one["words"]["zh"],
                one["enterprise"],
                one["line"],
                _instant(one["starts_at"]),
                _instant(one["until_at"]),
                one["state_words"]["zh"],
            )
            for one in found["findings"]["shown"]
        ],
        words=6,
    )
    if left_out := found["findings"]["count"] - len(found["findings"]["shown"]):
        report.say(f"另有 {left_out} 个问题，未在此列出。")


def _air(report: Report, found: Mapping[str, Any]) -> None:
    report.heading("空气质量变化与预报检验")
    if found["air"]:
        report.say("以下仅为监测事实：受气象等因素影响，前后差异不等于减排效果，本报告不作因果判断。", strong=True)
        keys = ("aqi", "pm25", "pm10", "so2", "no2", "co")
        report.table(
            ("日期", "时段", "AQI", "PM2.5（µg/m³）", "PM10（µg/m³）", "SO2（µg/m³）", "NO2（µg/m³）", "CO（mg/m³）"),
            [
                (day["day"], WHEN[day["when"]], *("–" if day[key] is None else f"{day[key]:g}" for key in keys))
                for day in found["air"]
            ],
            words=2,
        )
    else:
        report.say("响应前后没有监测数据。")
    if not found["skill"]:
        report.say("没有可检验的预报。")
        return
    report.table(
        ("预报来源", "提前天数", "天数", "等级命中率", "AQI 平均绝对误差"),
        [
            (feed["feed"], str(day["lead_day"]), str(day["n"]), words.percent(day["hit"]["rate"]), f"{day['mae']:g}")
            for feed in found["skill"]["feeds"]
            for day in feed["lead_days"]
            if day["n"]
        ],
    )


def _lessons(report: Report, found: Mapping[str, Any]) -> None:
    report.heading("评估结论与经验教训")
    closed = found["closed"]
    if closed is None:
        report.say("尚未定稿。")
        return
    report.say(closed["conclusion"])
    if closed["lessons"]:
        report.under("经验教训与改进")
        report.say(closed["lessons"])


def _corrections(report: Report, found: Mapping[str, Any]) -> None:
    report.heading("清单修订建议")
    if not found["corrections"]:
        report.say("没有修订建议。")
    for one in found["corrections"]:
        report.under(f"{one['words']['zh']}：{one['lines']} 条生产线")
        report.table(
            ("企业", "统一社会信用代码", "生产线", "代码"),
            [(line["name"], line["uscc"], line["line_name"], line["line"]) for line in one["shown"]],
            words=4,
        )
        if left_out := one["lines"] - len(one["shown"]):
            report.say(f"另有 {left_out} 条生产线。")
