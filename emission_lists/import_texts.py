"""What is said about a workbook that cannot be read as it is, by code.

Each entry: problem (Chinese), advice (Chinese), problem (English), advice (English).
"""

from __future__ import annotations

Texts = tuple[str, str, str, str]

IMPORT_TEXTS: dict[str, Texts] = {
    "NOT_A_WORKBOOK": (
        "文件不是 .xlsx 工作簿",
        "请用模板另存为“Excel 工作簿（*.xlsx）”后再导入",
        "the file is not an .xlsx workbook",
        'save it from the template as "Excel workbook (*.xlsx)"',
    ),
    "OLD_OR_ENCRYPTED": (
        "文件是旧版 .xls 或设有密码",
        "请取消密码，另存为 .xlsx 后再导入",
        "the file is an old .xls or has a password",
        "remove the password and save it as .xlsx",
    ),
    "BROKEN": (
        "工作簿已损坏，无法读取：{what}",
        "请在 Excel 中打开并重新另存为 .xlsx",
        "the workbook is damaged: {what}",
        "open it in Excel and save it again as .xlsx",
    ),
    "TOO_LARGE": (
        "文件过大：{what}",
        "请按区县拆分后分别导入",
        "the file is too large: {what}",
        "split it by county and import the parts",
    ),
    "EXPANDS_TOO_MUCH": (
        "文件解压后过大或压缩比异常：{what}",
        "请只保留清单数据，从模板重新生成文件",
        "the file expands too much: {what}",
        "keep only the list and make the file again from the template",
    ),
    "TOO_MANY_PARTS": (
        "文件包含过多内部部件：{what}",
        "请从模板重新生成文件",
        "the file has too many parts inside: {what}",
        "make it again from the template",
    ),
    "SPARSE": (
        "工作表中有远离数据区的单元格（{what}）",
        "请删除数据区以外的行和列后另存",
        "a cell lies far from the data ({what})",
        "delete the rows and columns outside the data",
    ),
    "MACROS": (
        "工作簿含有宏或控件（{what}）",
        "请另存为不含宏的 .xlsx",
        "the workbook holds macros or controls ({what})",
        "save it as .xlsx without macros",
    ),
    "EXTERNAL_LINKS": (
        "工作簿含有外部链接或嵌入对象（{what}）",
        "请断开链接、删除嵌入对象后另存",
        "the workbook holds external links or embedded objects ({what})",
        "break the links and save it again",
    ),
    "UNSAFE_XML": (
        "工作簿内部含有不允许的 XML 声明（{what}）",
        "请从模板重新生成文件",
        "the workbook holds an XML declaration that is not allowed ({what})",
        "make it again from the template",
    ),
    "FORMULA": (
        "单元格含有公式",
        "请复制该列并“选择性粘贴→数值”",
        "the cell holds a formula",
        "copy the column and paste it as values",
    ),
    "MERGED": (
        "数据区有合并单元格 {what}",
        "请取消合并，并在每一行重复填写企业信息",
        "merged cells in the data: {what}",
        "unmerge them and repeat the enterprise on each row",
    ),
    "NO_SHEET": (
        "缺少工作表“{what}”",
        "请使用模板中的工作表名称",
        'the sheet "{what}" is missing',
        "use the sheet names of the template",
    ),
    "HEADER_MISSING": (
        "缺少表头“{what}”",
        "请从模板复制该列表头，数据可以留空",
        'the header "{what}" is missing',
        "copy it from the template; its cells may stay empty",
    ),
    "HEADER_UNKNOWN": (
        "不认识的表头“{value}”",
        "请删除该列，或改为模板中的表头",
        'the header "{value}" is not known',
        "delete the column or use a header of the template",
    ),
    "HEADER_REPEATED": (
        "表头“{value}”重复",
        "请只保留一列",
        'the header "{value}" stands twice',
        "keep one column",
    ),
    "NO_ROWS": (
        "没有可导入的数据行（“示例”行不导入）",
        "请从第 2 行起填写，序号不要写“示例”",
        "there is no row to import (rows marked 示例 are skipped)",
        "fill in rows from row 2 on",
    ),
    "TOO_MANY_ROWS": (
        "数据行超过上限 {what} 行",
        "请按区县拆分后分别导入",
        "more rows than the limit of {what}",
        "split the list by county",
    ),
    "TOO_MANY_ERRORS": (
        "错误过多，只列出前 {what} 条",
        "请先修正已列出的错误再导入",
        "too many errors, the first {what} are listed",
        "correct these and import again",
    ),
    "REQUIRED": (
        "必填项为空",
        "请填写{what}",
        "the cell is empty",
        "fill in {what}",
    ),
    "TOO_LONG": (
        "文字超过 {what} 个字符",
        "请缩短内容",
        "the text is longer than {what} characters",
        "shorten it",
    ),
    "CONTROL_CHARACTER": (
        "文字中含有不可见的控制字符",
        "请清除格式后重新输入",
        "the text holds control characters",
        "type it again",
    ),
    "NOT_A_CHOICE": (
        "“{value}”不在可选项中",
        "请从下拉列表中选择：{what}",
        '"{value}" is not one of the choices',
        "choose from the list: {what}",
    ),
    "NOT_A_NUMBER": (
        "“{value}”不是数字",
        "请只填写数字，不带单位",
        '"{value}" is not a number',
        "give a number without its unit",
    ),
    "OUT_OF_RANGE": (
        "数值 {value} 超出范围",
        "请填写 {what} 之间的数值",
        "{value} is out of range",
        "give a value in {what}",
    ),
    "NOT_WHOLE": (
        "{value} 不是整数",
        "请填写整数台（条）数",
        "{value} is not a whole number",
        "give whole units",
    ),
    "PERCENT": (
        "比例 {value} 容易误读",
        "请按百分数填写：50 表示 50 %，范围为大于 1 至 100",
        "the share {value} can be misread",
        "write percent: 50 means 50 %, from above 1 to 100",
    ),
    "NOT_A_DATE": (
        "“{value}”不是有效日期",
        "请按 2026-09-30 的格式填写",
        '"{value}" is not a date',
        "write it like 2026-09-30",
    ),
    "CODE_AS_NUMBER": (
        "代码被 Excel 存成了数字，已丢失精度",
        "请把该列设为“文本”格式后重新输入",
        "Excel stored the code as a number and lost digits",
        "format the column as text and type it again",
    ),
    "USCC_LENGTH": (
        "统一社会信用代码应为 18 位",
        "请核对营业执照",
        "a credit code has 18 characters",
        "look at the business licence",
    ),
    "USCC_CHARACTERS": (
        "统一社会信用代码含有不允许的字符",
        "请核对：不含 I、O、S、V、Z，字母为大写",
        "the credit code holds characters that cannot stand there",
        "no I, O, S, V, Z; letters in capitals",
    ),
    "USCC_CHECK_DIGIT": (
        "统一社会信用代码校验位不符",
        "请核对营业执照，可能有一位输错",
        "the check character of the credit code does not fit",
        "look at the business licence: one character is wrong",
    ),
    "PERMIT_FORMAT": (
        "排污许可证编号格式不符",
        "应为 18 位信用代码 + 3 位数字 + 1 位字母",
        "the permit number has the wrong form",
        "18 characters of the credit code, 3 digits, 1 letter",
    ),
    "PERMIT_CHECK_DIGIT": (
        "排污许可证编号中的信用代码校验位不符",
        "请核对许可证正本",
        "the credit code in the permit number does not fit its check character",
        "look at the permit",
    ),
    "ADCODE": (
        "“{value}”不是 6 位行政区划代码",
        "请填写区县的 6 位代码，如 130202",
        '"{value}" is not a division code of 6 digits',
        "give the county's code, like 130202",
    ),
    "GBT4754": (
        "“{value}”不是国民经济行业代码",
        "请填写 GB/T 4754 的 4 位小类代码，如 3011",
        '"{value}" is not a class of GB/T 4754',
        "give the four digits, like 3011",
    ),
    "WINDOW": (
        "“{value}”不是时段",
        "请按 17:00-09:00 的格式填写",
        '"{value}" is not a span of hours',
        "write it like 17:00-09:00",
    ),
    "CYCLE": (
        "“{value}”不是停开周期",
        "请按“停48开12”的格式填写（小时）",
        '"{value}" is not a cycle of hours off and on',
        "write it like 停48开12 (48 h off, 12 h on)",
    ),
    "LATER": (
        "后续措施无法识别：{what}",
        "请按“120小时后：停产 50%（含）以上，时段 17:00-09:00；168小时后：限产，出焦时间 36”填写，各项名称与本级别列名相同",
        "the later stages cannot be read: {what_en}",
        "write them like 120小时后：停产 50%（含）以上; parts have the names of the level's columns",
    ),
    "KEPT_UNITS": (
        "保留运行 {value} 大于设备总数 {what}",
        "请核对保留运行数量和设备总数",
        "{value} units keep running, but only {what} exist",
        "check both numbers",
    ),
    "MEASURE_INCOMPLETE": (
        "措施为“{value}”但缺少{what}",
        "请补充{what}，确实未定时选“未确定”",
        'the measure "{value}" lacks {what_en}',
        "add it, or choose 未确定 if it is not established",
    ),
    "MEASURE_CONTRADICTS": (
        "措施为“{value}”却填写了{what}",
        "请清空{what}或更改措施",
        'the measure "{value}" does not go with {what_en}',
        "clear it or change the measure",
    ),
    "UNITS": (
        "停产数量 {value} 大于设备总数 {what}",
        "请核对停产数量和设备总数",
        "{value} units to stop, but only {what} exist",
        "check both numbers",
    ),
    "CAP_INCOMPLETE": (
        "负荷上限缺少数值或单位",
        "请同时填写数值和单位",
        "the load cap lacks its value or its unit",
        "give both",
    ),
    "GUARANTEE_DATE": (
        "填写了保障有效期或负荷但没有保障类型",
        "请选择保障类型或清空",
        "a guarantee's date or load stands without its type",
        "choose the type or clear them",
    ),
    "DUPLICATE": (
        "与第 {what} 行重复（同一企业的同一生产线编号）",
        "请删除重复行或更正生产线编号",
        "the same enterprise and line stand in row {what}",
        "delete one or correct the line code",
    ),
    "ENTERPRISE_DIFFERS": (
        "企业信息与第 {what} 行不一致（同一信用代码）",
        "请使同一企业各行的企业信息完全相同",
        "the enterprise differs from row {what} (same credit code)",
        "give the same enterprise data on all its rows",
    ),
    "BASE_POLLUTANT": (
        "“{value}”不是 SO2、NOx、PM、VOCs 之一或重复",
        "请保留模板中的四行",
        '"{value}" is not one of SO2, NOx, PM, VOCs, or stands twice',
        "keep the four rows of the template",
    ),
}
