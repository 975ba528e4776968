"""The real Hebei payload becomes points; what cannot be used is reported, what is no payload is refused."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.instants import parse_instant
from alerts.points import Point, check_points
from service.feeds.layouts.common import LayoutError, Parsed, Places
from service.feeds.layouts.hebei import parse
from service.law.loader import load_law
from service.law.names import load_names

SAMPLE = Path(__file__).parents[1] / "data/feeds/hebei_naqpms_bar_20160704.json"
RECEIVED = parse_instant("2016-07-04 17:05")


@pytest.fixture(scope="module")
def places() -> Places:
    return Places(load_law().divisions, load_names())


def entry(**changes: Any) -> dict[str, Any]:
    return {"aqi": 132.0, "name": "石家庄市", "code": "130100", "datadate": "2016-07-08T00:00:00"} | changes


def parsed(places: Places, *entries: dict[str, Any]) -> Parsed:
    return parse(json.dumps([list(entries)]).encode(), RECEIVED, places)


class TestSample:
    def test_thirteen_cities_three_days(self, places: Places) -> None:
        found = parse(SAMPLE.read_bytes(), RECEIVED, places)
        assert found.problems == ()
        assert [forecast.adcode for forecast in found.forecasts] == [
            "130100", "130181", "130200", "130300", "130400", "130500", "130600",
            "130682", "130700", "130800", "130900", "131000", "131100",
        ]  # fmt: skip
        assert all(
            [point["date"] for point in forecast.points] == ["2016-07-08", "2016-07-09", "2016-07-10"]
            for forecast in found.forecasts
        )

    def test_values(self, places: Places) -> None:
        found = {forecast.adcode: forecast for forecast in parse(SAMPLE.read_bytes(), RECEIVED, places).forecasts}
        assert [point["aqi"] for point in found["130800"].points] == [158.0, 143.0, 112.0]
        assert found["130800"].issued_at == RECEIVED

    def test_points_are_points(self, places: Places) -> None:
        forecasts = parse(SAMPLE.read_bytes(), RECEIVED, places).forecasts
        assert len(forecasts) == 13
        for forecast in forecasts:
            check_points([Point.model_validate(point) for point in forecast.points])

    def test_places_are_the_shipped_ones_by_default(self, places: Places) -> None:
        assert parse(SAMPLE.read_bytes(), RECEIVED) == parse(SAMPLE.read_bytes(), RECEIVED, places)

    def test_order_of_the_payload_does_not_matter(self, places: Places) -> None:
        days = json.loads(SAMPLE.read_bytes())
        turned = json.dumps([list(reversed(cities)) for cities in reversed(days)]).encode()
        assert parse(turned, RECEIVED, places) == parse(SAMPLE.read_bytes(), RECEIVED, places)


class TestTolerance:
    def test_other_keys_are_ignored(self, places: Places) -> None:
        assert parsed(places, entry(wind="NW")).problems == ()

    @pytest.mark.parametrize("missing", [-999, -999.0, "-999", None, ""])
    def test_missing_value_is_null(self, places: Places, missing: object) -> None:
        found = parsed(places, entry(aqi=missing))
        assert found.forecasts[0].points == ({"date": "2016-07-08", "aqi": None},)
        assert found.problems == ()

    def test_absent_aqi_is_missing(self, places: Places) -> None:
        bare = {key: value for key, value in entry().items() if key != "aqi"}
        assert parsed(places, bare).forecasts[0].points[0]["aqi"] is None

    def test_number_as_text(self, places: Places) -> None:
        assert parsed(places, entry(aqi="87")).forecasts[0].points[0]["aqi"] == 87

    def test_code_of_its_own_making_is_found_by_name(self, places: Places) -> None:
        found = parsed(places, entry(name="张家口市", code="131200"))
        assert [forecast.adcode for forecast in found.forecasts] == ["130700"]

    @pytest.mark.parametrize("changes", [{"name": None}, {"name": "Shijiazhuang"}, {"code": None}, {"code": 130100}])
    def test_either_name_or_code_is_enough(self, places: Places, changes: dict[str, Any]) -> None:
        assert [forecast.adcode for forecast in parsed(places, entry(**changes)).forecasts] == ["130100"]

    def test_byte_order_mark(self, places: Places) -> None:
        assert parse(b"\xef\xbb\xbf" + SAMPLE.read_bytes(), RECEIVED, places).problems == ()

    def test_nothing_in_it(self, places: Places) -> None:
        assert parse(b"[]", RECEIVED, places) == Parsed(())
        assert parse(b"[[], []]", RECEIVED, places) == Parsed(())


class TestReported:
    @pytest.mark.parametrize(
        ("changes", "kind", "path", "words"),
        [
            ({"name": "哥谭市", "code": "999999"}, "unknown_place", "[0][1]", "哥谭市"),
            ({"name": "唐山市"}, "contradiction", "[0][1]", "130200"),
            ({"aqi": 501}, "bad_value", "[0][1].aqi", "501"),
            ({"aqi": -1}, "bad_value", "[0][1].aqi", "-1"),
            ({"aqi": "many"}, "bad_value", "[0][1].aqi", "many"),
            ({"aqi": True}, "bad_value", "[0][1].aqi", "True"),
            ({"aqi": [1]}, "bad_value", "[0][1].aqi", "[1]"),
            ({"aqi": 1e400}, "bad_value", "[0][1].aqi", "inf"),
            ({"datadate": "8 July"}, "bad_value", "[0][1].datadate", "8 July"),
            ({"datadate": None}, "bad_value", "[0][1].datadate", "None"),
            ({}, "duplicate", "[0][1]", "2016-07-08"),
        ],
    )
    def test_entry_is_left_out_and_named(
        self, places: Places, changes: dict[str, Any], kind: str, path: str, words: str
    ) -> None:
        body = json.dumps([[entry(), entry(**changes)]]).replace("Infinity", "1e400")
        found = parse(body.encode(), RECEIVED, places)
        assert [(problem.kind, problem.path) for problem in found.problems] == [(kind, path)]
        assert words in found.problems[0].problem
        assert found.forecasts[0].points == ({"date": "2016-07-08", "aqi": 132.0},)


class TestRefused:
    @pytest.mark.parametrize(
        ("payload", "words"),
        [
            (b"", "is not JSON"),
            (b"<html>", "is not JSON"),
            (b"\xff\xfe", "is not UTF-8"),
            (b"{}", "list of days"),
            (b"[{}]", r"\[0\]: must be a list of cities"),
            (b"[[1]]", r"\[0\]\[0\]: must be an object"),
            (b'[[{"aqi": NaN}]]', "NaN"),
            (b"[" * 100_000, "nested too deeply|is not JSON"),
        ],
    )
    def test_is_named(self, places: Places, payload: bytes, words: str) -> None:
        with pytest.raises(LayoutError, match=words):
            parse(payload, RECEIVED, places)

    def test_receipt_without_a_zone(self, places: Places) -> None:
        with pytest.raises(ValueError, match="no time zone"):
            parse(b"[]", datetime(2016, 7, 4, 17), places)  # noqa: DTZ001 - what is refused


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["aqi", "name", "code", "datadate"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_parsed_or_refused_by_name(value: Any) -> None:
    places = Places({"130100"}, load_names())
    payload = json.dumps(value, allow_nan=False).encode()
    lists = isinstance(value, list) and all(isinstance(cities, list) for cities in value)
    if not lists or not all(isinstance(city, dict) for cities in value for city in cities):
        with pytest.raises(LayoutError, match=r"must be an? "):
            parse(payload, RECEIVED, places)
    else:
        found = parse(payload, RECEIVED, places)
        used = sum(len(forecast.points) for forecast in found.forecasts)
        assert used + len(found.problems) == sum(len(cities) for cities in value)


class TestPlaces:
    def test_name_counts_on_its_day(self, places: Places) -> None:
        assert places.find("莱芜市", None, date(2016, 12, 15)) == "371200"
        assert places.find("莱芜市", None, date(2019, 2, 4)) == "370116"

    def test_neither_is_known(self, places: Places) -> None:
        assert places.find(None, None, date(2019, 2, 4)) is None
