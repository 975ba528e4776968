"""Deliveries to subscribers over real HTTP on loopback: signed, once per effect, patient, and never to a private address."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from service.accounts.roles import Role
from service.channels.base import LONGEST_ANSWER, Answer, Channel, Outgoing, RecordingChannel
from service.channels.targets import TargetError, check_address, may_be_called, resolve
from service.channels.webhook import HttpChannel
from service.kit.clock import ManualClock
from service.kit.jobs import tick
from service.kit.runtime import Runtime
from service.subscriptions.flows import fan_out
from service.subscriptions.outcome import pause_after
from tests.support import HEAVY, Client, approve_open, forecast

Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Receiver:
    """An endpoint on loopback that answers as told and keeps what it got."""

    url: str = ""
    answers: list[int | Respond] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        answer = self.answers.pop(0) if self.answers else 200
        return web.Response(status=answer) if isinstance(answer, int) else await answer(request)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening).start()
    made.url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
    yield made
    await runner.cleanup()


@pytest.fixture
async def way_out(runtime: Runtime) -> AsyncIterator[HttpChannel]:
    """The real way out of the test's runtime, with a short time limit, allowed to call loopback."""
    runtime.settings.allow_private_targets = True
    made = HttpChannel(0.5, allow_private=True)
    runtime.channel = made
    yield made
    await made.close()


