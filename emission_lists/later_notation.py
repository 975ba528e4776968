"""Later stages of a measure as one cell (后续措施): 120小时后：停产 50%（含）以上，时段 17:00-09:00；168小时后：限产 30%.

A stage is "<hours>小时后：<action>[ <share>%[（含）以上]]" and further parts "，<name> <value>", where a name is that of the
level's column without its unit. Stages are parted by ；. A value may stand in quotes, "" inside them is one quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from emission_lists.cells import (
    MAX_STAGES_TEXT,
    CellProblem,
    as_choice,
    as_number,
    as_percent,
    cycle_cell,
    escaped,
    percent_cell,
)
from emission_lists.columns import LEVEL_COLUMNS, LEVEL_FIELDS
from emission_lists.measures import MAX_HOURS, Action, Later, Measure, number

MAX_STAGES = 5
_BOTH = {'"': '"', "“": "”"}
_HEAD = re.compile(r"([0-9.]+)\s*(?:小时|h)后\s*[:：]\s*(.*)", re.DOTALL)
_SHARE = re.compile(r"([^\s\d%％]+?)\s*(?:([\d.]+)\s*[%％]\s*([(（]含[)）]以上)?)?")
_ACTIONS = {member.zh: member for member in Action if member is not Action.UNKNOWN}
_read_action, _read_hours = as_choice(_ACTIONS), as_number(1e-6, MAX_HOURS)


def _name(header: str) -> str:
    return header.partition("-")[2].partition("（")[0]


_COLUMNS = dict(zip(LEVEL_FIELDS, LEVEL_COLUMNS[0], strict=True))
_NAMES = {field: _name(_COLUMNS[field].header) for field in LEVEL_FIELDS if field not in ("action", "later")}
_FIELDS = sorted(((name, field) for field, name in _NAMES.items()), key=lambda pair: -len(pair[0]))
_FREE = frozenset({"cap_metric", "cap_unit", "note_zh"})


def parse_stages(text: str) -> list[tuple[float, dict[str, Any]]]:
    """Hours and fields (`LEVEL_FIELDS` without later) of each stage, in order of time.

    CellProblem LATER, or that of the value at fault, if the text cannot be read.
    """
    stages = [_stage(part) for part in _split(text, "；;\n") if part.strip()]
    if not 1 <= len(stages) <= MAX_STAGES:
        raise _unread(f"应为 1 至 {MAX_STAGES} 个阶段", f"1 to {MAX_STAGES} stages are read")
    hours = [after for after, _ in stages]
    if hours != sorted(set(hours)):
        raise _unread("阶段应按时间先后排列", "the stages are not in order of time")
    return stages


def write_stages(later: tuple[Later, ...]) -> str | None:
    """The cell of later stages; `parse_stages` reads the same again. ValueError if they are too many or too long."""
    if not later:
        return None
    text = "；".join(f"{number(one.after_hours)}小时后：{_written(one.measure)}" for one in later)
    if len(later) > MAX_STAGES or len(text) > MAX_STAGES_TEXT:
        raise ValueError(f"{len(later)} later stages: a cell holds up to {MAX_STAGES}. Join or shorten them")
    return text


def _unread(what: str, what_en: str) -> CellProblem:
    return CellProblem("LATER", what=what, what_en=what_en)


def _stage(text: str) -> tuple[float, dict[str, Any]]:
    first, *others = _split(text, "，,")
    head = _HEAD.fullmatch(first.strip())
    if head is None:
        raise _unread(f"“{first.strip()[:20]}”不以“…小时后：”开头", "a stage does not begin with …小时后：")
    share = _SHARE.fullmatch(head[2].strip())
    if share is None:
        raise _unread(f"“{head[2].strip()[:20]}”不是措施", "a stage does not name its measure")
    fields: dict[str, Any] = dict.fromkeys(_NAMES)
    fields["action"] = _checked(_read_action, share[1])
    if share[2] is not None:
        fields["ratio"] = _checked(as_percent, share[2])
        fields["at_least"] = share[3] is not None or None
    for part in others:
        field, value = _part(part.strip())
        if fields[field] is not None:
            raise _unread(f"“{_NAMES[field]}”重复", f"{_NAMES[field]} stands twice")
        fields[field] = _checked(_COLUMNS[field].read, value)
    return _checked(_read_hours, head[1]), fields


def _checked(read: Any, value: str) -> Any:
    try:
        return read(value)
    except CellProblem as wrong:
        raise CellProblem(wrong.code, value=value, **wrong.facts) from None


def _part(text: str) -> tuple[str, str]:
    for name, field in _FIELDS:
        if text.startswith(name):
            value = text[len(name) :].lstrip(" \u3000:：=")
            if value[:1] in _BOTH and value[-1:] == _BOTH[value[0]] and len(value) > 1:
                value = value[1:-1].replace('""', '"') if value[0] == '"' else value[1:-1]
            if value:
                return field, value
            raise _unread(f"“{name}”没有内容", f"{name} has no value")
    raise _unread(f"“{text[:20]}”不是列名", f"{text[:20]!r} is no name of a column")


def _split(text: str, marks: str) -> Iterator[str]:
    """The text between marks that stand outside quotes."""
    closing, start = "", 0
    for place, char in enumerate(text):
        if closing:
            closing = "" if char == closing else closing
        elif char in _BOTH:
            closing = _BOTH[char]
        elif char in marks:
            yield text[start:place]
            start = place + 1
    if closing:
        raise _unread("引号没有成对", "a quote is not closed")
    yield text[start:]


def _written(measure: Measure) -> str:
    share = "" if measure.ratio is None else f" {number(percent_cell(measure.ratio))}%"
    parts = [f"{measure.action.zh}{share}{'（含）以上' if share and measure.at_least else ''}"]
    for field, name in _NAMES.items():
        value = None if field in ("ratio", "at_least") else _value(measure, field)
        if value is not None:
            parts.append(f"{name} {value}")
    return "，".join(parts)


def _value(measure: Measure, field: str) -> str | None:
    if field.startswith("cap_"):
        value = None if measure.load_cap is None else getattr(measure.load_cap, field[4:])
    else:
        value = getattr(measure, field)
    if value is None:
        return None
    if field in _FREE:
        return '"' + escaped(value).replace('"', '""') + '"'
    if field == "cycle":
        return cycle_cell(value)
    return number(value) if isinstance(value, int | float) else str(getattr(value, "zh", value))
