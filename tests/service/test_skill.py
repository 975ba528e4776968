"""`GET /api/v1/skill`: what was forecast, what came, who may see it, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.instants import DAY, HOUR, day_start
from service.accounts.roles import NATION, Role, Scope
from service.feeds.flows import register
from service.kit.canonical import canonical, digest
from service.kit.clock import ManualClock
from service.kit.problems import Forbidden
from service.kit.runtime import Runtime
from service.kit.signatures import new_secret
from service.skill import flows
from service.skill.flows import asked, skill_everywhere, skill_of
from service.skill.words import DEFINITIONS, definitions
from tests.support import NOW, Client

FIRST = date(2016, 12, 1)
TODAY = NOW.date()
Row = dict[str, Any]


def day(number: int) -> date:
    return FIRST + number * DAY


def at(number: int, hour: int = 17) -> datetime:
    return day_start(day(number)) + hour * HOUR


def days(first: int, *aqis: float | None) -> list[Row]:
    return [{"date": day(first + k).isoformat()} | ({} if aqi is None else {"aqi": aqi}) for k, aqi in enumerate(aqis)]


def hours(start: datetime, *aqis: float) -> list[Row]:
    return [{"time": (start + (k + 1) * HOUR).isoformat(), "aqi": aqi} for k, aqi in enumerate(aqis)]


class Stored:
    """Feeds with forecasts and observations in the database."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def feed(self, *names: str) -> None:
        async with self.runtime.unit() as uow:
            for name in names:
                await register(uow, name, name, NATION, [new_secret()])
            await uow.commit()

    async def forecast(
        self, issued: datetime, points: list[Row], *, feed: str = "f", adcode: str = "110000", basis: str = "forecast"
    ) -> None:
        async with self.runtime.unit() as uow:
            await uow.execute(
                "INSERT INTO forecast (adcode, feed, issued_at, basis, points, digest, received_at)"
                " VALUES ($1, $2, $3, $4, $5, $6, $3)",
                adcode,
                feed,
                issued,
                basis,
                canonical(points),
                digest(points),
            )
            await uow.commit()

    async def observed(self, points: list[Row], *, until: datetime, adcode: str = "110000", feed: str = "f") -> None:
        async with self.runtime.unit() as uow:
            await uow.execute(
                "INSERT INTO observation (adcode, feed, until_at, points, digest, received_at) VALUES ($1, $2, $3, $4, $5, $3)",
                adcode,
                feed,
                until,
                canonical(points),
                digest(points),
            )
            await uow.commit()


@pytest.fixture
async def stored(runtime: Runtime) -> Stored:
    """Ten clean days, a heavy one on day 5; forecast right by feed `f`, clean throughout by feed `g`."""
    made = Stored(runtime)
    await made.feed("f", "g")
    air = [60, 60, 60, 60, 60, 230, 60, 60, 60, 60]
    await made.observed(days(0, *air), until=at(10, 0))
    for number in range(8):
        await made.forecast(at(number), days(number + 1, *air[number + 1 : number + 4]))
        await made.forecast(at(number), days(number + 1, *[70] * 3), feed="g")
    return made


@pytest.fixture
async def duty(client: Client) -> dict[str, str]:
    return await client.account(Role.DUTY_OFFICER)


Get = Callable[..., Any]


@pytest.fixture
def get(client: Client, duty: dict[str, str]) -> Get:
    async def found(**query: str) -> Any:
        answer = await client.http.get("/api/v1/skill", params={"adcode": "110000", **query}, headers=duty)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return found


def lead(body: Any, number: int = 1, feed: int = 0) -> Any:
    return next(one for one in body["feeds"][feed]["lead_days"] if one["lead_day"] == number)


def level(body: Any, code: str = "yellow", feed: int = 0) -> Any:
    return next(one for one in body["feeds"][feed]["levels"] if one["level"] == code)


