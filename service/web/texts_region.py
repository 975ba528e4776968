"""Texts of the region pages: key → (Chinese, English)."""

from __future__ import annotations

REGION: dict[str, tuple[str, str]] = {
    "nav_more": ("更多", "More"),
}
