"""Feeds over HTTP: Standard Webhooks, one storage per message, and clear refusals that store nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from service.feeds.flows import register
from service.kit.problems import WrongSignature
from service.kit.runtime import Runtime
from service.kit.signatures import SecretError, headers, key_of, new_pair, new_secret, sign, verify
from tests.support import HEAVY, NOW, Client, forecast, hours

VECTOR = {
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "timestamp": 1614265330,
    "body": b'{"test": 2432232314}',
    "signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
"""The published example of Standard Webhooks 1.0.0."""
TABLES = ("forecast", "observation", "receipt", "ledger_entry", "pgqueuer")
PRESENT = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def stored(runtime: Runtime) -> dict[str, int]:
    """Rows of everything that taking in a message may write."""
    async with runtime.unit() as uow:
        return {table: await uow.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}


@pytest.fixture
async def fed(client: Client) -> Client:
    """The API with one feed for the whole country."""
    await client.feed()
    return client


class TestSignatures:
    def test_the_published_vector(self) -> None:
        at = datetime.fromtimestamp(VECTOR["timestamp"], tz=UTC)
        assert sign(VECTOR["secret"], VECTOR["id"], at, VECTOR["body"]) == VECTOR["signature"]

    def test_the_published_vector_verifies(self) -> None:
        given = {
            "webhook-id": VECTOR["id"],
            "webhook-timestamp": str(VECTOR["timestamp"]),
            "webhook-signature": VECTOR["signature"],
        }
        at = datetime.fromtimestamp(VECTOR["timestamp"], tz=UTC)
        assert verify([VECTOR["secret"]], given, VECTOR["body"], at, 300) == VECTOR["id"]

    def test_the_library_accepts_what_we_sign(self) -> None:
        secret, body = new_secret(), '{"地点": "北京"}'.encode()
        signed = headers([secret], "msg_1", datetime.now(tz=UTC), body)
        assert Webhook(secret).verify(body, signed) == {"地点": "北京"}

    def test_the_library_refuses_what_we_sign_with_another_secret(self) -> None:
        signed = headers([new_secret()], "msg_1", datetime.now(tz=UTC), b"{}")
        with pytest.raises(WebhookVerificationError):
            Webhook(new_secret()).verify(b"{}", signed)

    def test_we_accept_what_the_library_signs(self) -> None:
        secret = new_secret()
        signature = Webhook(secret).sign("msg_2", PRESENT, '{"a":1}')
        given = {
            "webhook-id": "msg_2",
            "webhook-timestamp": str(int(PRESENT.timestamp())),
            "webhook-signature": signature,
        }
        assert verify([secret], given, b'{"a":1}', PRESENT, 300) == "msg_2"

    def test_two_secrets_give_two_signatures(self) -> None:
        old, new = new_secret(), new_secret()
        signed = headers([new, old], "msg_3", PRESENT, b"x")
        assert len(signed["webhook-signature"].split(" ")) == 2
        for secret in (old, new):
            assert verify([secret], signed, b"x", PRESENT, 300) == "msg_3"

    @pytest.mark.parametrize("seconds", [-300, -299, 0, 300])
    def test_inside_the_tolerance(self, seconds: int) -> None:
        secret = new_secret()
        signed = headers([secret], "m", PRESENT + timedelta(seconds=seconds), b"x")
        assert verify([secret], signed, b"x", PRESENT, 300) == "m"

    @pytest.mark.parametrize("seconds", [-301, 301, 86_400])
    def test_outside_the_tolerance(self, seconds: int) -> None:
        secret = new_secret()
        signed = headers([secret], "m", PRESENT + timedelta(seconds=seconds), b"x")
        with pytest.raises(WrongSignature, match="300 s"):
            verify([secret], signed, b"x", PRESENT, 300)

    @pytest.mark.parametrize("size", [0, 8, 23, 65])
    def test_a_secret_of_a_wrong_size(self, size: int) -> None:
        with pytest.raises(SecretError, match="bytes"):
            key_of("whsec_" + base64.b64encode(b"x" * size).decode())

    def test_a_secret_that_is_no_base64(self) -> None:
        with pytest.raises(SecretError, match="base64"):
            key_of("whsec_not base64!")

    async def test_a_feed_cannot_be_registered_with_a_broken_secret(self, runtime: Runtime) -> None:
        with pytest.raises(SecretError):
            async with runtime.unit() as uow:
                await register(uow, "broken", "Broken", "100000", ["whsec_short"])
        assert await stored(runtime) == dict.fromkeys(TABLES, 0)


def signed_for(client: Client, body: bytes, **changes: str | None) -> dict[str, str]:
    """Good headers of the feed `feed` with some replaced, or left out by None."""
    good = headers([client.secrets["feed"]], "msg_h", datetime.now(tz=UTC), body)
    return {name: value for name, value in (good | changes).items() if value is not None}


BAD_HEADERS: dict[str, dict[str, str | None]] = {
    "no id": {"webhook-id": None},
    "no timestamp": {"webhook-timestamp": None},
    "no signature": {"webhook-signature": None},
    "no headers": {"webhook-id": None, "webhook-timestamp": None, "webhook-signature": None},
    "empty signature": {"webhook-signature": ""},
    "another version": {"webhook-signature": "v2,AAAA"},
    "rubbish": {"webhook-signature": "v1," + "A" * 44},
    "not ASCII": {"webhook-signature": "v1,ä"},
    "another id": {"webhook-id": "msg_other"},
    "id with a dot": {"webhook-id": "msg.1"},
    "id too long": {"webhook-id": "m" * 256},
    "timestamp in words": {"webhook-timestamp": "now"},
    "timestamp negative": {"webhook-timestamp": "-1"},
    "timestamp fraction": {"webhook-timestamp": "1.5"},
    "timestamp huge": {"webhook-timestamp": "9" * 400},
    "timestamp superscript": {"webhook-timestamp": "²"},
    "timestamp of 2001": {"webhook-timestamp": "1000000000"},
}


class TestWhoMayPost:
    @pytest.mark.parametrize("case", BAD_HEADERS)
    async def test_bad_headers(self, fed: Client, runtime: Runtime, case: str) -> None:
        body = json.dumps(forecast(HEAVY)).encode()
        before = await stored(runtime)
        given = {name: value.encode("latin-1") for name, value in signed_for(fed, body, **BAD_HEADERS[case]).items()}
        answer = await fed.http.post("/api/v1/feeds/feed/forecasts", content=body, headers=given)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:lantian:problem:wrong-signature"
        assert await stored(runtime) == before

    async def test_a_changed_body(self, fed: Client) -> None:
        body = json.dumps(forecast(HEAVY)).encode()
        answer = await fed.http.post(
            "/api/v1/feeds/feed/forecasts", content=body.replace(b"180.0", b"20.0"), headers=signed_for(fed, body)
        )
        assert answer.status_code == 401

    async def test_an_unknown_feed_is_answered_like_a_wrong_signature(self, fed: Client) -> None:
        body = json.dumps(forecast(HEAVY)).encode()
        wrong = headers([new_secret()], "msg_1", datetime.now(tz=UTC), body)
        known = await fed.http.post("/api/v1/feeds/feed/forecasts", content=body, headers=wrong)
        unknown = await fed.http.post("/api/v1/feeds/nosuch/forecasts", content=body, headers=wrong)
        assert known.status_code == unknown.status_code == 401
        assert known.json() | {"instance": ""} == unknown.json() | {"instance": ""}

    async def test_a_disabled_feed(self, fed: Client, runtime: Runtime) -> None:
        async with runtime.unit() as uow:
            await uow.execute("UPDATE feed SET enabled = false")
            await uow.commit()
        assert (await fed.deliver(forecast(HEAVY))).status_code == 401

    async def test_both_secrets_hold_while_a_feed_rotates(self, client: Client, runtime: Runtime) -> None:
        old, new = new_secret(), new_secret()
        async with runtime.unit() as uow:
            await register(uow, "rotating", "Rotating", "100000", [new, old])
            await uow.commit()
        for secret in (old, new):
            client.secrets["rotating"] = secret
            assert (await client.deliver(forecast(HEAVY), feed="rotating")).status_code == 202
        async with runtime.unit() as uow:
            await register(uow, "rotating", "Rotating", "100000", [new])
            await uow.commit()
        client.secrets["rotating"] = old
        assert (await client.deliver(forecast(HEAVY), feed="rotating")).status_code == 401

    async def test_the_tolerance_is_a_setting(self, fed: Client, runtime: Runtime) -> None:
        body = json.dumps(forecast(HEAVY)).encode()
        late = headers([fed.secrets["feed"]], "msg_1", datetime.now(tz=UTC) - timedelta(seconds=400), body)
        assert (await fed.http.post("/api/v1/feeds/feed/forecasts", content=body, headers=late)).status_code == 401
        runtime.settings.webhook_tolerance_seconds = 500
        assert (await fed.http.post("/api/v1/feeds/feed/forecasts", content=body, headers=late)).status_code == 202


class TestOnce:
    async def test_a_replayed_id_is_answered_the_same_and_stored_once(self, fed: Client, runtime: Runtime) -> None:
        first = await fed.deliver(forecast(HEAVY), message_id="msg_again")
        after = await stored(runtime)
        second = await fed.deliver(forecast(HEAVY), message_id="msg_again")
        assert (second.status_code, second.content) == (first.status_code, first.content) == (202, first.content)
        assert await stored(runtime) == after
        assert after["forecast"] == after["receipt"] == 1

    async def test_the_same_id_with_other_content_is_a_conflict(self, fed: Client, runtime: Runtime) -> None:
        await fed.deliver(forecast(HEAVY), message_id="msg_again")
        after = await stored(runtime)
        answer = await fed.deliver(forecast([50.0] * 24), message_id="msg_again")
        assert answer.status_code == 409
        assert await stored(runtime) == after

    async def test_the_same_content_under_another_id_adds_a_receipt_only(self, fed: Client, runtime: Runtime) -> None:
        await fed.deliver(forecast(HEAVY))
        await fed.deliver(forecast(HEAVY))
        after = await stored(runtime)
        assert (after["forecast"], after["receipt"], after["pgqueuer"]) == (1, 2, 1)

    async def test_two_feeds_may_use_the_same_id(self, fed: Client, runtime: Runtime) -> None:
        await fed.feed("other")
        for name in ("feed", "other"):
            assert (await fed.deliver(forecast(HEAVY), feed=name, message_id="msg_same")).status_code == 202
        assert (await stored(runtime))["forecast"] == 2

    async def test_a_refused_id_may_be_used_again(self, fed: Client) -> None:
        assert (await fed.deliver({"no": "message"}, message_id="msg_again")).status_code == 422
        assert (await fed.deliver(forecast(HEAVY), message_id="msg_again")).status_code == 202


def one(**changes: Any) -> dict[str, Any]:
    """A good message whose delivery is changed."""
    message = forecast([50.0, 60.0])
    message["data"] = message["data"] | changes
    return message


def with_points(*points: Any) -> dict[str, Any]:
    return one(points=list(points))


def at(hour: int, **values: Any) -> dict[str, Any]:
    return {"time": (NOW.replace(hour=0) + timedelta(hours=hour)).isoformat(), **values}


def written(value: str) -> bytes:
    """A message whose one value is written exactly so, which JSON writers would not do."""
    return json.dumps(with_points(at(18, pm25="VALUE"))).replace('"VALUE"', value).encode()


BAD_BODIES: dict[str, tuple[int, Any]] = {
    "empty": (422, b""),
    "no JSON": (422, b"forecast"),
    "half": (422, json.dumps(forecast(HEAVY)).encode()[:300]),
    "null": (422, b"null"),
    "a number": (422, b"1"),
    "not UTF-8": (422, json.dumps(forecast([50.0])).encode().replace(b"forecast.issued", b"\xff\xfe")),
    "deep nesting": (422, b"[" * 200_000),
    "deep nesting inside": (422, b'{"type":"a","timestamp":"2016-12-15T17:00:00+08:00","data":' + b"[" * 50_000),
    "empty list": (422, forecast([50.0]) | {"data": []}),
    "3001 deliveries": (422, forecast([50.0]) | {"data": [one()["data"]] * 3001}),
    "no data": (422, {"type": "forecast.issued", "timestamp": NOW.isoformat()}),
    "more than asked": (422, forecast([50.0]) | {"secret": "x"}),
    "type of another door": (422, forecast([50.0]) | {"type": "observation.reported"}),
    "type of no door": (422, forecast([50.0]) | {"type": "forecasting"}),
    "type not a name": (422, forecast([50.0]) | {"type": "a b"}),
    "NUL in the type": (422, forecast([50.0]) | {"type": "a\0"}),
    "naive timestamp": (422, forecast([50.0]) | {"timestamp": "2016-12-15T17:00:00"}),
    "timestamp a number": (422, forecast([50.0]) | {"timestamp": 1481792400}),
    "unknown division": (404, one(adcode="999999")),
    "division of five digits": (422, one(adcode="11000")),
    "division in other digits": (404, one(adcode="١١٠٠٠٠")),
    "division a number": (422, one(adcode=110000)),
    "division null": (422, one(adcode=None)),
    "no points": (422, one(points=[])),
    "points an object": (422, one(points={"time": 1})),
    "naive issue": (422, one(issued_at="2016-12-15T17:00:00")),
    "no issue": (422, one(issued_at=None)),
    "issue in the future": (422, one(issued_at=(NOW + timedelta(hours=3)).isoformat())),
    "issue in the year 1": (422, one(issued_at="0001-01-01T00:00:00+14:00")),
    "issue in the year 9999": (422, one(issued_at="9999-12-31T23:59:59-14:00")),
    "issue no date": (422, one(issued_at="2016-02-30T00:00:00+08:00")),
    "unknown basis": (422, one(basis="guess")),
    "NaN": (422, written("NaN")),
    "Infinity": (422, written("Infinity")),
    "minus Infinity": (422, written("-Infinity")),
    "too large to hold": (422, written("1e400")),
    "a number of 5000 digits": (422, written("9" * 5000)),
    "negative": (422, with_points(at(18, pm25=-1.0))),
    "absurd concentration": (422, with_points(at(18, pm25=10_001.0))),
    "AQI above 500": (422, with_points(at(18, aqi=501))),
    "value in words": (422, with_points(at(18, pm25="50"))),
    "value true": (422, with_points(at(18, pm25=True))),
    "value a list": (422, with_points(at(18, pm25=[50.0]))),
    "unknown pollutant": (422, with_points(at(18, pm1=50.0))),
    "unknown cause": (422, with_points(at(18, pm25=50.0, cause="magic"))),
    "unordered": (422, with_points(at(19, pm25=1.0), at(18, pm25=1.0))),
    "twice": (422, with_points(at(18, pm25=1.0), at(18, pm25=1.0))),
    "twice in two zones": (
        422,
        with_points({"time": "2016-12-15T18:00:00+08:00", "aqi": 1}, {"time": "2016-12-15T10:00:00Z", "aqi": 1}),
    ),
    "hours and days": (422, with_points(at(18, pm25=1.0), {"date": "2016-12-17", "pm25": 1.0})),
    "hour and day in one": (422, with_points(at(18, date="2016-12-15", pm25=1.0))),
    "neither hour nor day": (422, with_points({"pm25": 1.0})),
    "naive hour": (422, with_points({"time": "2016-12-15T18:00:00", "pm25": 1.0})),
    "half hour": (422, with_points({"time": "2016-12-15T18:30:00+08:00", "pm25": 1.0})),
    "hour a number": (422, with_points({"time": 1481796000, "pm25": 1.0})),
    "hour in the year 1": (422, with_points({"time": "0001-01-01T00:00:00+08:00", "pm25": 1.0})),
    "hour in the year 1, other zone": (422, with_points({"time": "0001-01-01T00:00:00+14:00", "pm25": 1.0})),
    "day in the year 1": (422, with_points({"date": "0001-01-01", "pm25": 1.0})),
    "day in the year 9999": (422, with_points({"date": "9999-12-31", "pm25": 1.0})),
    "day no date": (422, with_points({"date": "2016-13-01", "pm25": 1.0})),
    "32 days": (422, with_points({"date": "2016-12-01", "aqi": 1}, {"date": "2017-01-01", "aqi": 1})),
    "801 hours": (422, with_points(*hours(NOW, [50.0] * 801))),
}


class TestBadForecasts:
    @pytest.mark.parametrize("case", BAD_BODIES)
    async def test_is_refused_and_nothing_is_stored(self, fed: Client, runtime: Runtime, case: str) -> None:
        status, body = BAD_BODIES[case]
        before = await stored(runtime)
        answer = await fed.deliver(body)
        assert answer.status_code == status, answer.text[:500]
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert answer.json()["title"]
        assert await stored(runtime) == before

    async def test_every_fault_comes_with_its_place(self, fed: Client) -> None:
        answer = await fed.deliver(with_points(at(18, pm25=-1.0), at(19, pm25="x"), at(20, aqi=900)))
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [
            "/data/points/0/pm25",
            "/data/points/1/pm25",
            "/data/points/2/aqi",
        ]

    async def test_the_content_is_not_echoed(self, fed: Client) -> None:
        answer = await fed.deliver(forecast([50.0]) | {"type": "<script>secret</script>"})
        assert "secret" not in answer.text

    async def test_one_bad_member_of_a_list_stores_nothing(self, fed: Client, runtime: Runtime) -> None:
        before = await stored(runtime)
        good = one()["data"]
        for bad in (one(adcode="999999"), with_points(at(19, aqi=1), at(18, aqi=1)), one(issued_at=None)):
            answer = await fed.deliver(forecast([50.0]) | {"data": [good, good | {"adcode": "120000"}, bad["data"]]})
            assert answer.status_code in {404, 422}
        assert await stored(runtime) == before

    async def test_a_division_outside_the_scope_of_the_feed(self, client: Client, runtime: Runtime) -> None:
        await client.feed("hebei", adcode="130000")
        before = await stored(runtime)
        answer = await client.deliver(forecast(HEAVY, adcode="110000"), feed="hebei")
        assert answer.status_code == 403
        assert await stored(runtime) == before
        assert (await client.deliver(forecast(HEAVY, adcode="130100"), feed="hebei")).status_code == 202

    async def test_an_observation_from_the_future(self, fed: Client, runtime: Runtime) -> None:
        before = await stored(runtime)
        body = forecast([50.0] * 4)
        answer = await fed.deliver(body, kind="observations")
        assert answer.status_code == 422
        assert "future" in answer.text
        assert await stored(runtime) == before

    async def test_a_forecast_sent_to_the_door_of_observations(self, fed: Client, runtime: Runtime) -> None:
        """A message that was signed for one door says nothing at the other one."""
        before = await stored(runtime)
        body = forecast([50.0] * 4, issued=NOW - timedelta(hours=9))
        answer = await fed.deliver(body, kind="observations")
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/type"
        assert await stored(runtime) == before

    async def test_a_feed_may_sign_with_a_key_of_its_own(self, client: Client, runtime: Runtime) -> None:
        """Scheme v1a: the service knows the public half only."""
        secret, public = new_pair()
        async with runtime.unit() as uow:
            await register(uow, "asymmetric", "x", "100000", [public])
            await uow.commit()
        client.secrets["asymmetric"] = secret
        assert (await client.deliver(forecast([50.0] * 4), feed="asymmetric")).status_code == 202
        client.secrets["asymmetric"] = new_pair()[0]
        assert (await client.deliver(forecast([50.0] * 4), feed="asymmetric")).status_code == 401

    async def test_an_observation_of_the_present(self, fed: Client, runtime: Runtime) -> None:
        body = {"type": "observation.reported", "timestamp": NOW.isoformat(), "data": {"adcode": "110000"}}
        body["data"]["points"] = hours(NOW - timedelta(hours=3), [50.0] * 3)  # type: ignore[index]
        assert (await fed.deliver(body, kind="observations")).status_code == 202
        assert (await stored(runtime))["observation"] == 1


class TestTooLarge:
    async def test_ten_megabytes_are_refused(self, fed: Client, runtime: Runtime) -> None:
        before = await stored(runtime)
        answer = await fed.deliver(b" " * 10_000_000)
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert await stored(runtime) == before

    @pytest.mark.parametrize("path", ["/api/v1/feeds/feed/forecasts", "/api/v1/sessions", "/api/v1/subscriptions"])
    async def test_a_stream_is_read_no_further_than_the_limit(self, fed: Client, runtime: Runtime, path: str) -> None:
        read = 0

        async def endless() -> AsyncIterator[bytes]:
            nonlocal read
            while read < 100_000_000:
                read += 100_000
                yield b"[" * 100_000

        answer = await fed.http.post(path, content=endless(), headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:lantian:problem:body-too-large"
        assert read <= runtime.settings.max_body_bytes + 200_000

    async def test_a_declared_length_is_enough(self, fed: Client) -> None:
        answer = await fed.http.post("/api/v1/sessions", content=b"{}", headers={"content-length": "10000000"})
        assert answer.status_code == 413

    async def test_the_limit_is_a_setting(self, fed: Client, runtime: Runtime) -> None:
        runtime.settings.max_body_bytes = 2000
        assert (await fed.deliver(forecast(HEAVY))).status_code == 413
