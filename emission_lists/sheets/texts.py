"""What is said about a further sheet that cannot be read as it is, by code."""

from __future__ import annotations

from emission_lists.import_texts import Texts

SHEET_TEXTS: dict[str, Texts] = {
    "PLATE": (
        "“{value}”不是号牌号码",
        "请填写完整号牌，如 冀B12345 或 冀BD12345",
        '"{value}" is not a number plate',
        "give the whole plate, such as 冀B12345 or 冀BD12345",
    ),
    "RECORD_TWICE": (
        "与第 {what} 行重复（{value}）",
        "同一工作表内每个对象只能有一行，请合并或更正编号",
        "the same as row {what} ({value})",
        "each object has one row in a sheet; join them or correct the code",
    ),
    "HALF_POSITION": (
        "{what}只填写了一个",
        "请两个都填写，或都留空",
        "only one of longitude and latitude is given",
        "give both or none",
    ),
    "MORE_BARRIERS": (
        "已装门禁的出入口 {value} 个，多于出入口总数 {what}",
        "请核对两列",
        "{value} entrances have a barrier, but there are only {what}",
        "check both columns",
    ),
    "SUBJECT_USCC": (
        "对象为企业时应填统一社会信用代码，“{value}”不是有效代码",
        "请核对营业执照，或更正“对象”",
        'an enterprise needs its credit code; "{value}" is not valid',
        "look at the business licence, or correct the subject",
    ),
    "PERIOD": (
        "有效期至 {value} 早于有效期起 {what}",
        "请核对两个日期",
        "the end {value} lies before the start {what}",
        "check both dates",
    ),
    "HOLDER_MISSING": (
        "没有填写统一社会信用代码",
        "请补充；只有编号以 H9 开头的单位可以留空",
        "no credit code",
        "give it; only units whose number starts with H9 may leave it empty",
    ),
    "CSV_ENCODING": (
        "文件不是 UTF-8 或 GB 18030 编码的文本",
        "请另存为“CSV UTF-8”或 .xlsx 后再导入",
        "the file is not text in UTF-8 or GB 18030",
        'save it as "CSV UTF-8" or .xlsx',
    ),
    "CSV_BROKEN": (
        "CSV 文件结构有误：{what}",
        "请检查引号和换行，或另存为 .xlsx",
        "the CSV file is not well formed: {what}",
        "look at its quotes and line breaks, or save it as .xlsx",
    ),
    "PERMIT_OUTSIDE": (
        "区县代码 {value} 不属于 {what}",
        "请更正区县代码，或上传到所属行政区的名录",
        "county {value} does not belong to {what}",
        "correct it, or upload it for its own division",
    ),
}
