"""The texts of the pages about evaluations, each in Chinese and English."""

from __future__ import annotations

EVALUATION: dict[str, tuple[str, str]] = {}
