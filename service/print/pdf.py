"""The requirement sheet as PDF: A4, Chinese first, English small beneath, a QR code to hold it against."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

import segno
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from alerts.instants import parse_instant
from service.kit.clock import SHANGHAI
from service.kit.drill import MARK
from service.print.content import Content

FONT = "STSong-Light"
"""One of Adobe's CJK fonts: every PDF reader brings it or its own Chinese font in its place; nothing is embedded."""
EDGE = {"yellow": "#f2c200", "orange": "#e8710a", "red": "#c8102e"}
WIDTH = A4[0] - 30 * mm
KINDS = {"meter": "用电监控", "cems": "在线监测", "gate": "门禁", "video": "视频", "inspection": "现场检查"}
WHICH = {"now": "当前要求 · In force", "next": "即将执行 · Next", "elsewhere": "其他厂址 · Another site"}
COLUMNS = (0.2, 0.42, 0.2, 0.18)
pdfmetrics.registerFont(UnicodeCIDFont(FONT))


def _style(size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        f"s{size}{sorted(more.items())}", fontName=FONT, fontSize=size, leading=size * 1.35, wordWrap="CJK", **more
    )


TITLE, HEAD, BIG, TEXT, SMALL = (
    _style(11),
    _style(21),
    _style(13),
    _style(9.5),
    _style(7.5, textColor=colors.HexColor("#444444")),
)


def qr_code(text: str, side: float) -> Drawing:
    """A QR code drawn as squares; `side` in points."""
    rows = [bytes(row) for row in segno.make(text, error="m", micro=False).matrix]
    size = side / len(rows)
    drawing = Drawing(side, side)
    for up, row in enumerate(reversed(rows)):
        for right, dark in enumerate(row):
            if dark:
                drawing.add(Rect(right * size, up * size, size, size, strokeColor=None, fillColor=colors.black))
    return drawing


def requirement_pdf(content: Content, *, address: str, digest: str, created_at: datetime, trial: bool, drill: bool = False) -> bytes:
    """The unsigned sheet. The same arguments give the same bytes: the file carries no time and no number of its own.

    In a drill every page has the mark across it.
    """
    made = BytesIO()
    document = SimpleDocTemplate(
        made,
        pagesize=A4,
        leftMargin=15 * mm,
        rightMargin=15 * mm,
        topMargin=14 * mm,
        bottomMargin=16 * mm,
        title=plain(f"减排要求单 {content['name']}"),
        author="Lantian 蓝天",
        subject=digest,
        lang="zh-CN",
        invariant=1,
    )
    foot = f"{content['uscc']} · {_instant(content['as_of'])} · {digest[:16]}"
    document.build(
        list(_story(content, address=address, digest=digest, created_at=created_at, trial=trial)),
        onFirstPage=lambda canvas, _: _foot(canvas, foot, drill=drill),
        onLaterPages=lambda canvas, _: _foot(canvas, foot, drill=drill),
    )
    return made.getvalue()


def _foot(canvas: Any, text: str, *, drill: bool) -> None:
    if drill:
        _across(canvas)
    canvas.setFont(FONT, 7)
    canvas.drawString(15 * mm, 9 * mm, text)
    canvas.drawRightString(A4[0] - 15 * mm, 9 * mm, str(canvas.getPageNumber()))


def _across(canvas: Any) -> None:
    canvas.saveState()
    canvas.setFillColor(colors.HexColor("#d9d9d9"))
    canvas.translate(A4[0] / 2, A4[1] / 2)
    canvas.rotate(55)
    canvas.setFont(FONT, 64)
    for row in (-240, 0, 240):
        canvas.drawCentredString(0, row, f"{MARK} {MARK}")
    canvas.restoreState()


def _story(content: Content, *, address: str, digest: str, created_at: datetime, trial: bool) -> Any:
    level = content["level"]
    first = content["parts"][0]
    whose = f"{content['name']} · {content['uscc']} · 绩效分级 {content['grade_zh']}"
    whose += f" · {content['place']} · 清单版本 {first['list_version']}"
    yield Paragraph("重污染天气应急减排要求单 · Emission-reduction requirements", TITLE)
    sign = [[Paragraph(_text(first["headline_zh"]), HEAD)], [Paragraph(_text(first["summary_zh"]), BIG)]]
    sign += [
        [Paragraph(_text(f"{first['headline_en']}. {first['summary_en']}"), SMALL)],
        [Paragraph(_text(whose), TEXT)],
    ]
    table = Table(sign, colWidths=[WIDTH])
    table.setStyle(
        TableStyle(
            [
                ("BOX", (0, 0), (-1, -1), 0.6, colors.black),
                ("LINEBEFORE", (0, 0), (0, -1), 7, colors.HexColor(EDGE.get(level, "#888888"))),
                ("LEFTPADDING", (0, 0), (-1, -1), 12),
            ]
        )
    )
    yield from (Spacer(1, 3 * mm), table, Spacer(1, 3 * mm))
    for part in content["parts"]:
        yield from _part(part, first)
    yield _proof(content, address=address, digest=digest, created_at=created_at, trial=trial)


