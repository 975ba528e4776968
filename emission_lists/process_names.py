"""Processes (工序) as lists write them: 1#高炉, 高炉（2号） and 高炉 are one."""

from __future__ import annotations

import re
from functools import lru_cache

_FIRST = re.compile(r"^(?:[0-9一二三四五六七八九十]{1,3}(?:#|号)|#[0-9]{1,2})")
_LAST = re.compile(r"(?:（(?:#[0-9]{1,2}|[0-9一二三四五六七八九十]{1,3}(?:#|号)?)）|#[0-9]{1,2}|(?<![0-9.])[0-9]{1,2}(?:#|号)?)$")
_ONE_FORM = str.maketrans({"(": "（", ")": "）", "＃": "#", " ": None, "\u3000": None} | {chr(0xFF10 + n): str(n) for n in range(10)})


@lru_cache(maxsize=8192)
def process_name(text: str) -> str:
    """The process without its running number and spaces, in one form of brackets; as it is where nothing would be left."""
    plain = text.translate(_ONE_FORM)
    return _LAST.sub("", _FIRST.sub("", plain)) or plain
