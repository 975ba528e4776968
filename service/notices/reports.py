"""Who has not answered, as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

HEADER = ("区县代码", "区县", "统一社会信用代码", "企业名称", "绩效等级", "行业")


def safe(cell: str) -> str:
    """A cell that no spreadsheet reads as a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def silent_csv(rows: Iterable[Mapping[str, Any]], places: Mapping[str, str]) -> bytes:
    """Enterprises that have not answered, UTF-8 with a mark so that Excel reads it."""
    lines: list[Sequence[str]] = [HEADER]
    lines += [
        (
            row["county"],
            places[row["county"]],
            row["uscc"],
            safe(row["name"]),
            safe(row["grade"]),
            safe(row["industry"]),
        )
        for row in rows
    ]
    target = StringIO(newline="")
    csv.writer(target).writerows(lines)
    return target.getvalue().encode("utf-8-sig")
