"""Texts of the approvals pages: key → (Chinese, English)."""

from __future__ import annotations

APPROVALS: dict[str, tuple[str, str]] = {}
