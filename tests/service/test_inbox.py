"""The inbox in the portal: one row whatever the number of people, in the region and role it is for, read marks for each."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import asyncpg
import pytest

from service.accounts.roles import Role
from service.kit.clock import ManualClock
from service.kit.runtime import Runtime
from service.people.flows import Message, notify, notify_all
from tests.support import HEAVY, Client, approve_open, forecast, listed

DUTY, COMMANDER = Role.DUTY_OFFICER, Role.COMMANDER


async def told(runtime: Runtime, reason: str = "escalation:proposal:17:2", **given: object) -> None:
    values = {
        "adcode": "110000",
        "roles": {"duty_officer", "commander"},
        "kind": "escalation",
        "zh": ("提案待签", "请在两小时内签署。"),
        "en": ("A proposal waits", "Sign within two hours."),
        "link": "/proposals/17",
    } | given
    async with runtime.unit() as uow:
        await notify(uow, reason=reason, **values)  # type: ignore[arg-type]
        await uow.commit()


async def inbox_of(client: Client, who: dict[str, str]) -> tuple[int, list[str]]:
    body = (await client.http.get("/api/v1/me/inbox", headers=who)).json()
    return body["unread"], [item["title"]["zh"] for item in body["items"]]


class TestWhoSeesIt:
    async def test_everybody_in_the_roles_from_one_row(self, client: Client, runtime: Runtime) -> None:
        people = [await client.account(DUTY), await client.account(DUTY), await client.account(COMMANDER)]
        await told(runtime)
        assert [await inbox_of(client, who) for who in people] == [(1, ["提案待签"])] * 3
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM inbox_message") == 1

    @pytest.mark.parametrize(
        ("role", "adcode", "seen"),
        [
            (COMMANDER, "110000", 1),
            (COMMANDER, "100000", 1),
            (COMMANDER, "130000", 0),
            (COMMANDER, "110105", 0),
            (Role.AUDITOR, "110000", 0),
            (Role.ENTERPRISE, "110000", 0),
        ],
    )
    async def test_role_and_region(self, client: Client, runtime: Runtime, role: Role, adcode: str, seen: int) -> None:
        who = await client.account(role, adcode=adcode)
        await told(runtime)
        assert await inbox_of(client, who) == (seen, ["提案待签"] * seen)

    async def test_the_same_reason_has_one_effect(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(DUTY)
        await told(runtime)
        await told(runtime, zh=("另一个", "x"))
        await told(runtime, reason="escalation:proposal:17:3")
        assert await inbox_of(client, who) == (2, ["提案待签"] * 2)
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM ledger_entry WHERE kind = 'people.notified'") == 2

    async def test_many_at_once_are_as_one_by_one(self, client: Client, runtime: Runtime) -> None:
        who, away = await client.account(DUTY), await client.account(DUTY, adcode="120000")
        await told(runtime, reason="known")
        words = ("甲", ""), ("A", "")
        messages = [
            Message(adcode, {"duty_officer"}, "neighbour", reason, *words, "/region/circulars")
            for adcode, reason in (("110000", "known"), ("120000", "b"), ("110000", "c"), ("120000", "c"))
        ]
        async with runtime.unit() as uow:
            await notify_all(uow, messages)
            await notify_all(uow, [])
            await uow.commit()
        assert await inbox_of(client, who) == (2, ["甲", "提案待签"])
        assert await inbox_of(client, away) == (1, ["甲"])
        async with runtime.unit() as uow:
            noted = await uow.fetch("SELECT adcode, content FROM ledger_entry WHERE kind = 'people.notified' ORDER BY id")
            jobs = await uow.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'tell_people' ORDER BY id")
            numbers = [row["id"] for row in await uow.fetch("SELECT id FROM inbox_message ORDER BY id")]
        assert [(row["adcode"], json.loads(row["content"])["reason"]) for row in noted] == [
            ("110000", "known"),
            ("120000", "b"),
            ("110000", "c"),
        ]
        assert [json.loads(row["payload"])["message"] for row in jobs] == numbers

    async def test_nothing_stays_of_a_transaction_that_fails(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(DUTY)
        async with runtime.unit() as uow:
            await notify(
                uow, adcode="110000", roles=["duty_officer"], kind="task", reason="x", zh=("甲", ""), en=("A", ""), link="/"
            )
        assert await inbox_of(client, who) == (0, [])


class TestReading:
    async def test_a_mark_is_one_accounts_own(self, client: Client, runtime: Runtime) -> None:
        first, second = await client.account(DUTY), await client.account(DUTY)
        await told(runtime)
        number = (await client.http.get("/api/v1/me/inbox", headers=first)).json()["items"][0]["id"]
        for _ in range(2):
            answer = await client.http.post(f"/api/v1/me/inbox/{number}/read", headers=first)
            assert answer.status_code == 204
        assert (await inbox_of(client, first))[0] == 0
        assert (await inbox_of(client, second))[0] == 1

    async def test_who_has_read_sees_it_before_the_node_hears_of_it(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(DUTY)
        await told(runtime)
        runtime.live.listening = True  # though nothing is ever heard
        assert "<b" in (await client.http.get("/parts/inbox", headers=who)).text
        number = (await client.http.get("/api/v1/me/inbox", headers=who)).json()["items"][0]["id"]
        await client.http.post(f"/api/v1/me/inbox/{number}/read", headers=who)
        assert "<b" not in (await client.http.get("/parts/inbox", headers=who)).text

    async def test_nobody_marks_what_is_not_theirs(self, client: Client, runtime: Runtime) -> None:
        await told(runtime)
        async with runtime.unit() as uow:
            number = await uow.fetchval("SELECT id FROM inbox_message")
        away = await client.account(COMMANDER, adcode="130000")
        assert (await client.http.post(f"/api/v1/me/inbox/{number}/read", headers=away)).status_code == 404
        async with runtime.unit() as uow:
            assert await uow.fetchval("SELECT count(*) FROM inbox_read") == 0

    async def test_what_is_old_is_kept_but_not_counted(self, client: Client, runtime: Runtime, clock: ManualClock) -> None:
        who = await client.account(DUTY)
        await told(runtime)
        clock.advance_to(clock.now() + timedelta(days=31))
        assert await inbox_of(client, who) == (0, ["提案待签"])

    async def test_pages_of_messages(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(DUTY)
        for number in range(3):
            await told(runtime, reason=f"r{number}", zh=(f"第{number}", "x"))
        first = (await client.http.get("/api/v1/me/inbox?size=2", headers=who)).json()
        rest = (await client.http.get(f"/api/v1/me/inbox?size=2&after={first['next']}", headers=who)).json()
        titles = [item["title"]["zh"] for item in first["items"] + rest["items"]]
        assert (titles, rest["next"]) == (["第2", "第1", "第0"], None)


class TestWhatMayBeTold:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"roles": ()},
            {"roles": {"king"}},
            {"kind": "gossip"},
            {"link": "https://elsewhere.example/"},
            {"link": "//elsewhere.example/"},
            {"zh": ("", "x")},
            {"reason": ""},
            {"reason": "x" * 201},
        ],
    )
    async def test_a_callers_mistake_is_named(self, runtime: Runtime, wrong: dict[str, object]) -> None:
        with pytest.raises(ValueError, match=r"message needs|is not a valid Role"):
            await told(runtime, **wrong)  # type: ignore[arg-type]

    async def test_a_message_never_changes(self, runtime: Runtime) -> None:
        await told(runtime)
        async with runtime.unit() as uow:
            with pytest.raises(asyncpg.RestrictViolationError):
                await uow.execute("UPDATE inbox_message SET text_zh = 'x'")


class TestPage:
    async def page(self, client: Client, who: dict[str, str], path: str = "/me/inbox") -> str:
        answer = await client.http.get(path, headers=who | {"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text

    async def test_the_header_counts_on_every_page(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(DUTY)
        assert 'class="inbox waiting"' not in await self.page(client, who, "/warnings")
        await told(runtime)
        found = re.search(r'class="inbox waiting".*?<b>(\d+)</b>', await self.page(client, who, "/warnings"))
        assert found is not None
        assert found[1] == "1"

    async def test_marks_by_form(self, client: Client, runtime: Runtime) -> None:
        who = await client.account(DUTY) | {"sec-fetch-site": "same-origin"}
        await told(runtime)
        await told(runtime, reason="second", zh=("第二", "x"), urgent=True)
        page = await self.page(client, who)
        assert "/proposals/17" in page
        assert "紧急" in page
        for number, left in (("2", 1), ("all", 0)):
            answer = await client.http.post("/me/inbox/read", headers=who, data={"message": number})
            assert answer.status_code == 303
            assert (await inbox_of(client, who))[0] == left
        wrong = await client.http.post("/me/inbox/read", headers=who, data={"message": "x"})
        assert wrong.status_code == 422

    async def test_an_empty_inbox_says_so(self, client: Client) -> None:
        assert "没有消息" in await self.page(client, await client.account(DUTY))

    async def test_an_enterprise_counts_the_notices_it_has_not_acknowledged(self, client: Client, runtime: Runtime) -> None:
        uscc = await listed(runtime)
        commander = await client.account(COMMANDER)
        plant = await client.account(Role.ENTERPRISE, uscc=uscc)
        assert (await inbox_of(client, plant))[0] == 0
        await client.feed()
        await client.deliver(forecast(HEAVY))
        await client.work()
        await approve_open(client, commander)
        assert (await inbox_of(client, plant))[0] == 1
        await client.http.post(f"/api/v1/enterprises/{uscc}/acknowledgements", headers=plant, json={"name": "王"})
        assert (await inbox_of(client, plant))[0] == 0

    async def test_an_enterprise_in_no_list_has_nothing_unread(self, client: Client) -> None:
        plant = await client.account(Role.ENTERPRISE, uscc="91110000MA0000000X")
        assert (await inbox_of(client, plant))[0] == 0
