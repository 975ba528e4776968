"""The delivery page: target, attempts and answers with filters, sending again, dead letters, tests of one's own links."""

from __future__ import annotations

from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from tests.support import HEAVY, Client, approve_open, forecast, listed

FORM = {"sec-fetch-site": "same-origin", "accept": "text/html"}
URL = "https://hooks.example.test/in"


@pytest.fixture
async def people(client: Client, runtime: Runtime) -> dict[str, dict[str, str]]:
    """A warning that a webhook took and a mailbox and a telephone refused for good."""
    uscc = await listed(runtime)
    found = {role.value: await client.account(role) | FORM for role in (Role.DUTY_OFFICER, Role.COMMANDER, Role.AUDITOR)}
    body = {"uscc": uscc, "name": "王某", "phone": "13800001234", "email": "w@example.test"}
    await client.http.post("/api/v1/contacts", headers=found["duty_officer"], json=body)
    made = await client.http.post("/api/v1/subscriptions", headers=found["commander"], json={"url": URL})
    assert made.status_code == 201, made.text
    runtime.channels.email.status = 410  # type: ignore[union-attr]
    runtime.channels.sms.status = 410  # type: ignore[union-attr]
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    await approve_open(client, found["commander"])
    await client.work()
    await client.work()
    return found


async def got(client: Client, who: dict[str, str], path: str, status: int = 200) -> str:
    answer = await client.http.get(path, headers=who)
    assert answer.status_code == status, answer.text
    return answer.text


async def put(client: Client, who: dict[str, str], path: str, data: dict[str, Any] | None = None, status: int = 303) -> Any:
    answer = await client.http.post(path, headers=who, data=data or {})
    assert answer.status_code == status, answer.text
    return answer


async def ids(client: Client, who: dict[str, str], query: str) -> list[int]:
    return [item["id"] for item in (await client.http.get(f"/api/v1/deliveries?{query}", headers=who)).json()["items"]]


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "there", "absent"),
        [
            ("", ["hooks.example.test", "contact:1"], []),
            ("?channel=email", ["contact:1"], ["hooks.example.test"]),
            ("?state=done", ["hooks.example.test"], ["contact:1"]),
            ("?state=dead&channel=sms&adcode=110000", ["contact:1"], []),
            ("?adcode=130000", ["没有送达记录"], ["contact:1"]),
            ("?from=2016-12-16T00:00", ["没有送达记录"], ["contact:1"]),
            ("?from=2016-12-15T00:00&until=2016-12-16T00:00", ["contact:1"], []),
            ("?event=nothing", ["没有送达记录"], []),
            ("?state=&channel=&adcode=", ["contact:1"], []),
        ],
    )
    async def test_narrow_what_is_shown(
        self, client: Client, people: dict[str, dict[str, str]], query: str, there: list[str], absent: list[str]
    ) -> None:
        page = await got(client, people["duty_officer"], f"/deliveries{query}")
        table = page.split("</form>", 1)[1].split('aria-labelledby="h-endpoints"')[0]
        assert [text for text in there if text not in table] == []
        assert [text for text in absent if text in table] == []

    @pytest.mark.parametrize("query", ["?state=x", "?channel=fax", "?adcode=1", "?from=yesterday"])
    async def test_what_is_no_filter_is_said(self, client: Client, people: dict[str, dict[str, str]], query: str) -> None:
        assert 'role="alert"' in await got(client, people["duty_officer"], f"/deliveries{query}", 422)

    async def test_no_address_of_a_person_is_shown(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        for number in await ids(client, people["duty_officer"], "channel=email"):
            page = await got(client, people["auditor"], f"/deliveries/{number}")
            assert "w@example.test" not in page
            assert "contact:1" in page

    async def test_elsewhere_there_is_nothing(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        away = await client.account(Role.COMMANDER, adcode="130000") | FORM
        assert "没有送达记录" in await got(client, away, "/deliveries")
        number = (await ids(client, people["duty_officer"], "channel=email"))[0]
        await got(client, away, f"/deliveries/{number}", 404)
        await put(client, away, f"/deliveries/{number}/resend", None, 404)


class TestAgain:
    async def test_one_with_its_attempts(self, client: Client, runtime: Runtime, people: dict[str, dict[str, str]]) -> None:
        duty = people["duty_officer"]
        number = (await ids(client, duty, "channel=email"))[0]
        runtime.channels.email.status = 200  # type: ignore[union-attr]
        await put(client, duty, f"/deliveries/{number}/resend")
        await client.work()
        page = await got(client, duty, f"/deliveries/{number}")
        assert "410" in page
        assert "已送达" in page
        assert len({one.message_id for one in runtime.channels.email.sent}) == 1  # type: ignore[union-attr]

    async def test_dead_letters_of_a_filter(self, client: Client, runtime: Runtime, people: dict[str, dict[str, str]]) -> None:
        duty = people["duty_officer"]
        runtime.channels.sms.status = 200  # type: ignore[union-attr]
        answer = await put(client, duty, "/deliveries/redrive", {"channel": "sms"})
        assert answer.headers["location"] == "/deliveries?again=1"
        await client.work()
        assert len(await ids(client, duty, "state=dead")) == 1
        assert "1 条已重新排队" in await got(client, duty, "/deliveries?again=1")

    async def test_an_auditor_sends_nothing(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        number = (await ids(client, people["duty_officer"], "channel=email"))[0]
        await put(client, people["auditor"], f"/deliveries/{number}/resend", None, 403)
        answer = await put(client, people["auditor"], "/deliveries/redrive")
        assert answer.headers["location"] == "/deliveries?again=0"


class TestLinks:
    async def test_an_own_endpoint_is_tested_and_replayed(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        commander = people["commander"]
        assert URL in await got(client, commander, "/deliveries")
        made = await put(client, commander, "/deliveries/endpoints/1/test")
        await client.work()
        assert "link.test" in await got(client, commander, made.headers["location"])
        day = {"from": "2016-12-15T00:00", "until": "2016-12-16T00:00"}
        answer = await put(client, commander, "/deliveries/endpoints/1/replay", day)
        assert answer.headers["location"] != "/deliveries?again=0"
        await put(client, commander, "/deliveries/endpoints/1/replay", {"from": "", "until": ""}, 422)
        await put(client, commander, "/deliveries/endpoints/1/replay", {"from": "2016-12-16T00:00", "until": "2016-12-15T00:00"}, 422)

    async def test_nobody_tests_somebody_elses(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        await put(client, people["duty_officer"], "/deliveries/endpoints/1/test", None, 404)

    async def test_an_enterprise_sees_its_own(self, client: Client, people: dict[str, dict[str, str]]) -> None:
        plant = await client.account(Role.ENTERPRISE, uscc="91110000915739225W") | FORM
        page = await got(client, plant, "/deliveries")
        assert "contact:1" not in page
        assert "/notices" not in page.split("<main")[1]
