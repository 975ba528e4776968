"""What is said about a list that is held against its guide and among its own rows, by code; the form is that of `check_texts`."""

from __future__ import annotations

from emission_lists.import_texts import Texts

GUIDE_CHECK_TEXTS: dict[str, Texts] = {
    "OUTPUT_ABOVE_GUIDE": (
        "“{process}”按清单每日可生产 {value}，高于指南所许的 {what}（三者日均值的最小值扣除 {ratio}）",
        "请按“环评批复产能、排污许可载明产能、前一年实际产量”日均值的最小值重新核算限产比例和负荷上限",
        "by the list {process} may make {value} a day, the guide leaves {what} (the smallest of the three daily means less {ratio})",
        "count the share and the load cap anew from the smallest of the three means",
    ),
}
