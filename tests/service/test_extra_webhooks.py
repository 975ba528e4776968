"""Notices by hand by webhook: to whom they are meant for, signed, once, and only where that way was chosen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from service.accounts.roles import Role
from service.kit.runtime import Runtime
from service.notices import webhooks
from service.people.audience import Audience
from tests.service.test_notices import COMMANDER, ENTERPRISE, EXTRA, World, sent, world
from tests.support import Client

__all__ = ["world"]
HOOK = "https://{}.example/hook"


async def endpoint(world: World, name: str, who: dict[str, str], **body: Any) -> None:
    await world.post("/api/v1/subscriptions", {"url": HOOK.format(name), **body}, who)


async def told(world: World, runtime: Runtime, audience: dict[str, Any]) -> list[str]:
    """Send a notice to an audience; returns the names of the endpoints that were called for it."""
    made = await world.post("/api/v1/extra-notices", EXTRA | {"audience": audience})
    decision = {"approve": True, "content_hash": made["content_hash"]}
    await world.post(f"/api/v1/extra-notices/{made['id']}/decision", decision, world.commander, 200)
    await world.client.work()
    return [one.address.removeprefix("https://").partition(".")[0] for one in hooks(runtime)]


def hooks(runtime: Runtime) -> Sequence[Any]:
    return [one for one in sent(runtime, "webhook") if json.loads(one.body)["type"] == "notice.extra"]


class TestWho:
    async def test_divisions_above_and_enterprises_of_the_audience(
        self, world: World, client: Client, runtime: Runtime
    ) -> None:
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT uscc, county, grade FROM list_enterprise ORDER BY uscc")
        first = rows[0]
        other = next(row for row in rows if row["grade"] != first["grade"])
        await endpoint(world, "city", world.commander)
        await endpoint(world, "nation", await client.account(COMMANDER, "100000"))
        await endpoint(world, "tianjin", await client.account(COMMANDER, "120000"))
        await endpoint(world, "elsewhere", world.commander, adcode="110119")
        await endpoint(world, "inside", await client.account(ENTERPRISE, uscc=first["uscc"]))
        await endpoint(world, "outside", await client.account(ENTERPRISE, uscc=other["uscc"]))
        await endpoint(world, "deaf", world.commander, events=["warning.issued"])
        audience = {"grades": [first["grade"]], "channels": ["webhook"]}
        counted = await world.post("/api/v1/audiences/preview", {"adcode": "110000", "audience": audience}, None, 200)
        assert counted["webhook"] == 3
        assert sorted(await told(world, runtime, audience)) == ["city", "inside", "nation"]
        assert sent(runtime, "email") == sent(runtime, "sms") == []

    async def test_a_county_that_is_named_hears_of_it(self, world: World, runtime: Runtime) -> None:
        await endpoint(world, "named", world.commander, adcode="110105")
        await endpoint(world, "another", world.commander, adcode="110119")
        assert await told(world, runtime, {"counties": ["110105"], "channels": ["webhook"]}) == ["named"]

    async def test_counties_of_another_division_are_refused(self, world: World) -> None:
        await endpoint(world, "neighbour", await world.client.account(COMMANDER, "120000"))
        audience = {"counties": ["110105", "120101"], "channels": ["webhook"]}
        for path, body in (("audiences/preview", {"adcode": "110000"}), ("extra-notices", EXTRA)):
            told = await world.post(f"/api/v1/{path}", body | {"audience": audience}, None, 422)
            assert "120101" in told["detail"]
            assert "110105" not in told["detail"]
            assert "120101" in told["detail_zh"]
        assert (await world.get("/api/v1/extra-notices"))["items"] == []

    async def test_a_draft_of_old_can_still_be_looked_at(self, world: World, runtime: Runtime) -> None:
        made = await world.post("/api/v1/extra-notices", EXTRA)
        async with runtime.unit() as uow:
            await uow.execute("""UPDATE extra_notice SET audience = audience || '{"counties": ["120101"]}'""")
            await uow.commit()
        page = await world.client.http.get(f"/notices/extra/{made['id']}", headers=world.commander)
        assert page.status_code == 200

    @pytest.mark.parametrize(("county", "reached"), [("120101", 0), ("110105", 1)])
    async def test_a_draft_of_old_reaches_nobody_outside_its_division(
        self, world: World, runtime: Runtime, county: str, reached: int
    ) -> None:
        await endpoint(world, "there", await world.client.account(COMMANDER, county))
        async with runtime.unit() as uow:
            audience = Audience(counties=[county], channels=["webhook"])
            assert await webhooks.count(uow, "110000", audience) == reached
            row = {"id": 7, "adcode": "110000", "content_hash": "0"}
            words = {"email": {"zh": {}, "en": {}}}
            assert await webhooks.send(uow, row, audience, words) == reached

    @pytest.mark.parametrize("channels", [["email"], ["email", "sms"], [], None])
    async def test_nobody_where_it_was_not_chosen(
        self, world: World, runtime: Runtime, channels: list[str] | None
    ) -> None:
        await world.contacts(1)
        await endpoint(world, "city", world.commander)
        assert await told(world, runtime, {} if channels is None else {"channels": channels}) == []
        asked = ["email", "sms"] if channels is None else channels
        for channel in ("email", "sms"):
            assert bool([one for one in sent(runtime, channel) if "停产准备" in one.subject + one.body]) is (channel in asked)


class TestWhat:
    async def test_the_words_in_both_languages_signed_and_under_one_id(self, world: World, runtime: Runtime) -> None:
        await endpoint(world, "city", world.commander)
        await told(world, runtime, {"channels": ["webhook", "sms"]})
        (hook,) = hooks(runtime)
        body = json.loads(hook.body)
        data = body["data"]
        made = (await world.get("/api/v1/extra-notices"))["items"][0]
        assert (data["extra_notice"], data["adcode"], data["place"]) == (made["id"], "110000", "北京市")
        assert data["content_hash"] == made["content_hash"]
        assert data["audience"] == {"counties": [], "industries": [], "grades": [], "level": None, "actions": []}
        for language in ("zh", "en"):
            assert made[language]["title"] in data["notice"][language]["title"]
            assert made[language]["text"] in data["notice"][language]["text"]
        assert hook.headers["webhook-id"] == f"extra-{made['id']}:1"
        assert hook.headers["webhook-signature"].startswith("v1,")
        assert made["audience"]["channels"] == ["webhook", "sms"]

    async def test_a_refusal_is_sent_again(self, world: World, runtime: Runtime) -> None:
        await endpoint(world, "city", world.commander)
        runtime.channels.webhook.status = 500  # type: ignore[attr-defined]
        await told(world, runtime, {"channels": ["webhook"]})
        async with runtime.unit() as uow:
            (row,) = await uow.fetch("SELECT * FROM delivery WHERE event = 'notice.extra'")
            queued = await uow.fetch("SELECT content FROM ledger_entry WHERE kind = 'delivery.queued'")
        assert (row["state"], row["attempts"], row["adcode"]) == ("pending", 1, "110000")
        assert len(queued) == 1

    async def test_the_ways_are_part_of_what_is_approved(self, world: World, runtime: Runtime) -> None:
        made = await world.post("/api/v1/extra-notices", EXTRA | {"audience": {"channels": ["email"]}})
        async with runtime.unit() as uow:
            await uow.execute("""UPDATE extra_notice SET audience = audience || '{"channels": ["webhook"]}'""")
            await uow.commit()
        decision = {"approve": True, "content_hash": made["content_hash"]}
        await world.post(f"/api/v1/extra-notices/{made['id']}/decision", decision, world.commander, 409)

    async def test_a_way_that_there_is_not(self, world: World) -> None:
        await world.post("/api/v1/extra-notices", EXTRA | {"audience": {"channels": ["fax"]}}, None, 422)


async def test_the_form_offers_the_ways(world: World, client: Client) -> None:
    page = await client.http.get("/notices/extra/new", headers=world.duty)
    assert page.text.count('name="channel-') == page.text.count("checked") == 3
    assert Role.COMMANDER == COMMANDER
