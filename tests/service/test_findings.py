"""Findings follow their evidence: one for each breach, never doubled, the same whatever came first; and their due process."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from service.accounts.roles import Role
from service.findings.judging import judge_touched
from service.kit.clock import ManualClock
from service.kit.problems import Invalid
from service.kit.runtime import Runtime
from tests.service.evidence_support import (
    ADCODE,
    LINES,
    OTHER,
    START,
    USCC,
    evidence_feed,
    evidence_list,
    line,
    normal_days,
    power,
    respond,
    send,
)
from tests.support import NOW, Client

HOUR = timedelta(hours=1)


@pytest.fixture
async def ready(client: Client, runtime: Runtime) -> Client:
    """A list, a response from midnight on, a feed, and eight normal days of 100 kWh an hour."""
    await evidence_list(runtime)
    await evidence_feed(client)
    await respond(runtime)
    await normal_days(client)
    await client.work()
    return client


async def rows(runtime: Runtime) -> list[Any]:
    async with runtime.unit() as uow:
        return await uow.fetch("SELECT * FROM finding ORDER BY id")


def spans(found: list[Any]) -> list[tuple[str, str, int, int]]:
    """Rule, state and hours of the response."""
    return [
        (row["rule"], row["state"], (row["starts_at"] - START) // HOUR, (row["until_at"] - START) // HOUR)
        for row in found
    ]


async def arrive(client: Client, values: list[float | None], **more: Any) -> None:
    assert (await send(client, power(values, **more))).status_code == 202
    await client.work()


class TestFromEvidence:
    async def test_a_line_that_runs_while_stopped(self, ready: Client, runtime: Runtime) -> None:
        await arrive(ready, [5, 40, 50, 5])
        (row,) = await rows(runtime)
        assert spans([row]) == [("RUNNING_WHILE_STOPPED", "found", 1, 3)]
        proof = row["proof"]
        assert proof["threshold"] | {"days": None} == {
            "value": 15.0, "unit": "kWh", "per": "hour", "share": 0.15, "of": "baseline", "normal": 100.0, "days": None,
            "choice": True, "reason_zh": proof["threshold"]["reason_zh"], "reason_en": proof["threshold"]["reason_en"],
            "reference": None,
        }  # fmt: skip
        assert [(item["value"], item["limit"]) for item in proof["items"]] == [(40, 15), (50, 15)]
        assert {point["point"] for item in proof["items"] for point in item["points"]} == {"L1 meter"}
        assert all(point["batch"] for item in proof["items"] for point in item["points"])
        assert proof["required"]["zh"] == "停产"

    async def test_a_line_that_stands_still(self, ready: Client, runtime: Runtime) -> None:
        await arrive(ready, [0, 5, 15])
        assert await rows(runtime) == []

    async def test_an_unknown_measure_is_never_judged(self, ready: Client, runtime: Runtime) -> None:
        await normal_days(ready, point="L3")
        await arrive(ready, [500] * 10, point="L3")
        assert await rows(runtime) == []

    async def test_another_enterprise_is_left_alone(self, ready: Client, runtime: Runtime) -> None:
        await normal_days(ready, uscc=OTHER)
        await arrive(ready, [500] * 3)
        assert {row["uscc"] for row in await rows(runtime)} == {USCC}

    async def test_without_a_response_nothing_is_found(self, client: Client, runtime: Runtime) -> None:
        await evidence_list(runtime)
        await evidence_feed(client)
        await normal_days(client)
        await arrive(client, [500] * 3)
        assert await rows(runtime) == []

    async def test_a_limited_line_is_judged_by_the_day(self, ready: Client, runtime: Runtime) -> None:
        await normal_days(ready, point="L2")
        await arrive(ready, [100] * 13, point="L2")
        assert await rows(runtime) == []  # 1300 of 1320: half of a normal day and a tenth more
        await arrive(ready, [100] * 14, point="L2")
        assert spans(await rows(runtime)) == [("LOAD_OVER_CAP", "found", 0, 24)]

    async def test_without_a_baseline_nothing_is_proven(self, client: Client, runtime: Runtime) -> None:
        await evidence_list(runtime)
        await evidence_feed(client)
        await respond(runtime)
        await normal_days(client, days=2)
        await arrive(client, [500] * 3)
        assert await rows(runtime) == []
        rated = {"uscc": USCC, "point": "L1 meter", "kind": "power", "line": "L1", "role": "production", "rated": 100.0}
        await send(client, {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": [rated]})
        await client.work()
        (row,) = await rows(runtime)
        assert (row["proof"]["threshold"]["of"], row["proof"]["threshold"]["value"]) == ("rated", 10.0)

    async def test_treatment_off_while_production_runs(self, ready: Client, runtime: Runtime) -> None:
        point = {"uscc": USCC, "point": "T2", "kind": "power", "line": "L2", "role": "treatment", "rated": 30.0}
        await send(ready, {"type": "evidence.points", "timestamp": NOW.isoformat(), "data": [point]})
        await normal_days(ready, point="L2")
        await arrive(ready, [50, 50, 50, 5], point="L2")
        assert await rows(runtime) == []  # nothing is known of treatment
        await arrive(ready, [30, 1, None, 1], point="T2")
        assert spans(await rows(runtime)) == [("TREATMENT_OFF", "found", 1, 2)]

    async def test_a_banned_truck(self, ready: Client, runtime: Runtime) -> None:
        truck = {"uscc": USCC, "gate": "G1", "time": (START + HOUR).isoformat(), "plate": "冀B1", "plate_colour": "yellow",
                 "vehicle": "heavy_truck", "stage": "4", "fuel": "B", "direction": "in", "let_in": True}  # fmt: skip
        others = [truck | {"plate": "冀B2", "stage": "5"}, truck | {"plate": "冀B3", "plate_colour": "green"},
                  truck | {"plate": "冀B4", "let_in": False}, truck | {"plate": "冀B5", "direction": "out"}]  # fmt: skip
        await send(ready, {"type": "evidence.gate", "timestamp": NOW.isoformat(), "data": [truck, *others]})
        await ready.work()
        (row,) = await rows(runtime)
        assert (row["rule"], row["line_code"]) == ("BANNED_VEHICLE", "ROAD")
        assert [one["plate"] for one in row["proof"]["passages"]] == ["冀B1"]

    async def test_the_time_to_carry_out_passes_first(self, client: Client, runtime: Runtime) -> None:
        from dataclasses import replace

        slow = replace(LINES[0].measures.red, complete_within_hours=6.0)
        await evidence_list(runtime, lines=[line("L1", slow)])
        await evidence_feed(client)
        await respond(runtime)
        await normal_days(client)
        await arrive(client, [100] * 8)
        assert spans(await rows(runtime)) == [("RUNNING_WHILE_STOPPED", "found", 6, 8)]

    @pytest.mark.parametrize(("ended", "found"), [(-10 * HOUR, 0), (0 * HOUR, 0), (HOUR, 1)])
    async def test_a_list_withdrawn_before_the_response_orders_nothing(
        self, ready: Client, runtime: Runtime, ended: timedelta, found: int
    ) -> None:
        async with runtime.unit() as uow:
            await uow.execute("UPDATE response SET list_version_id = NULL")
            await uow.execute("UPDATE list_version SET state = 'withdrawn', ended_at = $1", START + ended)
            await uow.tell("list", ADCODE)
            await uow.tell("response", ADCODE)
            await uow.commit()
        runtime.live.changed("response", ADCODE)
        await arrive(ready, [50])
        assert len(await rows(runtime)) == found

    async def test_it_is_on_the_ledger(self, ready: Client, runtime: Runtime) -> None:
        await arrive(ready, [50])
        async with runtime.unit() as uow:
            (entry,) = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'findings.judged'")
            (row,) = await uow.fetch("SELECT id, content_hash FROM finding")
        assert row["content_hash"] in entry["content"]

    async def test_no_plan_where_a_place_keeps_plans(self, ready: Client, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            filed = await uow.fetchval("SELECT count(*) FROM operating_plan")
        assert filed == 0
        await arrive(ready, [0])
        assert await rows(runtime) == []


class TestGrowing:
    async def test_it_is_extended_while_it_goes_on(self, ready: Client, runtime: Runtime) -> None:
        for hour in range(5):
            await arrive(ready, [50], first=START + hour * HOUR)
        assert spans(await rows(runtime)) == [("RUNNING_WHILE_STOPPED", "found", 0, 5)]

    async def test_judging_twice_changes_nothing(self, ready: Client, runtime: Runtime) -> None:
        await arrive(ready, [50, 50])
        async with runtime.unit() as uow:
            assert await judge_touched(uow, ADCODE, [USCC], START, START + 2 * HOUR) == 0
            assert await uow.fetchval("SELECT count(*) FROM finding_step") == 1

    @pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
    async def test_the_order_of_arrival_plays_no_part(
        self, ready: Client, runtime: Runtime, order: tuple[int, ...]
    ) -> None:
        values = [50.0, 60.0, 5.0, 70.0]
        for hour in order:
            await arrive(ready, [values[hour]], first=START + hour * HOUR)
        live = [row for row in await rows(runtime) if row["state"] == "found"]
        assert sorted(spans(live)) == [
            ("RUNNING_WHILE_STOPPED", "found", 0, 2),
            ("RUNNING_WHILE_STOPPED", "found", 3, 4),
        ]

    async def test_two_that_grow_together_become_the_older(self, ready: Client, runtime: Runtime) -> None:
        await arrive(ready, [50, None, 50])
        await arrive(ready, [50], first=START + HOUR)
        assert spans(await rows(runtime)) == [
            ("RUNNING_WHILE_STOPPED", "found", 0, 3),
            ("RUNNING_WHILE_STOPPED", "withdrawn", 2, 3),
        ]

    async def test_a_correction_takes_it_back_and_another_brings_it_again(
        self, ready: Client, runtime: Runtime
    ) -> None:
        await arrive(ready, [50])
        await arrive(ready, [2])
        assert [row["state"] for row in await rows(runtime)] == ["withdrawn"]
        await arrive(ready, [60])
        assert [row["state"] for row in await rows(runtime)] == ["withdrawn", "found"]

    async def test_late_normal_days_change_the_threshold(self, ready: Client, runtime: Runtime) -> None:
        await arrive(ready, [20])
        assert len(await rows(runtime)) == 1
        await normal_days(ready, kwh=200)
        await ready.work()
        assert [row["state"] for row in await rows(runtime)] == ["withdrawn"]

    async def test_what_goes_on_after_the_notification_is_a_finding_of_its_own(
        self, ready: Client, runtime: Runtime
    ) -> None:
        await arrive(ready, [50, 50])
        await step(ready, await ready.account(Role.DUTY_OFFICER), 1, "notify")
        await arrive(ready, [50], first=START + 2 * HOUR)
        assert spans(await rows(runtime)) == [
            ("RUNNING_WHILE_STOPPED", "notified", 0, 2),
            ("RUNNING_WHILE_STOPPED", "found", 2, 3),
        ]

    async def test_what_a_person_withdrew_is_not_raised_again(self, ready: Client, runtime: Runtime) -> None:
        await arrive(ready, [50, 50])
        await step(ready, await ready.account(Role.DUTY_OFFICER), 1, "withdraw")
        await arrive(ready, [50, 55])
        assert spans(await rows(runtime)) == [("RUNNING_WHILE_STOPPED", "withdrawn", 0, 2)]

    async def test_a_confirmed_one_stays_and_says_that_its_evidence_changed(
        self, ready: Client, runtime: Runtime
    ) -> None:
        officer = await confirmed(ready)
        await arrive(ready, [1, 1])
        (row,) = await rows(runtime)
        assert (row["state"], row["supported"]) == ("confirmed", False)
        shown = (await ready.http.get("/api/v1/findings/1", headers=officer)).json()
        assert [one["step"] for one in shown["steps"]] == ["found", "notify", "answer", "confirm", "unsupported"]


async def step(client: Client, who: dict[str, str], number: int, name: str, **more: Any) -> httpx.Response:
    body = {"step": name, "note": "说明"} | more
    return await client.http.post(f"/api/v1/findings/{number}/steps", headers=who, json=body)


async def hash_of(client: Client, who: dict[str, str], number: int = 1) -> str:
    return str((await client.http.get(f"/api/v1/findings/{number}", headers=who)).json()["content_hash"])


async def confirmed(client: Client) -> dict[str, str]:
    """A finding through its whole process; returns the officer who confirmed it."""
    notifier, officer = await client.account(Role.INSPECTOR), await client.account(Role.DUTY_OFFICER)
    plant = await client.account(Role.ENTERPRISE, uscc=USCC)
    await arrive(client, [50, 50])
    await step(client, notifier, 1, "notify")
    await step(client, plant, 1, "answer", attachment="photo-1")
    answer = await step(client, officer, 1, "confirm", content_hash=await hash_of(client, officer))
    assert (answer.status_code, answer.json()["state"]) == (200, "confirmed"), answer.text
    return officer


class TestDueProcess:
    async def test_from_found_to_confirmed(self, ready: Client, runtime: Runtime) -> None:
        officer = await confirmed(ready)
        shown = (await ready.http.get("/api/v1/findings/1", headers=officer)).json()
        assert [(one["step"], one["role"]) for one in shown["steps"]] == [
            ("found", None), ("notify", "inspector"), ("answer", "enterprise"), ("confirm", "duty_officer"),
        ]  # fmt: skip
        assert shown["open"] == []
        assert {one["id"] for one in shown["consequences"]} == {"permit-35-2", "air-law-121-2"}
        async with runtime.unit() as uow:
            kinds = {
                row["kind"] for row in await uow.fetch("SELECT kind FROM ledger_entry WHERE kind LIKE 'finding.%'")
            }
        assert kinds == {"finding.notified", "finding.answered", "finding.confirmed"}

    async def test_a_confirmed_one_proposes_a_downgrade_once(self, ready: Client, runtime: Runtime) -> None:
        officer = await confirmed(ready)
        shown = (await ready.http.get("/api/v1/findings/1", headers=officer)).json()
        async with runtime.unit() as uow:
            known = await uow.fetch("SELECT id, uscc FROM grade_application WHERE finding_id = 1")
        assert [(row["id"], row["uscc"]) for row in known] == [(shown["downgrade"], USCC)]

    async def test_silence_can_be_confirmed_only_after_the_deadline_and_says_so(
        self, ready: Client, clock: ManualClock
    ) -> None:
        notifier, officer = await ready.account(Role.COMMANDER), await ready.account(Role.COMMANDER)
        await arrive(ready, [50])
        notified = (await step(ready, notifier, 1, "notify")).json()
        assert datetime.fromisoformat(notified["answer_by"]) == clock.now() + timedelta(hours=72)
        content = notified["content_hash"]
        early = await step(ready, officer, 1, "confirm", content_hash=content)
        assert (early.status_code, "time to answer" in early.json()["detail"]) == (409, True)
        assert "confirm" not in notified["open"]
        clock.current += timedelta(hours=72)
        late = await step(ready, officer, 1, "confirm", content_hash=content)
        assert late.status_code == 200
        assert "未答复" in late.json()["steps"][-1]["note"]

    async def test_a_confirmation_binds_to_what_was_read(self, ready: Client, clock: ManualClock) -> None:
        notifier, officer = await ready.account(Role.COMMANDER), await ready.account(Role.COMMANDER)
        await arrive(ready, [50])
        await step(ready, notifier, 1, "notify")
        clock.current += timedelta(hours=72)
        for content in ({}, {"content_hash": "0" * 64}):
            answer = await step(ready, officer, 1, "confirm", **content)
            assert (answer.status_code, answer.json()["type"]) == (409, "urn:lantian:problem:content-changed")

    @pytest.mark.parametrize("answered", [True, False])
    async def test_whoever_notified_it_does_not_confirm_it(
        self, ready: Client, runtime: Runtime, clock: ManualClock, answered: bool
    ) -> None:
        notifier = await ready.account(Role.DUTY_OFFICER)
        await arrive(ready, [50])
        content = (await step(ready, notifier, 1, "notify")).json()["content_hash"]
        if answered:
            await step(ready, await ready.account(Role.ENTERPRISE, uscc=USCC), 1, "answer")
        else:
            clock.current += timedelta(hours=72)
        refused = await step(ready, notifier, 1, "confirm", content_hash=content)
        assert (refused.status_code, "another duty officer" in refused.json()["detail"]) == (403, True)
        for language, told in (("zh", "此问题由您通知企业"), ("en", "You notified the enterprise")):
            page = await ready.http.get(f"/findings/1?lang={language}", headers=notifier | {"accept": "text/html"})
            assert (told in page.text, 'value="confirm"' in page.text) == (True, False)
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM grade_application") == 0
        assert (await step(ready, notifier, 1, "withdraw")).status_code == 200
        assert [row["state"] for row in await rows(runtime)] == ["withdrawn"]

    async def test_somebody_else_confirms_what_one_notified(self, ready: Client, clock: ManualClock) -> None:
        notifier, other = await ready.account(Role.DUTY_OFFICER), await ready.account(Role.DUTY_OFFICER)
        await arrive(ready, [50])
        content = (await step(ready, notifier, 1, "notify")).json()["content_hash"]
        clock.current += timedelta(hours=72)
        page = await ready.http.get("/findings/1", headers=other | {"accept": "text/html"})
        assert 'value="confirm"' in page.text
        assert (await step(ready, other, 1, "confirm", content_hash=content)).status_code == 200

    async def test_a_downgrade_that_cannot_be_proposed_is_told_with_what_to_do(
        self, ready: Client, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def refused(*_: object, **__: object) -> int:
            raise Invalid("Which grade it falls to is not established; state it.", detail_zh="降至几级未确立，请写明")

        monkeypatch.setattr("service.findings.flows.propose_downgrade", refused)
        officer = await confirmed(ready)
        shown = (await ready.http.get("/api/v1/findings/1", headers=officer)).json()
        assert shown["downgrade"] is None
        assert shown["downgrade_refused"] == {
            "zh": "降至几级未确立，请写明", "en": "Which grade it falls to is not established; state it.",
        }  # fmt: skip
        for language, told in (
            ("zh", "未能建议降级：降至几级未确立，请写明"),
            ("en", "No downgrade could be proposed: Which grade it falls to is not established"),
        ):
            page = await ready.http.get(f"/findings/1?lang={language}", headers=officer | {"accept": "text/html"})
            assert told in page.text
            assert 'href="/grades"' in page.text
        async with runtime.unit() as uow:
            entry = await uow.fetchval("SELECT content FROM ledger_entry WHERE kind = 'finding.confirmed'")
        assert '"downgrade_refused":"Which grade' in entry

    async def test_only_the_enterprise_answers_and_only_officials_do_the_rest(self, ready: Client) -> None:
        officer = await ready.account(Role.DUTY_OFFICER)
        plant = await ready.account(Role.ENTERPRISE, uscc=USCC)
        other = await ready.account(Role.ENTERPRISE, uscc=OTHER)
        auditor = await ready.account(Role.AUDITOR)
        away = await ready.account(Role.COMMANDER, adcode="130000")
        await arrive(ready, [50])
        assert (await step(ready, auditor, 1, "notify")).status_code == 403
        assert (await step(ready, away, 1, "notify")).status_code == 404
        assert (await step(ready, plant, 1, "withdraw")).status_code == 404  # not told of it yet
        await step(ready, officer, 1, "notify")
        assert (await step(ready, officer, 1, "answer")).status_code == 403
        assert (await step(ready, other, 1, "answer")).status_code == 404
        for name in ("notify", "confirm", "withdraw"):
            assert (await step(ready, plant, 1, name)).status_code == 403
        assert (await step(ready, plant, 1, "answer")).status_code == 200
        assert (await step(ready, plant, 1, "answer")).status_code == 409

    async def test_an_enterprise_sees_its_own_once_notified(self, ready: Client) -> None:
        officer = await ready.account(Role.DUTY_OFFICER)
        plant = await ready.account(Role.ENTERPRISE, uscc=USCC)
        other = await ready.account(Role.ENTERPRISE, uscc=OTHER)
        await arrive(ready, [50])
        assert (await ready.http.get("/api/v1/findings", headers=plant)).json()["items"] == []
        assert (await ready.http.get("/api/v1/findings/1", headers=plant)).status_code == 404
        await step(ready, officer, 1, "notify")
        assert [one["id"] for one in (await ready.http.get("/api/v1/findings", headers=plant)).json()["items"]] == [1]
        assert (await ready.http.get("/api/v1/findings", headers=other)).json()["items"] == []

    async def test_what_was_never_told_stays_hidden_when_it_is_withdrawn(self, ready: Client) -> None:
        plant = await ready.account(Role.ENTERPRISE, uscc=USCC)
        await arrive(ready, [50])
        await step(ready, await ready.account(Role.DUTY_OFFICER), 1, "withdraw")
        assert (await ready.http.get("/api/v1/findings/1", headers=plant)).status_code == 404
        assert (await ready.http.get("/api/v1/findings", headers=plant)).json()["items"] == []

    async def test_pages_are_filtered(self, ready: Client) -> None:
        officer = await ready.account(Role.DUTY_OFFICER)
        await arrive(ready, [50, 1, 50])
        await step(ready, officer, 2, "notify")

        async def ids(query: str) -> list[int]:
            return [
                one["id"]
                for one in (await ready.http.get(f"/api/v1/findings?{query}", headers=officer)).json()["items"]
            ]

        assert await ids("") == [2, 1]
        assert await ids("state=notified") == [2]
        assert await ids("rule=NO_PLAN") == []
        assert await ids("adcode=110000&rule=RUNNING_WHILE_STOPPED&size=1") == [2]
        assert await ids("after=2") == [1]


BODY = {
    "uscc": USCC,
    "line": "L1",
    "starts_at": (START + HOUR).isoformat(),
    "note": "1号线在运行",
    "attachment": "photo-7",
}


class TestByHand:
    async def test_whoever_raised_it_does_not_confirm_it(self, ready: Client) -> None:
        raiser, other = await ready.account(Role.DUTY_OFFICER), await ready.account(Role.COMMANDER)
        plant = await ready.account(Role.ENTERPRISE, uscc=USCC)
        made = await ready.http.post("/api/v1/findings", headers=raiser, json=BODY)
        assert (made.status_code, made.json()["rule"], made.json()["response"]) == (201, "BY_HAND", 1)
        await step(ready, raiser, 1, "notify")
        await step(ready, plant, 1, "answer")
        content = made.json()["content_hash"]
        assert (await step(ready, raiser, 1, "confirm", content_hash=content)).status_code == 403
        assert (await step(ready, other, 1, "confirm", content_hash=content)).status_code == 200

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"line": "L9"}, 422),
            ({"starts_at": (NOW + timedelta(days=1)).isoformat()}, 422),
            ({"until_at": START.isoformat()}, 422),
            ({"note": ""}, 422),
            ({"uscc": USCC[:-1] + ("0" if USCC[-1] != "0" else "1")}, 422),
        ],
    )
    async def test_faults(self, ready: Client, change: dict[str, str], status: int) -> None:
        officer = await ready.account(Role.DUTY_OFFICER)
        answer = await ready.http.post("/api/v1/findings", headers=officer, json=BODY | change)
        assert answer.status_code == status

    async def test_evidence_does_not_touch_it(self, ready: Client, runtime: Runtime) -> None:
        officer = await ready.account(Role.DUTY_OFFICER)
        await ready.http.post("/api/v1/findings", headers=officer, json=BODY)
        await arrive(ready, [1, 1, 1])
        assert [row["state"] for row in await rows(runtime)] == ["found"]
