"""Texts of the obligations pages: key → (Chinese, English)."""

from __future__ import annotations

OBLIGATIONS: dict[str, tuple[str, str]] = {}
