"""Nobody is told to hurry who cannot act, or of whom nothing is asked any more; what was owed of a replaced prompt is waived."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.assessments.flows import assess_division
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.obligations.flows import terms_at
from tests.service.region_support import (
    COMMON_START,
    ISSUED,
    Command,
    board_of,
    enter,
    open_proposals,
    prompt_body,
    until,
)
from tests.support import Client, forecast

HOUR = timedelta(hours=1)
TWO = {"130200": "red", "131000": "red"}


@pytest.fixture(autouse=True)
def noon(clock: ManualClock) -> None:
    clock.current = ISSUED


async def rows(runtime: Runtime, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
    async with runtime.unit() as uow:
        return [tuple(row) for row in await uow.fetch(statement, *arguments)]


async def escalated(runtime: Runtime) -> list[tuple[Any, ...]]:
    told = await rows(runtime, "SELECT 1 FROM inbox_message WHERE kind = 'laggard'")
    found = await rows(runtime, "SELECT adcode, stage FROM prompt_escalation ORDER BY 1, 2")
    assert bool(told) == bool(found)
    return found


async def lifted(
    client: Client, coordinator: dict[str, str], at: datetime, *adcodes: str, region: str = "jingjinji-2015"
) -> int:
    body = {
        "region": region,
        "document": "解除提示（测试）",
        "basis": "好转",
        "lifts_at": at.isoformat(),
        "entries": [{"adcode": adcode} for adcode in adcodes],
    }
    answer = await client.http.post("/api/v1/prompts/lifts", headers=coordinator, json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


class TestNoFalseAlarm:
    async def test_a_start_far_ahead_is_watched_and_escalates_from_when_it_may_be_issued(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        start = ISSUED + timedelta(hours=100)
        made = await enter(client, coordinator, prompt_body(TWO, starts_at=start.isoformat()))
        await until(client, runtime, clock, ISSUED + 5 * HOUR)
        board = await board_of(client, coordinator, made["id"])
        assert {one["reason"]["code"] for one in board.values()} == {"too_far"}
        assert await escalated(runtime) == []
        await until(client, runtime, clock, start - timedelta(hours=72))
        await until(client, runtime, clock, start - timedelta(hours=70, minutes=1))
        assert await escalated(runtime) == []
        await until(client, runtime, clock, start - timedelta(hours=70))
        assert await escalated(runtime) == [("130200", 1), ("131000", 1)]
        await until(client, runtime, clock, start - timedelta(hours=68))
        assert await escalated(runtime) == [(code, stage) for code in TWO for stage in (1, 2)]

    async def test_a_prompt_that_is_over(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        ends = (ISSUED + timedelta(hours=1, minutes=30)).isoformat()
        await enter(client, coordinator, prompt_body(TWO, starts_at=(ISSUED + HOUR).isoformat(), ends_at=ends))
        await until(client, runtime, clock, ISSUED + 5 * HOUR)
        assert await escalated(runtime) == []

    async def test_a_prompt_that_is_lifted_where_it_is(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body(TWO))
        await lifted(client, coordinator, ISSUED + HOUR, "130200")
        await until(client, runtime, clock, ISSUED + 3 * HOUR)
        assert await escalated(runtime) == [("131000", 1)]

    async def test_a_place_whose_warning_is_about_to_end(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body({"130200": "yellow"}, starts_at=ISSUED.isoformat()))
        await Command(client).decide((await open_proposals(client, coordinator))["130200"])
        async with runtime.unit() as uow:
            await uow.execute("UPDATE warning SET closed_at = $1", ISSUED + 6 * HOUR)
            await uow.commit()
        clock.advance_to(ISSUED + HOUR)
        made = await enter(client, coordinator, prompt_body(TWO))
        board = await board_of(client, coordinator, made["id"])
        assert board["130200"]["reason"]["code"] == "closing"
        await until(client, runtime, clock, ISSUED + timedelta(hours=5, minutes=30))
        assert await escalated(runtime) == [("131000", 1), ("131000", 2)]


class TestAdoption:
    """Owed by every city of a prompt, and no longer once another takes its place."""

    @pytest.fixture(autouse=True)
    def everywhere(self, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        """As if every plan said what Taiyuan's of 2019 says."""
        clock.current = datetime(2020, 1, 10, 12, 0, tzinfo=SHANGHAI)
        monkeypatch.setattr("service.prompts.laggards.terms_at", lambda uow, adcode: terms_at(uow, "140100"))

    async def owed(self, runtime: Runtime) -> list[tuple[Any, ...]]:
        return await rows(
            runtime, "SELECT adcode, subject, state FROM obligation WHERE kind = 'adopt_prompt' ORDER BY adcode, id"
        )

    def body(self, clock: ManualClock, *adcodes: str, level: str = "red") -> dict[str, Any]:
        starts = (clock.now() + timedelta(hours=30)).isoformat()
        return prompt_body(dict.fromkeys(adcodes, level), region="jingjinji-2017", starts_at=starts)

    async def test_every_city_owes_and_meets_its_own(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        one = (await enter(client, coordinator, self.body(clock, "140100", "140300")))["id"]
        assert await self.owed(runtime) == [
            ("140100", f"prompt:{one}:140100", "open"),
            ("140300", f"prompt:{one}:140300", "open"),
        ]
        await Command(client).decide((await open_proposals(client, coordinator))["140300"])
        assert [state for _, _, state in await self.owed(runtime)] == ["open", "met"]

    async def test_a_newer_prompt_waives_what_is_open_of_the_older(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, self.body(clock, "140100", "140300"))
        two = (await enter(client, coordinator, self.body(clock, "140100", level="orange")))["id"]
        assert [(adcode, state) for adcode, _, state in await self.owed(runtime)] == [
            ("140100", "waived"),
            ("140100", "open"),
            ("140300", "open"),
        ]
        assert (await self.owed(runtime))[1][1] == f"prompt:{two}:140100"
        waived = await rows(runtime, "SELECT adcode FROM ledger_entry WHERE kind = 'obligation.waived'")
        assert waived == [("140100",)]

    async def test_a_lift_waives_it_and_what_was_missed_stays_missed(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        body = self.body(clock, "140100", "140300")
        await enter(client, coordinator, body)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE obligation SET state = 'missed' WHERE adcode = '140300'")
            await uow.commit()
        await lifted(client, coordinator, clock.now() + HOUR, "140100", "140300", region="jingjinji-2017")
        assert [state for _, _, state in await self.owed(runtime)] == ["waived", "missed"]


class TestWhoComesSecond:
    async def test_an_assessment_that_waited_for_the_lock_sees_the_prompt(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        async with runtime.unit() as early:
            clock.advance_to(ISSUED + timedelta(seconds=1))
            await enter(client, coordinator, prompt_body(TWO))
            assert await assess_division(early, "130200") is not None, "nothing but the prompt is known of this place"
            await early.commit()

    async def test_a_lift_is_checked_at_once_where_no_prompt_stood(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await client.feed()
        await client.deliver(forecast([60.0] * 8 + [260.0] * 140, issued=ISSUED, adcode="130200"))
        await client.work()
        await Command(client).decide((await open_proposals(client, coordinator))["130200"])
        async with runtime.unit() as uow:
            assert await assess_division(uow, "130200") is not None, "this hour is assessed with the warning that stands"
            await uow.commit()
        lift = await lifted(client, coordinator, ISSUED + 24 * HOUR, "130200")
        await client.work()
        assert await rows(runtime, "SELECT prompt_id, adcode FROM lift_check") == [(lift, "130200")]

    async def test_one_suggestion_is_taken_up_by_one_coordinator(self, client: Client, runtime: Runtime) -> None:
        await client.feed()
        for adcode in ("130200", "131000", "120000", "110000"):
            await client.deliver(forecast([60.0] * 30 + [260.0] * 100, issued=runtime.clock.now(), adcode=adcode))
        await client.work()
        async with runtime.unit() as uow:
            await uow.enqueue("suggest_prompts", {})
            await uow.commit()
        await client.work()
        people = [await client.account(Role.COORDINATOR, "100000") for _ in range(2)]
        (one,) = (await client.http.get("/api/v1/prompts/suggestions", headers=people[0])).json()["items"]
        body = prompt_body(TWO, suggestion=one["id"])
        keyed = [who | {"idempotency-key": f"entered-{place}"} for place, who in enumerate(people)]
        answers = await asyncio.gather(*(client.http.post("/api/v1/prompts", headers=who, json=body) for who in keyed))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        assert len(await rows(runtime, "SELECT 1 FROM prompt")) == 1
        first = next(place for place, answer in enumerate(answers) if answer.status_code == 201)
        assert (await client.http.post("/api/v1/prompts", headers=keyed[first], json=body)).status_code == 201
        assert len(await rows(runtime, "SELECT 1 FROM prompt")) == 1


class TestWithoutChain:
    async def test_where_nobody_may_decide_the_proposal_expires_all_the_same(
        self, client: Client, runtime: Runtime, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("bulk", "chains", "flows"):
            monkeypatch.setattr(f"service.proposals.{module}.chain_for", lambda plan, frozen: None)
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body({"130200": "red"}))
        ((number, deadline),) = await rows(runtime, "SELECT id, deadline FROM proposal")
        assert deadline < COMMON_START
        await until(client, runtime, clock, deadline)
        assert await rows(runtime, "SELECT state FROM proposal WHERE id = $1", number) == [("expired",)]
