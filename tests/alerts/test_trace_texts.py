"""The reasons of an assessment word by word: they stand in notices and in the record."""

from __future__ import annotations

import pytest

from alerts.assessment import Assessment, assess
from alerts.evaluation import Found, Shortfall
from alerts.levels import Level
from alerts.rules import Condition, Criteria
from alerts.series import Series
from alerts.trace import Near, basis, condition_en, condition_zh, near_of, nearest, what_changes, why, why_not_next
from tests.alerts.air import STANDARDS, criteria, days, hourly, judged

SET = "《关于进一步优化重污染天气应对机制的指导意见》（环大气〔2024〕6号）"
RED = Condition(over=200, hours=72, containing=Condition(over=300, hours=24))
FINE = Condition(over=150, hours=48, of="pm25")


def found(condition: Condition, level: Level = Level.ORANGE) -> Found:
    return Found(level, 1, condition, [0], 24)


def gap(condition: Condition, points: int | None, hours: int = 0, rich: int = 0, level: Level = Level.RED) -> Shortfall:
    return Shortfall(level, 0, condition, points, hours, rich)


def own(**levels: object) -> Criteria:
    return Criteria.model_validate(criteria().model_dump(by_alias=True) | {"levels": levels})


class TestConditions:
    @pytest.mark.parametrize(
        ("condition", "zh", "en"),
        [
            (Condition(over=150, hours=72), "日AQI大于150持续72小时", "AQI above 150 for 72 h"),
            (RED, "日AQI大于200持续72小时且其中大于300持续24小时", "AQI above 200 for 72 h, of which above 300 for 24 h"),
            (FINE, "PM2.5日均浓度（µg/m³）大于150持续48小时", "24-h mean PM2.5 (µg/m³) above 150 for 48 h"),
            (
                Condition(over=150, hours=24, of="ozone_aqi"),
                "臭氧首要污染物的日AQI大于150持续24小时",
                "AQI led by ozone above 150 for 24 h",
            ),
        ],
    )
    def test_in_words(self, condition: Condition, zh: str, en: str) -> None:
        assert (condition_zh(condition), condition_en(condition)) == (zh, en)


class TestWhy:
    def test_a_level_names_document_clause_condition_and_values(self) -> None:
        trace = judged(days([160, 170, 190])).trace
        assert trace.why_zh == (
            f"达到橙色：满足{SET}orange.any[1]（日AQI大于150持续72小时），3个24小时时段的AQI为160、170、190。"
        )
        assert trace.why_en == (
            f"orange is reached: {SET} orange.any[1] (AQI above 150 for 72 h); the 24-h blocks have AQI 160, 170, 190."
        )

    def test_the_notice_leaves_the_name_of_the_clause_out(self) -> None:
        trace = judged(days([160, 170, 190])).trace
        assert trace.basis_zh == (
            f"经研判，达到{SET}规定的橙色预警条件（日AQI大于150持续72小时），3个24小时时段的AQI为160、170、190。"
        )
        assert trace.basis_en == (
            f"The forecast meets the orange criterion of {SET} (AQI above 150 for 72 h); "
            "the 24-h blocks have AQI 160, 170, 190."
        )

    def test_no_level_says_so_the_same_way_in_both(self) -> None:
        trace = judged(days([60])).trace
        assert trace.why_zh == trace.basis_zh == f"未达到任何预警级别：没有满足{SET}任一条件的时段。"
        assert trace.why_en == trace.basis_en == (
            "No warning level is reached: no clause of 《关于进一步优化重污染天气应对机制的指导意见》（环大气〔2024〕6号） is satisfied."
        )

    def test_concentrations_have_their_unit(self) -> None:
        zh, en = why(found(FINE), criteria(), [160, 155])
        assert zh.endswith("（PM2.5日均浓度（µg/m³）大于150持续48小时），2个24小时时段的PM2.5均值为160、155µg/m³。")
        assert en.endswith("(24-h mean PM2.5 (µg/m³) above 150 for 48 h); the 24-h blocks have PM2.5 of 160, 155 µg/m³.")

    def test_the_document_is_the_plans_where_the_plan_sets_the_level(self) -> None:
        law = criteria().model_copy(update={"documents": {"orange": "《市预案》"}})
        assert "《市预案》orange.any[1]" in why(found(RED), law, [210])[0]
        assert "达到《市预案》规定的橙色预警条件" in basis(found(RED), law, [210])[0]
        assert "of 《市预案》 (AQI" in basis(found(RED), law, [210])[1]
        assert SET in why(found(RED, Level.RED), law, [310])[0]


