"""A mail server and a gateway for text messages on loopback, as small as can be: they take what they are told to take."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A context for a server on 127.0.0.1, and the file that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return context, public


@dataclass
class MailServer:
    """What it was handed in, and what it answers to a recipient."""

    answers: dict[str, str] = field(default_factory=dict)
    after_data: str = "250 taken"
    login: tuple[str, str] | None = None
    silent: bool = False
    pauses: dict[str, float] = field(default_factory=dict)
    """Seconds before the answer to a word (`MAIL`, `RCPT`), or to a text (`TEXT`)."""
    open: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    connections: int = 0
    encrypted: list[bool] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    @property
    def messages(self) -> list[EmailMessage]:
        return [message_from_bytes(one, policy=default) for one in self.raw]  # type: ignore[arg-type]

    @asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None, *, wrapped: bool = False) -> AsyncIterator[MailServer]:
        """Serve until left; `tls` offers STARTTLS, `wrapped` speaks it from the first byte."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            self.open += 1
            self.begun.set()
            try:
                await self._talk(reader, writer, None if wrapped else tls, wrapped)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                self.open -= 1
                self.ended.set()
                writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls if wrapped else None)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tls: ssl.SSLContext | None, safe: bool
    ) -> None:
        async def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())
            await writer.drain()

        if self.silent:
            await reader.read()
            return
        await say("220 here")
        while line := (await reader.readline()).decode().strip():
            word = line.upper()
            await asyncio.sleep(self.pauses.get(word[:4], 0))
            if word.startswith("EHLO"):
                offers = (["STARTTLS"] if tls and not safe else []) + (["AUTH PLAIN"] if self.login else [])
                await say("250-here", *(f"250-{offer}" for offer in offers), "250 8BITMIME")
            elif word == "STARTTLS" and tls:
                await say("220 go")
                await writer.start_tls(tls)
                safe = True
            elif word.startswith("AUTH PLAIN"):
                given = base64.b64decode(line.split()[-1]).decode().split("\0")[1:]
                await say("235 in" if self.login and tuple(given) == self.login else "535 wrong password")
            elif word.startswith("RCPT TO:"):
                address = line[8:].strip("<> ")
                await say(self.answers.get(address, "250 fine"))
                if address not in self.answers:
                    self.recipients.append(address)
            elif word == "DATA":
                await say("354 go on")
                self.raw.append((await reader.readuntil(b"\r\n.\r\n"))[:-3])
                self.encrypted.append(safe)
                await asyncio.sleep(self.pauses.get("TEXT", 0))
                await say(self.after_data)
            elif word == "QUIT":
                await say("221 bye")
                return
            else:
                await say("250 fine")


@dataclass
class TextGateway:
    """What it was handed in, and what it answers."""

    status: int = 200
    answer: str = '{"code": 0}'
    headers: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[dict[str, str], dict[str, object]]] = field(default_factory=list)
    url: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[TextGateway]:
        """Serve until left."""

        async def take(request: web.Request) -> web.Response:
            self.calls.append((dict(request.headers), await request.json()))
            return web.Response(status=self.status, text=self.answer, headers=self.headers)

        app = web.Application()
        app.router.add_post("/send", take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/send"
        try:
            yield self
        finally:
            await runner.cleanup()
