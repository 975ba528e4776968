"""The texts of the pages about permit registers and floors, each in Chinese and English."""

from __future__ import annotations

PERMITS: dict[str, tuple[str, str]] = {}