class TestAnswer:
    async def test_every_feed_side_by_side(self, stored: Stored, get: Get) -> None:
        body = await get(rules="national-2024")
        assert [(one["feed"], one["basis"], one["issues"]) for one in body["feeds"]] == [
            ("f", "forecast", 8),
            ("g", "forecast", 8),
        ]
        right, clean = lead(body, 1, 0), lead(body, 1, 1)
        assert (right["n"], right["hit"]["rate"], right["mae"], right["bias"]) == (8, 1.0, 0.0, 0.0)
        assert (clean["hit"]["hits"], clean["bias"]) == (7, round((7 * 10 - 160) / 8, 1))
        assert (level(body, feed=0)["hits"], level(body, feed=0)["misses"]) == (3, 0)
        assert (level(body, feed=1)["hits"], level(body, feed=1)["misses"]) == (0, 3)
        [lead_time] = [one["items"] for one in body["feeds"][0]["lead_times"] if one["level"] == "yellow"]
        assert [(one["steady_since"], one["steady_hours"]) for one in lead_time] == [
            ("2016-12-03T17:00:00+08:00", 55.0)
        ]

    async def test_says_what_it_rests_on(self, stored: Stored, get: Get) -> None:
        body = await get()
        assert (body["adcode"], body["name"], body["rules"], body["number"]) == (
            "110000",
            "北京市",
            "national-2016",
            "环办应急函〔2016〕225号",
        )
        assert (body["from"], body["until"]) == ("2016-09-17", "2016-12-16")
        assert body["definitions"] == definitions()
        assert body["feeds"][0]["basis_zh"] == "当时发布的预报"
        assert (body["feeds"][0]["forecast_values"], body["feeds"][0]["observed_values"]) == (["aqi"], ["aqi"])

    async def test_targets_stand_beside_what_was_measured(self, stored: Stored, get: Get) -> None:
        body = await get()
        [document] = body["target_documents"]
        assert document["number"] if "number" in document else document["not_established"]["number"]
        first, third = body["feeds"][0]["targets"]
        assert (first["hours"], first["percent"], first["lead_day"], first["verdict"]) == (24, 90.0, 1, "met")
        assert (third["hours"], third["percent"], third["lead_day"], third["verdict"]) == (72, 80.0, 3, "met")
        assert {first["binding"], first["sure"]} == {False}  # eight days in Beijing, before the plan

    async def test_one_feed(self, stored: Stored, get: Get) -> None:
        assert [one["feed"] for one in (await get(feed="g"))["feeds"]] == ["g"]

    async def test_days_of_issue_bound_the_period(self, stored: Stored, get: Get) -> None:
        body = await get(**{"from": day(2).isoformat(), "until": day(4).isoformat()})
        assert body["feeds"][0]["issues"] == 2
        assert lead(body)["n"] == 2
        assert lead(body, 3)["n"] == 2  # days behind the period are measured days all the same

    async def test_the_rules_asked_for_count(self, stored: Stored, get: Get) -> None:
        natural = await get(rules="national-2016")
        assert [one["level"] for one in natural["feeds"][0]["levels"]] == ["blue", "yellow", "orange", "red"]
        assert (natural["rules"], natural["plan"]) == ("national-2016", None)
        assert level(natural, "blue")["hits"] == 3

    async def test_nothing_forecast_is_an_empty_answer(self, stored: Stored, get: Get) -> None:
        body = await get(**{"from": "2016-06-01", "until": "2016-07-01"})
        assert body["feeds"] == []
        assert body["definitions"] == definitions()

    async def test_an_unchanged_answer_is_not_sent_again(
        self, client: Client, stored: Stored, duty: dict[str, str]
    ) -> None:
        url = "/api/v1/skill?adcode=110000"
        first = await client.http.get(url, headers=duty)
        again = await client.http.get(url, headers=duty | {"if-none-match": first.headers["etag"]})
        assert again.status_code == 304
        await stored.observed(days(8, 300), until=at(9, 1))
        changed = await client.http.get(url, headers=duty | {"if-none-match": first.headers["etag"]})
        assert changed.status_code == 200

    async def test_compact_has_the_same_days_and_nothing_else(self, stored: Stored, get: Get) -> None:
        await stored.forecast(at(3, 5), days(4, 400, 400))  # an earlier issue of the day does not count
        whole, compact = await get(), await get(compact="true")
        for one, other in zip(whole["feeds"], compact["feeds"], strict=True):
            assert one["lead_days"] == other["lead_days"]
            assert one["targets"] == other["targets"]
            assert set(one) - set(other) == {"levels", "lead_times"}


