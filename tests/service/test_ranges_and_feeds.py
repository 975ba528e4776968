"""Forecast ranges and several feeds, from the webhook to what an officer sees."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from alerts.levels import Level
from service.accounts.roles import Role
from service.assessments.repository import recent_levels
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.publication.forecast import forecasts_of
from tests.support import HEAVY, NOW, Client, forecast

CLEAN = [60.0] * 120


@pytest.fixture
async def officer(client: Client) -> dict[str, str]:
    return await client.account(Role.DUTY_OFFICER)


def ranged(*bounds: tuple[float, float], issued: datetime = NOW) -> dict[str, Any]:
    """Daily AQI ranges from the day after the issue on."""
    first = issued.date() + timedelta(days=1)
    points = [
        {"date": str(first + timedelta(days=at)), "aqi_low": low, "aqi_high": high}
        for at, (low, high) in enumerate(bounds)
    ]
    return {
        "type": "forecast.issued", "timestamp": issued.isoformat(),
        "data": {"adcode": "110000", "issued_at": issued.isoformat(), "points": points},
    }  # fmt: skip


async def assessment(client: Client, headers: dict[str, str]) -> dict[str, Any]:
    answer = await client.http.get("/api/v1/divisions/110000/assessment", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


class TestRanges:
    async def test_the_set_of_2016_proposes_by_the_upper_value(self, client: Client, officer: dict[str, str]) -> None:
        await client.feed()
        assert (await client.deliver(ranged((150, 215), (150, 215)))).status_code == 202
        await client.work()
        found = await assessment(client, officer)
        assert found["assessment"]["range"] == {
            "lower": "none", "middle": "none", "upper": "yellow", "graded_on": "upper", "by_rule": True,
        }  # fmt: skip
        assert (found["assessment"]["level"], found["step"]["action"]) == ("yellow", "issue")
        assert "range" in found["step"]["flags"]
        assert found["feeds"][0]["range"] == found["assessment"]["range"]

    async def test_the_public_reads_the_range(self, client: Client, runtime: Runtime) -> None:
        await client.feed()
        await client.deliver(ranged((140, 215), (90, 90)))
        async with runtime.unit() as uow:
            published = (await forecasts_of(uow))["110000"]
        days = [(day.date, day.aqi_low, day.aqi_high, day.category.value) for day in published.days]
        assert days == [(date(2016, 12, 16), 140, 215, 4), (date(2016, 12, 17), 90, 90, 2)]

    async def test_a_range_that_is_none_is_refused_with_its_place(self, client: Client) -> None:
        await client.feed()
        answer = await client.deliver(ranged((215, 150)))
        assert answer.status_code == 422
        (fault,) = answer.json()["errors"]
        assert fault["pointer"].startswith("/data/")
        assert "must not fall" in fault["detail"]


class TestSeveralFeeds:
    async def test_the_highest_counts_and_both_are_shown(self, client: Client, officer: dict[str, str]) -> None:
        await client.feed("city")
        await client.feed("centre")
        await client.deliver(forecast(HEAVY, issued=NOW - timedelta(hours=3)), feed="city")
        await client.deliver(forecast(CLEAN), feed="centre")
        await client.work()
        found = await assessment(client, officer)
        shown = {one["feed"]: (one["level"], one["counts"]) for one in found["feeds"]}
        assert shown == {"city": ("yellow", True), "centre": ("none", False)}
        assert (found["assessment"]["level"], found["forecast"]["feed"]) == ("yellow", "city")

    async def test_one_that_fell_silent_no_longer_counts(
        self, client: Client, officer: dict[str, str], clock: ManualClock
    ) -> None:
        await client.feed("city")
        await client.feed("centre")
        await client.deliver(forecast(HEAVY), feed="city")
        clock.advance_to(NOW + timedelta(hours=37))
        await client.deliver(forecast(CLEAN, issued=NOW + timedelta(hours=37)), feed="centre")
        await client.work()
        found = await assessment(client, officer)
        assert {one["feed"]: one["counts"] for one in found["feeds"]} == {"city": False, "centre": True}
        assert found["forecast"]["feed"] == "centre"

    async def test_a_feed_s_own_older_issue_fills_the_hours_before_its_newest(
        self, client: Client, officer: dict[str, str]
    ) -> None:
        await client.feed("city")
        await client.feed("centre")
        await client.deliver(forecast([200.0] * 24, issued=NOW - timedelta(hours=12)), feed="centre")
        await client.deliver(forecast(CLEAN, issued=NOW), feed="city")
        await client.work()
        found = await assessment(client, officer)
        city = next(one for one in found["feeds"] if one["feed"] == "city")
        assert city["level"] == "none"


class TestRunsThatAgree:
    async def test_the_forecast_that_is_assessed_is_no_run_before_itself(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        """Two forecasts must agree before a warning is lowered; the hourly second look at one is no second forecast."""
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        clock.advance_to(NOW + timedelta(hours=1))
        await client.deliver(forecast(CLEAN, issued=clock.now()))
        await client.work()
        async with runtime.unit() as uow:
            newest = await uow.fetchval("SELECT max(id) FROM forecast")
            assert await recent_levels(uow, "110000", 2, newest) == (Level.YELLOW,)
            assert await recent_levels(uow, "110000", 2, None) == (Level.YELLOW, Level.NONE)
