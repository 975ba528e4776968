"""Performance grades (绩效分级). Which grades an industry knows is data: see `guides.Guide.schemes`."""

from __future__ import annotations

from enum import StrEnum


class Grade(StrEnum):
    """A grade in one of the schemes: letters, 引领性/非引领性, or a local value."""

    A_PLUS = "A+"
    A = "A"
    B = "B"
    B_MINUS = "B-"
    C = "C"
    D = "D"
    LEADING = "LEADING"
    NON_LEADING = "NON_LEADING"
    ADVANCED = "ADVANCED"
    UNGRADED = "UNGRADED"

    @property
    def zh(self) -> str:
        """As it stands in a list: A, B-, 引领性, 未评级 …"""
        return _ZH.get(self, self.value)

    @property
    def title_zh(self) -> str:
        """As it stands in a sentence: A级, 引领性, 未评级 …"""
        return _ZH.get(self, f"{self.value}级")

    @property
    def title_en(self) -> str:
        return _EN.get(self, f"grade {self.value}")


_ZH = {
    Grade.LEADING: "引领性",
    Grade.NON_LEADING: "非引领性",
    Grade.ADVANCED: "绩效先进性",
    Grade.UNGRADED: "未评级",
}
_EN = {
    Grade.LEADING: "leading",
    Grade.NON_LEADING: "non-leading",
    Grade.ADVANCED: "advanced",
    Grade.UNGRADED: "not graded",
}
_BY_TEXT = {text: grade for grade in Grade for text in (grade.value, grade.zh, grade.title_zh)}


def parse_grade(text: str) -> Grade | None:
    """The grade a cell or a query names ("A", "A级", "引领性", "LEADING"); None if it names none."""
    return _BY_TEXT.get(text.strip().upper().replace("－", "-").replace("—", "-"))