class TestWhatCounts:
    async def test_a_corrected_issue_counts_as_corrected(self, stored: Stored, get: Get) -> None:
        await stored.forecast(at(0), days(1, 300, 300, 300))
        body = await get()
        assert (body["feeds"][0]["issues"], lead(body)["bias"]) == (8, round((300 - 60) / 8, 1))

    async def test_a_corrected_observation_counts_as_corrected(self, stored: Stored, get: Get) -> None:
        await stored.observed(days(1, 140), until=at(2, 0))
        assert lead(await get())["bias"] == round((60 - 140) / 8, 1)

    async def test_a_delivery_that_reaches_far_beyond_the_period_counts(
        self, runtime: Runtime, clock: ManualClock, get: Get
    ) -> None:
        made = Stored(runtime)
        await made.feed("f")
        clock.advance_to(at(40))
        await made.forecast(at(0), days(1, 60))
        await made.observed(days(1, *[60] * 30), until=at(31, 0))
        body = await get(**{"from": FIRST.isoformat(), "until": day(1).isoformat()})
        assert lead(body)["n"] == 1

    async def test_what_is_not_over_is_pending(self, stored: Stored, get: Get) -> None:
        await stored.forecast(NOW - HOUR, [{"date": (TODAY + DAY).isoformat(), "aqi": 230}])
        body = await get()
        assert (lead(body)["pending"], level(body, "blue")["pending"]) == (1, 1)

    async def test_hours_are_read_as_hours(self, runtime: Runtime, get: Get) -> None:
        made = Stored(runtime)
        await made.feed("f")
        await made.forecast(at(0), hours(at(0), *[60] * 55))
        for number in range(72):
            await made.observed(hours(at(0, number), 90), until=at(0, number + 1))
        body = await get()
        assert [(one["lead_day"], one["n"], one["bias"]) for one in body["feeds"][0]["lead_days"]] == [
            (1, 1, -30.0),
            (2, 1, -30.0),
        ]

    async def test_rebuilt_forecasts_stand_apart_and_say_so(self, stored: Stored, get: Get) -> None:
        await stored.forecast(at(0, 18), days(1, 60), basis="perfect")
        body = await get(feed="f")
        assert [(one["basis"], one["evidence"], one["issues"]) for one in body["feeds"]] == [
            ("forecast", True, 8),
            ("perfect", False, 1),
        ]
        assert "不能说明任何预报水平" in body["feeds"][1]["basis_zh"]
        assert body["feeds"][1]["targets"][0]["verdict"] == "no_evidence"

    async def test_forecasts_that_came_by_webhook(self, client: Client, get: Get, clock: ManualClock) -> None:
        await client.feed()
        data = {"adcode": "110000", "issued_at": NOW.isoformat(), "points": [{"date": "2016-12-16", "aqi": 230}]}
        message = {"type": "forecast.issued", "timestamp": NOW.isoformat(), "data": data}
        assert (await client.deliver(message)).status_code == 202
        clock.advance_to(NOW + 2 * DAY)
        points = [{"date": "2016-12-16", "aqi": 210}]
        report = {"type": "observation.reported", "timestamp": clock.now().isoformat()}
        came = report | {"data": {"adcode": "110000", "points": points}}
        assert (await client.deliver(came, kind="observations")).status_code == 202
        body = await get()
        assert (lead(body)["hit"]["hits"], lead(body)["bias"], level(body, "blue")["hits"]) == (1, 20.0, 1)


