"""The way out: an HTTP channel and one that only records (for trials and tests)."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Protocol

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from service.subscriptions.targets import TargetError, check_address, resolve

LONGEST_ANSWER = 2_000
OWN_HEADERS = {"content-type": "application/json", "user-agent": "lantian/1"}


@dataclass(frozen=True)
class Answer:
    """What an endpoint said: `status` None when nothing came, `retry_after` when it asked for a pause."""

    status: int | None
    said: str
    retry_after: timedelta | None


class Channel(Protocol):
    """Something that takes a signed body to an address."""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send once. Never raises for what the other side does."""


def retry_after_of(value: str | None) -> timedelta | None:
    """Whole seconds of a Retry-After header, at most a day; other forms are ignored."""
    if value is None or not (value.isascii() and value.isdigit() and len(value) < 9):
        return None
    return timedelta(seconds=min(int(value), 86_400))


class CheckedResolver(AbstractResolver):
    """Resolves and checks in one step: a connection goes to the very addresses that were found fit."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in await resolve(host, port, allow_private=self._allow_private)
            if family in {socket.AF_UNSPEC, kind}
        ]

    async def close(self) -> None:
        """Nothing is held."""


def open_client(timeout_seconds: float, *, allow_private: bool) -> httpx.AsyncClient:
    """A client for addresses that others name: no redirects, no proxies, no cookies, every connection to a checked address."""

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(allow_private=allow_private), use_dns_cache=False, limit=100
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    return httpx.AsyncClient(
        transport=AiohttpTransport(client=session),
        timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 5.0)),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        trust_env=False,
    )


FAILURES = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TargetError, TimeoutError)
"""Everything that an address named by others can do to a call."""


class HttpChannel:
    """POST over HTTPS: a time limit on the whole call, no redirects, private addresses refused after resolution."""

    def __init__(self, timeout_seconds: float, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._timeout = timeout_seconds
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            check_address(url, allow_private=self._allow_private)
            async with (
                asyncio.timeout(self._timeout),
                self._open().stream("POST", url, content=body, headers=OWN_HEADERS | headers) as response,
            ):
                said = await _beginning(response)
                return Answer(response.status_code, said, retry_after_of(response.headers.get("retry-after")))
        except FAILURES as error:
            return Answer(None, f"{type(error).__name__}: {error}", None)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = open_client(self._timeout, allow_private=self._allow_private)
        return self._client


async def _beginning(response: httpx.Response) -> str:
    """The first characters of an answer, as far as they can be stored."""
    read = b""
    async for part in response.aiter_raw(LONGEST_ANSWER):
        read += part
        if len(read) >= LONGEST_ANSWER:
            break
    return read[:LONGEST_ANSWER].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")


@dataclass
class RecordingChannel:
    """Keeps what would have been sent and answers as told."""

    status: int = 200
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.sent.append((url, body, headers))
        return Answer(self.status, "", None)
