"""Texts of the people pages: key → (Chinese, English)."""

from __future__ import annotations

PEOPLE: dict[str, tuple[str, str]] = {}
