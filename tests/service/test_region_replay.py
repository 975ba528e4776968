"""The ministry's prompt of 2016-12-15 (23 red, 9 orange cities), end to end: together in, at different hours out."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.ledger.flows import seal, verify
from tests.service.region_support import (
    COMMON_START,
    ISSUED,
    ORANGE,
    RED,
    Command,
    air_of,
    board_of,
    enter,
    open_proposals,
    prompt_body,
    until,
)
from tests.support import Client, forecast, listed

BEHIND = ("371600", "410200")
"""Two cities whose command does not answer at first (Binzhou, Kaifeng)."""
WITH_AIR = ("110000", "130100", "130600", "120000")
HIGHER = "370100"
"""Jinan, prompted orange, forecasts red air of its own."""
LIFT_FIRST = datetime(2016, 12, 21, 18, 0, tzinfo=SHANGHAI)
LIFT_LATER = datetime(2016, 12, 22, 0, 0, tzinfo=SHANGHAI)
CLEAN_PLACES = {"130200": LIFT_FIRST, "130900": LIFT_FIRST, "110000": LIFT_LATER, "130100": LIFT_LATER}
STILL_HEAVY, NO_DATA = "130600", "370800"


@pytest.fixture(autouse=True)
def noon(clock: ManualClock) -> None:
    clock.current = ISSUED - timedelta(hours=4)


async def rows(runtime: Runtime, statement: str, *arguments: Any) -> list[Any]:
    async with runtime.unit() as uow:
        return list(await uow.fetch(statement, *arguments))


class Play:
    """The episode in the hands of one test."""

    def __init__(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        self.client, self.runtime, self.clock = client, runtime, clock
        self.command = Command(client)
        self.coordinator: dict[str, str] = {}
        self.prompt = 0

    async def before(self) -> None:
        """Lists, people, and the forecasts of the morning."""
        self.coordinator = await self.client.account(Role.COORDINATOR, "100000")
        await listed(self.runtime)
        await self.client.feed()
        for adcode in WITH_AIR:
            await self.client.deliver(air_of(adcode, self.clock.now()))
        red = [60.0] * 38 + [320.0] * 110 + [60.0] * 20
        await self.client.deliver(forecast(red, issued=self.clock.now(), adcode=HIGHER))
        await self.client.work()

    async def prompted(self) -> None:
        """Noon: the coordinator enters the letter."""
        await until(self.client, self.runtime, self.clock, ISSUED)
        made = await enter(self.client, self.coordinator, prompt_body(), key="letter")
        assert await enter(self.client, self.coordinator, prompt_body(), key="letter") == made
        self.prompt = made["id"]
        await self.client.work()

    async def decided(self) -> None:
        """Within the hour the commands decide, but for two that do not answer."""
        await until(self.client, self.runtime, self.clock, ISSUED + timedelta(minutes=40))
        for adcode, proposal in (await open_proposals(self.client, self.coordinator)).items():
            if adcode not in BEHIND:
                await self.command.decide(proposal)
        await self.client.work()

    async def board(self) -> dict[str, dict[str, Any]]:
        return await board_of(self.client, self.coordinator, self.prompt)


@pytest.fixture
def play(client: Client, runtime: Runtime, clock: ManualClock) -> Play:
    return Play(client, runtime, clock)


async def test_from_the_letter_to_the_lifting(play: Play) -> None:
    await play.before()
    await play.prompted()
    await proposals_have_the_common_start(play)
    await play.decided()
    await those_behind_escalate(play)
    await responses_start_together(play)
    await neighbours_and_upper_level_know(play)
    await lifted_at_different_hours(play)
    await everything_is_on_the_ledger(play)


async def proposals_have_the_common_start(play: Play) -> None:
    found = await open_proposals(play.client, play.coordinator)
    assert found.keys() == RED | ORANGE
    by_prompt = {code: one for code, one in found.items() if one["reason"] == "regional_prompt"}
    assert {one["effective_at"] for one in by_prompt.values()} == {COMMON_START.isoformat()}
    assert len(by_prompt) >= 25
    assert (found[HIGHER]["to"], found[HIGHER]["reason"]) == ("red", "criteria_met")
    assert all(one["to"] == "red" for code, one in found.items() if code in RED)
    assert all(one["to"] == "orange" for code, one in found.items() if code in ORANGE - {HIGHER})
    board = await play.board()
    assert all(one["reason"]["code"] == "waiting" for one in board.values())


async def those_behind_escalate(play: Play) -> None:
    board = await play.board()
    assert {code for code, one in board.items() if not one["acted"]} == set(BEHIND)
    assert list(board)[:2] == list(BEHIND)
    await until(play.client, play.runtime, play.clock, ISSUED + timedelta(hours=2, minutes=1))
    told = await rows(play.runtime, "SELECT adcode, stage, to_adcode FROM prompt_escalation ORDER BY 1, 2")
    assert [tuple(row) for row in told] == [("371600", 1, "370000"), ("410200", 1, "410000")]
    await until(play.client, play.runtime, play.clock, ISSUED + timedelta(hours=4, minutes=1))
    told = await rows(play.runtime, "SELECT adcode, to_adcode FROM prompt_escalation WHERE stage = 2 ORDER BY 1")
    assert [tuple(row) for row in told] == [("371600", "100000"), ("410200", "100000")]
    inbox = await rows(play.runtime, "SELECT adcode, roles FROM inbox_message WHERE kind = 'laggard' ORDER BY adcode")
    assert [(row["adcode"], row["roles"]) for row in inbox] == [
        ("100000", ["coordinator"]),
        ("370000", ["provincial_coordinator"]),
        ("410000", ["provincial_coordinator"]),
    ]
    assert {one["escalated"] for code, one in (await play.board()).items() if code in BEHIND} == {2}


async def responses_start_together(play: Play) -> None:
    late = COMMON_START - timedelta(hours=1)
    await until(play.client, play.runtime, play.clock, late)
    found = await open_proposals(play.client, play.coordinator)
    assert set(BEHIND) & found.keys() == set(BEHIND), "an expired proposal comes back with the next assessment"
    await play.command.decide(found["371600"])
    await until(play.client, play.runtime, play.clock, COMMON_START + timedelta(minutes=30))
    board = await play.board()
    late_by = {code: one["late_minutes"] for code, one in board.items() if one["late_minutes"]}
    assert late_by == {"410200": 30}, "a higher level of its own begins with the others"
    still = (await open_proposals(play.client, play.coordinator))["410200"]
    await play.command.decide(still)
    board = await play.board()
    assert board["410200"]["reason"]["code"] == "no_list"
    assert board["410200"]["late_minutes"] == 30
    begun = await rows(play.runtime, "SELECT adcode, starts_at FROM response WHERE starts_at > $1", ISSUED)
    together = {row["adcode"] for row in begun if row["starts_at"] == COMMON_START}
    assert together >= (RED | ORANGE) - {"410200", *WITH_AIR}
    assert {code: one["state"] for code, one in board.items() if one["state"] == "announced"} == {}
    assert all(one["acted"] for one in board.values())
    assert board["110000"]["reason"]["code"] == "in_step", "only Beijing has a list"


async def neighbours_and_upper_level_know(play: Play) -> None:
    steps = await rows(play.runtime, "SELECT id, adcode, announced_at FROM warning_step")
    sent = await rows(play.runtime, "SELECT step_id, sent_at FROM circular")
    assert {(row["step_id"], row["sent_at"]) for row in sent} == {(row["id"], row["announced_at"]) for row in steps}
    to = await rows(
        play.runtime,
        "SELECT r.adcode, r.relation FROM circular c JOIN circular_recipient r ON r.circular_id = c.id WHERE c.adcode = '110000'",
    )
    assert {tuple(row) for row in to} == {
        ("100000", "upper"),
        *((adcode, "neighbour") for adcode in ("120000", "130600", "130700", "130800", "131000")),
    }


async def lifted_at_different_hours(play: Play) -> None:
    """The coordinator names hours; places that are clean then are lifted there, the others are not, and the board says why."""
    await until(play.client, play.runtime, play.clock, datetime(2016, 12, 20, 8, 0, tzinfo=SHANGHAI))
    now = play.clock.now()
    for adcode in CLEAN_PLACES:
        await play.client.deliver(forecast([150.0] * 8 + [30.0] * 150, issued=now, adcode=adcode))
    await play.client.deliver(forecast([260.0] * 150, issued=now, adcode=STILL_HEAVY))
    await until(play.client, play.runtime, play.clock, datetime(2016, 12, 21, 8, 0, tzinfo=SHANGHAI))
    lifts = [one for one in (await open_proposals(play.client, play.coordinator)).values() if one["action"] == "lift"]
    assert lifts == [], "while the prompt has no end nobody leaves by himself"
    named = CLEAN_PLACES | {STILL_HEAVY: LIFT_LATER, NO_DATA: LIFT_LATER}
    body = {
        "region": "jingjinji-2015",
        "document": "解除提示（测试）",
        "basis": "扩散条件转好",
        "lifts_at": LIFT_LATER.isoformat(),
        "entries": [
            {"adcode": adcode} | ({"lifts_at": hour.isoformat()} if hour != LIFT_LATER else {})
            for adcode, hour in named.items()
        ],
    }
    answer = await play.client.http.post("/api/v1/prompts/lifts", headers=play.coordinator, json=body)
    assert answer.status_code == 201, answer.text
    lift = answer.json()["id"]
    await play.client.work()
    found = {code: one for code, one in (await open_proposals(play.client, play.coordinator)).items() if code in named}
    assert {code: (one["action"], one["effective_at"]) for code, one in found.items() if one["action"] == "lift"} == {
        code: ("lift", hour.isoformat()) for code, hour in CLEAN_PLACES.items()
    }
    board = await board_of(play.client, play.coordinator, lift)
    assert {code: one["reason"]["code"] for code, one in board.items()} == {
        **dict.fromkeys(CLEAN_PLACES, "waiting"),
        STILL_HEAVY: "lift_heavy",
        NO_DATA: "lift_missing",
    }
    for code in CLEAN_PLACES:
        await play.command.decide(found[code], reason="同意解除")
    await until(play.client, play.runtime, play.clock, LIFT_LATER + timedelta(minutes=1))
    ended = await rows(play.runtime, "SELECT adcode, closed_at FROM warning WHERE closed_at IS NOT NULL")
    assert {row["adcode"]: row["closed_at"] for row in ended} == CLEAN_PLACES
    board = await board_of(play.client, play.coordinator, lift)
    assert {code for code, one in board.items() if one["reason"]["code"] == "lifted"} == set(CLEAN_PLACES)


async def everything_is_on_the_ledger(play: Play) -> None:
    kinds = {
        row["kind"]: row["n"]
        for row in await rows(play.runtime, "SELECT kind, count(*) AS n FROM ledger_entry GROUP BY 1")
    }
    assert kinds["prompt.issued"] == kinds["prompt.lift"] == 1
    assert kinds["warning.issue"] == 32
    assert kinds["warning.lift"] == len(CLEAN_PLACES)
    assert kinds["prompt.laggard"] == 4
    assert kinds["circular.sent"] == sum(number for kind, number in kinds.items() if kind in STEPS)
    (issued,) = await rows(play.runtime, "SELECT content FROM ledger_entry WHERE kind = 'prompt.issued'")
    assert set(json.loads(issued["content"])["divisions"]) == RED | ORANGE
    while await seal(play.runtime):
        pass
    connection = await play.runtime.database.connect()
    try:
        assert (await verify(connection)).whole
    finally:
        await connection.close()


STEPS = {f"warning.{action}" for action in ("issue", "raise", "lower", "extend", "lift", "revoke")}
