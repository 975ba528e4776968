"""What is said about a list that was read and then checked, by code.

Each entry: problem (Chinese), advice (Chinese), problem (English), advice (English).
"""

from __future__ import annotations

from emission_lists.import_texts import Texts

CHECK_TEXTS: dict[str, Texts] = {
    "USCC_CHECK": (
        "统一社会信用代码 {value} 无效",
        "请核对营业执照",
        "credit code {value} is not valid",
        "look at the business licence",
    ),
    "PERMIT_CHECK": (
        "排污许可证编号 {value} 无效",
        "请核对许可证",
        "permit number {value} is not valid",
        "look at the permit",
    ),
    "PERMIT_OTHER_UNIT": (
        "排污许可证编号与统一社会信用代码不是同一单位",
        "请核对两者",
        "the permit belongs to another credit code",
        "check both",
    ),
    "PERMIT_MISSING": (
        "未填写排污许可证或登记编号",
        "请补充，确保持证单位应列尽列",
        "no permit or registration number",
        "add it, so that no permit holder is missed",
    ),
    "ADCODE_OUTSIDE": (
        "区县代码 {value} 不属于 {what}",
        "请更正区县代码，或导入到所属城市的清单",
        "county {value} does not belong to {what}",
        "correct it, or import into its own city's list",
    ),
    "INDUSTRY_UNKNOWN": (
        "“{value}”不是 {what} 的重点行业",
        "请从下拉列表选择行业；非重点行业请把“重点行业”填为“否”",
        '"{value}" is not a key industry of {what}',
        "choose one from the list, or mark it as not key",
    ),
    "INDUSTRY_IS_PART": (
        "“{value}”是“{industry}”行业的子类",
        "请把“行业”填为“{industry}”，“行业子类”填为“{what}”",
        '"{value}" is a part of the industry {industry}',
        "put {industry} into the column of the industry and {what} into that of the sub-type",
    ),
    "INDUSTRY_NOT_ESTABLISHED": (
        "“{value}”是否为重点行业未确立：另有 {what} 个行业的名称未见到",
        "请向主管部门核实；等级方式和指南要求未确立，清单载明的措施照常执行",
        'whether "{value}" is a key industry is not established: the names of {what} more were not seen',
        "ask the authority; its grades and what a guide asks are not established, what the list says is carried out",
    ),
    "INDUSTRY_IS_KEY": (
        "“{value}”是 {what} 的重点行业",
        "请把“重点行业”填为“是”",
        '"{value}" is a key industry of {what}',
        "mark it as key",
    ),
    "GRADE_ILLEGAL": (
        "{industry}没有“{value}”这一等级",
        "可选等级：{what}",
        '{industry} has no grade "{value}"',
        "its grades: {what}",
    ),
    "GRADE_UNCERTAIN": (
        "{industry}的分级方式未核实，无法确认“{value}”是否适用",
        "请对照指南原文核实",
        'the scheme of {industry} is not verified; "{value}" cannot be confirmed',
        "look it up in the guide",
    ),
    "SUBTYPE_UNKNOWN": (
        "指南该行业没有子类“{value}”",
        "请填写指南的子类（{what}），或留空",
        'the guide has no sub-type "{value}" of this industry',
        "use one of the guide's ({what}) or leave it empty",
    ),
    "GRADE_NOT_IN_FORCE": (
        "{name}：清单载明{listed_zh}，生效等级{what}",
        "更新清单中的绩效等级和相应措施；在此之前响应按生效等级执行",
        "{name}: the list says {listed}, in force is {in_force}",
        "update the grade and its measures; until then responses follow the grade in force",
    ),
    "GRADE_NOT_APPLIED": (
        "重点行业企业未评级",
        "按本行业最低等级（{what}）管控，或补办绩效分级",
        "a key-industry enterprise without a grade",
        "hold it to the lowest grade ({what}) or have it graded",
    ),
    "TOP_GRADE_FORCED": (
        "{value}企业由其自主减排，清单却规定了强制措施（{what}）",
        "请改为“自主减排”",
        "{value} decides its own reduction, but the list orders {what}",
        "change it to 自主减排",
    ),
    "SELF_DETERMINED_BELOW": (
        "{value}企业不能自主减排",
        "请填写不弱于指南的措施，未定时选“未确定”",
        "{value} may not decide its own reduction",
        "give a measure no weaker than the guide, or 未确定",
    ),
    "WEAKER_THAN_GUIDE": (
        "措施弱于指南：{industry} {value}，指南要求“{what}”",
        "请至少达到指南要求",
        "weaker than the guide: {industry} {value}, the guide asks {what}",
        "do at least what the guide asks",
    ),
    "GUIDE_PROCESS_MISSING": (
        "指南对{industry} {value} 的“{what}”工序有要求，清单中没有该工序",
        "请补充该工序或核对工序名称",
        "the guide has a measure for process {what}, which the list does not name",
        "add the process or check its name",
    ),
    "NOT_COMPARABLE": (
        "无法与指南要求“{what}”比较",
        "请补充比例或设备数量",
        "cannot be compared with the guide's {what}",
        "add the share or the number of units",
    ),
    "CAPACITY_NOT_STATED": (
        "指南要求“{what}”按产能和设备数量计，产能部分未确立",
        "请填写各行的“产能”和“产能单位”，规模不同的设备逐台列行；只数设备不能证明产能达到比例",
        "the guide's {what} is counted by capacity and units; the share of capacity is not established",
        "give capacity and its unit on every row, one row for each unit of another size; a count alone does not prove it",
    ),
    "CAP_ABOVE_MEAN": (
        "负荷上限 {value} 高于 {what}（三者日均值的最小值 {mean} 扣除限产比例）",
        "请按“环评批复产能、排污许可载明产能、前一年实际产量”日均值的最小值重新核算；负荷指标不是产量的，请换算为产量填写",
        "the load cap {value} is above {what}, what the share leaves of the smallest daily mean {mean}",
        "count it anew from the smallest of the three means; where the metric is not output, write the cap in output",
    ),
    "CAP_UNIT_DIFFERS": (
        "负荷上限 {value} 与日均值的单位（{what}）不同，无法核对",
        "请把两者改为同一单位",
        "the load cap {value} is in another unit than the daily means ({what}): they cannot be compared",
        "write both in one unit",
    ),
    "INCONSISTENT_MEASURES": (
        "与同行业同等级其他企业的措施不同（多数为“{what}”）",
        "请核对；有特殊原因请在说明中写明",
        "differs from others of the same industry and grade (most: {what})",
        "check it; note the reason if it is meant",
    ),
    "ROUNDING": (
        "{what} 台（条）的停产比例应取整为 {needed}，清单为 {value}",
        "请改为 {needed}",
        "a share of {what} units is {needed} whole units, not {value}",
        "change it to {needed}",
    ),
    "UNITS_EXCEED": (
        "停产数量 {value} 大于设备总数 {what}",
        "请核对",
        "{value} units to stop, only {what} exist",
        "check both",
    ),
    "LONG_STOPPED_BASE": (
        "长期停产却填写了现状排放量或减排量",
        "请清空或填 0",
        "long stopped, but with emissions or reductions",
        "clear them or give 0",
    ),
    "GUARANTEE_NO_END": (
        "保障类企业没有保障有效期",
        "请填写批准的有效期",
        "a guarantee without an end date",
        "give the approved end date",
    ),
    "GUARANTEE_EXPIRED": (
        "保障有效期 {value} 已过",
        "请更新批准或取消保障类型",
        "the guarantee ended on {value}",
        "renew it or clear the type",
    ),
    "GUARANTEE_NO_CAP": (
        "保障类企业没有负荷上限",
        "请填写批准的最大负荷",
        "a guarantee without a load cap",
        "give the approved load",
    ),
    "MEASURE_UNKNOWN": (
        "{what}措施未确定",
        "尽快确定；未确定的措施不会执行",
        "the {what} measure is not established",
        "establish it; it is not executed until then",
    ),
    "UNKNOWN_WITH_REDUCTION": (
        "{what}措施未确定却填写了减排量",
        "该减排量不计入合计",
        "the {what} measure is not established but has a reduction",
        "the reduction is not counted",
    ),
    "SMALL_MICRO_FORCED": (
        "小微涉气企业在{what}预警有强制措施",
        "可视情减免",
        "a small-micro enterprise has a forced measure at {what}",
        "it may be relieved",
    ),
    "SMALL_MICRO_TOO_LARGE": (
        "小微涉气企业年排放约 {value} kg，大于 {what} kg",
        "请核对小微认定",
        "small-micro, but about {value} kg a year, more than {what} kg",
        "check whether it is small-micro",
    ),
    "NOT_VERIFIABLE": (
        "{what}措施没有核查方式或核查点位",
        "请填写电表、在线监测、门禁或视频点位",
        "the {what} measure has no way or point of verification",
        "name the meter, CEMS, gate or video point",
    ),
    "REDUCTION_MISSING": (
        "{what}有强制措施却没有减排量",
        "请填写各污染物减排量",
        "a forced measure at {what} without a reduction",
        "give the reductions",
    ),
    "REDUCTION_EXCEEDS_BASE": (
        "{what}减排量 {value} 大于现状排放量",
        "请核对单位（kg/d）",
        "the {what} reduction {value} is more than the base",
        "check the unit (kg/d)",
    ),
    "LEVEL_DECREASES": (
        "{what}减排量少于较低级别",
        "请核对",
        "the {what} reduction is less than at the lower level",
        "check it",
    ),
    "FLOOR_NOT_MET": (
        "{what}预警 {pollutant} 减排 {value}，低于 {floor}",
        "请增加减排措施或核对全社会排放量",
        "{what}: {pollutant} is cut by {value}, below {floor}",
        "add measures or check the base",
    ),
    "FLOOR_SWAP_USED": (
        "{what}预警以 SO2、NOx 互相调剂达到要求（合计 {value}，要求 {floor}）",
        "请在编制说明中写明",
        "{what}: SO2 and NOx are balanced against each other ({value}, required {floor})",
        "say so in the explanation",
    ),
    "FLOOR_NOT_CHECKED": (
        "未填写全社会排放量（{pollutant}），无法核算减排比例",
        "请填写“全社会排放量”工作表",
        "no whole-society emissions ({pollutant}): the floors cannot be checked",
        "fill in the sheet 全社会排放量",
    ),
    "PERMIT_REGISTER_MISSING": (
        "本行政区没有生效的排污许可名录，无法核对持证单位是否应列尽列",
        "请在“许可名录”页上传",
        "no permit register is in force here: it cannot be told whether every holder is listed",
        "upload one on the page of permit registers",
    ),
    "PERMIT_HOLDER_MISSING": (
        "涉气持证单位“{name}”（{county}，{management}）不在清单中",
        "请列入清单（列入清单不等于停产）",
        'the air permit holder "{name}" ({county}, {management_en}) is not on the list',
        "put it on the list; that does not mean that it has to stop",
    ),
    "PERMIT_REGISTRANT_MISSING": (
        "涉气登记单位“{name}”（{county}）不在清单中",
        "请列入清单，符合条件的可标为小微涉气",
        'the registered air emitter "{name}" ({county}) is not on the list',
        "put it on the list, as small-micro where it is",
    ),
    "PERMIT_LAPSED_HOLDER": (
        "“{name}”（{county}）的许可证已于 {until} 到期，也不在清单中",
        "请核实是否仍在生产",
        'the permit of "{name}" ({county}) ended on {until}, and it is not on the list',
        "find out whether it still runs",
    ),
    "PERMIT_NOT_IN_REGISTER": (
        "许可证编号 {value} 不在许可名录中",
        "请核对编号，或更新名录",
        "the register does not know permit {value}",
        "check the number, or renew the register",
    ),
    "PERMIT_EXPIRED": (
        "许可证 {value} 已于 {until} 到期",
        "请核实延续情况，并更新编号或名录",
        "permit {value} ended on {until}",
        "find out whether it was renewed, and correct the number or the register",
    ),
    "PERMIT_OF_OTHER_UNIT": (
        "名录中许可证 {value} 属于“{what}”",
        "请核对编号和统一社会信用代码",
        'in the register, permit {value} belongs to "{what}"',
        "check the number and the credit code",
    ),
    "PERMIT_NOT_AIR": (
        "名录中许可证 {value} 不涉气",
        "请核对名录的“涉气”列",
        "in the register, permit {value} is not about air",
        "check the register's column 涉气",
    ),
}
