"""The map and the chart as values."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from alerts.assessment import assess
from alerts.law import Law
from alerts.points import VALUES
from alerts.series import Series
from service.kit.clock import SHANGHAI
from service.law.loader import load_law
from service.web.charts import category_of, chart, legend, lines_of
from service.web.geo import WIDTH, outline

START = datetime(2024, 11, 8, tzinfo=SHANGHAI)
REGION = "jingjinji-2023"


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law(Path(__file__).resolve().parents[2] / "config")


def drawn(law: Law, aqi: list[float], *, kind: str = "hourly", observed: int = 24) -> dict[str, object]:
    """The chart of a series of graded AQI as of the hour (or day) `observed`."""
    step = timedelta(hours=1) if kind == "hourly" else timedelta(days=1)
    values = {name: np.full(len(aqi), np.nan) for name in VALUES} | {"aqi": np.array(aqi, dtype=float)}
    as_of = START + observed * step
    series = Series("110000", kind, START, values, np.zeros(len(aqi), dtype=np.int8), as_of)  # type: ignore[arg-type]
    criteria = law.criteria_for("110000", as_of, rules_id="national-2024")
    found = assess(series, as_of=as_of, criteria=criteria, standards=law.standards)
    return chart(series, found, criteria, law.standards, as_of)


class TestChart:
    def test_hours_have_bars_and_the_trailing_mean(self, law: Law) -> None:
        data = drawn(law, [210.0] * 96)
        steps = data["steps"]
        assert isinstance(steps, list)
        assert len(steps) == 96
        assert steps[0]["time"] == "2024-11-08T01:00:00+08:00"
        assert steps[22]["rolling"] is None
        assert steps[23]["rolling"] == 210
        assert steps[0]["category"] == {"zh": "重度污染", "en": category_of(210, START, law.standards).en}

    def test_now_divides_measured_from_forecast(self, law: Law) -> None:
        data = drawn(law, [210.0] * 96)
        steps = data["steps"]
        assert isinstance(steps, list)
        assert data["now"] == 24
        assert [step["observed"] for step in steps] == [True] * 24 + [False] * 72

    def test_blocks_of_the_clause_are_named_by_their_places(self, law: Law) -> None:
        data = drawn(law, [210.0] * 48)
        assert data["level"] == "orange"
        blocks = data["blocks"]
        assert isinstance(blocks, list)
        assert [(block["from"], block["to"], block["aqi"]) for block in blocks] == [(0, 23, 210), (24, 47, 210)]

    def test_clean_air_has_no_blocks(self, law: Law) -> None:
        assert drawn(law, [40.0] * 72)["blocks"] == []

    def test_days_stand_for_themselves(self, law: Law) -> None:
        data = drawn(law, [160.0, 170.0, 190.0], kind="daily", observed=1)
        steps = data["steps"]
        assert isinstance(steps, list)
        assert [step["aqi"] for step in steps] == [160, 170, 190]
        assert [step["time"][:10] for step in steps] == ["2024-11-08", "2024-11-09", "2024-11-10"]

    def test_a_missing_hour_has_no_colour(self, law: Law) -> None:
        steps = drawn(law, [210.0, float("nan"), 210.0])["steps"]
        assert isinstance(steps, list)
        assert steps[1]["aqi"] is None
        assert steps[1]["colour"] is None

    def test_lines_come_from_the_criteria(self, law: Law) -> None:
        assert lines_of(law.criteria_for("110000", START, rules_id="national-2024")) == [150, 200, 300]

    @pytest.mark.parametrize(
        ("aqi", "zh"), [(0, "优"), (50, "优"), (51, "良"), (300, "重度污染"), (301, "严重污染"), (600, "严重污染")]
    )
    def test_categories_end_where_the_standard_says(self, law: Law, aqi: int, zh: str) -> None:
        assert category_of(aqi, START, law.standards).zh == zh

    def test_the_legend_has_the_six_colours_of_the_standard(self, law: Law) -> None:
        assert [one["colour"] for one in legend(law.standards, START)][:2] == ["rgb(0, 228, 0)", "rgb(255, 255, 0)"]
        assert len(legend(law.standards, START)) == 6


class TestMap:
    def test_every_member_is_drawn(self, law: Law) -> None:
        members = law.regions[REGION].members
        sketch = outline(members, [])
        assert {shape.adcode for shape in sketch.shapes} == set(members)

    def test_labels_lie_in_the_picture(self, law: Law) -> None:
        sketch = outline(law.regions[REGION].members, [])
        assert all(0 <= shape.x <= WIDTH and 0 <= shape.y <= sketch.height for shape in sketch.shapes)

    def test_north_is_up_and_east_is_right(self, law: Law) -> None:
        at = {shape.adcode: shape for shape in outline(law.regions[REGION].members, []).shapes}
        assert at["110000"].y < at["130100"].y < at["410100"].y
        assert at["130400"].x < at["370100"].x < at["370300"].x

    def test_focus_fills_the_picture(self, law: Law) -> None:
        members = law.regions[REGION].members
        whole = {shape.adcode: shape.size for shape in outline(members, []).shapes}
        near = {shape.adcode: shape.size for shape in outline(members, ["110000"]).shapes}
        assert near["110000"] > 1.5 * whole["110000"]
        assert len(near) < len(whole)

    def test_paths_are_thinned(self, law: Law) -> None:
        sketch = outline(law.regions[REGION].members, [])
        assert sum(len(shape.path) for shape in sketch.shapes) < 80_000

    def test_nothing_to_draw(self) -> None:
        assert outline(["999999"], []).shapes == ()