class TestRefused:
    @pytest.mark.parametrize(
        ("query", "status", "words"),
        [
            ({}, 422, ""),
            ({"adcode": "1100"}, 422, ""),
            ({"adcode": "999999"}, 404, "GB/T 2260"),
            ({"adcode": "130100"}, 403, "outside your region"),
            ({"adcode": "110000", "feed": "nobody"}, 404, "no feed nobody"),
            ({"adcode": "110000", "feed": ""}, 422, ""),
            ({"adcode": "110000", "from": "yesterday"}, 422, "2016-12-16"),
            ({"adcode": "110000", "until": "2016-02-30"}, 422, "until"),
            ({"adcode": "110000", "from": "2016-12-01", "until": "2016-12-01"}, 422, "empty"),
            ({"adcode": "110000", "from": "2015-01-01", "until": "2016-12-01"}, 422, "at most 400 days"),
            ({"adcode": "110000", "from": "0001-01-01"}, 422, "years 1990"),
            ({"adcode": "110000", "from": "9999-12-31"}, 422, "from, until"),
            ({"adcode": "110000", "until": "0001-01-02"}, 422, "from, until"),
            ({"adcode": "110000", "rules": "national-1999"}, 422, "national-2016"),
            ({"adcode": "110000", "compact": "perhaps"}, 422, ""),
        ],
    )
    async def test_with_what_to_do(
        self, client: Client, duty: dict[str, str], query: dict[str, str], status: int, words: str
    ) -> None:
        answer = await client.http.get("/api/v1/skill", params=query, headers=duty)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert words in answer.json()["detail"]

    async def test_too_many_issues(
        self, client: Client, stored: Stored, duty: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(flows, "MOST_ISSUES", 15)
        url = "/api/v1/skill?adcode=110000"
        answer = await client.http.get(url, headers=duty)
        assert (answer.status_code, "16 issues" in answer.text) == (422, True)
        assert (await client.http.get(url + "&feed=f", headers=duty)).status_code == 200
        assert (await client.http.get(url + "&compact=true", headers=duty)).status_code == 200

    async def test_days_before_any_aqi_standard(self, runtime: Runtime, client: Client, duty: dict[str, str]) -> None:
        made = Stored(runtime)
        await made.feed("f")
        await made.forecast(day_start(date(2009, 1, 1)), [{"date": "2009-01-02", "aqi": 60}])
        query = {"adcode": "110000", "from": "2009-01-01", "until": "2009-01-03"}
        named = await client.http.get("/api/v1/skill", params=query | {"rules": "national-2016"}, headers=duty)
        assert (named.status_code, "AQI standard" in named.text) == (422, True)

    async def test_enterprises_and_strangers_see_nothing(self, client: Client, stored: Stored) -> None:
        client.http.cookies.clear()
        url = "/api/v1/skill?adcode=110000"
        assert (await client.http.get(url)).status_code == 401
        enterprise = await client.account(Role.ENTERPRISE, uscc="91110000MA0000000X")
        assert (await client.http.get(url, headers=enterprise)).status_code == 403

    async def test_the_scope_holds_below_the_endpoint_too(self, runtime: Runtime, stored: Stored) -> None:
        async with runtime.unit() as uow:
            with pytest.raises(Forbidden):
                await skill_of(uow, Scope("130000"), "110000")
            question = await asked(uow, None, None, None, None)
            criteria = flows.criteria_of(uow, "110000", question)
            assert await flows.found(uow, Scope("130000"), "110000", question, criteria) == []


class TestEverywhere:
    async def test_divisions_together_and_each_by_itself(self, runtime: Runtime, stored: Stored) -> None:
        await stored.forecast(at(0), days(1, 160), adcode="130100")
        await stored.observed(days(0, 60, 60), until=at(2, 0), adcode="130100")
        await stored.forecast(at(0), days(1, 160), adcode="440100")
        async with runtime.unit() as uow:
            question = await asked(uow, "f", None, None, None)
        body = await skill_everywhere(runtime, Scope(NATION), question)
        assert [(one["adcode"], lead(one)["n"]) for one in body["divisions"]] == [
            ("110000", 8),
            ("130100", 1),
            ("440100", 0),
        ]
        assert (body["feeds"][0]["divisions"], lead(body)["n"], lead(body)["missing_observed"]) == (3, 9, 1)
        here = await skill_everywhere(runtime, Scope("110000"), question)
        assert [one["adcode"] for one in here["divisions"]] == ["110000"]

    async def test_a_plan_over_its_rules_is_named(self, runtime: Runtime, stored: Stored) -> None:
        async with runtime.unit() as uow:
            body = await skill_of(uow, Scope("110000"), "110000", first=FIRST, until=FIRST + timedelta(days=20))
        assert body["plan"] == runtime.law.plan_for("110000", at(19)).id


class TestDefinitions:
    def test_both_languages_say_the_same_things(self) -> None:
        both = definitions()
        assert both["zh"].keys() == both["en"].keys() == DEFINITIONS.keys()
        assert all(re.search("[\u4e00-\u9fff]", text) for text in both["zh"].values())
        assert not any(re.search("[\u4e00-\u9fff]", text) for text in both["en"].values())

    def test_the_page_explains_every_measure(self) -> None:
        page = (Path(__file__).parents[2] / "docs" / "skill.md").read_text("utf-8")
        for name in (
            *DEFINITIONS,
            "mae",
            "bias",
            "rmse",
            "pod",
            "far",
            "csi",
            "too_short",
            "at_least",
            "start_certain",
        ):
            assert f"`{name}`" in page, name