class TestWhyNotNext:
    @pytest.mark.parametrize(
        ("aqis", "zh", "en"),
        [
            (
                [160, 170, 190],
                f"未达到红色：最接近的条件是{SET}red.any[0]（日AQI大于200持续72小时且其中大于300持续24小时），"
                "大于200的时间还差72小时，其中大于300的时间还差24小时，各时段AQI高111点即满足。",
                f"red is not reached: the nearest clause is {SET} red.any[0] (AQI above 200 for 72 h, of which above 300 "
                "for 24 h); 72 h above 200 are missing, 24 h above 300 are missing, it would be met if every block were "
                "111 AQI points higher.",
            ),
            (
                [210, 210, 210],
                f"未达到红色：最接近的条件是{SET}red.any[0]（日AQI大于200持续72小时且其中大于300持续24小时），"
                "其中大于300的时间还差24小时，各时段AQI高91点即满足。",
                f"red is not reached: the nearest clause is {SET} red.any[0] (AQI above 200 for 72 h, of which above 300 "
                "for 24 h); 24 h above 300 are missing, it would be met if every block were 91 AQI points higher.",
            ),
            (
                [210],
                f"未达到橙色：最接近的条件是{SET}orange.any[0]（日AQI大于200持续48小时），大于200的时间还差24小时，"
                "数据时段不够长。",
                f"orange is not reached: the nearest clause is {SET} orange.any[0] (AQI above 200 for 48 h); "
                "24 h above 200 are missing, the series is too short for it.",
            ),
            (
                [310, 210],
                f"未达到红色：最接近的条件是{SET}red.any[0]（日AQI大于200持续72小时且其中大于300持续24小时），"
                "大于200的时间还差24小时，数据时段不够长。",
                f"red is not reached: the nearest clause is {SET} red.any[0] (AQI above 200 for 72 h, of which above 300 "
                "for 24 h); 24 h above 200 are missing, the series is too short for it.",
            ),
            ([310, 310, 310], "已是最高级别。", "This is the highest level."),
        ],
    )
    def test_in_words(self, aqis: list[int], zh: str, en: str) -> None:
        trace = judged(days(aqis)).trace
        assert (trace.not_next_zh, trace.not_next_en) == (zh, en)

    def test_in_concentrations(self) -> None:
        zh, en = why_not_next(gap(FINE, 7, hours=24, level=Level.YELLOW), criteria())
        assert zh.endswith("，大于150的时间还差24小时，各时段PM2.5高7µg/m³即满足。")
        assert en.endswith("; 24 h above 150 are missing, it would be met if every block were PM2.5 7 µg/m³ higher.")

    def test_the_document_of_the_level_that_is_missed(self) -> None:
        law = criteria().model_copy(update={"documents": {"red": "《市预案》"}})
        zh, en = why_not_next(gap(RED, 1), law)
        assert "最接近的条件是《市预案》red.any[0]" in zh
        assert "the nearest clause is 《市预案》 red.any[0]" in en


class TestNearest:
    def test_fewest_points_then_fewest_hours_then_the_lowest_level(self) -> None:
        short, long = gap(RED, None), gap(RED, 300)
        assert nearest([short, long]) is long
        assert nearest([gap(RED, 20), first := gap(RED, 10, hours=72), gap(RED, 30)]) is first
        assert nearest([gap(RED, 10, hours=48), first := gap(RED, 10, hours=24)]) is first
        assert nearest([gap(RED, 10, hours=24, rich=48), first := gap(RED, 10, hours=48)]) is first
        assert nearest([gap(RED, 10), first := gap(RED, 10, level=Level.ORANGE)]) is first
        assert nearest([gap(RED, None, hours=48), first := gap(RED, None, hours=24)]) is first
        assert nearest([]) is None

    def test_as_a_value(self) -> None:
        assert near_of(None) is None
        assert near_of(gap(RED, 10, hours=24, rich=48)) == Near(
            level=Level.RED, clause="red.any[0]", points=10, unit="aqi", hours=24, containing_hours=48
        )
        assert near_of(gap(FINE, None)) == Near(
            level=Level.RED, clause="red.any[0]", points=None, unit="pm25", hours=0, containing_hours=0
        )


