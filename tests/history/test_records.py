"""Records as the press prints them: odd instants, zones with members, counties, doubts."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.instants import parse_instant
from alerts.levels import Level
from service.history.records import (
    DATA,
    PARTS,
    RecordInvalid,
    divisions_of,
    load_records,
    parse_stated,
    read_records,
    season,
)
from service.law.names import load_names
from tests.history.made import national, record, row

HOURS = st.integers(0, 150_000).map(lambda hours: parse_instant("2013-01-01 00:00") + timedelta(hours=hours))


class TestParseStated:
    @pytest.mark.parametrize(
        ("text", "at", "until", "remark"),
        [
            ("2015-12-22 14:00", "2015-12-22 14:00", "2015-12-22 14:00", ""),
            ("2015-12-22 24:00", "2015-12-23 00:00", "2015-12-23 00:00", ""),
            ("2016-12-31 24:00", "2017-01-01 00:00", "2017-01-01 00:00", ""),
            ("2016-12-17", "2016-12-17 00:00", "2016-12-18 00:00", ""),
            ("2016-12-21 night (adaptive)", "2016-12-21 00:00", "2016-12-22 00:00", "night (adaptive)"),
            ("2019-01-07 (forecast)", "2019-01-07 00:00", "2019-01-08 00:00", "(forecast)"),
            ("2019-01-03 15:00 consult", "2019-01-03 15:00", "2019-01-03 15:00", "consult"),
            ("about 2025-11-09", "2025-11-09 00:00", "2025-11-10 00:00", "about"),
            ("about 2025-11-09 12:00 (forecast)", "2025-11-09 12:00", "2025-11-09 12:00", "about (forecast)"),
        ],
    )
    def test_reads(self, text: str, at: str, until: str, remark: str) -> None:
        stated = parse_stated(text)
        assert stated is not None
        assert (stated.at, stated.until) == (parse_instant(at), parse_instant(until))
        assert stated.remark == remark
        assert stated.exact == (stated.at == stated.until)
        assert stated.printed == text

    def test_an_empty_cell_is_nothing(self) -> None:
        assert parse_stated("") is None
        assert parse_stated("  ") is None

    @pytest.mark.parametrize(
        "text",
        [
            "yesterday",
            "2016-12",
            "2016-13-01",
            "2016-02-30 12:00",
            "2016-12-16 25:00",
            "2016-12-16 24:30",
            "2016-12-16T20:00",
            "2016-12-16 at 20:00",
            "16-12-2016",
        ],
    )
    def test_refuses_what_would_lose_something(self, text: str) -> None:
        with pytest.raises(ValueError, match="write"):
            parse_stated(text)

    @given(HOURS)
    def test_an_hour_comes_back(self, at: datetime) -> None:
        stated = parse_stated(f"{at:%Y-%m-%d %H:%M}")
        assert stated is not None
        assert stated.exact
        assert stated.at == at

    @given(HOURS)
    def test_24_is_the_next_midnight(self, at: datetime) -> None:
        stated = parse_stated(f"{at:%Y-%m-%d} 24:00")
        assert stated is not None
        assert stated.at == at.replace(hour=0) + timedelta(days=1)


class TestRecord:
    @pytest.mark.parametrize(
        ("announced", "effective", "hours"),
        [
            ("2022-12-29 12:00", "2022-12-29 18:00", (6, 6)),
            ("2024-02-22", "2024-02-23 12:00", (12, 36)),
            ("2015-12-22", "2015-12-22 14:00", (0, 14)),
            ("2024-12-18 19:30", "2024-12-18 18:00", (-1.5, -1.5)),
        ],
    )
    def test_lead_as_far_as_it_is_printed(self, announced: str, effective: str, hours: tuple[float, float]) -> None:
        assert record(announced=announced, effective=effective).lead_hours() == hours

    def test_no_lead_without_an_announcement(self) -> None:
        assert record(announced="").lead_hours() is None

    @pytest.mark.parametrize("place", ["河北省区域一(石家庄 保定 定州)", "河北省区域一（石家庄 保定 定州）"])
    def test_a_zone_names_its_members(self, place: str) -> None:
        zone = record(city=place)
        assert zone.names == ("石家庄", "保定", "定州")
        assert zone.title == "河北省区域一"

    def test_a_city_names_itself(self) -> None:
        assert (record().names, record().title) == (("衡水",), "衡水")

    @pytest.mark.parametrize(
        ("certainty", "note", "doubtful"),
        [
            ("high", "", False),
            ("medium", "", True),
            ("low", "", True),
            ("high", "year inferred", True),
            ("high", "as printed; probably a misprint", True),
            ("high", "colour of the first step not stated", True),
        ],
    )
    def test_doubt(self, certainty: str, note: str, doubtful: bool) -> None:
        assert record(certainty=certainty, note=note).doubtful is doubtful

    @pytest.mark.parametrize(
        ("note", "ordered"),
        [("provincial regional order", True), ("provincial order", True), ("provincial letter", False), ("", False)],
    )
    def test_a_provinces_order(self, note: str, ordered: bool) -> None:
        assert record(note=note).by_order is ordered


class TestReadRecords:
    def test_sorts_by_number(self) -> None:
        assert [each.rec for each in read_records([row(rec="9"), row(rec="10"), row(rec="2")])] == [2, 9, 10]

    def test_a_lifting_may_leave_the_colour_out(self) -> None:
        assert record(action="lift", colour="").level is None

    @pytest.mark.parametrize(
        ("cells", "message"),
        [
            ({"rec": "x"}, "record x: rec: is not a number"),
            ({"action": "announce"}, "action: 'announce' is not one of extend, in_force"),
            ({"colour": "purple"}, "colour: unknown warning level 'purple'"),
            ({"effective": ""}, "effective: is empty"),
            ({"effective": "soon"}, "effective: 'soon' is not an instant"),
            ({"announced": "2016-12-16T20:00"}, "announced: "),
            ({"planned_end": "until further notice"}, "planned_end: "),
        ],
    )
    def test_names_the_bad_cell(self, cells: dict[str, str], message: str) -> None:
        with pytest.raises(RecordInvalid, match=message):
            read_records([row(**cells)])

    def test_a_number_is_given_once(self) -> None:
        with pytest.raises(RecordInvalid, match="given twice"):
            read_records([row(), row()])


class TestDivisionsOf:
    def test_city(self) -> None:
        assert divisions_of(record(), load_names(), national().divisions) == ({"131100": "衡水"}, ())

    def test_county_by_its_full_name(self) -> None:
        found = divisions_of(record(city="金寨县"), load_names(), national().divisions)
        assert found == ({"341524": "金寨县"}, ())

    def test_a_name_that_many_counties_share_is_no_place(self) -> None:
        assert divisions_of(record(city="朝阳区"), load_names(), national().divisions) == ({}, ("朝阳区",))

    def test_zone_with_a_member_that_has_no_code(self) -> None:
        found, unknown = divisions_of(record(city="陕西关中(西安 西咸)"), load_names(), national().divisions)
        assert found == {"610100": "西安"}
        assert unknown == ("西咸",)

    @pytest.mark.parametrize(("day", "adcode"), [("2016-12-17", "371200"), ("2019-06-01", None)])
    def test_a_city_that_no_longer_exists(self, day: str, adcode: str | None) -> None:
        found, _ = divisions_of(record(city="莱芜", effective=day), load_names(), national().divisions)
        assert list(found) == ([adcode] if adcode else [])


class TestShippedRecords:
    def test_every_number_once(self) -> None:
        assert [each.rec for each in load_records()] == list(range(1, 113))

    def test_no_row_lies_in_both_files(self) -> None:
        numbers = []
        for part in PARTS:
            with part.open(encoding="utf-8", newline="") as table:
                numbers += [row["rec"] for row in csv.DictReader(table)]
        assert len(numbers) == len(set(numbers)) == 112

    def test_every_place_but_one_has_a_code(self) -> None:
        names, divisions = load_names(), national().divisions
        unknown = {each.rec: divisions_of(each, names, divisions)[1] for each in load_records()}
        assert {rec: without for rec, without in unknown.items() if without} == {74: ("西咸",)}

    def test_every_warning_states_a_level(self) -> None:
        assert [each.rec for each in load_records() if each.level is None] == [79]

    def test_levels_and_orders(self) -> None:
        records = {each.rec: each for each in load_records()}
        assert (records[1].level, records[67].level) == (Level.RED, Level.YELLOW)
        assert [rec for rec, each in records.items() if each.by_order] == [64, 65, 74]

    def test_every_file_has_its_origin(self) -> None:
        origin = (DATA / "ORIGIN.md").read_text("utf-8")
        files = {path.name for path in DATA.iterdir()} - {"ORIGIN.md"}
        assert files
        assert all(name in origin for name in files)


@pytest.mark.parametrize(
    ("at", "winter"),
    [
        ("2016-06-30 23:00", "2015–16"),
        ("2016-07-01 00:00", "2016–17"),
        ("2017-01-01 00:00", "2016–17"),
        ("2099-12-01 00:00", "2099–00"),
    ],
)
def test_season(at: str, winter: str) -> None:
    assert season(parse_instant(at)) == winter
