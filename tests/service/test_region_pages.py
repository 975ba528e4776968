"""Pages of regional coordination: the board, the form of a prompt, a joint lift, suggestions, and messages around."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from tests.service.region_support import COMMON_START, ISSUED, Command, enter, open_proposals, prompt_body, until
from tests.support import Client, forecast

THREE = {"130200": "red", "131000": "red", "370100": "orange"}
HTML = {"accept": "text/html"}
OURS = {"origin": "http://127.0.0.1:8000"}
ADJACENT = ("130200", "131000", "120000", "110000")


@pytest.fixture(autouse=True)
def noon(clock: ManualClock) -> None:
    clock.current = ISSUED


def filled(**given: str) -> dict[str, str]:
    return {
        "region": "jingjinji-2015",
        "key": "k1",
        "document": "提示",
        "basis": "依据",
        "starts_at": "2016-12-16T20:00",
        **given,
    }


class TestBoard:
    async def test_what_needs_action_comes_first_with_its_reason(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        made = await enter(client, coordinator, prompt_body(THREE))
        found = await open_proposals(client, coordinator)
        await Command(client).decide(found["130200"])
        page = (await client.http.get(f"/region/{made['id']}?lang=en", headers=coordinator | HTML)).text
        places = re.findall(r'<th scope="row"[^>]*><a href="/city/(\d+)"', page)
        assert places[-1] == "130200"
        assert "waiting for commander, due 2016-12-15 14:00" in page
        assert f'href="/proposals/{found["131000"]["id"]}"' in page
        assert "started without an emission list in force" in page
        assert "1 / 3" in page

    async def test_the_part_and_the_table_say_the_same(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        made = await enter(client, coordinator, prompt_body(THREE))
        part = await client.http.get(f"/parts/region/{made['id']}", headers=coordinator | HTML)
        assert part.status_code == 200
        table = await client.http.get(f"/region/{made['id']}/board.csv", headers=coordinator)
        assert table.headers["content-type"].startswith("text/csv")
        lines = table.content.decode("utf-8-sig").splitlines()
        assert len(lines) == 4
        assert all("等待" in line for line in lines[1:])

    async def test_pages_are_for_those_whom_it_concerns(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        made = await enter(client, coordinator, prompt_body(THREE))
        foreign = await client.account(Role.COMMANDER, "440100")
        for path in (f"/region/{made['id']}", f"/parts/region/{made['id']}", f"/region/{made['id']}/board.csv"):
            assert (await client.http.get(path, headers=foreign | HTML)).status_code == 404
        enterprise = await client.account(Role.ENTERPRISE, "130200", uscc="91110000915739225W")
        for path in ("/region", f"/region/{made['id']}", "/region/new", "/region/circulars"):
            assert (await client.http.get(path, headers=enterprise | HTML)).status_code == 403
        client.http.cookies.clear()
        for path in ("/region", "/region/circulars"):
            assert (await client.http.get(path, headers=HTML)).status_code == 303
            assert (await client.http.get(path, headers=foreign | HTML)).status_code == 200


class TestForm:
    async def test_a_prompt_is_entered_once_by_its_key(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        form = filled(level_130200="red", province_37="orange", level_370100="none")
        first = await client.http.post("/region/new", headers=coordinator | OURS, data=form)
        again = await client.http.post("/region/new", headers=coordinator | OURS, data=form)
        assert first.status_code == again.status_code == 303
        assert first.headers["location"] == again.headers["location"]
        other = await client.http.post("/region/new", headers=coordinator | OURS, data=form | {"level_130200": "orange"})
        assert other.status_code == 409
        assert "已提交过" in other.text
        found = await open_proposals(client, coordinator)
        assert found["130200"]["to"] == "red"
        assert {one["to"] for code, one in found.items() if code.startswith("37")} == {"orange"}
        assert "370100" not in found
        assert len(found) == 17

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({}, "至少"),
            ({"level_130200": "red", "document": ""}, "文件"),
            ({"level_130200": "red", "starts_at": "soon"}, "日期"),
            ({"level_130200": "red", "ends_at": "2016-12-16T10:00"}, "end must be later"),
            ({"level_130200": "red", "region": "nowhere"}, "区域"),
        ],
    )
    async def test_what_is_wrong_comes_back_with_what_was_filled_in(
        self, client: Client, given: dict[str, str], said: str
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        answer = await client.http.post(
            "/region/new", headers=coordinator | HTML | OURS, data=filled(basis="扩散条件差", **given) if "basis" not in given else given
        )
        assert answer.status_code == 422
        assert said in answer.text
        assert "扩散条件差" in answer.text
        assert await open_proposals(client, coordinator) == {}

    async def test_a_province_sees_its_own_cities_only(self, client: Client) -> None:
        province = await client.account(Role.PROVINCIAL_COORDINATOR, "130000")
        page = (await client.http.get("/region/new", headers=province | HTML)).text
        assert 'name="level_130200"' in page
        assert 'name="level_370100"' not in page
        sent = filled(level_130200="red", level_370100="red")
        answer = await client.http.post("/region/new", headers=province | OURS, data=sent)
        assert answer.status_code == 303
        assert (await open_proposals(client, province)).keys() == {"130200"}
        officer = await client.account(Role.DUTY_OFFICER, "130200")
        assert (await client.http.get("/region/new", headers=officer | HTML)).status_code == 403
        assert (await client.http.post("/region/new", headers=officer | HTML | OURS, data=sent)).status_code == 403


class TestSuggestions:
    async def suggested(self, client: Client, runtime: Runtime) -> None:
        await client.feed()
        for adcode in ADJACENT:
            await client.deliver(forecast([60.0] * 30 + [260.0] * 100, issued=runtime.clock.now(), adcode=adcode))
        await client.work()
        async with runtime.unit() as uow:
            await uow.enqueue("suggest_prompts", {})
            await uow.commit()
        await client.work()

    async def test_adjacent_cities_are_suggested_and_taken_up(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await self.suggested(client, runtime)
        (one,) = (await client.http.get("/api/v1/prompts/suggestions", headers=coordinator)).json()["items"]
        assert {division["adcode"] for division in one["divisions"]} == set(ADJACENT)
        assert "<svg" in (await client.http.get("/region", headers=coordinator | HTML)).text
        page = (await client.http.get(f"/region/new?suggestion={one['id']}", headers=coordinator | HTML)).text
        assert page.count(" selected>") >= len(ADJACENT)
        form = filled(suggestion=str(one["id"])) | {
            f"level_{division['adcode']}": division["level"] for division in one["divisions"]
        }
        assert (await client.http.post("/region/new", headers=coordinator | OURS, data=form)).status_code == 303
        assert (await client.http.get("/api/v1/prompts/suggestions", headers=coordinator)).json()["items"] == []
        await self.suggested_again(client, runtime)
        every = (await client.http.get("/api/v1/prompts/suggestions?open=false", headers=coordinator)).json()["items"]
        assert [(item["state"], item["prompt"]) for item in every] == [("accepted", 1)]

    async def suggested_again(self, client: Client, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            await uow.enqueue("suggest_prompts", {})
            await uow.commit()
        await client.work()

    async def test_it_is_set_aside_with_a_reason_and_rests(
        self, client: Client, runtime: Runtime, clock: ManualClock
    ) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await self.suggested(client, runtime)
        path = "/api/v1/prompts/suggestions"
        (one,) = (await client.http.get(path, headers=coordinator)).json()["items"]
        province = await client.account(Role.PROVINCIAL_COORDINATOR, "130000")
        (part,) = (await client.http.get(path, headers=province)).json()["items"]
        assert {division["adcode"] for division in part["divisions"]} == {"130200", "131000"}
        refused = await client.http.post(f"{path}/{one['id']}/dismissal", headers=province, json={"reason": "x"})
        assert refused.status_code == 403
        answer = await client.http.post(
            f"/region/suggestions/{one['id']}/dismissal", headers=coordinator | OURS, data={"reason": "会商后暂不提示"}
        )
        assert answer.status_code == 303
        await self.suggested_again(client, runtime)
        assert (await client.http.get(path, headers=coordinator)).json()["items"] == []
        twice = await client.http.post(f"{path}/{one['id']}/dismissal", headers=coordinator, json={"reason": "x"})
        assert twice.status_code == 409
        foreign = await client.account(Role.COORDINATOR, "440000")
        gone = await client.http.post(f"{path}/{one['id']}/dismissal", headers=foreign, json={"reason": "x"})
        assert gone.status_code == 404
        clock.advance_to(clock.now() + timedelta(hours=13))
        await self.suggested_again(client, runtime)
        assert len((await client.http.get(path, headers=coordinator)).json()["items"]) == 1

    async def test_what_no_longer_holds_goes(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await self.suggested(client, runtime)
        for adcode in ADJACENT:
            later = forecast([40.0] * 150, issued=runtime.clock.now() + timedelta(minutes=1), adcode=adcode)
            await client.deliver(later)
        await client.work()
        await self.suggested_again(client, runtime)
        (one,) = (await client.http.get("/api/v1/prompts/suggestions?open=false", headers=coordinator)).json()["items"]
        assert one["state"] == "gone"


class TestLiftForm:
    async def test_cities_get_their_hours(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        made = await enter(client, coordinator, prompt_body(THREE))
        command = Command(client)
        for proposal in (await open_proposals(client, coordinator)).values():
            await command.decide(proposal)
        await until(client, runtime, clock, COMMON_START)
        page = (await client.http.get(f"/region/{made['id']}/lift", headers=coordinator | HTML)).text
        assert page.count("checked>") == 3
        form = {
            "key": "lift-1",
            "document": "解除",
            "basis": "好转",
            "lifts_at": "2016-12-17T20:00",
            "on_130200": "1",
            "at_130200": "2016-12-17T08:00",
            "on_131000": "1",
        }
        answer = await client.http.post(f"/region/{made['id']}/lift", headers=coordinator | OURS, data=form)
        assert answer.status_code == 303
        await client.work()
        page = (await client.http.get(answer.headers["location"] + "?lang=en", headers=coordinator | HTML)).text
        assert "h of data are missing" in page
        assert "17 Dec 08:00" in page
        assert [one for one in (await open_proposals(client, coordinator)).values() if one["action"] == "lift"] == []

    async def test_nothing_chosen_is_told(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        made = await enter(client, coordinator, prompt_body(THREE))
        answer = await client.http.post(
            f"/region/{made['id']}/lift",
            headers=coordinator | HTML | OURS,
            data={"document": "x", "basis": "x", "lifts_at": "2016-12-17T20:00"},
        )
        assert answer.status_code == 422
        assert "至少选择一个城市" in answer.text


class TestMessagesAround:
    async def test_the_neighbour_on_duty_acknowledges(self, client: Client, runtime: Runtime) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body({"130200": "red"}))
        await Command(client).decide((await open_proposals(client, coordinator))["130200"])
        neighbour = await client.account(Role.DUTY_OFFICER, "120000")
        (one,) = (await client.http.get("/api/v1/circulars?side=received", headers=neighbour)).json()["items"]
        assert one["adcode"] == "130200"
        assert [to["adcode"] for to in one["recipients"]] == ["120000"], "who else was told is for the sender"
        assert one["recipients"][0]["across_border"]
        page = (await client.http.get("/region/circulars", headers=neighbour | HTML)).text
        assert "省界两侧20公里" in page
        path = f"/region/circulars/{one['id']}"
        sent = {"adcode": "120000", "note": "已知悉"}
        assert (await client.http.post(path, headers=neighbour | OURS, data=sent)).status_code == 303
        second = await client.http.post(
            f"/api/v1/circulars/{one['id']}/receipts", headers=neighbour, json={"adcode": "120000", "note": "again"}
        )
        assert (second.status_code, second.json()["first"]) == (201, False)
        sender = await client.account(Role.COMMANDER, "130200")
        (mine,) = (await client.http.get("/api/v1/circulars", headers=sender)).json()["items"]
        read = {to["adcode"]: (to["read_by_role"], to["note"]) for to in mine["recipients"]}
        assert read["120000"] == ("duty_officer", "已知悉")
        assert read["130000"] == (None, None)

    async def test_others_neither_read_nor_acknowledge(self, client: Client) -> None:
        coordinator = await client.account(Role.COORDINATOR, "100000")
        await enter(client, coordinator, prompt_body({"130200": "red"}))
        await Command(client).decide((await open_proposals(client, coordinator))["130200"])
        foreign = await client.account(Role.DUTY_OFFICER, "440100")
        assert (await client.http.get("/api/v1/circulars", headers=foreign)).json()["items"] == []
        assert (await client.http.get("/api/v1/circulars/1", headers=foreign)).status_code == 404
        for adcode in ("120000", "440100"):
            body = {"adcode": adcode}
            answer = await client.http.post("/api/v1/circulars/1/receipts", headers=foreign, json=body)
            assert answer.status_code == 404
        auditor = await client.account(Role.AUDITOR, "120000")
        body = {"adcode": "120000"}
        assert (await client.http.post("/api/v1/circulars/1/receipts", headers=auditor, json=body)).status_code == 403
