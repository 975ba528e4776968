"""`POST /api/v1/simulations`: what would be, without touching what is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.support import HEAVY, NOW, Client, forecast, hours

ADDRESS = "/api/v1/simulations"
BOTH = [{"rules": "national-2016"}, {"rules": "national-2024"}]
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"


async def counts(runtime: Runtime) -> dict[str, int]:
    """The number of rows of every table, jobs included."""
    connection = await runtime.database.connect()
    names = [row["relname"] for row in await connection.fetch(TABLES)]
    found = {name: await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in names}
    await connection.close()
    return found


@pytest.fixture
async def officer(client: Client) -> dict[str, str]:
    return await client.account(Role.DUTY_OFFICER)


async def simulated(client: Client, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = await client.http.post(ADDRESS, headers=headers, json={"adcode": "110000"} | body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def refused(client: Client, headers: dict[str, str], status: int, **body: Any) -> dict[str, Any]:
    answer = await client.http.post(ADDRESS, headers=headers, json={"adcode": "110000"} | body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return dict(answer.json())


def levels(answer: dict[str, Any]) -> dict[str, str]:
    return {case["label"]: case["assessment"]["level"] for case in answer["cases"]}


class TestOwnPoints:
    async def test_side_by_side(self, client: Client, officer: dict[str, str]) -> None:
        answer = await simulated(client, officer, points=hours(NOW, HEAVY), cases=BOTH)
        assert levels(answer) == {"national-2016": "yellow", "national-2024": "orange"}
        assert answer["source"] == {"kind": "uploaded", "points": len(HEAVY)}
        assert answer["simulated"] is True
        told = {one["what"]: one for one in answer["differences"]}
        assert (told["level"]["label"], told["level"]["first"], told["level"]["here"]) == (
            "national-2024", "yellow", "orange",
        )  # fmt: skip
        assert told["level"]["sentence"] == {"zh": "级别：黄色 → 橙色", "en": "level: yellow → orange"}
        assert all(case["trace"]["why_zh"] and case["trace"]["not_next_en"] for case in answer["cases"])

    async def test_without_cases_what_applies_there_and_then(self, client: Client, officer: dict[str, str]) -> None:
        answer = await simulated(client, officer, points=hours(NOW, HEAVY))
        (case,) = answer["cases"]
        assert (case["label"], case["assessment"]["rules"]) == ("in_force", "national-2016")
        assert case["plan"] is not None

    async def test_a_warning_supposed_in_force(self, client: Client, officer: dict[str, str]) -> None:
        stands = {"level": "yellow", "effective_at": "2016-12-15T00:00:00+08:00"}
        answer = await simulated(
            client, officer, points=hours(NOW, HEAVY), in_force=stands, cases=[{"rules": "national-2024"}]
        )
        assert answer["cases"][0]["step"]["action"] == "raise"

    async def test_an_edited_copy(self, client: Client, officer: dict[str, str]) -> None:
        answer = await simulated(client, officer, points=hours(NOW, HEAVY), edit={"factor": {"pm25": 0.5}}, cases=BOTH)
        assert set(levels(answer).values()) == {"none"}


class TestStoredForecast:
    async def test_by_its_id_joined_to_what_was_measured(self, client: Client, officer: dict[str, str]) -> None:
        await client.feed()
        measured = {
            "type": "observation", "timestamp": NOW.isoformat(),
            "data": {"adcode": "110000", "points": hours(NOW - timedelta(hours=24), [300.0] * 24)},
        }  # fmt: skip
        assert (await client.deliver(measured, kind="observations")).status_code == 202
        assert (await client.deliver(forecast(HEAVY))).status_code == 202
        shown = await client.http.get("/api/v1/divisions/110000/forecast", headers=officer)
        forecast_id = shown.json()["forecasts"][0]["id"]
        joined = await simulated(client, officer, forecast=forecast_id, cases=BOTH)
        assert joined["source"]["with_measured"] is True
        assert joined["as_of"] == NOW.isoformat()
        alone = await simulated(client, officer, forecast=forecast_id, alone=True, cases=BOTH)
        assert alone["source"]["with_measured"] is False
        assert joined["cases"][1]["assessment"]["starts_at"] < alone["cases"][1]["assessment"]["starts_at"]

    async def test_what_is_known_now(self, client: Client, officer: dict[str, str]) -> None:
        assert "Nothing is known" in (await refused(client, officer, 422))["detail"]
        await client.feed()
        await client.deliver(forecast(HEAVY))
        answer = await simulated(client, officer, cases=[{"rules": "national-2024"}])
        assert (answer["source"]["kind"], levels(answer)) == ("forecast", {"national-2024": "orange"})

    async def test_another_division_s_forecast_is_not_there(self, client: Client, officer: dict[str, str]) -> None:
        await client.feed()
        await client.deliver(forecast(HEAVY, adcode="120000"))
        assert (await client.http.get("/api/v1/divisions/120000/forecast", headers=officer)).status_code == 403
        await refused(client, officer, 404, forecast=1)


class TestNothingIsTouched:
    async def test_no_row_no_job_no_proposal(self, client: Client, officer: dict[str, str], runtime: Runtime) -> None:
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        before = await counts(runtime)
        assert before["assessment"] == 1
        await simulated(client, officer, cases=BOTH, edit={"factor": {"pm25": 3.0}})
        await simulated(client, officer, points=hours(NOW, HEAVY), cases=BOTH)
        await client.work()
        assert await counts(runtime) == before


class TestRefusals:
    async def test_who_may(self, client: Client, officer: dict[str, str]) -> None:
        client.http.cookies.clear()
        assert (await client.http.post(ADDRESS, json={"adcode": "110000"})).status_code == 401
        await refused(client, officer, 403, adcode="120000", points=hours(NOW, HEAVY))
        await refused(client, officer, 404, adcode="999999", points=hours(NOW, HEAVY))
        enterprise = await client.account(Role.ENTERPRISE, uscc="91110000100000000X")
        assert (await client.http.post(ADDRESS, headers=enterprise, json={"adcode": "110000"})).status_code == 403

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({"cases": [{"rules": "national-1999"}]}, "no rule set 'national-1999'"),
            ({"cases": [{"plan": "nowhere"}]}, "no plan 'nowhere'"),
            ({"cases": [{"rules": "national-2024"}] * 2}, "each once"),
            ({"edit": {"factor": {"aqi": 2.0}}}, "no factor for aqi"),
            ({"points": None, "as_of": "9999-12-31T23:59:59+08:00"}, "beyond the calendar"),
            ({"points": None, "as_of": "0001-01-01T00:00:00+08:00"}, "beyond the calendar"),
        ],
    )
    async def test_what_cannot_be_used(
        self, client: Client, officer: dict[str, str], body: dict[str, Any], told: str
    ) -> None:
        asked = {"points": hours(NOW, HEAVY)} | body
        assert told in (await refused(client, officer, 422, **asked))["detail"]

    async def test_points_out_of_order_are_named(self, client: Client, officer: dict[str, str]) -> None:
        problem = await refused(client, officer, 422, points=list(reversed(hours(NOW, [1.0, 2.0, 3.0]))))
        assert problem["errors"][0]["pointer"] == "/points/1/time"

    @pytest.mark.parametrize(
        "body", [{"forecast": 1, "points": hours(NOW, [1.0])}, {"cases": []}, {"points": []}, {"wrong": 1}]
    )
    async def test_bodies_that_are_none(self, client: Client, officer: dict[str, str], body: dict[str, Any]) -> None:
        problem = await refused(client, officer, 422, **body)
        assert problem["detail"]
