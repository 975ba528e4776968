"""What makes a process a drill (演练): its database address leads into a drill's own schema, and nothing else does.

So there is no setting that could be forgotten. Everything that a drill says carries the mark.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

MARK = "【演练 DRILL】"
SCHEMA = re.compile(r"drill_[1-9][0-9]{0,17}")
BEHIND = "pg_catalog"
"""Comes after the drill's schema, so that the drill's own functions for locks and notifications are found first."""


class NotADrillSchema(ValueError):
    """An address that names a search path which is no drill's."""


def into_drill(address: str, schema: str) -> str:
    """The address of a drill's schema in the same database. Raises NotADrillSchema for a name that is none."""
    if not SCHEMA.fullmatch(schema):
        raise NotADrillSchema(f"{schema!r} is no schema of a drill; they are called drill_1, drill_2 and so on.")
    base, _, query = address.partition("?")
    pairs = [(name, value) for name, value in parse_qsl(query) if name != "search_path"]
    return f"{base}?{urlencode([*pairs, ('search_path', f'{schema},{BEHIND}')])}"


def split_path(address: str) -> tuple[str, str | None]:
    """The address without its search path, and the path; None without one."""
    base, _, query = address.partition("?")
    pairs = parse_qsl(query)
    path = next((value for name, value in pairs if name == "search_path"), None)
    rest = [(name, value) for name, value in pairs if name != "search_path"]
    return (f"{base}?{urlencode(rest)}" if rest else base), path


@cache
def schema_of(address: str | None) -> str | None:
    """The drill's schema that an address leads into; None for a live one. Raises NotADrillSchema for any other path."""
    path = split_path(address or "")[1]
    if path is None:
        return None
    schema, _, behind = path.partition(",")
    if not SCHEMA.fullmatch(schema) or behind != BEHIND:
        raise NotADrillSchema(f"The database address names the search path {path!r}; only drills have one of their own.")
    return schema


def marked(drill: str | None, text: str) -> str:
    """The text, in a drill with the mark before it, once."""
    return text if drill is None or not text or text.startswith(MARK) else MARK + text


def marked_notice(drill: str | None, notice: dict[str, Any]) -> dict[str, Any]:
    """A notice in its languages with every headline and text marked."""
    return {
        language: {name: marked(drill, value) if isinstance(value, str) else value for name, value in part.items()}
        for language, part in notice.items()
    }


def marked_body(drill: str | None, body: str) -> str:
    """A body on its way out: JSON says `"drill": true` first of all, any other text begins with the mark."""
    if drill is None:
        return body
    try:
        parsed = json.loads(body)
    except ValueError:
        return marked(drill, body)
    if not isinstance(parsed, dict):
        return marked(drill, body)
    return json.dumps({"drill": True} | parsed | {"drill": True}, ensure_ascii=False, separators=(",", ":"))
