"""The texts of the pages about grades and the guarantee class, each in Chinese and English."""

from __future__ import annotations

GRADES: dict[str, tuple[str, str]] = {}
