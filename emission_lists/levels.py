"""Response levels (应急响应级别) as the lists use them: yellow Ⅲ级, orange Ⅱ级, red Ⅰ级."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class ResponseLevel(StrEnum):
    """A warning colour that carries measures. Not an AQI colour: a red warning is not a red AQI day."""

    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def zh(self) -> str:
        return _ZH[self]

    @property
    def response(self) -> str:
        """The level of the response (应急响应), Ⅲ级 to Ⅰ级."""
        return _RESPONSE[self]

    @property
    def response_en(self) -> str:
        return _RESPONSE_EN[self]


_ZH = {ResponseLevel.YELLOW: "黄色", ResponseLevel.ORANGE: "橙色", ResponseLevel.RED: "红色"}
_RESPONSE = {ResponseLevel.YELLOW: "Ⅲ级", ResponseLevel.ORANGE: "Ⅱ级", ResponseLevel.RED: "Ⅰ级"}
_RESPONSE_EN = {
    ResponseLevel.YELLOW: "level III",
    ResponseLevel.ORANGE: "level II",
    ResponseLevel.RED: "level I",
}

LEVELS: tuple[ResponseLevel, ...] = (ResponseLevel.YELLOW, ResponseLevel.ORANGE, ResponseLevel.RED)


@dataclass(frozen=True, slots=True)
class PerLevel(Generic[T]):
    """One value for each response level."""

    yellow: T
    orange: T
    red: T

    def at(self, level: ResponseLevel) -> T:
        if level is ResponseLevel.RED:
            return self.red
        return self.orange if level is ResponseLevel.ORANGE else self.yellow

    def __iter__(self) -> Iterator[T]:
        yield self.yellow
        yield self.orange
        yield self.red
