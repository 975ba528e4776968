"""Deliveries over the API: who sees them, sending again, replay, redrive, link tests; endpoints changed, paused, rotated."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from service.accounts.roles import Role
from service.channels.base import RecordingChannel
from service.kit.clock import ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.kit.signatures import public_key_of
from service.subscriptions import deliveries
from service.subscriptions.flows import fan_out
from tests.support import HEAVY, NOW, Client, approve_open, forecast, listed

URL = "https://example.com/hook"
RANGE = {"from": (NOW - timedelta(days=1)).isoformat(), "until": (NOW + timedelta(days=1)).isoformat()}

COPIES_SQL = """
INSERT INTO warning_step (adcode, warning_id, action, level, reason, announced_at, effective_at, planned_end, content)
SELECT $1, warning_id, action, level, reason, announced_at, effective_at, planned_end, content
FROM warning_step CROSS JOIN generate_series(1, $2) WHERE id = 1
"""


@pytest.fixture
def way_out(runtime: Runtime) -> RecordingChannel:
    made = RecordingChannel()
    runtime.channel = made
    return made


async def subscribed(client: Client, who: dict[str, str], url: str = URL, **body: Any) -> dict[str, Any]:
    answer = await client.http.post("/api/v1/subscriptions", headers=who, json={"url": url, **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def warned(client: Client, commander: dict[str, str]) -> None:
    """One warning step, with all that is queued done."""
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    await approve_open(client, commander)
    await client.work()


async def get(client: Client, path: str, who: dict[str, str]) -> Any:
    answer = await client.http.get(path, headers=who)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(client: Client, path: str, who: dict[str, str], body: Any = None, status: int = 202) -> Any:
    answer = await client.http.post(path, headers=who, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def webhooks(client: Client, who: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    found = await get(client, f"/api/v1/deliveries?channel=webhook{query}", who)
    items: list[dict[str, Any]] = found["items"]
    return items


class TestSeeing:
    async def test_owner_and_officials_of_the_division(self, client: Client, way_out: RecordingChannel) -> None:
        enterprise = await client.account(Role.ENTERPRISE, uscc="91110000915739225W")
        owner = await client.account(Role.COMMANDER)
        official = await client.account(Role.DUTY_OFFICER)
        away = await client.account(Role.COMMANDER, adcode="310000")
        await subscribed(client, owner, "https://example.com/hook?key=secret")
        await warned(client, owner)
        (mine,) = await webhooks(client, owner)
        (theirs,) = await webhooks(client, official)
        assert mine["address"] == "https://example.com/hook?key=secret"
        assert theirs["address"] == "example.com"
        assert await webhooks(client, away) == []
        assert await webhooks(client, enterprise) == []
        for stranger in (away, enterprise):
            answer = await client.http.get(f"/api/v1/deliveries/{mine['id']}", headers=stranger)
            assert answer.status_code == 404
            answer = await client.http.post(f"/api/v1/deliveries/{mine['id']}/resend", headers=stranger)
            assert answer.status_code == 404

    async def test_one_with_its_attempts(
        self, client: Client, runtime: Runtime, way_out: RecordingChannel, clock: ManualClock
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        await subscribed(client, owner)
        way_out.status = 500
        await warned(client, owner)
        way_out.status = 204
        clock.advance_to(clock.now() + timedelta(seconds=10))
        await tick(runtime)
        await client.work()
        (item,) = await webhooks(client, owner)
        told = await get(client, f"/api/v1/deliveries/{item['id']}", owner)
        assert [(tried["attempt"], tried["status"]) for tried in told["tried"]] == [(1, 500), (2, 204)]
        assert told["state"] == "done"
        assert '"type":"warning.issued"' in told["body"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("&state=done", 1),
            ("&state=dead", 0),
            ("&adcode=110000", 1),
            ("&adcode=110105", 0),
            ("&event=warning.issued", 1),
            ("&event=warning.lifted", 0),
            ("&subscription=1", 1),
            ("&subscription=2", 0),
            ("&from=2016-12-15T17:00:00%2B08:00", 1),
            ("&from=2016-12-15T17:00:01%2B08:00", 0),
            ("&until=2016-12-15T17:00:00%2B08:00", 0),
            ("&after=1", 0),
        ],
    )
    async def test_filters(self, client: Client, way_out: RecordingChannel, query: str, found: int) -> None:
        owner = await client.account(Role.COMMANDER)
        await subscribed(client, owner)
        await warned(client, owner)
        assert len(await webhooks(client, owner, query)) == found


class TestAgain:
    async def test_resend_under_the_same_id(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        await subscribed(client, owner)
        await warned(client, owner)
        (item,) = await webhooks(client, owner)
        await post(client, f"/api/v1/deliveries/{item['id']}/resend", owner)
        await client.work()
        assert len({sent.message_id for sent in way_out.sent}) == 1
        assert len(way_out.sent) == 2
        (after,) = await webhooks(client, owner)
        assert (after["state"], after["attempts"]) == ("done", 2)

    async def test_an_official_resends_for_others_only_with_the_right_role(
        self, client: Client, way_out: RecordingChannel
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        officer = await client.account(Role.DUTY_OFFICER)
        inspector = await client.account(Role.INSPECTOR)
        await subscribed(client, owner)
        await warned(client, owner)
        (item,) = await webhooks(client, inspector)
        await post(client, f"/api/v1/deliveries/{item['id']}/resend", inspector, status=403)
        await post(client, f"/api/v1/deliveries/{item['id']}/resend", officer)

    async def test_what_is_being_sent_is_left_alone(
        self, client: Client, runtime: Runtime, way_out: RecordingChannel
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        await subscribed(client, owner)
        await warned(client, owner)
        (item,) = await webhooks(client, owner)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE delivery SET state = 'sending', lease_until = now() + interval '1 hour'")
            await uow.commit()
        await post(client, f"/api/v1/deliveries/{item['id']}/resend", owner, status=409)

    async def test_dead_letters_are_driven_again(
        self, client: Client, runtime: Runtime, way_out: RecordingChannel
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        for number in (1, 2):
            await subscribed(client, owner, f"{URL}/{number}")
        await warned(client, owner)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE delivery SET state = 'dead' WHERE channel = 'webhook'")
            await uow.commit()
        before = len(way_out.sent)
        assert await post(client, "/api/v1/deliveries/redrive", owner, {"subscription": 1}) == {"again": 1}
        assert await post(client, "/api/v1/deliveries/redrive", owner, {"channel": "email"}) == {"again": 0}
        assert await post(client, "/api/v1/deliveries/redrive", owner, {"adcode": "310000"}) == {"again": 0}
        assert await post(client, "/api/v1/deliveries/redrive", owner, {}) == {"again": 1}
        await client.work()
        assert len(way_out.sent) == before + 2
        assert [item["state"] for item in await webhooks(client, owner)] == ["done", "done"]

    async def test_strangers_drive_nothing(self, client: Client, runtime: Runtime, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        away = await client.account(Role.COMMANDER, adcode="310000")
        inspector = await client.account(Role.INSPECTOR)
        await subscribed(client, owner)
        await warned(client, owner)
        async with runtime.unit() as uow:
            await uow.execute("UPDATE delivery SET state = 'dead'")
            await uow.commit()
        for who in (away, inspector):
            assert await post(client, "/api/v1/deliveries/redrive", who, {}) == {"again": 0}

    async def test_a_replay_sends_what_was_sent_and_adds_what_was_missed(
        self, client: Client, way_out: RecordingChannel
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        first = await subscribed(client, owner, URL + "/1")
        await warned(client, owner)
        late = await subscribed(client, owner, URL + "/2")
        told = await post(client, f"/api/v1/subscriptions/{first['id']}/replay", owner, RANGE)
        assert told == {"again": 1, "added": 0}
        told = await post(client, f"/api/v1/subscriptions/{late['id']}/replay", owner, RANGE)
        assert told == {"again": 0, "added": 1}
        await client.work()
        ids = [sent.message_id for sent in way_out.sent]
        assert (len(ids), len(set(ids))) == (3, 2)

    async def test_a_replay_adds_the_beginning_and_the_end_of_responses(
        self, client: Client, runtime: Runtime, way_out: RecordingChannel, clock: ManualClock
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        await subscribed(client, owner, URL + "/1")
        await warned(client, owner)
        async with runtime.unit() as uow:
            (starts,) = [row["starts_at"] for row in await uow.fetch("SELECT starts_at FROM response")]
            await uow.execute("UPDATE response SET ends_at = starts_at + interval '5 hours'")
            await uow.commit()
        late = await subscribed(client, owner, URL + "/2")
        only = await subscribed(client, owner, URL + "/3", events=["response.ended"])
        body = {"from": NOW.isoformat(), "until": (starts + timedelta(days=2)).isoformat()}
        replay = f"/api/v1/subscriptions/{late['id']}/replay"
        clock.advance_to(starts - timedelta(seconds=1))
        assert await post(client, replay, owner, body) == {"again": 0, "added": 1}
        clock.advance_to(starts)
        assert (await post(client, replay, owner, body))["added"] == 1
        clock.advance_to(starts + timedelta(hours=6))
        assert (await post(client, replay, owner, body))["added"] == 1
        assert (await post(client, f"/api/v1/subscriptions/{only['id']}/replay", owner, body))["added"] == 1
        assert (await post(client, replay, owner, body))["added"] == 0
        events = [one["event"] for one in await webhooks(client, owner, f"&subscription={late['id']}")]
        assert sorted(events) == ["response.ended", "response.started", "warning.issued"]

    async def test_a_replay_is_whole_however_much_happened_elsewhere(
        self,
        client: Client,
        runtime: Runtime,
        way_out: RecordingChannel,
        clock: ManualClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Page by page, past the steps of other divisions, of which nothing is written."""
        owner = await client.account(Role.COMMANDER, adcode="110000")
        await warned(client, owner)
        async with runtime.unit() as uow:
            for adcode, number in (("310000", 1100), ("110000", 4)):
                await uow.execute(COPIES_SQL, adcode, number)
            await uow.commit()
        monkeypatch.setattr(deliveries, "STEPS_SQL", deliveries.STEPS_SQL.replace("LIMIT 500", "LIMIT 2"))
        asked: list[int] = []

        async def counted(uow: Any, step_id: int, event: str, only: int | None = None) -> int:
            asked.append(step_id)
            return await fan_out(uow, step_id, event, only)

        monkeypatch.setattr(deliveries, "fan_out", counted)
        made = await subscribed(client, owner)
        for again, added in ((0, 5), (5, 0)):
            clock.advance_to(clock.now() + timedelta(days=2))
            told = await post(client, f"/api/v1/subscriptions/{made['id']}/replay", owner, RANGE)
            assert told == {"again": again, "added": added}
            await client.work()
        assert len(asked) == 5

    async def test_an_enterprise_replays_what_its_lists_are_under(
        self, client: Client, runtime: Runtime, way_out: RecordingChannel
    ) -> None:
        uscc = await listed(runtime)
        owner = await client.account(Role.COMMANDER)
        await warned(client, owner)
        for code, added in ((uscc, 1), ("91310000MA1FL5E91U", 0)):
            enterprise = await client.account(Role.ENTERPRISE, uscc=code)
            made = await subscribed(client, enterprise)
            told = await post(client, f"/api/v1/subscriptions/{made['id']}/replay", enterprise, RANGE)
            assert told == {"again": 0, "added": added}

    @pytest.mark.parametrize(("start", "until"), [(0, 0), (1, 0), (0, 32)])
    async def test_a_range_that_is_none(
        self, client: Client, way_out: RecordingChannel, start: int, until: int
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        body = {
            "from": (NOW + timedelta(days=start)).isoformat(),
            "until": (NOW + timedelta(days=until)).isoformat(),
        }
        await post(client, f"/api/v1/subscriptions/{made['id']}/replay", owner, body, status=422)

    async def test_only_ones_own_subscription(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        other = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        base = f"/api/v1/subscriptions/{made['id']}"
        for path, body in (("replay", RANGE), ("test", None), ("rotation", None)):
            await post(client, f"{base}/{path}", other, body, status=404)
        assert (await client.http.patch(base, headers=other, json={"state": "paused"})).status_code == 404
        assert (await client.http.get(base, headers=other)).status_code == 404


class TestLinkTests:
    async def test_asked_for(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner, events=["warning.lifted"])
        told = await post(client, f"/api/v1/subscriptions/{made['id']}/test", owner)
        await client.work()
        (sent,) = way_out.sent
        assert '"type":"link.test"' in sent.body
        assert (await get(client, f"/api/v1/deliveries/{told['delivery']}", owner))["state"] == "done"
        health = (await get(client, f"/api/v1/subscriptions/{made['id']}", owner))["health"]
        assert (health["attempts_7d"], health["success_rate_7d"], health["failures"]) == (1, 1.0, 0)

    async def test_silent_endpoints_are_tested_once_a_day(
        self, client: Client, runtime: Runtime, way_out: RecordingChannel, clock: ManualClock
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        await subscribed(client, owner)
        for hours, tests in ((1, 0), (23, 1), (23, 1), (2, 2)):
            clock.advance_to(clock.now() + timedelta(hours=hours, seconds=1))
            await tick(runtime)
            await client.work()
            assert len([sent for sent in way_out.sent if "link.test" in sent.body]) == tests

    async def test_a_paused_endpoint_is_not_tested(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        base = f"/api/v1/subscriptions/{made['id']}"
        await client.http.patch(base, headers=owner, json={"state": "paused"})
        await post(client, f"{base}/test", owner, status=409)


class TestChange:
    async def test_what_comes_while_paused_is_sent_after(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        base = f"/api/v1/subscriptions/{made['id']}"
        paused = await client.http.patch(base, headers=owner, json={"state": "paused"})
        assert paused.json()["state"] == "paused"
        await warned(client, owner)
        assert way_out.sent == []
        assert [item["state"] for item in await webhooks(client, owner)] == ["pending"]
        await client.http.patch(base, headers=owner, json={"state": "active", "url": URL + "/new"})
        await client.work()
        assert [sent.address for sent in way_out.sent] == [URL + "/new"]

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"url": "https://127.0.0.1/hook"}, 422),
            ({"events": ["nothing.known"]}, 422),
            ({"state": "ended"}, 422),
            ({"scheme": "v2"}, 422),
            ({"unknown": 1}, 422),
            ({"url": URL + "/taken"}, 409),
            ({"events": ["warning.lifted"], "ordered": True, "scheme": "v1+v1a"}, 200),
            ({}, 200),
        ],
    )
    async def test_is_checked_like_a_new_one(
        self, client: Client, way_out: RecordingChannel, body: dict[str, Any], status: int
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        await subscribed(client, owner, URL + "/taken")
        base = f"/api/v1/subscriptions/{made['id']}"
        answer = await client.http.patch(base, headers=owner, json=body)
        assert answer.status_code == status, answer.text
        if status == 200:
            kept = {name: value for name, value in answer.json().items() if name in body}
            assert kept == body

    async def test_an_ended_one_stays_ended(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        base = f"/api/v1/subscriptions/{made['id']}"
        assert (await client.http.delete(base, headers=owner)).status_code == 204
        assert (await client.http.patch(base, headers=owner, json={"state": "active"})).status_code == 409
        await post(client, f"{base}/rotation", owner, status=409)
        await post(client, f"{base}/replay", owner, RANGE, status=409)

    async def test_ending_gives_up_what_waits(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        base = f"/api/v1/subscriptions/{made['id']}"
        await client.http.patch(base, headers=owner, json={"state": "paused"})
        await warned(client, owner)
        await client.http.delete(base, headers=owner)
        assert [item["state"] for item in await webhooks(client, owner)] == ["cancelled"]


class TestRotation:
    async def test_both_secrets_sign_until_the_overlap_ends(
        self, client: Client, way_out: RecordingChannel, clock: ManualClock
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        base = f"/api/v1/subscriptions/{made['id']}"
        new = await post(client, f"{base}/rotation", owner, status=201)
        assert new["secret"] != made["secret"]
        await post(client, f"{base}/test", owner)
        await client.work()
        clock.advance_to(clock.now() + timedelta(hours=24))
        await post(client, f"{base}/test", owner)
        await client.work()
        during, after = way_out.sent
        for secret in (made["secret"], new["secret"]):
            Webhook(secret).verify(during.body, during.headers)
        Webhook(new["secret"]).verify(after.body, after.headers)
        assert len(after.headers["webhook-signature"].split(" ")) == 1

    async def test_the_secret_is_told_once(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner)
        path = f"/api/v1/subscriptions/{made['id']}/rotation"
        key = owner | {"idempotency-key": "once"}
        first = await client.http.post(path, headers=key)
        again = await client.http.post(path, headers=key)
        assert "secret" in first.json()
        assert "secret" not in again.json()
        assert again.headers["idempotent-replay"] == "true"


class TestServiceKeys:
    async def test_v1a_verifies_with_the_published_key(self, client: Client, way_out: RecordingChannel) -> None:
        owner = await client.account(Role.COMMANDER)
        made = await subscribed(client, owner, scheme="v1a")
        await post(client, f"/api/v1/subscriptions/{made['id']}/test", owner)
        await client.work()
        published = await client.http.get("/.well-known/webhook-keys.json")
        (key,) = published.json()["keys"]
        (sent,) = way_out.sent
        scheme, _, signature = sent.headers["webhook-signature"].partition(",")
        signed = f"{sent.headers['webhook-id']}.{sent.headers['webhook-timestamp']}.{sent.body}".encode()
        assert scheme == "v1a"
        public_key_of(key["key"]).verify(base64.b64decode(signature), signed)
        assert "whsk_" not in published.text

    async def test_a_replaced_key_signs_beside_the_new_one(
        self, client: Client, way_out: RecordingChannel, clock: ManualClock
    ) -> None:
        owner = await client.account(Role.COMMANDER)
        operator = await client.account(Role.ADMINISTRATOR, adcode="100000")
        made = await subscribed(client, owner, scheme="v1+v1a")
        await client.http.get("/.well-known/webhook-keys.json")
        assert len((await post(client, "/api/v1/webhook-keys", operator, status=201))["keys"]) == 2
        for hours in (0, 24):
            clock.advance_to(clock.now() + timedelta(hours=hours))
            await post(client, f"/api/v1/subscriptions/{made['id']}/test", owner)
            await client.work()
        schemes = [
            [signature[:3] for signature in sent.headers["webhook-signature"].split(" ")] for sent in way_out.sent
        ]
        assert schemes == [["v1,", "v1a", "v1a"], ["v1,", "v1a"]]

    async def test_is_replaced_by_the_administrator_of_the_whole(self, client: Client) -> None:
        for role, adcode in ((Role.ADMINISTRATOR, "110000"), (Role.COMMANDER, "100000")):
            who = await client.account(role, adcode=adcode)
            await post(client, "/api/v1/webhook-keys", who, status=403)
