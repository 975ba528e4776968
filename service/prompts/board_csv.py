"""The board as CSV: one line per division, the same columns as the page."""

from __future__ import annotations

import csv
import io
from typing import Any

COLUMNS = (
    ("adcode", "代码"),
    ("place", "城市"),
    ("own_level", "自身研判"),
    ("prompted_level", "提示级别"),
    ("starts_at", "统一时间"),
    ("proposed_at", "提出"),
    ("proposal_state", "建议状态"),
    ("decided_level", "决定级别"),
    ("announced_at", "发布"),
    ("effective_at", "启动"),
    ("acknowledged", "回执%"),
    ("late_minutes", "滞后分钟"),
)
RISKY = ("=", "+", "-", "@", "\t", "\r")


def board_csv(board: dict[str, Any]) -> bytes:
    """UTF-8 with a byte-order mark; a text that a spreadsheet would take for a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*(f"{name} {zh}" for name, zh in COLUMNS), "reason 原因", "reason_en"])
    for one in board["divisions"]:
        cells = [one[name] for name, _ in COLUMNS]
        writer.writerow([_cell(value) for value in (*cells, one["reason"]["zh"], one["reason"]["en"])])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    written = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{written}" if written.startswith(RISKY) else written
