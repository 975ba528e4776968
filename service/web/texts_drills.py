"""Texts of the drills pages: key → (Chinese, English)."""

from __future__ import annotations

DRILLS: dict[str, tuple[str, str]] = {}
