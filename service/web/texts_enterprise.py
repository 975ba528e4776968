"""The texts of the pages about the enterprise, each in Chinese and English."""

from __future__ import annotations

ENTERPRISE: dict[str, tuple[str, str]] = {}
