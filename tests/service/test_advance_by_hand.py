"""An officer brings an announced start forward by hand (提前启动): on a prompt, on the assessment, or on a ground."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.responses.repository import at, of_division
from tests.service.duty_support import rows, step
from tests.service.guarding import CONSULTED, ORDER, deviations, entries, heard, open_ones, refused, say, warned, wish
from tests.support import HEAVY, NOW, Client

BEGINS = datetime(2016, 12, 17, tzinfo=SHANGHAI)
"""When the yellow warning that HEAVY asks for is announced to begin."""
EARLIER = BEGINS - timedelta(hours=6)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


async def sooner(client: Client, who: dict[str, str], start: datetime | None = EARLIER, **more: Any) -> Any:
    given = {"advance": True, "starts_at": None if start is None else start.isoformat()}
    return await wish(client, who, more.pop("to", "yellow"), **given | more)


class TestPutForward:
    async def test_the_announced_level_begins_at_the_earlier_start(
        self,
        client: Client,
        runtime: Runtime,
        officer: dict[str, str],
        commander: dict[str, str],
        clock: ManualClock,
    ) -> None:
        await warned(client, commander)
        made = (await sooner(client, officer, **ORDER)).json()
        assert (made["action"], made["from"], made["to"], made["reason"]) == (
            "advance",
            "yellow",
            "yellow",
            "upper_order",
        )
        assert (made["effective_at"], made["planned_end"]) == (EARLIER.isoformat(), "2016-12-20T00:00:00+08:00")
        assert made["content"]["notice"]["zh"]["headline"] == "北京市提前启动重污染天气黄色预警和Ⅲ级应急响应"
        assert "启动时间提前，自12月16日18:00起" in made["content"]["notice"]["zh"]["text"]
        assert (await say(client, commander, made, True)).status_code == 200
        (warning,) = await rows(runtime, "SELECT state, effective_at, planned_end, fixed_end FROM warning")
        assert (warning["state"], warning["effective_at"], warning["fixed_end"]) == ("announced", EARLIER, False)
        clock.advance_to(EARLIER)
        while await tick(runtime):
            await client.work()
        (warning,) = await rows(runtime, "SELECT state FROM warning")
        assert warning["state"] == "active"

    async def test_without_a_start_it_begins_with_the_decision(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await warned(client, commander)
        made = (await sooner(client, officer, None, **CONSULTED)).json()
        assert (made["effective_at"], made["content"]["flags"]) == (None, ["advanced_without_criteria"])
        clock.advance_to(NOW + MINUTE)
        assert (await say(client, commander, made, True)).status_code == 200
        (warning,) = await rows(runtime, "SELECT state, effective_at FROM warning")
        assert (warning["state"], warning["effective_at"]) == ("active", NOW + MINUTE)

    async def test_a_fixed_end_stays_fixed(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await heard(client, HEAVY)
        end = {"planned_end": "2016-12-20T00:00:00+08:00", "fixed_end": True}
        await say(client, commander, (await wish(client, officer, "yellow", **end)).json(), True)
        made = (await sooner(client, officer, **ORDER)).json()
        assert made["content"]["fixed_end"] is True
        await say(client, commander, made, True)
        (warning,) = await rows(runtime, "SELECT planned_end, fixed_end FROM warning")
        assert (warning["planned_end"].isoformat(), warning["fixed_end"]) == ("2016-12-19T16:00:00+00:00", True)

    async def test_a_level_announced_above_the_one_in_force(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await step(runtime, "issue", "yellow", adcode="110000")
        await step(runtime, "raise", "red", adcode="110000", effective=BEGINS)
        made = (await sooner(client, officer, to="red", **ORDER)).json()
        assert (made["action"], made["effective_at"]) == ("advance", EARLIER.isoformat())
        assert (await say(client, commander, made, True)).status_code == 200
        async with runtime.unit() as uow:
            found = await of_division(uow, "110000")
        holding = [at(found, instant) for instant in (NOW, EARLIER - MINUTE, EARLIER, BEGINS)]
        assert [one.level.code if one else None for one in holding] == ["yellow", "yellow", "red", "red"]


class TestGround:
    async def test_without_one_it_is_refused_and_on_the_ledger(
        self, client: Client, runtime: Runtime, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        body = refused(await sooner(client, officer), "advanced_without_criteria")
        assert [one["code"] for one in body["grounds"]] == [
            "upper_order",
            "regional_prompt",
            "consultation",
            "observed_heavy",
        ]
        (entry,) = await entries(runtime, "proposal.refused")
        assert (entry["action"], entry["starts_at"]) == ("advance", EARLIER.isoformat())

    async def test_with_one_it_is_noted(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        made = (await sooner(client, officer, **CONSULTED, reason="criteria_met")).json()
        assert (await say(client, commander, made, True)).json()["deviation"] == "advanced_without_criteria"
        (noted,) = await deviations(client, commander)
        assert (noted["kind"], noted["action"]) == ("advanced_without_criteria", "advance")

    async def test_a_forecast_that_begins_earlier_is_enough_down_to_its_start(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await warned(client, commander)
        clock.advance_to(NOW + HOUR)
        await heard(client, [60.0] * 6 + [180.0] * 96 + [40.0] * 60)  # a whole heavy day earlier: 16 December
        assert await open_ones(client) == []  # nothing is proposed by itself
        before = BEGINS - timedelta(days=1)
        refused(await sooner(client, officer, before - MINUTE, reason="criteria_met"), "advanced_without_criteria")
        made = await sooner(client, officer, before, reason="criteria_met")
        assert (made.status_code, made.json()["content"]["flags"]) == (201, [])
        assert (await say(client, commander, made.json(), True)).status_code == 200
        assert await deviations(client, commander) == []

    async def test_a_prompt_on_record_is_enough_from_its_start_on(
        self, client: Client, officer: dict[str, str], commander: dict[str, str]
    ) -> None:
        await warned(client, commander)
        coordinator = await client.account(Role.COORDINATOR, adcode="100000")
        prompt = {
            "region": "jingjinji-2015",
            "document": "区域提示",
            "basis": "会商",
            "starts_at": EARLIER.isoformat(),
            "entries": [{"adcode": "110000", "level": "yellow"}],
        }
        told = {"reason": "regional_prompt"}
        answer = await sooner(client, officer, **told)
        assert (answer.status_code, "no live regional prompt" in answer.json()["detail"]) == (422, True)
        made = await client.http.post("/api/v1/prompts", headers=coordinator, json=prompt)
        assert made.status_code == 201, made.text
        refused(await sooner(client, officer, EARLIER - MINUTE, **told), "advanced_without_criteria")
        following = await sooner(client, officer, EARLIER + HOUR, **told)
        assert (following.status_code, following.json()["content"]["flags"]) == (201, [])
        assert (await say(client, commander, following.json(), True)).status_code == 200
        assert await deviations(client, commander) == []


class TestRefused:
    @pytest.mark.parametrize(
        ("given", "status", "said"),
        [
            ({"at": BEGINS}, 409, "give an earlier start"),
            ({"at": BEGINS + HOUR}, 409, "give an earlier start"),
            ({"at": NOW}, 422, "must lie ahead"),
            ({"at": NOW - HOUR}, 422, "must lie ahead"),
            ({"to": "orange"}, 409, "only that can begin earlier"),
            ({"to": "none"}, 409, "only that can begin earlier"),
            ({"planned_end": "2016-12-21T00:00:00+08:00"}, 422, "leaves the end as it is"),
            ({"fixed_end": True}, 422, "needs its end"),
            ({"advance": False}, 422, "set advance"),
            ({"reason": "improved"}, 422, "one of these reasons"),
        ],
    )
    async def test_what_makes_no_sense(
        self,
        client: Client,
        officer: dict[str, str],
        commander: dict[str, str],
        given: dict[str, Any],
        status: int,
        said: str,
    ) -> None:
        await warned(client, commander)
        answer = await sooner(client, officer, given.pop("at", EARLIER), **ORDER | given)
        assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
        assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.json()["detail_zh"])

    @pytest.mark.parametrize("hours", [None, 0, 5])
    async def test_where_nothing_lies_ahead(
        self,
        client: Client,
        officer: dict[str, str],
        commander: dict[str, str],
        clock: ManualClock,
        hours: int | None,
    ) -> None:
        if hours is not None:
            await warned(client, commander)
            clock.advance_to(BEGINS + hours * HOUR)
        answer = await sooner(client, officer, clock.now() + HOUR, **ORDER)
        assert (answer.status_code, "whose start lies ahead" in answer.json()["detail"]) == (409, True)

    async def test_what_has_begun_while_it_waited_is_not_brought_forward(
        self, client: Client, officer: dict[str, str], commander: dict[str, str], clock: ManualClock
    ) -> None:
        await warned(client, commander)
        clock.advance_to(BEGINS - HOUR)
        made = (await sooner(client, officer, BEGINS - MINUTE, **ORDER)).json()
        clock.advance_to(BEGINS)
        assert (await say(client, commander, made, True)).status_code == 409
