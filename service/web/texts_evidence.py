"""The texts of the pages about evidence and findings, each in Chinese and English."""

from __future__ import annotations

EVIDENCE: dict[str, tuple[str, str]] = {}
