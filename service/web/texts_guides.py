"""The texts of the pages about guides, each in Chinese and English."""

from __future__ import annotations

GUIDES: dict[str, tuple[str, str]] = {}
