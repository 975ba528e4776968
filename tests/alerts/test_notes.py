"""Notes of an assessment word by word: what the reader must know beside the level."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from alerts.assessment import Assessment, assess
from alerts.instants import HOUR
from alerts.levels import Level
from alerts.notes import CAUSE_WORDS, insufficient, notes_of
from alerts.points import Point
from alerts.rules import Criteria, EarlyStart
from alerts.series import Series
from alerts.tiers import TierView
from tests.alerts.air import STANDARDS, START, criteria, days, hourly, judged

NOTHING: dict[str, Any] = {
    "basis": "concentration",
    "level": Level.YELLOW,
    "possible": Level.YELLOW,
    "whole": Level.YELLOW,
    "excluded": (),
    "ranged": None,
    "tiers": (),
    "heavy": False,
}
AQI_ALONE = (
    "部分或全部时段只有AQI而无浓度，无法区分臭氧的贡献；如为臭氧污染，请会商。",
    "For some or all blocks only the AQI is given, so ozone's part cannot be told apart; consult if it is ozone.",
)


def notes(law: Criteria | None = None, **changes: Any) -> list[tuple[str, str]]:
    return notes_of(law or criteria(), **(NOTHING | changes))


def own(**changes: object) -> Criteria:
    return criteria().model_copy(update=changes)


def told(assessment: Assessment) -> list[tuple[str, str]]:
    return list(zip(assessment.trace.notes_zh, assessment.trace.notes_en, strict=True))


def test_nothing_to_say() -> None:
    assert notes() == []


class TestMissingData:
    NOTE = (
        "数据不足：若缺测时段高于标准，级别可能达到橙色；现级别只是可证明的最高级别，不得据此降级或解除。",
        "Not enough data: with the unknown blocks above the lines orange could be reached; it is the best provable one "
        "and must not serve to lower or lift.",
    )

    def test_in_words(self) -> None:
        assert insufficient(Level.ORANGE) == self.NOTE
        assert notes(possible=Level.ORANGE) == [self.NOTE]

    def test_of_an_assessment(self) -> None:
        assert told(judged(hourly(pm25=[160.0] * 24 + [None] * 24))) == [self.NOTE]


class TestRange:
    def ranged(self, rules: str) -> list[tuple[str, str]]:
        first = date(2016, 12, 16) if rules == "national-2016" else date(2024, 11, 8)
        points = [Point(date=first + timedelta(days=at), aqi_low=150, aqi_high=215) for at in (0, 1)]
        return told(judged(Series.from_points("110000", points), rules))

    def test_the_rule_names_the_value(self) -> None:
        number = criteria("national-2016").number
        assert self.ranged("national-2016")[0] == (
            f"预报给出范围：下限无，中值无，上限黄色；{number}规定按上限分级。",
            f"The forecast is a range: lower none, middle none, upper yellow; {number} grades on the upper value.",
        )

    def test_no_rule_names_one(self) -> None:
        assert self.ranged("national-2024")[0] == (
            "预报给出范围：下限无，中值黄色，上限橙色；未见规定按哪一值分级，现按中值，由会商决定。",
            "The forecast is a range: lower none, middle yellow, upper orange; no rule says which counts; the middle value "
            "stands until the consultation decides.",
        )

    def test_the_lower_value(self) -> None:
        (note,) = notes(own(grade_on_range="lower"), ranged=(Level.YELLOW, Level.ORANGE, Level.RED))
        assert note == (
            "预报给出范围：下限黄色，中值橙色，上限红色；环大气〔2024〕6号规定按下限分级。",
            "The forecast is a range: lower yellow, middle orange, upper red; 环大气〔2024〕6号 grades on the lower value.",
        )


class TestLeftOut:
    def test_when_it_would_count(self) -> None:
        law = own(references={"excluded_causes": "第三条"})
        assert notes(law, excluded=("ozone", "dust"), whole=Level.RED) == [
            (
                "不计入分级：臭氧、沙尘；若计入，级别为红色。依据：第三条。",
                "Left out of the grading: ozone, dust; counted in, red would be reached. Source: 第三条.",
            )
        ]

    def test_when_it_changes_nothing(self) -> None:
        assert notes(own(references={}), excluded=("wildfire",)) == [
            (
                "不计入分级：山火；计入与否不影响级别。当时未见文本规定，按现行做法（选择）。",
                "Left out of the grading: wildfire; counting it in would not change the level. "
                "No text of that time was seen; a choice, as is done today.",
            )
        ]

    def test_of_an_assessment(self) -> None:
        series = hourly(pm25=[60.0] * 24, pm10=[500.0] * 24)
        series.cause[5] = 1
        ((zh, en),) = told(judged(series))
        cause = judged(series).excluded[0]
        assert zh.startswith(f"不计入分级：{CAUSE_WORDS[cause][0]}；若计入，级别为黄色。依据：")
        assert en.startswith(f"Left out of the grading: {CAUSE_WORDS[cause][1]}; counted in, yellow would be reached. Source: ")


class TestAqiAlone:
    @pytest.mark.parametrize(
        ("basis", "told"),
        [
            ("hourly_aqi", True),
            ("daily_aqi", True),
            ("mixed", True),
            ("concentration", False),
            ("lower_bound", False),
            ("none", False),
        ],
    )
    def test_where_ozone_cannot_be_told_apart(self, basis: str, told: bool) -> None:
        assert notes(basis=basis) == [AQI_ALONE] * told

    def test_where_ozone_counts_nobody_needs_to(self) -> None:
        assert notes(own(excluded_causes=("dust",)), basis="daily_aqi") == []


def test_a_plan_that_grades_on_some_pollutants_says_so() -> None:
    assert notes(own(graded=("pm25", "pm10"))) == [
        ("本地预案只按pm25、pm10分级。", "The plan grades on pm25, pm10 alone.")
    ]


class TestHeavyNow:
    LAW = own(early_start=EarlyStart(over=200, hours=6))

    @pytest.mark.parametrize(
        ("level", "zh", "en"),
        [
            (Level.NONE, "达到哪一级别未见规定，请会商", "which level fits is not established; consult"),
            (Level.YELLOW, "应尽快启动", "start as soon as possible"),
        ],
    )
    def test_in_words(self, level: Level, zh: str, en: str) -> None:
        assert notes(self.LAW, level=level, possible=level, heavy=True) == [
            (
                f"监测AQI已大于200，且未来6小时无明显改善；{zh}。",
                f"Measured AQI is already above 200 and no improvement is expected within 6 h; {en}.",
            )
        ]


class TestTiers:
    def view(self, on: str) -> TierView:
        return TierView.model_validate({
            "id": "control", "name": "临时管控", "name_en": "temporary control", "clause": "control.any[1]", "on": on,
            "starts_at": START + HOUR, "ends_at": START + 49 * HOUR,
        })  # fmt: skip

    def test_in_words(self) -> None:
        assert notes(tiers=(self.view("superior_order"), self.view("discretion"))) == [
            (
                "达到临时管控条件（control.any[1]，2024-11-08 01:00起）；不属于分级预警，须由上级部门下达指令后实施。",
                "The condition of temporary control is met (control.any[1], from 2024-11-08 01:00); it is no graded warning, "
                "only when the superior authority orders it.",
            ),
            (
                "达到临时管控条件（control.any[1]，2024-11-08 01:00起）；不属于分级预警，由当地决定是否实施。",
                "The condition of temporary control is met (control.any[1], from 2024-11-08 01:00); it is no graded warning, "
                "the place may decide on it.",
            ),
        ]


def test_what_the_plan_leaves_open_about_levels_is_said_and_nothing_else() -> None:
    law = own(
        not_established={"levels": "级别未见全文", "levels.red": "红色未见全文", "levelsx": "甲", "lift": "乙"},
        not_established_en={"levels": "levels not seen", "lift": "x"},
    )
    assert notes(law) == [
        ("未确立：级别未见全文", "Not established: levels not seen"),
        ("未确立：红色未见全文", "Not established: 红色未见全文"),
    ]


def test_all_at_once_in_their_order() -> None:
    law = own(graded=("pm25",), early_start=EarlyStart(over=200, hours=6), not_established={"levels": "未见"})
    given = notes(
        law,
        basis="mixed",
        possible=Level.RED,
        whole=Level.RED,
        excluded=("ozone",),
        ranged=(Level.NONE, Level.YELLOW, Level.RED),
        tiers=(TestTiers().view("discretion"),),
        heavy=True,
    )
    begins = ["数据不足", "预报给出范围", "不计入分级", "部分或全部", "本地预案", "监测AQI", "达到临时管控", "未确立"]
    assert [zh[: len(begin)] for (zh, _), begin in zip(given, begins, strict=True)] == begins


def test_daily_aqi_of_an_assessment() -> None:
    found = assess(days([160, 170]), as_of=START, criteria=criteria(), standards=STANDARDS)
    assert told(found) == [AQI_ALONE]
