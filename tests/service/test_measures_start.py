"""Announced, effective and the start of single measures are separate instants (Beijing, October 2023)."""

from __future__ import annotations

from datetime import datetime

import pytest

from alerts.instants import parse_instant
from alerts.levels import Level
from emission_lists.lists import ROAD_TRANSPORT
from emission_lists.measures import Action, VehicleRule
from service.accounts.roles import Role
from service.kit.clock import SHANGHAI, ManualClock
from service.kit.runtime import Runtime
from service.proposals.content import Change, body_en, body_zh, content
from tests.emission_lists.list_samples import firm, line, measure
from tests.service.requirement_support import put_in_force
from tests.support import Client, approve_open, forecast

LATER = {"强制·移动源": "next_midnight", "强制·扬尘": "start"}


def change(**more: object) -> Change:
    given = {
        "adcode": "110000", "place": "北京市", "action": "issue", "from_level": Level.NONE, "to_level": Level.ORANGE,
        "reason": "criteria_met", "measures_from": LATER, "effective_at": parse_instant("2023-10-30 12:00"),
    }  # fmt: skip
    return Change(**(given | more))  # type: ignore[arg-type]


def frozen(one: Change) -> dict[str, object]:
    return content(one, why=("", ""), rules="r", plan="p", flags=(), list_version=None)


class TestContent:
    def test_the_notice_names_the_instant(self) -> None:
        assert "其中移动源措施自10月31日00:00起执行。" in body_zh(change(), "")
        assert "扬尘" not in body_zh(change(), "")
        assert "begins at 2023-10-31 00:00" in body_en(change(), "")

    def test_with_the_decision_it_names_the_rule(self) -> None:
        assert "自发布后的次日00:00起" in body_zh(change(effective_at=None), "")
        assert "at the next 00:00" in body_en(change(effective_at=None), "")

    def test_a_start_at_midnight_needs_no_second_instant(self) -> None:
        assert "其中" not in body_zh(change(effective_at=parse_instant("2023-10-30 00:00")), "")
        assert "later" not in body_en(change(effective_at=parse_instant("2023-10-30 00:00")), "")

    def test_only_what_begins_carries_it(self) -> None:
        assert frozen(change())["measures_from"] == {"强制·移动源": "next_midnight"}
        for action in ("lower", "extend", "lift", "hold"):
            assert "measures_from" not in frozen(change(action=action))
        assert "measures_from" not in frozen(change(measures_from={}))


class TestWarning:
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(datetime(2023, 10, 30, 9, 30, tzinfo=SHANGHAI))

    async def test_case_58_two_instants_are_kept(self, client: Client, clock: ManualClock) -> None:
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await client.deliver(forecast([10.0] * 3 + [120.0] * 72 + [10.0] * 48, issued=clock.now()))
        await client.work()
        decided = await approve_open(client, commander)
        assert decided["effective_at"] == "2023-10-30T12:00:00+08:00"
        shown = (await client.http.get(f"/api/v1/warnings/{decided['warning']}", headers=commander)).json()
        (step,) = shown["steps"]
        assert step["effective_at"] == "2023-10-30T12:00:00+08:00"
        assert step["measures_start"] == {"强制·移动源": "2023-10-31T00:00:00+08:00"}
        assert "移动源措施自10月31日00:00起" in step["content"]["notice"]["zh"]["text"]

    async def test_what_a_plant_must_do_begins_with_the_response(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        """No text says which lines of a list the plan's category names, so its later start moves none, trucks included."""
        trucks = measure(Action.TRANSPORT, vehicle_rule=VehicleRule.BAN_HEAVY_TRUCK_LE_CN3)
        owner = firm(adcode="110101")
        lines = [line("1", measure(Action.STOP, 1.0)), line("2", trucks, process=ROAD_TRANSPORT)]
        await put_in_force(runtime, lines, owner, "110000")
        commander = await client.account(Role.COMMANDER)
        await client.feed()
        await client.deliver(forecast([10.0] * 3 + [120.0] * 72 + [10.0] * 48, issued=clock.now()))
        await client.work()
        decided = await approve_open(client, commander)
        start = datetime.fromisoformat(decided["effective_at"])
        shown = (await client.http.get(f"/api/v1/warnings/{decided['warning']}", headers=commander)).json()
        assert set(shown["steps"][0]["measures_start"].values()) == {"2023-10-31T00:00:00+08:00"}
        plant = await client.account(Role.ENTERPRISE, "110000", owner.uscc)
        clock.advance_to(start)
        answer = await client.http.get(f"/api/v1/enterprises/{owner.uscc}/requirements", headers=plant)
        assert answer.json()["response"]["measures_start"] == start.isoformat()
        assert {one["code"]: one["from"] for one in answer.json()["lines"]} == {"1": start.isoformat(), "2": start.isoformat()}
