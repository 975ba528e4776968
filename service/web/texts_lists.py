"""The texts of the pages about lists, their import and their comparison, each in Chinese and English."""

from __future__ import annotations

LISTS: dict[str, tuple[str, str]] = {}
