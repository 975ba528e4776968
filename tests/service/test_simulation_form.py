"""The simulation form: what it asks, and every fault with its field."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData, QueryParams

from alerts.points import Point
from service.kit.clock import SHANGHAI
from service.web.simulation_form import IN_FORCE, SimulationForm
from service.web.texts import TEXTS


def form(*cases: str, **fields: str) -> SimulationForm:
    sent = [("adcode", "110000"), *fields.items(), *(("case", case) for case in cases or (IN_FORCE,))]
    return SimulationForm.of(FormData(sent))


def body(made: SimulationForm) -> Any:
    found, faults = made.body(None)
    assert faults == []
    return found


def faulty(made: SimulationForm) -> list[str]:
    found, faults = made.body(None)
    assert found is None
    assert all(fault.key in TEXTS["zh"] for fault in faults)
    return [fault.name for fault in faults]


class TestBody:
    def test_nothing_typed_asks_what_is_known_by_what_applies(self) -> None:
        asked = body(form())
        assert (asked.points, asked.forecast, asked.as_of, asked.edit, asked.in_force) == (None, None, None, None, None)
        assert [case.label for case in asked.cases] == ["in_force"]

    def test_everything_typed(self) -> None:
        asked = body(
            form(
                "rules:national-2024",
                "plan:beijing-2023",
                forecast="7",
                alone="yes",
                factor="1.2",
                shift="-24",
                as_of="2016-12-15T18:00",
                level="yellow",
                effective="2016-12-15 00:00",
                planned_end="2016-12-18T00:00",
            )
        )
        assert (asked.forecast, asked.alone) == (7, True)
        assert (asked.edit.factor, asked.edit.shift_hours) == ({"pm25": 1.2}, -24)
        assert asked.as_of == datetime(2016, 12, 15, 18, tzinfo=SHANGHAI)
        assert (asked.in_force.level, asked.in_force.planned_end) == ("yellow", datetime(2016, 12, 18, tzinfo=SHANGHAI))
        assert [case.label for case in asked.cases] == ["national-2024", "beijing-2023"]

    def test_a_file_goes_before_a_stored_forecast(self) -> None:
        points = [Point(date="2016-12-15", aqi=210)]  # type: ignore[arg-type]
        asked, _ = form(forecast="7").body(points)
        assert asked is not None
        assert (asked.forecast, asked.points) == (None, points)

    def test_a_case_ticked_twice_counts_once(self) -> None:
        assert len(body(form("rules:national-2024", "rules:national-2024")).cases) == 1


class TestFaults:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("factor", "a lot"),
            ("factor", "nan"),
            ("factor", "-0.1"),
            ("factor", "10.01"),
            ("shift", "1.5"),
            ("shift", "241"),
            ("as_of", "soon"),
            ("as_of", "9999-12-31T23:00"),
            ("as_of", "1999-12-31T23:00"),
            ("forecast", "one"),
            ("forecast", "0"),
            ("planned_end", "later"),
        ],
    )
    def test_of_one_field(self, name: str, text: str) -> None:
        assert faulty(form(**{name: text})) == [name]

    @pytest.mark.parametrize(
        ("name", "text"),
        [("factor", "0"), ("factor", "10"), ("shift", "-240"), ("shift", "240"), ("as_of", "2000-01-01 00:00")],
    )
    def test_boundaries_are_taken(self, name: str, text: str) -> None:
        found, faults = form(**{name: text}).body(None)
        assert (found is not None, faults) == (True, [])

    def test_all_at_once(self) -> None:
        assert faulty(form(factor="x", shift="x", level="red")) == ["factor", "shift", "effective"]

    def test_between_one_and_eight_cases(self) -> None:
        rules = [f"rules:r{number}" for number in range(9)]
        body(form(*rules[:8]))
        assert faulty(form(*rules)) == ["cases"]
        assert faulty(SimulationForm(adcode="110000")) == ["cases"]

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["forecast", "factor", "shift", "as_of", "level", "effective", "case"]), st.text()
            )
        )
    )
    def test_whatever_is_sent_is_a_body_or_a_fault(self, fields: list[tuple[str, str]]) -> None:
        asked, faults = SimulationForm.of(FormData([("adcode", "110000"), *fields])).body(None)
        assert (asked is None) == bool(faults)


class TestLink:
    def test_fills_in_forecast_plan_and_rules(self) -> None:
        query = QueryParams("forecast=7&plan=beijing-2023&rules=national-2024&rules=national-2019")
        asked = SimulationForm.asked(query, "110000", ("usual",))
        assert asked.forecast == "7"
        assert asked.cases == (IN_FORCE, "plan:beijing-2023", "rules:national-2024", "rules:national-2019")

    def test_without_names_the_usual_ones(self) -> None:
        assert SimulationForm.asked(QueryParams(""), "110000", ("usual",)).cases == ("usual",)
