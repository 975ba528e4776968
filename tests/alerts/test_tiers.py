"""Tiers beside the graded levels: never a level, never without the place's own plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.assessment import Assessment, assess
from alerts.instants import HOUR
from alerts.levels import Level
from alerts.rules import Condition, Tier
from alerts.series import Series
from tests.alerts.air import STANDARDS, START, criteria, days, hourly, judged

BEFORE = Tier(
    id="pre_warning",
    name="临时管控",
    name_en="temporary control",
    any=(Condition(over=150, hours=24), Condition(over=100, hours=48)),
    on="superior_order",
)
OZONE = Tier(
    id="ozone_warning",
    name="臭氧预警",
    name_en="ozone warning",
    any=(Condition(over=150, hours=48, of="ozone_aqi"),),
    on="discretion",
    below_warning=False,
)


def with_tiers(series: Series, hours_later: int = 0) -> Assessment:
    own = criteria().model_copy(update={"tiers": (BEFORE, OZONE)})
    return assess(series, as_of=series.start + hours_later * HOUR, criteria=own, standards=STANDARDS)


class TestBeforeAWarning:
    def test_case_63_two_days_above_100(self) -> None:
        found = with_tiers(days([120, 110, 60]))
        assert found.level is Level.NONE
        (tier,) = found.tiers
        assert (tier.id, tier.clause, tier.on) == ("pre_warning", "pre_warning.any[1]", "superior_order")
        assert (tier.starts_at, tier.ends_at) == (START, START + 48 * HOUR)
        assert "pre_warning" in found.advice
        assert any("临时管控" in note and "不属于分级预警" in note for note in found.trace.notes_zh)
        assert any("temporary control" in note and "no graded warning" in note for note in found.trace.notes_en)

    def test_one_day_above_150_is_enough_and_starts_earlier(self) -> None:
        (tier,) = with_tiers(days([151, 60])).tiers
        assert tier.clause == "pre_warning.any[0]"

    @pytest.mark.parametrize("aqis", [[120, 100], [100, 100], [150], [120, 60, 120]])
    def test_at_the_line_or_too_short_is_nothing(self, aqis: list[float]) -> None:
        assert with_tiers(days(aqis)).tiers == ()

    def test_with_a_warning_it_does_not_apply(self) -> None:
        found = with_tiers(days([160, 170]))
        assert found.level is Level.YELLOW
        assert found.tiers == ()

    def test_over_when_its_days_are_over(self) -> None:
        assert with_tiers(days([120, 110, 60]), 47).tiers != ()
        assert with_tiers(days([120, 110, 60]), 48).tiers == ()

    def test_without_the_plan_nothing(self) -> None:
        found = judged(days([120, 110, 60]))
        assert found.tiers == ()
        assert "tiers" not in found.contract()


class TestOzone:
    def test_case_33a_two_ozone_days(self) -> None:
        found = with_tiers(hourly(pm25=[43.0] * 48, o3=[280.0] * 48))
        assert (found.level, [tier.id for tier in found.tiers]) == (Level.NONE, ["ozone_warning"])
        assert any("由当地决定" in note for note in found.trace.notes_zh)
        told = found.contract()["tiers"]
        assert isinstance(told, list)
        assert told[0] == {
            "id": "ozone_warning",
            "name": "臭氧预警",
            "name_en": "ozone warning",
            "on": "discretion",
            "clause": "ozone_warning.any[0]",
            "starts_at": "2024-11-08T00:00:00+08:00",
            "ends_at": "2024-11-10T00:00:00+08:00",
        }

    def test_one_day_is_not_enough(self) -> None:
        assert with_tiers(hourly(pm25=[43.0] * 48, o3=[280.0] * 24 + [60.0] * 24)).tiers == ()

    def test_led_by_particles_it_is_no_ozone_day(self) -> None:
        found = with_tiers(hourly(pm25=[160.0] * 48, o3=[230.0] * 48))
        assert "ozone_warning" not in [tier.id for tier in found.tiers]

    def test_it_stands_beside_a_warning(self) -> None:
        pm25 = [200.0] * 24 + [40.0] * 60
        found = with_tiers(hourly(pm25=pm25, o3=[60.0] * 36 + [280.0] * 48))
        assert found.level is Level.YELLOW
        assert [tier.id for tier in found.tiers] == ["ozone_warning"]


class TestNeverALevel:
    @given(st.lists(st.integers(0, 500), min_size=1, max_size=6))
    def test_tiers_change_no_level_and_no_clause(self, aqis: list[int]) -> None:
        found, plain = with_tiers(days(aqis)), judged(days(aqis))
        assert (found.level, found.clause, found.starts_at, found.ends_at) == (
            plain.level, plain.clause, plain.starts_at, plain.ends_at,
        )  # fmt: skip

    def test_an_aqi_above_500_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="above 500"):
            Condition(over=501, hours=24)
        assert Condition(over=600, hours=24, of="pm25").line == (600, "pm25")

    def test_parts_measure_the_same(self) -> None:
        with pytest.raises(ValidationError, match="measure the same"):
            Condition(over=115, hours=72, of="pm25", containing=Condition(over=200, hours=24))


class TestContaining:
    """A tier with a stricter part: the chain that holds it, not merely the first chain above the line."""

    TIER = BEFORE.model_copy(
        update={"any": (Condition(over=100, hours=48, containing=Condition(over=130, hours=24)),)}
    )

    def found(self, aqis: list[float]) -> Assessment:
        own = criteria().model_copy(update={"tiers": (self.TIER,)})
        return assess(days(aqis), as_of=START, criteria=own, standards=STANDARDS)

    @pytest.mark.parametrize(
        ("aqis", "start", "end"),
        [([110, 110, 140, 60], 24, 72), ([140, 110, 60], 0, 48), ([110, 140, 60], 0, 48), ([110, 110, 110, 140], 48, 96)],
    )
    def test_where_it_lies(self, aqis: list[float], start: int, end: int) -> None:
        (tier,) = self.found(aqis).tiers
        assert (tier.starts_at, tier.ends_at) == (START + start * HOUR, START + end * HOUR)

    def test_without_the_part_nothing(self) -> None:
        assert self.found([110, 110, 130]).tiers == ()


def test_hours_with_a_gap_make_no_tier() -> None:
    after, between = [43.0] * 24, [20.0] * 12
    air = hourly(pm25=[85.0] * 24 + between + [85.0] * 24 + after)
    assert with_tiers(air).tiers == ()
    assert with_tiers(hourly(pm25=[85.0] * 48 + after)).tiers != ()
