"""What the feed says when: in order, nothing before its time, and every forecast declared as rebuilt."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.instants import parse_instant
from alerts.points import Point, check_points
from service.demo.episodes import Episode, load_episode
from service.demo.messages import FeedMessage, Kind, messages
from service.demo.tracks import FIELDS, SHANGHAI, Track

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def december(**options: Any) -> list[FeedMessage]:
    return list(messages(load_episode("2016-12"), **options))


def of(message: FeedMessage, adcode: str) -> list[dict[str, Any]]:
    return next((part["points"] for part in message.body["data"] if part["adcode"] == adcode), [])


def forecasts(**options: Any) -> list[FeedMessage]:
    return [message for message in december(**options) if message.type == "forecast.issued"]


class TestContract:
    def test_body(self) -> None:
        for message in december():
            assert message.body.keys() == {"type", "timestamp", "data"}
            assert message.body["type"] == message.type
            assert parse_instant(message.body["timestamp"]) == message.at
            assert message.body["data"]
            for part in message.body["data"]:
                check_points([Point.model_validate(point) for point in part["points"]])

    @pytest.mark.parametrize("kind", ["perfect", "persistence"])
    def test_every_forecast_declares_its_basis(self, kind: Kind) -> None:
        parts = [part for message in forecasts(kind=kind) for part in message.body["data"]]
        assert {part["basis"] for part in parts} == {kind}
        assert {message.feed for message in forecasts(kind=kind)} == {f"demo-{kind}"}

    def test_observations_claim_no_basis(self) -> None:
        seen = [message for message in december() if message.type == "observation.reported"]
        assert {message.feed for message in seen} == {"demo-observations"}
        assert all("basis" not in part for message in seen for part in message.body["data"])

    def test_in_order(self) -> None:
        assert all(one.at <= other.at for one, other in pairwise(december()))

    def test_inside_the_clock(self) -> None:
        episode = load_episode("2016-12")
        assert all(episode.starts_at <= message.at < episode.ends_at for message in december())


class TestObservations:
    def test_nothing_is_told_before_it_is_over(self) -> None:
        for message in december():
            if message.type != "observation.reported":
                continue
            ends = [Point.model_validate(p).end for part in message.body["data"] for p in part["points"]]
            assert max(ends) <= message.at

    def test_every_hour_of_beijing_is_told_once(self) -> None:
        told = [point["time"] for message in december() if message.type == "observation.reported"
                for point in of(message, "110000")]  # fmt: skip
        assert len(told) == len(set(told))
        assert told[0] == "2016-12-10T00:00:00+08:00"
        assert told[-1] == "2016-12-23T23:00:00+08:00"

    def test_days_follow_after_midnight(self) -> None:
        (message,) = [m for m in december() if m.at == parse_instant("2016-12-17 00:30")]
        assert [point["date"] for point in of(message, "120000")] == ["2016-12-16"]
        assert of(message, "110000") == []

    @pytest.mark.parametrize("step", [2, 3, 6, 24])
    def test_gathered_hours_lose_nothing(self, step: int) -> None:
        def told(gathered: list[FeedMessage]) -> set[str]:
            return {point["time"] for message in gathered if message.type == "observation.reported"
                    for point in of(message, "110000")}  # fmt: skip

        all_hours, gathered = told(december()), told(december(step_hours=step))
        assert {time for time in all_hours if parse_instant(time).hour % step == 0} <= gathered
        assert len(all_hours) - len(gathered) < step

    def test_start_in_the_middle_begins_with_what_is_known(self) -> None:
        start = parse_instant("2016-12-18 09:30")
        first = december(start=start)[0]
        assert first.at == start
        assert of(first, "110000")[-1]["time"] == "2016-12-18T09:00:00+08:00"
        assert of(first, "120000")[-1]["date"] == "2016-12-17"


class TestPerfectForecasts:
    def test_daily_at_seventeen(self) -> None:
        instants = [message.at for message in forecasts()]
        assert instants[0] == parse_instant("2016-12-14 17:00")
        assert all(other - one == DAY for one, other in pairwise(instants))

    def test_hours_are_the_later_observations_to_the_end_of_the_seventh_day(self) -> None:
        first = of(forecasts()[0], "110000")
        observed = {point["time"]: point for point in load_episode("2016-12").observations("110000")}
        assert all(point == observed[point["time"]] for point in first)
        assert (first[0]["time"], first[-1]["time"]) == (
            "2016-12-14T17:00:00+08:00",
            "2016-12-22T00:00:00+08:00",
        )

    def test_days_begin_with_the_whole_of_today(self) -> None:
        days = [point["date"] for point in of(forecasts()[0], "130100")]
        assert days == [f"2016-12-{day}" for day in range(14, 22)]

    def test_day_nobody_measured_is_not_forecast(self) -> None:
        assert "2016-12-20" not in {point["date"] for point in of(forecasts()[3], "140100")}


class TestPersistence:
    def test_each_hour_repeats_the_day_before(self) -> None:
        points = of(forecasts(kind="persistence")[2], "110000")
        observed = {point["time"]: point for point in load_episode("2016-12").observations("110000")}
        assert points[0]["time"] == "2016-12-16T17:00:00+08:00"
        assert points[0]["pm25"] == observed["2016-12-15T17:00:00+08:00"]["pm25"]
        assert points[24]["pm25"] == points[0]["pm25"]

    def test_days_repeat_yesterday(self) -> None:
        points = of(forecasts(kind="persistence")[2], "130100")
        observed = {point["date"]: point["pm25"] for point in load_episode("2016-12").observations("130100")}
        assert {point["pm25"] for point in points} == {observed["2016-12-15"]}

    def test_uses_nothing_that_was_not_known(self) -> None:
        """Changing every later hour changes nothing in what is forecast."""
        episode = load_episode("2016-12")
        issued = parse_instant("2016-12-16 17:00")
        one = list(messages(episode, "persistence", issued, issued + HOUR))
        other = list(messages(_with_a_different_future(episode, issued), "persistence", issued, issued + HOUR))
        assert [m.body for m in one if "forecast" in m.type] == [m.body for m in other if "forecast" in m.type]


def _with_a_different_future(episode: Episode, after: datetime) -> Episode:
    tracks = {}
    for adcode, track in episode.tracks.items():
        values = track.values.copy()
        known = (after - track.first) // track.step
        values[known:] = 7.0
        tracks[adcode] = Track(track.adcode, track.kind, track.first, values)
    return Episode(**{**vars(episode), "tracks": tracks})


class TestFebruary2019:
    def test_one_list_for_all_cities(self) -> None:
        start = parse_instant("2019-02-05 16:30")
        told = list(messages(load_episode("2019-02"), start=start, end=start + HOUR))
        assert [(m.type, m.at) for m in told[1:]] == [
            ("forecast.issued", parse_instant("2019-02-05 17:00")),
            ("observation.reported", parse_instant("2019-02-05 17:10")),
        ]
        assert len(told[1].body["data"]) == 367
        assert of(told[1], "110000")[-1]["time"] == "2019-02-11T00:00:00+08:00"

    def test_batches_hold_the_same(self) -> None:
        start = parse_instant("2019-02-05 16:50")
        whole = list(messages(load_episode("2019-02"), start=start, end=start + HOUR))
        parts = list(messages(load_episode("2019-02"), start=start, end=start + HOUR, batch=100))
        assert max(len(message.body["data"]) for message in parts) == 100
        for kind in ("forecast.issued", "observation.reported"):
            one = [part for message in whole if message.type == kind for part in message.body["data"]]
            other = [part for message in parts if message.type == kind for part in message.body["data"]]
            assert one == other


class TestBadCalls:
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"kind": "real"}, "unknown forecast basis"),
            ({"start": datetime(2016, 12, 14)}, "time zone"),  # noqa: DTZ001 - what is refused
            ({"step_hours": 0}, "at least 1"),
            ({"batch": 0}, "at least 1"),
        ],
    )
    def test_refused(self, options: dict[str, Any], words: str) -> None:
        with pytest.raises(ValueError, match=words):
            december(**options)


class TestTrack:
    @settings(deadline=None)
    @given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(-10, 50), st.integers(-10, 50))
    def test_points_are_the_measured_rows_of_the_interval(self, measured: list[bool], start: int, end: int) -> None:
        first = datetime(2019, 2, 4, tzinfo=SHANGHAI)
        values = np.where(np.array(measured)[:, None], np.arange(len(measured))[:, None] * 1.0, np.nan)
        track = Track("110000", "hourly", first, np.repeat(values, len(FIELDS), axis=1))
        expected = [index for index, there in enumerate(measured) if there and start <= index < end]
        assert [point["aqi"] for point in track.points(first + start * HOUR, first + end * HOUR)] == expected
