"""Organisations: renamed, closed when nobody of them may sign in, opened again; over the API and the page."""

from __future__ import annotations

import asyncio
import html
import json
import re
from typing import Any

import httpx
import pytest

from service.accounts import book as account_book
from service.accounts import console, organisations
from service.accounts.roles import Principal, Role, Scope
from service.kit.problems import Conflict
from service.kit.runtime import Runtime
from service.web.pages import said_of
from tests.service.access_support import Office, browser, ledger_kinds, office
from tests.support import Client

NAME = "北京市生态环境局"
CITY = "130100"


async def made(book: Office, name: str = NAME, adcode: str = "110000") -> int:
    body = {"name": name, "adcode": adcode, "kind": "environment"}
    answer = await book.client.http.post("/api/v1/organisations", headers=book.operator, json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def call(
    book: Office, method: str, number: int, part: str = "", who: dict[str, str] | None = None, **body: Any
) -> httpx.Response:
    path = f"/api/v1/organisations/{number}{part}"
    return await book.client.http.request(method, path, headers=who or book.operator, json=body or None)


async def closed(book: Office, number: int) -> httpx.Response:
    return await call(book, "POST", number, "/closure", reason="机构改革")


class TestRenaming:
    async def test_everybody_of_it_has_the_new_name(self, client: Client, runtime: Runtime) -> None:
        book = await office(client)
        number = await made(book)
        person = await book.opened("li.na", organisation_id=number, post="科长")
        answer = await call(book, "PATCH", number, name="北京市环境局")
        assert answer.status_code == 200
        assert (answer.json()["name"], [one["login"] for one in answer.json()["accounts"]]) == (
            "北京市环境局",
            ["li.na"],
        )
        seen = await client.http.get(f"/api/v1/accounts/{person['id']}", headers=book.security)
        assert seen.json()["organisation"] == "北京市环境局"
        async with runtime.unit() as uow:
            content = await uow.fetchval("SELECT content FROM ledger_entry WHERE kind = 'organisation.renamed'")
        assert (json.loads(content)["name"], json.loads(content)["was"]) == ("北京市环境局", NAME)

    async def test_to_a_name_that_is_there(self, client: Client) -> None:
        book = await office(client)
        number, _ = await made(book), await made(book, "别的局")
        for name in (NAME, "别的局"):
            assert (await call(book, "PATCH", number, name=name)).status_code == 409
        assert (await call(book, "PATCH", number, name=" ")).status_code == 422

    async def test_two_to_one_name_at_once(self, client: Client, runtime: Runtime) -> None:
        """Both have looked before either wrote: the later one is told, in both languages, and its unit goes on."""
        book = await office(client)
        numbers = [await made(book), await made(book, "别的局")]
        operator = Principal(0, "x", "x", Role.ADMINISTRATOR, Scope("110000"), None)
        async with runtime.unit() as first, runtime.unit() as second:
            await organisations.rename(first, operator, numbers[0], "新局")
            later = asyncio.create_task(organisations.rename(second, operator, numbers[1], "新局"))
            for _ in range(400):
                if await first.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                    break
                await asyncio.sleep(0.005)
            await first.commit()
            with pytest.raises(Conflict) as told:
                await later
            assert "新局" in said_of(told.value, "zh")
            assert "is there already" in said_of(told.value, "en")
            assert (await organisations.one(second, operator, numbers[1]))["name"] == "别的局"

    async def test_elsewhere_it_is_unknown(self, client: Client) -> None:
        book, away = await office(client), await office(client, "130000")
        number = await made(book)
        for method, part, body in (
            ("GET", "", {}),
            ("PATCH", "", {"name": "x"}),
            ("POST", "/closure", {"reason": "x"}),
            ("DELETE", "/closure", {}),
        ):
            assert (await call(away, method, number, part, **body)).status_code == 404
            assert (await call(book, method, 99, part, **body)).status_code == 404


class TestLeaving:
    async def people(self, book: Office, number: int) -> tuple[list[str], int]:
        told = (await call(book, "GET", number, who=book.security)).json()
        return [one["login"] for one in told["accounts"]], told["people"]

    async def test_who_is_granted_another_division_leaves(self, client: Client, runtime: Runtime) -> None:
        book = await office(client, "130000")
        number = await made(book, adcode=CITY)
        for login, adcode in (("stays", CITY), ("goes", "130200"), ("by.console", "130200")):
            person = await book.opened(login, CITY, organisation_id=number)
            if login == "by.console":
                async with runtime.unit() as uow:
                    await console.grant(uow, login, Role.DUTY_OFFICER, adcode)
                    await uow.commit()
                continue
            told = await book.act(book.security, person["id"], "grant", role="duty_officer", adcode=adcode)
            assert told.status_code == 204, told.text
        async with runtime.unit() as uow:
            left = await uow.fetch("SELECT login FROM account WHERE login <> 'stays' AND organisation_id IS NOT NULL")
        assert left == []
        assert await self.people(book, number) == (["stays"], 1)

    async def test_who_left_long_ago_is_none_of_its_people(self, client: Client, runtime: Runtime) -> None:
        """Of books from before: neither shown nor in the way of closing."""
        book = await office(client, "130000")
        for adcode, inside, outside in (("130000", "130200", "140000"), (CITY, "130102", "130200")):
            number = await made(book, adcode=adcode)
            logins = [f"{where}.of.{adcode}" for where in (inside, outside)]
            people = [await book.opened(login, adcode, organisation_id=number) for login in logins]
            async with runtime.unit() as uow:
                for person, where in zip(people, (inside, outside), strict=True):
                    await uow.execute("UPDATE account SET adcode = $2 WHERE id = $1", person["id"], where)
                await uow.commit()
            assert await self.people(book, number) == (logins[:1], 1)
            assert "1 of its accounts" in (await closed(book, number)).json()["detail"]
            assert (await book.act(book.security, people[0]["id"], "disable", reason="x")).status_code == 204
            assert (await closed(book, number)).status_code == 204


class TestClosing:
    async def test_not_while_somebody_may_sign_in(self, client: Client, runtime: Runtime) -> None:
        book = await office(client)
        number = await made(book)
        people = [await book.opened(f"person.{one}", organisation_id=number) for one in range(7)]
        answer = await closed(book, number)
        assert answer.status_code == 409
        assert "7 of its accounts" in answer.json()["detail"]
        assert "person.4 …" in answer.json()["detail_zh"]
        for one in people:
            assert (await book.act(book.security, one["id"], "disable", reason="机构改革")).status_code == 204
        assert (await closed(book, number)).status_code == 204
        (seen,) = (await client.http.get("/api/v1/organisations", headers=book.security)).json()["items"]
        assert (seen["people"], seen["closed_at"] is None) == (0, False)
        assert await ledger_kinds(runtime, "organisation.%") == ["organisation.added", "organisation.closed"]

    async def test_not_while_it_holds_a_departments_tasks(self, client: Client) -> None:
        book = await office(client, CITY)
        number, other = await made(book, adcode=CITY), await made(book, "另一局", CITY)
        commander = await client.account(Role.COMMANDER, CITY)
        path = f"/api/v1/departments/{CITY}/housing"
        for holder in (number, other):
            named = await client.http.put(path, headers=commander, json={"organisation": holder})
            assert named.status_code == 200, named.text
            answer = await closed(book, holder)
            assert (answer.status_code, f"{CITY} housing" in answer.json()["detail"]) == (409, True)
        assert (await closed(book, number)).status_code == 204
        refused = await client.http.put(path, headers=commander, json={"organisation": number})
        assert (refused.status_code, "no open one" in refused.json()["detail"]) == (422, True)

    async def test_nobody_joins_a_closed_one(self, client: Client, runtime: Runtime) -> None:
        book = await office(client)
        number = await made(book)
        person = await book.opened("gone", organisation_id=number)
        await book.act(book.security, person["id"], "disable", reason="x")
        await closed(book, number)
        body = {"login": "new", "display": "x", "adcode": "110000", "organisation_id": number}
        assert (await client.http.post("/api/v1/accounts", headers=book.operator, json=body)).status_code == 409
        assert (await book.act(book.security, person["id"], "enable")).status_code == 409
        with pytest.raises(Conflict, match="is closed"):
            async with runtime.unit() as uow:
                await console.set_enabled(uow, "gone", enabled=True)
        assert (await call(book, "PATCH", number, name="x")).status_code == 409
        assert (await closed(book, number)).status_code == 409

    async def test_it_may_be_opened_again(self, client: Client, runtime: Runtime) -> None:
        book = await office(client)
        number = await made(book)
        assert (await call(book, "DELETE", number, "/closure")).status_code == 409
        await closed(book, number)
        assert (await call(book, "DELETE", number, "/closure")).status_code == 204
        await book.opened("back", organisation_id=number)
        assert (await ledger_kinds(runtime, "organisation.%"))[-1] == "organisation.reopened"

    @pytest.mark.parametrize("closing_first", [True, False])
    async def test_who_joins_at_the_same_time(self, client: Client, runtime: Runtime, closing_first: bool) -> None:
        """One waits for the other's commit; never both."""
        book = await office(client)
        number = await made(book)
        operator = Principal(
            await _number_of(runtime, Role.ADMINISTRATOR), "op", "op", Role.ADMINISTRATOR, Scope("110000"), None
        )

        async def close(first: asyncio.Event, go_on: asyncio.Event) -> None:
            async with runtime.unit() as uow:
                await organisations.close(uow, operator, number, "x")
                first.set()
                await go_on.wait()
                await uow.commit()

        async def join(first: asyncio.Event, go_on: asyncio.Event) -> None:
            async with runtime.unit() as uow:
                await account_book.open_account(
                    uow, operator, login="new", display="x", adcode="110000", organisation_id=number
                )
                first.set()
                await go_on.wait()
                await uow.commit()

        first, go_on, free = asyncio.Event(), asyncio.Event(), asyncio.Event()
        free.set()
        one, other = (close, join) if closing_first else (join, close)
        before = asyncio.create_task(one(first, go_on))
        await first.wait()
        after = asyncio.create_task(other(asyncio.Event(), free))
        await _until_somebody_waits(runtime)
        go_on.set()
        await before
        with pytest.raises(Conflict):
            await after


async def _number_of(runtime: Runtime, role: Role) -> int:
    async with runtime.unit() as uow:
        return int(await uow.fetchval("SELECT id FROM account WHERE role = $1", role.value))


async def _until_somebody_waits(runtime: Runtime) -> None:
    """Until one transaction waits for the lock of another."""
    for _ in range(2000):
        async with runtime.unit() as uow:
            waits = await uow.fetchval(
                "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock')"
            )
        if waits:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("nobody waits for a lock")


class TestPage:
    async def form(self, client: Client, path: str, who: dict[str, str], **fields: str) -> httpx.Response:
        client.http.cookies.clear()
        return await client.http.post(path, headers=browser(who), data=fields)

    async def page(self, client: Client, path: str, who: dict[str, str]) -> str:
        client.http.cookies.clear()
        answer = await client.http.get(path, headers=browser(who))
        assert answer.status_code == 200, answer.text
        return answer.text

    async def test_renames_closes_and_opens_again(self, client: Client) -> None:
        book = await office(client)
        number = await made(book)
        path = f"/accounts/organisations/{number}"
        person = await book.opened("li.na", organisation_id=number, post="科长")
        assert f'href="{path}"' in await self.page(client, "/accounts", book.operator)
        page = await self.page(client, path, book.operator)
        assert ("li.na" in page, "科长" in page) == (True, True)
        done = await self.form(client, f"{path}/name", book.operator, name="新名称")
        assert (done.status_code, done.headers["location"]) == (303, f"{path}?done=name")
        refused = await self.form(client, f"{path}/closure", book.operator, reason="机构改革")
        assert (refused.status_code, "还有 1 个启用的账户（li.na）" in refused.text) == (409, True)
        await book.act(book.security, person["id"], "disable", reason="x")
        assert (await self.form(client, f"{path}/closure", book.operator, reason="机构改革")).status_code == 303
        assert "已撤销" in await self.page(client, path, book.operator)
        assert f'<option value="{number}"' not in await self.page(client, "/accounts", book.operator)
        assert (await self.form(client, f"{path}/reopening", book.operator)).status_code == 303
        assert f'<option value="{number}"' in await self.page(client, "/accounts", book.operator)

    @pytest.mark.parametrize(
        ("language", "said"), [("zh", "名称：1 至 200 个字符"), ("en", "Name: 1 to 200 characters")]
    )
    async def test_a_refusal_is_said_in_the_language_of_the_page(
        self, client: Client, language: str, said: str
    ) -> None:
        book = await office(client)
        path = f"/accounts/organisations/{await made(book)}"
        refused = await self.form(client, f"{path}/name?lang={language}", book.operator, name="")
        (alert,) = re.findall(r'role="alert">(.*?)<', refused.text)
        assert (refused.status_code, html.unescape(alert)) == (422, said)

    async def test_who_may_only_look_has_no_buttons(self, client: Client) -> None:
        book = await office(client)
        path = f"/accounts/organisations/{await made(book)}"
        auditor = await client.account(Role.AUDITOR)
        for who in (auditor, book.security):
            assert f"{path}/closure" not in await self.page(client, path, who)
            assert (await self.form(client, f"{path}/closure", who, reason="x")).status_code == 403
        assert (await self.form(client, f"{path}/nothing", book.operator)).status_code == 404
        commander = await client.account(Role.COMMANDER)
        assert (await self.form(client, f"{path}/closure", commander, reason="x")).status_code == 403
