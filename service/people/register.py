"""A register of contacts as .xlsx or .csv → checked contacts, with every fault at once by row and column."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter
from pydantic import ValidationError
from python_calamine import CalamineError, CalamineWorkbook

from emission_lists.permits import decoded
from emission_lists.workbook_guard import Limits, inspect
from service.kit.problems import Invalid
from service.people.schemas import EnterpriseContact

COLUMNS = {
    "统一社会信用代码": "uscc",
    "姓名": "name",
    "职务": "post",
    "电话": "phone",
    "邮箱": "email",
    "语言": "language",
    "拨打顺序": "calling_order",
}
HEADER_OF = {field: header for header, field in COLUMNS.items()}
LANGUAGES = {"": "zh", "中文": "zh", "zh": "zh", "英文": "en", "english": "en", "en": "en"}
MOST_ROWS = 20_000
MOST_FAULTS = 500
SHEET = "联系人"
EXAMPLE = "示例"


def read_contacts(content: bytes) -> list[EnterpriseContact]:
    """The contacts of a file. Raises Invalid with all faults at once; nothing of them quotes what a cell holds."""
    rows = _workbook(content) if content.startswith(b"PK") else _csv(content)
    header = [str(cell).strip() for cell in (rows[0] if rows else [])]
    lacking = [name for name in ("统一社会信用代码", "姓名") if name not in header]
    if lacking:
        raise _refused([{"row": 1, "column": name, "detail": "缺少此列 / this column is missing"} for name in lacking])
    if len(rows) > MOST_ROWS + 1:
        raise _refused(
            [{"row": MOST_ROWS + 2, "column": "", "detail": f"最多 {MOST_ROWS} 行 / at most {MOST_ROWS} rows"}]
        )
    return _checked(header, rows[1:])


def _checked(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[EnterpriseContact]:
    found: list[EnterpriseContact] = []
    faults: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows, start=2):
        cells = {COLUMNS[name]: _text(cell) for name, cell in zip(header, row, strict=False) if name in COLUMNS}
        if not any(cells.values()) or cells.get("name", "").startswith(EXAMPLE):
            continue
        try:
            one = EnterpriseContact.model_validate(_fields(cells))
        except ValidationError as error:
            faults += [_fault(number, fault) for fault in error.errors()]
            continue
        before = seen.setdefault((one.uscc, one.name), number)
        if before != number:
            faults.append(
                {
                    "row": number,
                    "column": "姓名",
                    "detail": f"与第 {before} 行重复 / the same person as in row {before}",
                }
            )
        found.append(one)
    if not found and not faults:
        faults = [{"row": 2, "column": "", "detail": "没有数据行 / there is no row"}]
    if faults:
        raise _refused(faults)
    return found


def _fields(cells: dict[str, str]) -> dict[str, Any]:
    language = cells.pop("language", "").lower()
    order = cells.pop("calling_order", "") or "1"
    return {**cells, "language": LANGUAGES.get(language, language), "calling_order": order}


def _fault(row: int, fault: Any) -> dict[str, Any]:
    field = str(fault["loc"][0]) if fault["loc"] else ""
    said = str(fault["msg"]).removeprefix("Value error, ")
    return {"row": row, "column": HEADER_OF.get(field, "电话"), "detail": said}


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _refused(faults: list[dict[str, Any]]) -> Invalid:
    return Invalid(
        f"{len(faults)} fault(s) in the register; nothing was stored. Correct them and send it again.",
        errors=faults[:MOST_FAULTS],
        detail_zh=f"通讯录有 {len(faults)} 处错误，什么都没有保存；请改正后重新上传。",
    )


def _workbook(content: bytes) -> list[list[Any]]:
    seen = inspect(content, Limits(rows=MOST_ROWS + 1))
    if seen.findings:
        raise _refused([{"row": 0, "column": "", "detail": f"{fault.code}"} for fault in seen.findings])
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            name = SHEET if SHEET in book.sheet_names else book.sheet_names[0]
            sheet = book.get_sheet_by_name(name)
            if sheet.end is not None and sheet.end[0] > MOST_ROWS + 1:
                raise _refused(
                    [{"row": MOST_ROWS + 2, "column": "", "detail": f"最多 {MOST_ROWS} 行 / at most {MOST_ROWS} rows"}]
                )
            return [list(row) for row in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, ValueError, OverflowError, OSError, KeyError, IndexError) as error:
        raise _refused([{"row": 0, "column": "", "detail": "工作簿无法读取 / the workbook cannot be read"}]) from error


def _csv(content: bytes) -> list[list[Any]]:
    plain = decoded(content)
    if plain is None or "\0" in plain:
        raise _refused(
            [{"row": 0, "column": "", "detail": "文件须为 .xlsx，或 UTF-8、GB 18030 的 .csv / not a .xlsx or .csv"}]
        )
    try:
        return [list(row) for row in csv.reader(StringIO(plain, newline=""), strict=True)]
    except csv.Error as error:
        raise _refused(
            [{"row": 0, "column": "", "detail": f"CSV 无法读取 / the CSV cannot be read: {error}"}]
        ) from error


def template() -> bytes:
    """The register to fill in, with one example row that is never imported."""
    target = BytesIO()
    with xlsxwriter.Workbook(
        target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        page = book.add_worksheet(SHEET)
        plain = book.add_format({"num_format": "@"})
        example = (
            "91110000915739225W",
            "示例（不导入）",
            "安全环保部负责人",
            "13800000000",
            "name@example.test",
            "中文",
            "1",
        )
        for place, (header, value) in enumerate(zip(COLUMNS, example, strict=True)):
            page.set_column(place, place, 22, plain)
            page.write_string(0, place, header)
            page.write_string(1, place, value)
    return target.getvalue()