async def subscribed(client: Client, url: str, **body: Any) -> dict[str, Any]:
    commander = await client.account(Role.COMMANDER)
    answer = await client.http.post("/api/v1/subscriptions", headers=commander, json={"url": url, **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def warned(client: Client) -> None:
    """Bring about one warning step and let everything queued happen."""
    commander = await client.account(Role.COMMANDER)
    await client.feed()
    await client.deliver(forecast(HEAVY))
    await client.work()
    await approve_open(client, commander)
    await client.work()


def message(url: str, body: str = "{}") -> Outgoing:
    """A message with one header of its own."""
    return Outgoing(url, "", body, {"webhook-id": "m"}, "m")


async def rows(runtime: Runtime, statement: str = "SELECT * FROM delivery ORDER BY id") -> list[Any]:
    async with runtime.unit() as uow:
        return await uow.fetch(statement)


class TestDelivery:
    async def test_is_signed_as_the_library_expects(
        self, client: Client, runtime: Runtime, way_out: HttpChannel, receiver: Receiver
    ) -> None:
        subscription = await subscribed(client, receiver.url)
        await warned(client)
        ((headers, body),) = receiver.got
        told = Webhook(subscription["secret"]).verify(body, headers)
        assert (told["type"], told["data"]["level"], told["data"]["adcode"]) == ("warning.issued", "yellow", "110000")
        assert headers["content-type"] == "application/json"
        (row,) = await rows(runtime)
        assert (row["state"], row["attempts"], row["message_id"]) == ("done", 1, headers["webhook-id"])

    async def test_is_tried_again_under_the_same_id(
        self, client: Client, runtime: Runtime, way_out: HttpChannel, receiver: Receiver, clock: ManualClock
    ) -> None:
        await subscribed(client, receiver.url)
        receiver.answers = [500, 200]
        await warned(client)
        (row,) = await rows(runtime)
        assert (row["state"], row["attempts"]) == ("pending", 1)
        assert row["next_attempt_at"] == clock.now() + pause_after(1, row["message_id"])
        await client.work()
        assert len(receiver.got) == 1
        clock.advance_to(clock.now() + timedelta(seconds=7))
        await tick(runtime)
        await client.work()
        first, second = receiver.got
        assert first[0]["webhook-id"] == second[0]["webhook-id"]
        assert first[1] == second[1]
        tried = await rows(runtime, "SELECT attempt, status FROM delivery_attempt ORDER BY attempt")
        assert [tuple(one) for one in tried] == [(1, 500), (2, 200)]

    async def test_what_is_done_is_not_sent_again(
        self, client: Client, runtime: Runtime, way_out: HttpChannel, receiver: Receiver
    ) -> None:
        await subscribed(client, receiver.url)
        await warned(client)
        await runtime.engine.work()
        assert len(receiver.got) == 1

    async def test_410_disables_the_endpoint(
        self, client: Client, runtime: Runtime, way_out: HttpChannel, receiver: Receiver
    ) -> None:
        await subscribed(client, receiver.url)
        receiver.answers = [410]
        await warned(client)
        (row,) = await rows(runtime)
        assert row["state"] == "dead"
        assert [found["state"] for found in await rows(runtime, "SELECT state FROM subscription")] == ["gone"]
        async with runtime.unit() as uow:
            step = await uow.fetchval("SELECT id FROM warning_step")
            assert await fan_out(uow, step, "warning.updated") == 0

    async def test_a_redirection_is_not_followed(
        self, client: Client, runtime: Runtime, way_out: HttpChannel, receiver: Receiver
    ) -> None:
        async def elsewhere(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=307, headers={"location": receiver.url + "/other"})

        await subscribed(client, receiver.url)
        receiver.answers = [elsewhere]
        await warned(client)
        assert len(receiver.got) == 1
        (row,) = await rows(runtime)
        assert (row["state"], row["last_answer"][:3]) == ("pending", "307")

    async def test_a_pause_that_is_asked_for_is_kept(
        self, client: Client, runtime: Runtime, way_out: HttpChannel, receiver: Receiver
    ) -> None:
        async def later(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=429, headers={"retry-after": "3600"})

        await subscribed(client, receiver.url)
        receiver.answers = [later]
        await warned(client)
        (row,) = await rows(runtime)
        assert row["next_attempt_at"] == runtime.clock.now() + timedelta(hours=1)

    async def test_an_answer_that_cannot_be_stored_as_it_is(
        self, client: Client, runtime: Runtime, way_out: HttpChannel, receiver: Receiver
    ) -> None:
        async def odd(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=200, body=b"\0\xff\xfe ok \0")

        await subscribed(client, receiver.url)
        receiver.answers = [odd]
        await warned(client)
        (row,) = await rows(runtime)
        assert row["state"] == "done"
        assert "ok" in row["last_answer"]

    async def test_an_endpoint_in_trouble_does_not_hold_up_the_others(
        self, client: Client, runtime: Runtime, way_out: HttpChannel, receiver: Receiver
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            dead = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        await subscribed(client, dead)
        await subscribed(client, receiver.url)
        await warned(client)
        assert [row["state"] for row in await rows(runtime)] == ["pending", "done"]


class TestFanOut:
    async def test_twice_adds_nothing(self, client: Client, runtime: Runtime) -> None:
        runtime.settings.allow_private_targets = True
        for number in range(3):
            await subscribed(client, f"http://127.0.0.1:9/{number}")
        await warned(client)
        async with runtime.unit() as uow:
            step = await uow.fetchval("SELECT id FROM warning_step")
            assert await fan_out(uow, step, "warning.issued") == 0
            await uow.commit()
        pairs = [(row["reason"], row["subscription_id"]) for row in await rows(runtime)]
        assert len(pairs) == len(set(pairs)) == 3

    async def test_at_once_from_two_nodes_adds_each_once(self, client: Client, runtime: Runtime) -> None:
        runtime.settings.allow_private_targets = True
        await warned(client)
        await subscribed(client, "http://127.0.0.1:9/")
        async with runtime.unit() as uow:
            step = await uow.fetchval("SELECT id FROM warning_step")

        async def once() -> int:
            async with runtime.unit() as uow:
                added = await fan_out(uow, step, "warning.issued")
                await uow.commit()
                return added

        assert sorted(await asyncio.gather(once(), once(), once())) == [0, 0, 1]

    @pytest.mark.parametrize(
        ("body", "told"),
        [
            ({}, 1),
            ({"events": ["warning.issued"]}, 1),
            ({"events": ["warning.lifted"]}, 0),
            ({"adcode": "110105"}, 0),
        ],
    )
    async def test_only_what_was_asked_for(
        self, client: Client, runtime: Runtime, body: dict[str, Any], told: int
    ) -> None:
        runtime.settings.allow_private_targets = True
        await subscribed(client, "http://127.0.0.1:9/", **body)
        await warned(client)
        assert len(await rows(runtime)) == told


class TestSubscribe:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"url": "http://example.com/hook"}, 422),
            ({"url": "ftp://example.com/hook"}, 422),
            ({"url": "https://127.0.0.1/hook"}, 422),
            ({"url": "https://2130706433/hook"}, 422),
            ({"url": "https://user:secret@example.com/"}, 422),
            ({"url": "https://example.com:99999/"}, 422),
            ({"url": "https://[::1/hook"}, 422),
            ({"url": "https:///hook"}, 422),
            ({"url": "https://example.com/\0"}, 422),
            ({"url": "https://example.com/", "events": ["proposal.made"]}, 422),
            ({"url": "https://example.com/", "adcode": "310000"}, 403),
        ],
    )
    async def test_refused(self, client: Client, runtime: Runtime, body: dict[str, Any], status: int) -> None:
        commander = await client.account(Role.COMMANDER)
        answer = await client.http.post("/api/v1/subscriptions", headers=commander, json=body)
        assert answer.status_code == status
        assert await rows(runtime, "SELECT * FROM subscription") == []

    async def test_the_secret_is_shown_once(self, client: Client) -> None:
        commander = await client.account(Role.COMMANDER)
        made = await client.http.post("/api/v1/subscriptions", headers=commander, json={"url": "https://example.com/"})
        shown = await client.http.get("/api/v1/subscriptions", headers=commander)
        assert made.json()["secret"].startswith("whsec_")
        assert "whsec_" not in shown.text
        assert len(shown.json()["items"]) == 1

    async def test_others_do_not_see_it(self, client: Client) -> None:
        await subscribed(client, "https://example.com/")
        other = await client.account(Role.COMMANDER)
        assert (await client.http.get("/api/v1/subscriptions", headers=other)).json()["items"] == []


