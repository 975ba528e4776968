"""Texts of the approvals pages: key → (Chinese, English)."""

from __future__ import annotations

APPROVALS: dict[str, tuple[str, str]] = {
    "law_signs": ("{role}（{hours} 小时内）", "{role} (within {hours} h)"),
    "law_then": ("逾期后：", "after that:"),
}
