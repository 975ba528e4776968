"""What stands on a printed sheet: plain values, so that it can be stored, hashed and drawn again. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from service.kit.canonical import digest
from service.seasonal.repository import Entry

LEVELS = ("yellow", "orange", "red")
LINE_KEYS = (
    "code", "name", "process", "action", "from", "until", "complete_by", "sentence_zh", "sentence_en", "verification",
    "verification_point", "note_zh",
)  # fmt: skip
PART_KEYS = (
    "status", "headline_zh", "headline_en", "summary_zh", "summary_en", "guarantee_zh", "guarantee_en", "list_version",
)  # fmt: skip
Content = dict[str, Any]


def sheet_content(required: Content, place: str, as_of: str, plan: Content | None) -> Content:
    """A requirement sheet (减排要求单): what holds at `as_of`, what begins next, and the enterprise's other sites."""
    posts = _posts(plan)
    parts = [_part(required, "now", posts)]
    if required["next"] is not None:
        parts.append(_part(required["next"] | {"list_version": required["list_version"]}, "next", posts))
    parts += [_part(part, "elsewhere", posts) for part in required["elsewhere"]]
    response = required["response"]
    return _head("requirements", required, place) | {
        "as_of": as_of,
        "level": None if response is None else response["level"],
        "parts": parts,
    }


def board_content(
    per_level: dict[str, Content],
    place: str,
    plan: Content | None,
    supervision: str | None,
    contact: str | None = None,
    seasonal: Sequence[Entry] = (),
) -> Content:
    """A gate notice board (公示牌): the measures per level; it changes only with the list, the grade or guarantee, or the plans.

    `contact`: whom the list names for the enterprise. `seasonal`: what a seasonal plan asks beside the levels, each with its
    days, so that a board that hangs longer than the season says nothing wrong.
    """
    first = per_level[LEVELS[0]]
    posts = _posts(plan)
    lines: dict[str, Content] = {}
    for level in LEVELS:
        for line in per_level[level]["lines"]:
            row = lines.setdefault(
                line["code"], {"code": line["code"], "name": line["name"], "process": line["process"], "levels": {}}
            )
            row["levels"][level] = {"action": line["action"], "zh": _clause(line, "zh"), "en": _clause(line, "en")}
            row["post"], row["phone"] = posts.get(line["code"], (None, None))
    lead = plan["content"]["command_group"][0] if plan else None
    return _head("board", first, place) | {
        "list_version": first["list_version"],
        "plan_version": None if plan is None else plan["version"],
        "contact": contact,
        "lead": lead,
        "supervision": supervision,
        "lines": [lines[code] for code in sorted(lines)],
        "seasonal": [_season(entry, lines) for entry in seasonal],
        "guarantee_zh": first["guarantee_zh"],
        "guarantee_en": first["guarantee_en"],
    }


def _season(entry: Entry, lines: dict[str, Content]) -> Content:
    """One seasonal measure with its first and last day; `line` None: every line that produces."""
    line = lines.get(entry.line_code, {"name": entry.line_code})["name"] if entry.line_code else None
    return {
        "title": entry.title,
        "line": line,
        "from": entry.starts.date().isoformat(),
        "last": (entry.until - timedelta(days=1)).date().isoformat(),
        "zh": entry.measure.render_zh(),
        "en": entry.measure.render_en(),
    }


def sheet_id(content: Content) -> str:
    """The address of a sheet: 130 bits that follow from its content, so that nobody finds one without having it."""
    seed = hashlib.sha256(f"lantian-sheet:{digest(content)}".encode()).digest()
    return base64.b32encode(seed).decode().lower()[:26]


def _head(kind: str, required: Content, place: str) -> Content:
    return {
        "kind": kind,
        "uscc": required["uscc"],
        "name": required["name"],
        "adcode": required["adcode"],
        "place": place,
        "grade_zh": required["grade_zh"],
        "grade": required["grade"],
    }


def _part(required: Content, which: str, posts: dict[str, tuple[str, str]]) -> Content:
    lines = []
    for line in required["lines"]:
        post, phone = posts.get(line["code"], (None, None))
        kept = {key: line[key] for key in LINE_KEYS} | {"post": post, "phone": phone}
        kept["stages"] = [
            {key: one[key] for key in ("from", "until", "sentence_zh", "sentence_en")} for one in line["stages"]
        ]
        kept["reasons"] = line["reasons"]
        lines.append(kept)
    return {"which": which, "lines": lines} | {key: required[key] for key in PART_KEYS}


def _clause(line: Content, language: str) -> str:
    """The sentence without the line's name before it."""
    sentence: str = line[f"sentence_{language}"]
    return sentence.removeprefix(line["name"]).lstrip("：: ")


def _posts(plan: Content | None) -> dict[str, tuple[str, str]]:
    """Who is responsible for each line, by the operating plan."""
    return {} if plan is None else {line["code"]: (line["post"], line["phone"]) for line in plan["content"]["lines"]}