def _part(part: Content, first: Content) -> Any:
    yield Paragraph(_text(WHICH[part["which"]]), BIG)
    if part is not first:
        yield Paragraph(_text(f"{part['headline_zh']} {part['summary_zh']}"), TEXT)
        yield Paragraph(_text(f"{part['headline_en']}. {part['summary_en']}"), SMALL)
    if part["guarantee_zh"]:
        yield Paragraph(_text(part["guarantee_zh"]), TEXT)
    if part["lines"]:
        yield _lines(part["lines"])
    unknown = [line["name"] for line in part["lines"] if line["action"] == "unknown"]
    if unknown:
        yield Paragraph(_text(f"未确立：{'、'.join(unknown)}。未确立不等于无措施，请立即联系主管部门。"), TEXT)
        yield Paragraph(_text("Not established: this is not “nothing to do”; ask the authority at once."), SMALL)
    yield Spacer(1, 3 * mm)


def _lines(lines: list[Content]) -> Table:
    heads = ("生产线/工序 Line", "措施 Measure", "时间 Time", "核查与责任 Checked, responsible")
    rows: list[list[Any]] = [[Paragraph(_text(head), SMALL) for head in heads]]
    for line in lines:
        rows.append([_who(line), _what(line), _when(line), _checked(line)])
    table = Table(rows, colWidths=[WIDTH * share for share in COLUMNS], repeatRows=1, splitInRow=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#777777")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eeeeee")),
            ]
        )
    )
    return table


def _who(line: Content) -> list[Any]:
    return [Paragraph(_text(line["name"]), TEXT), Paragraph(_text(f"{line['process']} {line['code']}"), SMALL)]


def _what(line: Content) -> list[Any]:
    said = [Paragraph(_text(line["sentence_zh"]), TEXT), Paragraph(_text(line["sentence_en"]), SMALL)]
    said += [Paragraph(_text(reason["zh"]), SMALL) for reason in line["reasons"]]
    return said + ([Paragraph(_text(line["note_zh"]), SMALL)] if line["note_zh"] else [])


def _when(line: Content) -> list[Any]:
    end = _instant(line["until"]) if line["until"] else "解除为止 until lifted"
    said = [Paragraph(_text(f"{_instant(line['from'])} 起"), TEXT), Paragraph(_text(f"至 {end}"), TEXT)]
    if line["complete_by"]:
        said.append(Paragraph("落实期限 carried out by", SMALL))
        said.append(Paragraph(_text(_instant(line["complete_by"])), TEXT))
    return said


def _checked(line: Content) -> list[Any]:
    kinds = "、".join(KINDS[kind] for kind in line["verification"]) or "–"
    said = [Paragraph(_text(kinds), TEXT)]
    if line["verification_point"]:
        said.append(Paragraph(_text(line["verification_point"]), SMALL))
    who = f"{line['post']} {line['phone']}" if line["post"] else "责任岗位：未备案 not filed"
    return [*said, Paragraph(_text(who), SMALL)]


def _proof(content: Content, *, address: str, digest: str, created_at: datetime, trial: bool) -> Table:
    notes = [
        f"适用时刻 as of {_instant(content['as_of'])}；打印 printed {_instant(created_at.isoformat())}",
        f"核验 verify: {address}",
        f"内容摘要 SHA-256: {digest}",
        "本单与清单、预警记录不一致时，以系统记录为准。",
    ]
    if trial:
        notes.append("本单以试用证书签名，不证明签发机关身份。Signed with a trial certificate: it proves no authority.")
    table = Table(
        [[qr_code(address, 28 * mm), [Paragraph(_text(note), SMALL) for note in notes]]],
        colWidths=[34 * mm, WIDTH - 34 * mm],
    )
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("NOSPLIT", (0, 0), (-1, -1))]))
    return table


def _instant(written: str) -> str:
    return parse_instant(written).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def plain(text: str) -> str:
    """Characters that the font's encoding lacks are shown as 〓, never dropped."""
    return "".join(letter if ord(letter) <= 0xFFFF else "〓" for letter in text)


def _text(text: str) -> str:
    return escape(plain(text))
