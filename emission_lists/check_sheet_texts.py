"""What is said about measures, guarantees, further sheets and the summary that were read and then checked, by code."""

from __future__ import annotations

from emission_lists.import_texts import Texts

SHEET_CHECK_TEXTS: dict[str, Texts] = {
    "LINE_CODE_FORMAT": (
        "{what} 条生产线的编号不是许可证设施编号，如“{value}”",
        "请填写许可证中的设施编号，如 MF0001",
        '{what} line codes are not facility codes of the permit, such as "{value}"',
        "give the code in the permit, such as MF0001",
    ),
    "LIMIT_NO_METRIC": (
        "{what}限产没有可核查的指标",
        "请填写负荷指标，或以用电、在线监测核查",
        "the {what} limit has no metric that can be verified",
        "give a load metric, or verify by power or CEMS",
    ),
    "BASIS_NOT_STATED": (
        "{what}限产比例没有核算基准",
        "请选择核算基准",
        "the {what} limit does not say what it is counted from",
        "choose a basis",
    ),
    "BASE_MISSING": (
        "有减排量但没有现状排放量（{pollutant}）",
        "请填写正常生产日的现状排放量",
        "a reduction without a base ({pollutant})",
        "give the emissions of a normal day",
    ),
    "NONE_WITH_REDUCTION": (
        "{what}不采取措施却填写了减排量",
        "请清空减排量，或填写措施",
        "no measure at {what}, but a reduction",
        "clear the reduction or give the measure",
    ),
    "REDUCTION_NOTHING": (
        "{what}停产（限产）但减排量全部为 0",
        "请核对减排量",
        "a stop or limit at {what} that saves nothing",
        "check the reductions",
    ),
    "MEASURE_DECREASES": (
        "{what}措施弱于{lower}（仍可运行 {value}）",
        "高级别的措施不应弱于低级别",
        "the {what} measure is weaker than at {lower} ({value} may still run)",
        "a higher level should not ask less",
    ),
    "INDUSTRY_CLASS": (
        "行业代码 {value} 与“{industry}”的常见代码（{what}）不符",
        "请核对行业类型",
        "class {value} is not among the usual ones of {industry} ({what})",
        "check the industry",
    ),
    "SOURCE_CLASS_MISSING": (
        "行业代码 {value} 为{what}，但“源类别”未注明",
        "请选择“{what}”",
        "class {value} is a {what_en}, but the class of sources does not say so",
        "choose it",
    ),
    "PERMIT_NAME_DIFFERS": (
        "企业名称与许可名录（{what}）不同",
        "请核对名称",
        "the name differs from the register ({what})",
        "check the name",
    ),
    "PERMIT_CLASS_DIFFERS": (
        "行业代码 {value} 与许可名录（{what}）不同",
        "请核对行业代码",
        "class {value} differs from the register ({what})",
        "check the class",
    ),
    "GUARANTEE_SHEET_MISSING": (
        "清单有保障类企业，但没有“保障类清单”工作表，无法核对审批",
        "请填写“保障类清单”",
        "there are guarantee enterprises, but no sheet 保障类清单: their approvals cannot be checked",
        "fill in the sheet",
    ),
    "GUARANTEE_NOT_LISTED": (
        "保障类企业不在“保障类清单”中",
        "请补充，或取消保障类型",
        "a guarantee enterprise that 保障类清单 does not name",
        "add it or clear the type",
    ),
    "GUARANTEE_NOT_IN_FORCE": (
        "“保障类清单”中的保障没有生效：{what}",
        "生效前请按普通企业填写措施，并清空保障类型",
        "the guarantee in 保障类清单 is not in force: {what_en}",
        "until it is, give the measures of an ordinary enterprise and clear the type",
    ),
    "GUARANTEE_CASE_NOT_IN_FORCE": (
        "{name}：清单载明保障类，但第{number}号保障类{what}",
        "完成审批，或按普通企业填写措施并清空保障类型；在此之前响应不给予保障",
        "{name}: the list names a guarantee, but guarantee {number} {what_en}",
        "complete the approval, or give the measures of an ordinary enterprise and clear the type; until then nothing is relieved",
    ),
    "GUARANTEE_CASE_SUSPENDED": (
        "{name}：清单载明保障类，但第{number}号保障类因未达标排放暂停",
        "请核实是否已达标；恢复之前响应不给予保障",
        "{name}: the list names a guarantee, but guarantee {number} is suspended because emissions did not comply",
        "see whether they comply again; until it is resumed nothing is relieved",
    ),
    "GUARANTEE_CASE_MISSING": (
        "{value} 家保障类企业在本系统没有审批件（如{what}），响应只能凭清单给予保障，也无法暂停",
        "请在“保障类”页录入申请和审批",
        "{value} guarantee enterprise(s) without a case here (such as {what}): responses relieve them by the list's word alone, and"
        " nobody can suspend that",
        "enter their applications and approvals on the page of guarantees",
    ),
    "GUARANTEE_ROW_SILENT": (
        "企业在“保障类清单”中，但本行未填保障类型",
        "请补充保障类型，或从保障类清单删除",
        "保障类清单 names the enterprise, but its rows state no guarantee",
        "give the type or remove it there",
    ),
    "GUARANTEE_WITHOUT_ROW": (
        "保障类企业 {value} 不在应急减排清单中",
        "保障类企业仍须列入清单",
        "guarantee enterprise {value} is not on the list",
        "it still has to be listed",
    ),
    "GUARANTEE_DIFFERS": (
        "{what}与“保障类清单”不同：{value}，{listed}",
        "请核对两处",
        "{what} differs from 保障类清单: {value}, {listed}",
        "check both",
    ),
    "GUARANTEE_CHAIN_OPEN": (
        "审批未完成：{what}",
        "审批完成前不得按保障类管理",
        "the approval is not complete: {what_en}",
        "no relief until it is",
    ),
    "GUARANTEE_CHAIN_ORDER": (
        "审批日期的先后次序不对",
        "应依次为市级同意、省级审核、报部备案",
        "the dates of approval are out of order",
        "city, then province, then ministry",
    ),
    "GUARANTEE_RECORD_NO_END": (
        "保障类清单没有有效期",
        "请填写批准的截止日期",
        "the guarantee has no end date",
        "give the approved one",
    ),
    "GUARANTEE_RECORD_EXPIRED": (
        "保障已于 {value} 到期",
        "请更新批准，或从清单删除",
        "the guarantee ended on {value}",
        "renew or remove it",
    ),
    "GUARANTEE_RECORD_EARLY": (
        "保障自 {value} 起才有效",
        "生效前不得按保障类管理",
        "the guarantee holds only from {value}",
        "no relief before",
    ),
    "RECORD_OUTSIDE": (
        "区县代码 {value} 不属于 {what}",
        "请更正区县代码",
        "county {value} does not belong to {what}",
        "correct it",
    ),
    "RECORD_UNKNOWN": (
        "{what}措施未确定",
        "尽快确定；未确定的措施不会执行",
        "the {what} measure is not established",
        "establish it; it is not executed until then",
    ),
    "RECORD_UNKNOWN_WITH_REDUCTION": (
        "{what}措施未确定却填写了减排量",
        "该减排量不计入合计",
        "the {what} measure is not established but has a reduction",
        "the reduction is not counted",
    ),
    "RECORD_NONE_WITH_REDUCTION": (
        "{what}不采取措施却填写了减排量",
        "请清空减排量，或填写措施",
        "no measure at {what}, but a reduction",
        "clear the reduction or give the measure",
    ),
    "RECORD_REDUCTION_MISSING": (
        "{what}有措施却没有减排量",
        "请填写减排量",
        "a measure at {what} without a reduction",
        "give the reduction",
    ),
    "RECORD_EXCEEDS_BASE": (
        "{what}减排量 {value} 大于现状排放量",
        "请核对单位（kg/d）",
        "the {what} reduction {value} is more than the base",
        "check the unit (kg/d)",
    ),
    "RECORD_DECREASES": (
        "{what}减排量少于较低级别",
        "请核对",
        "the {what} reduction is less than at the lower level",
        "check it",
    ),
    "DUST_NOT_GUARANTEED": (
        "工地标为保障工程，但“保障类清单”没有编号 {value}",
        "请在保障类清单补充，或改为“否”",
        "the site is marked as a guarantee project, but 保障类清单 has no {value}",
        "add it there or change it to 否",
    ),
    "DUST_NOT_VERIFIABLE": (
        "工地有措施但没有核查点位",
        "请填写扬尘在线监测或视频点位",
        "a site with a measure but no point of verification",
        "name the dust monitor or video point",
    ),
    "BULK_NO_GATE": (
        "日均 {value} 车次（不少于 {what}）但未安装门禁",
        "请按 HJ 1321-2023 建设门禁",
        "{value} trips a day (at least {what}) without a gate system",
        "build one after HJ 1321-2023",
    ),
    "GRADED_NO_GATE": (
        "重点行业A级、B级、B-级、引领性企业未安装门禁",
        "请在每个货运出入口安装门禁（HJ 1321-2023）",
        "no gate system at an enterprise of grade A, B, B- or leading of a key industry",
        "build one at every freight entrance (HJ 1321-2023)",
    ),
    "GRADED_GATES_NOT_STATED": (
        "{what} 家重点行业A级、B级、B-级、引领性企业未载明各货运出入口的门禁（如 {value}）",
        "请在“用车大户”表填写其货运出入口数和已装门禁的出入口数",
        "{what} enterprises of grades A, B, B- and leading of key industries do not state the gates of their freight "
        "entrances, such as {value}",
        "put their entrances and barriers on the sheet of bulk-transport units",
    ),
    "BULK_GATE_PARTIAL": (
        "{what} 个货运出入口中只有 {value} 个装有门禁",
        "所有货运出入口都应安装",
        "only {value} of {what} freight entrances have a barrier",
        "every freight entrance needs one",
    ),
    "BULK_RULE_WEAKER": (
        "{what}运输管控弱于应急减排清单中该企业的措施",
        "请按较严的一个填写两处",
        "the {what} transport rule is weaker than the enterprise's measure on the list",
        "state the stricter one in both",
    ),
    "WHITELIST_EXPIRED": (
        "白名单已于 {value} 到期",
        "请更新或删除",
        "the entry ended on {value}",
        "renew or remove it",
    ),
    "PLATE_COLOUR": (
        "号牌 {value} 的颜色与位数不符",
        "新能源车为 8 位绿牌或黄绿牌，请核对",
        "the colour of plate {value} does not go with its length",
        "new-energy plates have 8 characters and are green; check both",
    ),
    "SUMMARY_DIFFERS": (
        "{source}{item} {pollutant} 填写 {value}，按各表合计为 {what}",
        "请改为各表合计，或更正各表",
        "{source} {item} {pollutant}: {value} stated, the rows add up to {what}",
        "state the sum, or correct the rows",
    ),
    "SUMMARY_NOT_SUM": (
        "{source}{item} {pollutant} 填写 {value}，各源类别合计为 {what}",
        "请核对各源类别",
        "{source} {item} {pollutant}: {value} stated, the classes add up to {what}",
        "check the classes",
    ),
    "SUMMARY_WHOLE_DIFFERS": (
        "{source}{item} {pollutant} 填写 {value}，“全社会排放量”工作表为 {what}",
        "请改为一致",
        "{source} {item} {pollutant}: {value} stated, the sheet 全社会排放量 says {what}",
        "make them agree",
    ),
}
