"""Texts of the accounts pages: key → (Chinese, English)."""

from __future__ import annotations

ACCOUNTS: dict[str, tuple[str, str]] = {}
