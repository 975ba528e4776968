"""Warning levels (预警级别). They are not AQI categories: a red AQI day is 中度, a red warning is Ⅰ级."""

from __future__ import annotations

from enum import IntEnum


class Level(IntEnum):
    """Warning level of a division, ordered by severity; NONE means that no level is reached."""

    NONE = 0
    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4

    @property
    def code(self) -> str:
        """The word used in files and messages: none, blue, yellow, orange, red."""
        return self.name.lower()

    @property
    def zh(self) -> str:
        """The Chinese word on notices, such as 黄色; 无 for NONE."""
        return ("无", "蓝色", "黄色", "橙色", "红色")[self]

    @property
    def response(self) -> str:
        """The response level (应急响应级别) that the warning sets in motion; empty for NONE."""
        return ("", "Ⅳ级", "Ⅲ级", "Ⅱ级", "Ⅰ级")[self]

    @classmethod
    def of(cls, code: str) -> Level:
        """The level of a code; ValueError names the allowed codes."""
        for level in cls:
            if level.code == code:
                return level
        known = ", ".join(level.code for level in cls)
        raise ValueError(f"unknown warning level {code!r}; use one of {known}")


WARNING_LEVELS: tuple[Level, ...] = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