class TestWhatChanges:
    @pytest.mark.parametrize(
        ("aqis", "zh", "en"),
        [
            (
                [160, 170, 190],
                "各时段AQI低10点，则不再满足橙色；各时段AQI高111点，则达到红色。",
                "10 AQI points lower and orange no longer holds; 111 AQI points higher and red is reached.",
            ),
            (
                [210],
                "各时段AQI低10点，则不再满足黄色；高于该线的时间再延长24小时，则达到橙色。",
                "10 AQI points lower and yellow no longer holds; 24 h longer above the line and orange is reached.",
            ),
            ([60], "各时段AQI高141点，则达到黄色。", "141 AQI points higher and yellow is reached."),
            ([310] * 3, "各时段AQI低10点，则不再满足红色。", "10 AQI points lower and red no longer holds."),
        ],
    )
    def test_in_words(self, aqis: list[int], zh: str, en: str) -> None:
        trace = judged(days(aqis)).trace
        assert (trace.change_zh, trace.change_en) == (zh, en)

    def test_nothing(self) -> None:
        nothing = ("现有时段的AQI变化不会改变结论。", "No change of AQI within these hours changes the answer.")
        assert what_changes(None, None, None) == nothing
        assert what_changes(found(RED), None, near_of(gap(RED, None))) == nothing

    def test_in_concentrations(self) -> None:
        zh, en = what_changes(found(FINE), 5, near_of(gap(FINE, 7, hours=24)))
        assert zh == "各时段PM2.5低5µg/m³，则不再满足橙色；各时段PM2.5高7µg/m³，则达到红色。"
        assert en == "PM2.5 5 µg/m³ lower and orange no longer holds; PM2.5 7 µg/m³ higher and red is reached."


class TestLinesOfConcentration:
    """A plan that grades on PM2.5: the trace measures, names and counts in µg/m³."""

    LAW = own(
        yellow={"any": [{"over": 100, "hours": 24}]},
        orange={"any": [{"over": 150, "hours": 48, "of": "pm25"}]},
    )

    def assessed(self, series: Series) -> Assessment:
        return assess(series, as_of=series.start, criteria=self.LAW, standards=STANDARDS)

    def test_reached(self) -> None:
        assessment = self.assessed(hourly(pm25=[160.0] * 24 + [155.0] * 24))
        assert (assessment.level, assessment.trace.margin) == (Level.ORANGE, 5)
        assert "2个24小时时段的PM2.5均值为160、155µg/m³" in assessment.trace.why_zh
        assert assessment.trace.change_en == "PM2.5 5 µg/m³ lower and orange no longer holds."

    def test_the_gap_is_true(self) -> None:
        near = self.assessed(hourly(pm25=[160.0] * 24 + [140.0] * 24)).trace.next
        assert near is not None
        assert (near.level, near.points, near.unit, near.hours) == (Level.ORANGE, 11, "pm25", 24)
        assert self.assessed(hourly(pm25=[171.0] * 24 + [151.0] * 24)).level is Level.ORANGE
        assert self.assessed(hourly(pm25=[170.0] * 24 + [150.0] * 24)).level is Level.YELLOW

    def test_unknown_means_could_pass(self) -> None:
        found = self.assessed(hourly(pm25=[160.0] * 24 + [None] * 24))
        assert (found.level, found.possible_level, found.state) == (Level.YELLOW, Level.ORANGE, "insufficient")

    def test_an_aqi_alone_never_passes_it(self) -> None:
        assert self.assessed(days([300, 300])).level is Level.YELLOW
