"""Receivers as they are found outside, as real servers on loopback: each gets its due, and none spoils it for the others."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.accounts.roles import Role
from service.channels.base import LONGEST_ANSWER, Outgoing
from service.channels.webhook import HttpChannel
from service.kit.runtime import Runtime
from service.subscriptions.flows import write_deliveries
from service.subscriptions.outcome import pause_after
from tests.support import Client

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LIMIT = 0.6
"""Seconds that a call may take here."""
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def says(answer: bytes) -> Behave:
    """Answers every request with these bytes and closes."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return behave


def status(code: int, *headers: str) -> Behave:
    lines = [f"HTTP/1.1 {code} x", "content-length: 0", *headers, "", ""]
    return says("\r\n".join(lines).encode())


async def hangs(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read(-1)


async def drips(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(10_000):
        writer.write(f"x-{number}: drip\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.05)


async def interim(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    for _ in range(10_000):
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def large(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x" * 10_000)
        await writer.drain()


async def half_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request, ends its own direction and keeps the other one open."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write_eof()
    await reader.read(-1)


async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Promises more than it sends."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    await writer.drain()


async def resets(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


GARBAGE = says(b"\0\1\2 this is no HTTP\r\n\r\n")
ENDLESS_LINE = says(b"HTTP/1.1 200 OK\r\nx: " + b"a" * 100_000 + b"\r\n\r\n")
BAD_LENGTH = says(b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n")
BAD_CHUNK = says(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")
BOMB = says(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope")
REDIRECT = status(302, "location: http://169.254.169.254/latest/meta-data/")


@dataclass
class Zoo:
    """Servers by name; `asked` counts their connections."""

    urls: dict[str, str] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)


@asynccontextmanager
async def serving(behave: Behave, asked: Callable[[], None] = lambda: None, tls: Any = None) -> AsyncIterator[int]:
    """A server on loopback; yields its port. Connections that are left are ended with it."""
    writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked()
        writers.add(writer)
        try:
            await behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


def message(url: str) -> Outgoing:
    return Outgoing(url, "", "{}", {"webhook-id": "m"}, "m")


@pytest.fixture
async def channel() -> AsyncIterator[HttpChannel]:
    made = HttpChannel(LIMIT, allow_private=True)
    yield made
    await made.close()


FAILS: dict[str, Behave] = {
    "hangs": hangs,
    "drips": drips,
    "interim answers without end": interim,
    "half-closed": half_closed,
    "cut": cut,
    "resets": resets,
    "garbage": GARBAGE,
    "endless line": ENDLESS_LINE,
    "bad length": BAD_LENGTH,
    "bad chunk": BAD_CHUNK,
}


class TestOneByOne:
    @pytest.mark.parametrize("name", FAILS)
    async def test_gives_no_answer_in_time(self, channel: HttpChannel, name: str) -> None:
        async with serving(FAILS[name]) as port:
            answer = await asyncio.wait_for(channel.send(message(f"http://127.0.0.1:{port}/")), 5)
        assert answer.status is None
        assert answer.said

    @pytest.mark.parametrize("code", [200, 204, 301, 302, 307, 308, 400, 404, 410, 429, 500, 502, 503, 504])
    async def test_the_status_is_told(self, channel: HttpChannel, code: int) -> None:
        async with serving(status(code, "location: http://127.0.0.1:1/")) as port:
            assert (await channel.send(message(f"http://127.0.0.1:{port}/"))).status == code

    async def test_ten_megabytes_are_not_read(self, channel: HttpChannel) -> None:
        async with serving(large) as port:
            answer = await channel.send(message(f"http://127.0.0.1:{port}/"))
        assert (answer.status, len(answer.said)) == (200, LONGEST_ANSWER)

    async def test_a_packed_answer_is_not_unpacked(self, channel: HttpChannel) -> None:
        async with serving(BOMB) as port:
            answer = await channel.send(message(f"http://127.0.0.1:{port}/"))
        assert (answer.status, answer.said) == (200, "nope")

    async def test_retry_after_as_seconds_and_as_a_date(self, channel: HttpChannel) -> None:
        soon = format_datetime(datetime.now(tz=UTC) + timedelta(minutes=10), usegmt=True)
        for written, least, most in (("120", 120, 120), (soon, 590, 601)):
            async with serving(status(429, f"retry-after: {written}")) as port:
                answer = await channel.send(message(f"http://127.0.0.1:{port}/"))
            assert answer.retry_after is not None
            assert least <= answer.retry_after.total_seconds() <= most

    async def test_nobody_listens(self, channel: HttpChannel) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        answer = await channel.send(message(f"http://127.0.0.1:{port}/"))
        assert (answer.status, "Connect" in answer.said) == (None, True)


class TestAddresses:
    @pytest.mark.parametrize("address", ["10.0.0.8", "169.254.169.254", "127.0.0.1", "100.100.100.200", "::1", "fd00::1"])
    async def test_a_name_that_leads_inside(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        async def getaddrinfo(_host: str, port: int, **_: Any) -> list[Any]:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        channel = HttpChannel(LIMIT, allow_private=False)
        answer = await channel.send(message("https://inside.example/hook"))
        await channel.close()
        assert answer.status is None
        assert "private" in answer.said

    async def test_a_redirection_to_the_metadata_address_is_not_followed(self, channel: HttpChannel) -> None:
        async with serving(REDIRECT) as port:
            answer = await channel.send(message(f"http://127.0.0.1:{port}/"))
        assert answer.status == 302


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate of a host with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "both.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


class TestTls:
    @pytest.mark.parametrize(
        ("called", "trusted", "taken"),
        [("good.example", True, True), ("evil.example", True, False), ("good.example", False, False)],
    )
    async def test_the_name_and_the_issuer_count(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, called: str, trusted: bool, taken: bool
    ) -> None:
        async def getaddrinfo(_host: str, port: int, **_: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        both = certificate(tmp_path, "good.example")
        theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        theirs.load_cert_chain(both)
        ours = ssl.create_default_context(cafile=str(both)) if trusted else None
        channel = HttpChannel(5, allow_private=True, tls=ours)
        async with serving(says(OK), tls=theirs) as port:
            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
            answer = await channel.send(message(f"https://{called}:{port}/"))
            monkeypatch.undo()
            await channel.close()
        assert (answer.status == 200) is taken
        assert taken or "Certificate" in answer.said


ALL_AT_ONCE: dict[str, tuple[Behave, str, int | None]] = {
    "good": (says(OK), "done", 200),
    "hangs": (hangs, "pending", None),
    "drips": (drips, "pending", None),
    "redirects": (REDIRECT, "pending", 302),
    "gone": (status(410), "dead", 410),
    "busy": (status(429, "retry-after: 3600"), "pending", 429),
    "large": (large, "done", 200),
    "half-closed": (half_closed, "pending", None),
    "garbage": (GARBAGE, "pending", None),
    "good too": (says(OK), "done", 200),
}


class TestAllAtOnce:
    async def test_each_gets_its_due(self, client: Client, runtime: Runtime) -> None:
        runtime.settings.allow_private_targets = True
        await runtime.channel.close()
        runtime.channel = HttpChannel(LIMIT, allow_private=True)
        commander = await client.account(Role.COMMANDER)
        asked: dict[str, int] = dict.fromkeys(ALL_AT_ONCE, 0)

        def count(name: str) -> Callable[[], None]:
            return lambda: asked.update({name: asked[name] + 1})

        async with AsyncExitStack() as stack:
            for name, (behave, _, _) in ALL_AT_ONCE.items():
                port = await stack.enter_async_context(serving(behave, count(name)))
                made = await client.http.post(
                    "/api/v1/subscriptions", headers=commander, json={"url": f"http://127.0.0.1:{port}/hook"}
                )
                assert made.status_code == 201
            async with runtime.unit() as uow:
                await write_deliveries(uow, "zoo", "warning.issued", "{}", "110000", None)
                await uow.commit()
            await client.work()
        async with runtime.unit() as uow:
            rows = await uow.fetch("SELECT * FROM delivery ORDER BY subscription_id")
            endpoints = await uow.fetch("SELECT state, rest_until FROM subscription ORDER BY id")
        found = {
            name: (row["state"], row["last_status"]) for name, row in zip(ALL_AT_ONCE, rows, strict=True)
        }
        assert found == {name: (state, code) for name, (_, state, code) in ALL_AT_ONCE.items()}
        assert asked == dict.fromkeys(ALL_AT_ONCE, 1)
        by_name = dict(zip(ALL_AT_ONCE, rows, strict=True))
        now = runtime.clock.now()
        assert by_name["busy"]["next_attempt_at"] == now + timedelta(hours=1)
        assert by_name["hangs"]["next_attempt_at"] == now + pause_after(1, by_name["hangs"]["message_id"])
        state_of = dict(zip(ALL_AT_ONCE, endpoints, strict=True))
        assert [name for name, one in state_of.items() if one["state"] == "gone"] == ["gone"]
        assert state_of["busy"]["rest_until"] == now + timedelta(hours=1)
