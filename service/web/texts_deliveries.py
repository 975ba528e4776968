"""Texts of the deliveries pages: key → (Chinese, English)."""

from __future__ import annotations

DELIVERIES: dict[str, tuple[str, str]] = {}
