"""The real episodes load as they were measured; what was not measured is missing, not made up."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from alerts.instants import iso
from alerts.levels import Level
from alerts.points import Point, check_points
from alerts.region import fan_out
from service.demo.episodes import DATA, UnknownEpisode, load_episode
from service.law.loader import load_law

CITIES = {
    "110000", "120000", "130100", "130400", "130500", "130600", "140100", "371400", "410100", "410500",
}  # fmt: skip


class TestLoadEpisode:
    def test_unknown_one_names_the_others(self) -> None:
        with pytest.raises(UnknownEpisode, match="2016-12, 2019-02"):
            load_episode("1952-12")

    def test_is_read_once(self) -> None:
        assert load_episode("2016-12") is load_episode("2016-12")

    @pytest.mark.parametrize("episode", ["2016-12", "2019-02"])
    def test_forecasts_are_declared(self, episode: str) -> None:
        loaded = load_episode(episode)
        assert loaded.forecasts == ("perfect", "persistence")
        assert "重建" in loaded.note_zh
        assert "rebuilt" in loaded.note_en

    @pytest.mark.parametrize("episode", ["2016-12", "2019-02"])
    def test_divisions_exist_at_the_time(self, episode: str) -> None:
        loaded = load_episode(episode)
        divisions, day = load_law().divisions, loaded.starts_at.date()
        for adcode in loaded.divisions:
            division = divisions[adcode]
            assert division.valid_from is None or division.valid_from <= day
            assert division.valid_until is None or day < division.valid_until

    @pytest.mark.parametrize("episode", ["2016-12", "2019-02"])
    def test_points_are_points(self, episode: str) -> None:
        loaded = load_episode(episode)
        for adcode in loaded.divisions[::15]:
            points = [Point.model_validate(point) for point in loaded.observations(adcode)]
            assert points
            check_points(points[:700])

    @pytest.mark.parametrize("folder", ["2016-12", "2019-02"])
    def test_every_file_has_its_origin(self, folder: str) -> None:
        origin = (DATA / folder / "ORIGIN.md").read_text("utf-8")
        files = {path.name for path in (DATA / folder).iterdir()} - {"ORIGIN.md"}
        assert files
        assert all(name in origin for name in files)


class TestDecember2016:
    def test_ten_cities_and_the_clock(self) -> None:
        episode = load_episode("2016-12")
        assert set(episode.divisions) == CITIES
        assert iso(episode.starts_at) == "2016-12-14T00:00:00+08:00"
        assert iso(episode.ends_at) == "2016-12-24T00:00:00+08:00"

    def test_beijing_has_every_hour(self) -> None:
        points = load_episode("2016-12").observations("110000")
        assert len(points) == 768
        assert points[0]["time"] == "2016-12-10T00:00:00+08:00"
        assert points[-1]["time"] == "2017-01-10T23:00:00+08:00"

    def test_mean_of_station_indices_is_not_used(self) -> None:
        assert {point["aqi"] for point in load_episode("2016-12").observations("110000")} == {None}

    def test_missing_value_is_null(self) -> None:
        points = load_episode("2016-12").observations("110000")
        assert sum(point["pm10"] is None for point in points) == 29
        assert all(point["pm25"] is not None for point in points)

    def test_days_are_as_published(self) -> None:
        days = {point["date"]: point for point in load_episode("2016-12").observations("130100")}
        with (DATA / "2016-12/city_daily.csv").open(encoding="utf-8") as table:
            rows = [row for row in csv.DictReader(table) if row["adcode"] == "130100"]
        assert {day: point["pm25"] for day, point in days.items()} == {row["date"]: float(row["pm25"]) for row in rows}
        assert {point["o3"] for point in days.values()} == {None}

    def test_day_that_was_not_measured_is_absent(self) -> None:
        days = {point["date"] for point in load_episode("2016-12").observations("140100")}
        assert "2016-12-19" in days
        assert "2016-12-20" not in days

    def test_unknown_division(self) -> None:
        with pytest.raises(KeyError):
            load_episode("2016-12").observations("310000")


class TestPrompt:
    def test_twenty_three_red_nine_orange(self) -> None:
        (prompt,) = load_episode("2016-12").prompts
        levels = [view.level for view in fan_out(prompt).values()]
        assert (levels.count(Level.RED), levels.count(Level.ORANGE), len(levels)) == (23, 9, 32)

    def test_laiwu_is_prompted_under_its_own_code(self) -> None:
        (prompt,) = load_episode("2016-12").prompts
        assert fan_out(prompt)["371200"].level is Level.ORANGE

    def test_region_of_the_time_holds_every_city(self) -> None:
        (prompt,) = load_episode("2016-12").prompts
        region = load_law().regions[prompt.region]
        assert region.in_force.covers(prompt.issued_at.date())
        assert {entry.adcode for entry in prompt.entries} <= set(region.members)


class TestFebruary2019:
    def test_all_cities_have_codes(self) -> None:
        episode = load_episode("2019-02")
        assert len(episode.divisions) == 367
        assert all(len(code) == 6 and code.isdigit() for code in episode.divisions)

    def test_laiwu_reports_as_a_district(self) -> None:
        assert {"370116", "370100"} <= set(load_episode("2019-02").divisions)
        assert "371200" not in load_episode("2019-02").divisions

    def test_every_row_is_there(self) -> None:
        episode = load_episode("2019-02")
        assert sum(len(episode.observations(code)) for code in episode.divisions) > 71_000

    def test_fireworks_reach_the_top_of_the_scale(self) -> None:
        episode = load_episode("2019-02")
        night = [
            point["aqi"]
            for code in episode.divisions
            for point in episode.observations(code)
            if point["time"].startswith("2019-02-05T0")
        ]
        assert max(value for value in night if value is not None) == 500


def test_no_file_is_too_large_to_ship() -> None:
    assert sum(path.stat().st_size for path in Path(DATA).rglob("*") if path.is_file()) < 1_500_000