PRIVATE = [
    "https://127.0.0.1/",
    "https://127.1.2.3:8443/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.100.100.200/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:a00:1::]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://user:secret@example.com/",
]


class TestTargets:
    @pytest.mark.parametrize("url", PRIVATE)
    async def test_a_private_address_is_never_called(self, url: str) -> None:
        channel = HttpChannel(2, allow_private=False)
        answer = await channel.send(message(url))
        await channel.close()
        assert answer.status is None
        assert "TargetError" in answer.said, answer.said

    @pytest.mark.parametrize("url", ["http://example.com/", "file:///etc/passwd", "https://", "gopher://x/", "", "//x"])
    def test_other_addresses_are_refused(self, url: str) -> None:
        with pytest.raises(TargetError):
            check_address(url, allow_private=False)

    @pytest.mark.parametrize("host", ["a" * 64 + ".example", "..", "xn--" + "a" * 300, "\udc80"])
    async def test_a_host_that_is_no_name(self, host: str) -> None:
        with pytest.raises(TargetError, match="resolve"):
            await resolve(host, 443, allow_private=False)

    @pytest.mark.parametrize("written", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
    def test_public_addresses_may_be_called(self, written: str) -> None:
        assert may_be_called(ipaddress.ip_address(written))

    async def test_one_private_address_among_several_is_enough(self, monkeypatch: pytest.MonkeyPatch) -> None:
        answers_with(monkeypatch, ["93.184.216.34", "10.0.0.1"])
        with pytest.raises(TargetError, match="private"):
            await resolve("mixed.example", 443, allow_private=False)

    async def test_the_connection_goes_to_the_address_that_was_checked(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A name server that says something harmless first and loopback afterwards gains nothing: it is asked once."""
        asked = answers_with(monkeypatch, ["127.0.0.1"])
        channel = HttpChannel(2, allow_private=True)
        port = receiver.url.rpartition(":")[2].partition("/")[0]
        answer = await channel.send(message(f"http://rebinding.example:{port}/hook"))
        await channel.close()
        assert answer.status == 200
        assert asked == ["rebinding.example"]
        assert receiver.got[0][0]["host"] == f"rebinding.example:{port}"

    async def test_a_name_that_turns_private_is_refused_at_the_connection(
        self, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers_with(monkeypatch, ["127.0.0.1"])
        channel = HttpChannel(2, allow_private=False)
        answer = await channel.send(message("https://rebinding.example/hook"))
        await channel.close()
        assert (answer.status, receiver.got) == (None, [])
        assert "private" in answer.said


def answers_with(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> list[str]:
    """Let every name resolve to these addresses; returns the list of names asked for."""
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


class TestHttpChannel:
    async def test_a_silent_endpoint_runs_into_the_limit(self, way_out: HttpChannel, receiver: Receiver) -> None:
        released = asyncio.Event()

        async def silent(_request: web.Request) -> web.StreamResponse:
            await released.wait()
            return web.Response()

        receiver.answers = [silent]
        answer = await asyncio.wait_for(way_out.send(message(receiver.url)), 5)
        released.set()
        assert answer.status is None
        assert "Timeout" in answer.said

    async def test_an_endpoint_that_drips_runs_into_the_limit(self, way_out: HttpChannel, receiver: Receiver) -> None:
        stop = asyncio.Event()

        async def dripping(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse()
            await response.prepare(request)
            while not stop.is_set():
                await response.write(b".")
                await asyncio.sleep(0.05)
            return response

        receiver.answers = [dripping]
        answer = await asyncio.wait_for(way_out.send(message(receiver.url)), 5)
        stop.set()
        assert answer.status is None
        assert "Timeout" in answer.said

    async def test_a_long_answer_is_cut(self, way_out: HttpChannel, receiver: Receiver) -> None:
        async def long(_request: web.Request) -> web.StreamResponse:
            return web.Response(body=b"x" * 10_000_000)

        receiver.answers = [long]
        answer = await way_out.send(message(receiver.url))
        assert (answer.status, len(answer.said)) == (200, LONGEST_ANSWER)

    async def test_an_answer_that_is_no_http(self, way_out: HttpChannel) -> None:
        async def rubbish(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"\0\1\2 this is no HTTP\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(rubbish, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        answer = await way_out.send(message(f"http://127.0.0.1:{port}/"))
        server.close()
        await server.wait_closed()
        assert answer.status is None

    async def test_no_cookie_is_kept(self, way_out: HttpChannel, receiver: Receiver) -> None:
        async def sets(_request: web.Request) -> web.StreamResponse:
            return web.Response(headers={"set-cookie": "follow=me"})

        receiver.answers = [sets]
        for _ in range(2):
            await way_out.send(message(receiver.url))
        assert "cookie" not in receiver.got[1][0]


@pytest.fixture(params=["http", "recording"])
async def either(
    request: pytest.FixtureRequest, receiver: Receiver
) -> AsyncIterator[tuple[Channel, Callable[[int], None]]]:
    """A channel of each kind, with a way to say how it shall be answered."""
    if request.param == "recording":
        recording = RecordingChannel()
        yield recording, lambda status: setattr(recording, "status", status)
        return
    http = HttpChannel(2, allow_private=True)
    yield http, receiver.answers.append
    await http.close()


class TestContract:
    @pytest.mark.parametrize("status", [200, 204, 307, 404, 410, 429, 500])
    async def test_answers_with_the_status(
        self, either: tuple[Channel, Callable[[int], None]], receiver: Receiver, status: int
    ) -> None:
        channel, shall = either
        shall(status)
        answer = await channel.send(message(receiver.url, '{"a":1}'))
        assert isinstance(answer, Answer)
        assert (answer.status, answer.retry_after) == (status, None)

    async def test_carries_body_and_headers_unchanged(
        self, either: tuple[Channel, Callable[[int], None]], receiver: Receiver
    ) -> None:
        channel, _ = either
        await channel.send(message(receiver.url, '{"地":1}'))
        if isinstance(channel, RecordingChannel):
            body, headers = channel.sent[0].body.encode(), channel.sent[0].headers
        else:
            headers, body = receiver.got[0]
        assert (body, headers["webhook-id"]) == ('{"地":1}'.encode(), "m")
