"""What a message to neighbours or above says, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

HEADS = {"neighbour": ("【通报】", "Neighbour: "), "upper": ("【报告】", "Report: ")}
CONSULT = (
    "省界两侧20公里内项目请按规定会商。",
    "Within 20 km of the provincial border, projects are consulted on.",
)
"""A reminder only: joint prevention along provincial borders (policy, regional mechanisms)."""


def told(document: Mapping[str, Any], relation: str, across_border: bool) -> tuple[tuple[str, str], tuple[str, str]]:
    """Title and text, Chinese and English. `across_border`: the reader lies in another province."""
    head_zh, head_en = HEADS[relation]
    notice = document["notice"]
    hint_zh, hint_en = CONSULT if across_border and relation == "neighbour" else ("", "")
    return (
        (f"{head_zh}{notice['zh']['headline']}", f"{notice['zh']['text']}{hint_zh}"),
        (f"{head_en}{notice['en']['headline']}", f"{notice['en']['text']} {hint_en}".strip()),
    )
